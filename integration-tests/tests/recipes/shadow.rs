//! envoy/recipes/shadow: every request has a copy, in the words that the
//! shadow's servers know.

use super::prediction::{PREDICT, predicted};
use integration_tests::{
    Answer, Call, Gateway, Received, Reply, ShippedConfig, Upstream, grpc_frame,
};
use model_router::metrics::SHADOWED;
use prost::Message;
use proto::prediction::PredictRequest;
use serde_json::json;

struct Stack {
    gateway: Gateway,
    original: Upstream,
    shadow: Upstream,
}

impl Stack {
    async fn start(shadow: Upstream) -> Self {
        let original = Upstream::scripted(|head| match head.uri.path() {
            PREDICT => Reply::whole(predicted()),
            _ => Reply::whole(Answer::json_value(&json!({"served_by": "original"}))),
        })
        .await;
        let config = ShippedConfig::recipe("shadow")
            .with("model-v1-a", 9000, original.address())
            .with("model-v2-a", 9000, shadow.address());
        Self { gateway: config.start().await, original, shadow }
    }

    /// Sends a request; what the original's servers got of it, and the shadow's.
    async fn send(&self, call: Call) -> (Received, Received) {
        self.original.forget();
        self.shadow.forget();
        let answer = self.gateway.http2().await.send(call).await;
        assert_eq!(answer.status, 200);
        let copy = self.shadow.wait_for("a copy", Received::is_complete).await;
        (self.original.last(), copy)
    }
}

fn version(received: &Received) -> Option<String> {
    received.header_text("x-model-version")
}

#[tokio::test]
async fn the_shadow_gets_a_copy_in_its_own_words() {
    let stack = Stack::start(Upstream::saying("{}").await).await;
    let chat = r#"{ "messages": [], "model": "demo", "n": 1.0 }"#;
    let call = Call::post("/v1/chat/completions").header("content-type", "application/json");
    let (original, copy) = stack.send(call.body(chat)).await;
    assert_eq!(original.body, chat, "the original is untouched");
    assert_eq!(copy.body, chat.replace("\"demo\"", "\"demo-next\""));
    assert_eq!(version(&original).as_deref(), Some("v1"));
    assert_eq!(version(&copy).as_deref(), Some("v2"));

    let request = PredictRequest { features: vec![1.0; 500], model_name: "demo".to_owned() };
    let (original, copy) = stack.send(Call::grpc(PREDICT, &request)).await;
    assert_eq!(original.body, grpc_frame(&request.encode_to_vec()));
    let rewritten = PredictRequest { model_name: "demo-next".to_owned(), ..request };
    assert_eq!(copy.body, grpc_frame(&rewritten.encode_to_vec()));

    let infer = Call::post("/v2/models/demo/infer").json(&json!({"inputs": []}));
    let (original, copy) = stack.send(infer).await;
    assert_eq!(original.path, "/v2/models/demo/infer");
    assert_eq!(copy.path, "/v2/models/demo-next/infer");

    let labels = [("model", "demo"), ("version", "v2")];
    stack.gateway.wait_for_metric(SHADOWED.name, &labels, |count| count == 3.0).await;
}

#[tokio::test]
async fn what_goes_to_the_shadow_itself_has_no_copy() {
    let stack = Stack::start(Upstream::saying("{}").await).await;
    let chat = Call::post("/v1/chat/completions").json(&json!({"model": "demo@v2"}));
    let answer = stack.gateway.http1().await.send(chat).await;
    assert_eq!(answer.status, 200);
    assert_eq!(stack.shadow.received().len(), 1);
    assert!(stack.original.received().is_empty());
}

#[tokio::test]
async fn a_shadow_that_fails_is_not_noticed() {
    let stack = Stack::start(Upstream::scripted(|_| Reply::Reset).await).await;
    let mut client = stack.gateway.http1().await;
    for _ in 0..10 {
        let chat = Call::post("/v1/chat/completions").json(&json!({"model": "demo"}));
        let answer = client.send(chat).await;
        assert_eq!(answer.json(), json!({"served_by": "original"}));
    }
}
