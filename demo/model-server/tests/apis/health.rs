use std::num::NonZeroUsize;

use model_server::RunningServer;
use proto::grpc_health::HealthCheckRequest;
use proto::grpc_health::health_check_response::ServingStatus;
use proto::grpc_health::health_client::HealthClient;
use proto::prediction::HealthRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use tonic::{Code, Status};

use crate::caller::{channel, get, serve, serve_as, soon};
use crate::limits::Occupied;

async fn check(server: &RunningServer, service: &str) -> Result<ServingStatus, Status> {
    let request = HealthCheckRequest { service: service.to_owned() };
    let answer = HealthClient::new(channel(server).await).check(request).await?;
    Ok(answer.into_inner().status())
}

#[tokio::test]
async fn serves_as_a_whole_and_each_service() {
    let server = serve().await;
    for service in ["", "prediction.PredictionService", "inference.GRPCInferenceService"] {
        assert_eq!(check(&server, service).await.expect("known"), ServingStatus::Serving);
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_not_found() {
    let status = check(&serve().await, "other.Service").await.expect_err("unknown");
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test]
async fn a_leaving_server_says_so_in_every_api_while_it_still_answers() {
    let server = serve().await;
    server.announce_leaving().await;
    assert_eq!(check(&server, "").await.expect("an answer"), ServingStatus::NotServing);
    assert_eq!(get(&server, "/v2/health/ready").await.status, 503);
    assert_eq!(get(&server, "/v2/models/demo/ready").await.status, 503);
    assert_eq!(get(&server, "/v2/health/live").await.status, 200);
    let status = get(&server, "/v1/models/demo/versions/1").await.ok();
    assert_eq!(status["model_version_status"][0]["state"], "UNLOADING");
    let mut client = PredictionServiceClient::new(channel(&server).await);
    let own = client.health_check(HealthRequest {}).await.expect("an answer").into_inner();
    assert!(!own.healthy);
}

#[tokio::test]
async fn watchers_are_told_when_the_server_leaves() {
    let server = serve().await;
    let mut client = HealthClient::new(channel(&server).await);
    let request = HealthCheckRequest { service: String::new() };
    let mut changes = client.watch(request).await.expect("a stream").into_inner();
    let first = soon(changes.message()).await.expect("no error").expect("a status");
    server.announce_leaving().await;
    let second = soon(changes.message()).await.expect("no error").expect("a status");
    assert_eq!(
        (first.status(), second.status()),
        (ServingStatus::Serving, ServingStatus::NotServing)
    );
}

#[tokio::test]
async fn a_full_server_is_unhealthy_if_it_is_told_to_be() {
    let server = serve_as(|settings| {
        settings.max_concurrency = NonZeroUsize::new(1);
        settings.unhealthy_when_full = true;
    })
    .await;
    let mut client = HealthClient::new(channel(&server).await);
    let request = HealthCheckRequest { service: String::new() };
    let mut changes = client.watch(request).await.expect("a stream").into_inner();
    let mut next =
        async || soon(changes.message()).await.expect("no error").expect("a status").status();

    assert_eq!(next().await, ServingStatus::Serving);
    let occupied = Occupied::by_one_request(&server).await;
    assert_eq!(next().await, ServingStatus::NotServing);
    occupied.give_up().await;
    assert_eq!(next().await, ServingStatus::Serving);
}

#[tokio::test]
async fn a_full_server_is_healthy_otherwise() {
    let server = serve_as(|settings| settings.max_concurrency = NonZeroUsize::new(1)).await;
    let _occupied = Occupied::by_one_request(&server).await;
    assert_eq!(check(&server, "").await.expect("an answer"), ServingStatus::Serving);
}
