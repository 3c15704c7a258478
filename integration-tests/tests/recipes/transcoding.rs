//! envoy/recipes/transcoding: a gRPC service called with JSON, and the filters behind the
//! transcoder.

mod errors;
mod stack;

use super::prediction::PREDICT;
use integration_tests::{Call, ShippedConfig, repository};
use prost::Message;
use proto::prediction::{PredictRequest, PredictResponse};
use serde_json::{Value, json};
use stack::{DESCRIPTORS, Stack, features, predict};
use std::{env, fs};

#[tokio::test]
async fn json_becomes_a_call_and_its_answer_json() {
    let stack = Stack::start().await;
    let answer = stack.send(predict(&features())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header_text("content-type").as_deref(), Some("application/json"));
    let expected = json!({"predictions": [0.75], "model_name": "demo", "latency_ms": 0});
    assert_eq!(answer.json(), expected);

    let call = stack.v1.last();
    assert_eq!(call.path, PREDICT);
    assert_eq!(call.header_text("content-type").as_deref(), Some("application/grpc"));
    let request = PredictRequest::decode(&call.body[5..]).expect("one message");
    assert_eq!(request.features, [0.5, 1.5, -2.0, 4.0]);
}

#[tokio::test]
async fn the_model_may_stand_in_path_body_and_header() {
    let stack = Stack::start().await;
    let mut in_body = features();
    in_body["modelName"] = "demo@v2".into();
    for call in [
        Call::post("/v1/predict/demo@v2").json(&features()),
        predict(&in_body),
        predict(&features()).header("x-model-version", "v2"),
    ] {
        stack.v2.forget();
        let answer = stack.send(call).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let call = stack.v2.last();
        assert_eq!(call.header_text("x-model-version").as_deref(), Some("v2"));
    }
    assert!(stack.v1.received().is_empty());
}

#[tokio::test]
async fn a_method_without_a_message_is_a_get() {
    let stack = Stack::start().await;
    let answer = stack.send(Call::get("/v1/predict/health")).await;
    assert_eq!(answer.json(), json!({"healthy": true, "model_name": "demo"}));
}

#[tokio::test]
async fn a_grpc_client_passes_and_is_refused_as_ever() {
    let stack = Stack::start().await;
    let mut client = stack.gateway.http2().await;
    let request = PredictRequest { features: vec![1.0; 4], model_name: "demo@v2".to_owned() };
    let answer = client.send(Call::grpc(PREDICT, &request)).await;
    assert_eq!(answer.grpc_message::<PredictResponse>().predictions, [0.75]);
    let unknown = PredictRequest { model_name: "unicorn".to_owned(), ..request };
    let answer = client.send(Call::grpc(PREDICT, &unknown)).await;
    assert_eq!(answer.grpc_status(), Some(5));
    assert_eq!(answer.grpc_text().as_deref(), Some("the model `unicorn` does not exist"));
}

#[tokio::test]
async fn requests_are_counted_as_calls_of_their_model() {
    let stack = Stack::start().await;
    stack.send(predict(&features())).await;
    stack.send(predict(&json!({"features": [1]}))).await;
    let of_model = [("model", "demo"), ("version", "v1"), ("operation", "predict")];
    let with = |label, value| [&of_model[..], &[(label, value)]].concat();
    stack
        .gateway
        .wait_for_metric("inference_requests_total", &with("outcome", "ok"), |it| it == 1.0)
        .await;
    let refused = with("rule", "tensor_shape");
    stack.gateway.wait_for_metric("inference_refused_total", &refused, |it| it == 1.0).await;
}

#[tokio::test]
async fn filters_before_the_transcoder_neither_place_nor_check() {
    let stack =
        Stack::changed(|recipe| ShippedConfig::of_text(with_transcoder_last(recipe.text()))).await;
    let answer =
        stack.send(Call::post("/v1/predict/unicorn").json(&json!({"features": [1]}))).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["rejected"], Value::Null, "{answer:?}");
    let entry = stack.gateway.access_log().wait_for("its entry", |_| true).await;
    assert_eq!((&entry["model"], &entry["validation"]), (&Value::Null, &Value::Null));
    assert_eq!(entry["operation"], "other");
}

fn with_transcoder_last(recipe: &str) -> String {
    let filter = |name: &str| format!("                  - name: {name}\n");
    let of_others = filter("inference-metrics");
    let (before, rest) = recipe
        .split_once(&filter("envoy.filters.http.grpc_json_transcoder"))
        .expect("the transcoder");
    let (transcoder, others) = rest.split_once(&of_others).expect("the metrics");
    let last = filter("envoy.filters.http.router");
    let moved = format!("{}{transcoder}{last}", filter("envoy.filters.http.grpc_json_transcoder"));
    format!("{before}{of_others}{}", others.replace(&last, &moved))
}

/// Written by this test with `UPDATE_DOCUMENTS=1`.
#[test]
fn the_descriptors_are_those_of_the_contract() {
    let file = repository().join(DESCRIPTORS).join("prediction.pb");
    if env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(&file, proto::TRANSCODING_DESCRIPTOR_SET).expect("a file to write to");
    }
    let shipped = fs::read(&file).expect("the descriptors");
    assert!(
        shipped == proto::TRANSCODING_DESCRIPTOR_SET,
        "{}: not up to date: UPDATE_DOCUMENTS=1 rewrites it",
        file.display()
    );
}
