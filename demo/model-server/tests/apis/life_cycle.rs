use std::time::Duration;

use model_server::{Settings, StartError};
use proto::prediction::PredictRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use tokio::net::TcpStream;
use tonic::Request;

use crate::caller::{channel, get, serve, serve_as, soon};
use crate::limits::{Occupied, until};

fn slow_request(milliseconds: &str) -> Request<PredictRequest> {
    let mut request = Request::new(PredictRequest { features: vec![0.5; 4], ..Default::default() });
    request.metadata_mut().insert("x-demo-delay-ms", milliseconds.parse().expect("ASCII"));
    request
}

#[tokio::test]
async fn two_ports_serve_grpc_and_http_apart() {
    let server = serve_as(|settings| settings.http_port = Some(0)).await;
    assert_ne!(server.grpc_address(), server.http_address());
    get(&server, "/v2/health/live").await.ok();
    let mut client = PredictionServiceClient::new(channel(&server).await);
    client.predict(slow_request("0")).await.expect("an answer");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = serve().await;
    let port = first.grpc_address().port();
    let settings = Settings { grpc_port: port, ..Settings::default() };
    let problem = model_server::start(settings).await.err().expect("the port is in use");
    assert!(matches!(problem, StartError::PortInUse { .. }), "{problem:?}");
    let line = format!("port {port} (GRPC_PORT) is in use on 127.0.0.1: ");
    assert!(problem.to_string().starts_with(&line), "{problem}");
}

#[tokio::test]
async fn an_unusable_name_is_refused_at_start() {
    let settings = Settings { model_name: "a/b".to_owned(), ..Settings::on_a_free_port() };
    let problem = model_server::start(settings).await.err().expect("the name is unusable");
    assert!(problem.to_string().starts_with("MODEL_NAME is \"a/b\": "), "{problem}");
}

#[tokio::test]
async fn a_request_in_flight_is_finished_when_the_server_shuts_down() {
    let server = serve().await;
    let mut client = PredictionServiceClient::new(channel(&server).await);
    let in_flight = tokio::spawn(async move { client.predict(slow_request("300")).await });
    until(|| server.in_flight() == 1).await;
    server.shut_down().await;
    let answer = in_flight.await.expect("no panic").expect("an answer in spite of all");
    assert_eq!(answer.into_inner().predictions.len(), 1);
}

#[tokio::test]
async fn a_shut_down_server_accepts_nobody() {
    let server = serve().await;
    let address = server.grpc_address();
    server.shut_down().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_connection_that_never_ends_does_not_keep_the_server() {
    let server = serve_as(|settings| settings.drain = Duration::from_millis(50)).await;
    let occupied = Occupied::by_one_request(&server).await;
    soon(server.shut_down()).await;
    occupied.give_up().await;
}

#[tokio::test]
async fn a_killed_server_cuts_its_requests_off() {
    let server = serve().await;
    let mut client = PredictionServiceClient::new(channel(&server).await);
    let in_flight = tokio::spawn(async move { client.predict(slow_request("10000")).await });
    until(|| server.in_flight() == 1).await;
    let address = server.grpc_address();
    server.kill().await;
    soon(in_flight).await.expect("no panic").expect_err("no answer");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn its_line_says_what_it_serves_and_where() {
    let server = serve_as(|settings| {
        settings.replica_name = Some("replica-a".to_owned());
        settings.model_version = "v2".to_owned();
    })
    .await;
    let address = server.grpc_address();
    assert_eq!(
        server.to_string(),
        format!("demo@v2 as replica-a: a logistic regression, gRPC and HTTP on {address}")
    );
}
