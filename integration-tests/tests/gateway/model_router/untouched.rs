//! Calls that mean no model pass the router untouched.

use super::{Stand, config, server_of};
use integration_tests::{Call, Gateway, Upstream};
use proto::prediction::PredictRequest;
use serde_json::json;
use tonic::service::Routes;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// A gateway in front of real health and reflection services.
pub(super) async fn real_server() -> (Upstream, Gateway) {
    let (_, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .build_v1()
        .expect("a valid descriptor set");
    let server = Upstream::grpc(Routes::new(health).add_service(reflection)).await;
    let gateway = Gateway::builder()
        .filter("model-router", &config(json!({})))
        .cluster("nobody", &[server.address()])
        .route_by_header("x-model-cluster")
        .start()
        .await;
    (server, gateway)
}

#[tokio::test]
async fn health_checks_pass() {
    let (_server, gateway) = real_server().await;
    let mut client = HealthClient::new(gateway.grpc().await);
    let request = HealthCheckRequest { service: String::new() };
    let response = client.check(request).await.expect("an answer").into_inner();
    assert_eq!(response.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);
}

#[tokio::test]
async fn lists_and_everything_else_pass() {
    let stand = Stand::new().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for path in ["/", "/v1/models", "/v2", "/v2/health/ready", "/metrics", "/favicon.ico"] {
            assert_eq!(server_of(&mut client, Call::get(path)).await, "nobody", "{path}");
        }
        let upload = Call::post("/upload").header("content-type", "text/plain").body("{");
        assert_eq!(server_of(&mut client, upload).await, "nobody");
    }
}

#[tokio::test]
async fn a_served_call_reaches_the_model_server_as_it_was_sent() {
    let stand = Stand::new().await;
    let request = PredictRequest { features: vec![0.1; 4], model_name: "demo".into() };
    let call = Call::grpc("/prediction.PredictionService/Predict", &request)
        .header("x-request-of-theirs", "kept");
    server_of(&mut stand.gateway.http2().await, call.clone()).await;
    let received = stand.server("demo-v1").last();
    assert_eq!(received.body, call.body_bytes());
    assert_eq!(received.header_text("x-request-of-theirs").as_deref(), Some("kept"));
    assert_eq!(received.header_text("te").as_deref(), Some("trailers"));
}
