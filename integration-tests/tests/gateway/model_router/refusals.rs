//! What clients are told whose request can't be placed: each in its own dialect.

use super::{Stand, chat, chat_of_default_model};
use integration_tests::{Answer, Call, Client};
use proto::inference::ModelInferRequest;
use proto::prediction::PredictRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use serde_json::json;
use tonic::Code;

/// The answer to a call that no model server gets to see.
pub(super) async fn refusal(stand: &Stand, client: &mut Client, call: Call) -> Answer {
    let answer = client.send(call).await;
    for (name, server) in &stand.servers {
        assert!(server.received().is_empty(), "{name} has got it");
    }
    answer
}

pub(super) fn assert_refused(answer: &Answer, status: u16, rule: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let reason = answer.header_text("x-inference-rejected");
    assert_eq!(reason, Some(format!("model-router;{rule}")), "{answer:?}");
}

#[tokio::test]
async fn an_openai_client_gets_an_error_object() {
    let stand = Stand::new().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let answer = refusal(&stand, &mut client, chat("no-such")).await;
        assert_refused(&answer, 404, "unknown_model");
        assert_eq!(answer.header_text("content-type").as_deref(), Some("application/json"));
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "model_not_found");
        assert_eq!(error["type"], "invalid_request_error");
        assert_eq!(error["param"], "model");
        assert_eq!(error["message"], "the model `no-such` does not exist");
        let answer = refusal(&stand, &mut client, chat("demo@v9")).await;
        assert_refused(&answer, 404, "unknown_version");
        assert_eq!(answer.json()["error"]["message"], "the model `demo` has no version `v9`");
    }
}

#[tokio::test]
async fn an_open_inference_client_gets_a_sentence() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http1().await;
    for (path, rule) in [
        ("/v2/models/no-such/infer", "unknown_model"),
        ("/v2/models/demo/versions/9/infer", "unknown_version"),
        ("/v1/models/no-such:predict", "unknown_model"),
    ] {
        let call = Call::post(path).json(&json!({"inputs": []}));
        let answer = refusal(&stand, &mut client, call).await;
        assert_refused(&answer, 404, rule);
        assert!(answer.json()["error"].is_string(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_grpc_client_gets_a_status() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http2().await;
    let calls = [
        Call::grpc(
            "/prediction.PredictionService/Predict",
            &PredictRequest { features: vec![1.0], model_name: "no-such".into() },
        ),
        Call::grpc(
            "/inference.GRPCInferenceService/ModelInfer",
            &ModelInferRequest { model_name: "no-such".into(), ..ModelInferRequest::default() },
        ),
    ];
    for call in calls {
        let answer = refusal(&stand, &mut client, call).await;
        // Over gRPC, HTTP has nothing to complain about.
        assert_refused(&answer, 200, "unknown_model");
        assert_eq!(answer.grpc_status(), Some(5), "{answer:?}");
        let text = answer.grpc_text().expect("a message");
        assert!(text.contains("no-such"), "{text}");
    }
}

#[tokio::test]
async fn a_generated_grpc_client_understands_the_refusal() {
    let stand = Stand::new().await;
    let mut client = PredictionServiceClient::new(stand.gateway.grpc().await);
    let request = PredictRequest { features: vec![1.0], model_name: "no-such".into() };
    let status = client.predict(request).await.expect_err("a refusal");
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.message(), "the model `no-such` does not exist");
    assert_eq!(
        status.metadata().get("x-inference-rejected").unwrap(),
        "model-router;unknown_model"
    );
    assert!(!status.details().is_empty(), "no details");
}

#[tokio::test]
async fn a_request_that_names_no_model_is_refused_without_a_default() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http1().await;
    let answer = refusal(&stand, &mut client, chat_of_default_model()).await;
    assert_refused(&answer, 400, "no_model");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let stand = Stand::new().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for body in ["", "{", "[]", r#"{"model":7}"#, r#"{"model":"demo""#, "model=demo", "{}x"] {
            let call = Call::post("/v1/chat/completions")
                .header("content-type", "application/json")
                .body(body);
            let answer = client.send(call).await;
            assert_refused(&answer, 400, "malformed_body");
            assert!(answer.json()["error"]["message"].is_string(), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_body_whose_model_comes_too_late_is_refused() {
    let stand = Stand::configured(json!({"hold_up_to_bytes": 1000})).await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let call = |bytes| {
            let prompt = "x".repeat(bytes);
            Call::post("/v1/completions").json(&json!({"a": prompt, "model": "demo"}))
        };
        let answer = refusal(&stand, &mut client, call(2_000)).await;
        assert_refused(&answer, 413, "body_too_large");
        assert!(answer.json()["error"]["message"].is_string(), "{answer:?}");
    }
    let late = PredictRequest { features: vec![1.0; 500], model_name: "demo".into() };
    let call = Call::grpc("/prediction.PredictionService/Predict", &late);
    let answer = refusal(&stand, &mut stand.gateway.http2().await, call).await;
    assert_refused(&answer, 200, "body_too_large");
    assert_eq!(answer.grpc_status(), Some(8));
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http1().await;
    let call = chat("demo").header("content-encoding", "gzip");
    let answer = refusal(&stand, &mut client, call).await;
    assert_refused(&answer, 415, "compressed_body");
}
