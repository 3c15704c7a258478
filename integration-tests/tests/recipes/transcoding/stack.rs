//! The recipe, as the tests beside this one start it.

use crate::prediction::PREDICT;
use http::request::Parts;
use integration_tests::{Answer, Call, Gateway, Reply, ShippedConfig, Upstream, repository};
use prost::Message;
use proto::google_rpc::{ErrorInfo, Status};
use proto::prediction::{HealthResponse, PredictResponse};
use serde_json::{Value, json};

pub(super) const DESCRIPTORS: &str = "envoy/recipes/transcoding";

/// The recipe in front of a server of each version.
pub(super) struct Stack {
    pub(super) gateway: Gateway,
    pub(super) v1: Upstream,
    pub(super) v2: Upstream,
}

impl Stack {
    pub(super) async fn start() -> Self {
        Self::changed(|recipe| recipe).await
    }

    pub(super) async fn changed(change: impl FnOnce(ShippedConfig) -> ShippedConfig) -> Self {
        let (v1, v2) = (Upstream::scripted(answer_to).await, Upstream::scripted(answer_to).await);
        let recipe = ShippedConfig::recipe("transcoding")
            .replacing("/etc/envoy/descriptors", &repository().join(DESCRIPTORS).to_string_lossy())
            .with("model-v1-a", 9000, v1.address())
            .with("model-v2-a", 9000, v2.address());
        Self { gateway: change(recipe).start().await, v1, v2 }
    }

    pub(super) async fn send(&self, call: Call) -> Answer {
        self.gateway.http1().await.send(call).await
    }

    /// That no server sees this; the answer.
    pub(super) async fn refuses(&self, call: Call) -> Answer {
        let answer = self.send(call).await;
        let seen = [&self.v1, &self.v2].map(|server| server.received().len());
        assert_eq!(seen, [0, 0], "{answer:?}");
        assert_eq!(answer.header_text("content-type").as_deref(), Some("application/json"));
        answer
    }
}

/// A server that fails as its caller wants.
fn answer_to(head: &Parts) -> Reply {
    let fails = head.headers.contains_key("x-fail");
    Reply::whole(match head.uri.path() {
        PREDICT if fails => refusal_of_the_servers_own(),
        PREDICT => Answer::grpc(&PredictResponse {
            predictions: vec![0.75],
            model_name: "demo".to_owned(),
            latency_ms: 0.0,
        }),
        _ => Answer::grpc(&HealthResponse { healthy: true, model_name: "demo".to_owned() }),
    })
}

fn refusal_of_the_servers_own() -> Answer {
    let info = ErrorInfo { reason: "TOO_WARM".to_owned(), ..Default::default() };
    let detail = prost_types::Any {
        type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
        value: info.encode_to_vec(),
    };
    let status = Status { code: 9, message: "too warm".to_owned(), details: vec![detail] };
    let details = tonic::metadata::MetadataValue::from_bytes(&status.encode_to_vec());
    Answer::status(200)
        .header("content-type", "application/grpc")
        .header("grpc-status", "9")
        .header("grpc-message", "too warm")
        .header("grpc-status-details-bin", details.as_encoded_bytes())
}

pub(super) fn predict(body: &Value) -> Call {
    Call::post("/v1/predict").json(body)
}

pub(super) fn features() -> Value {
    json!({"features": [0.5, 1.5, -2.0, 4.0]})
}
