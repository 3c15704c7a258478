//! envoy/recipes/transcoding: a gRPC service called with JSON, and the filters behind the
//! transcoder.

use http::request::Parts;
use integration_tests::{Answer, Call, Gateway, Reply, ShippedConfig, Upstream, repository};
use prost::Message;
use proto::google_rpc::{ErrorInfo, Status};
use proto::prediction::{HealthResponse, PredictRequest, PredictResponse};
use serde_json::{Value, json};
use std::{env, fs};

const PREDICT: &str = "/prediction.PredictionService/Predict";
const DESCRIPTORS: &str = "envoy/recipes/transcoding";

/// The recipe in front of a server of each version.
struct Stack {
    gateway: Gateway,
    v1: Upstream,
    v2: Upstream,
}

impl Stack {
    async fn start() -> Self {
        Self::changed(|recipe| recipe).await
    }

    async fn changed(change: impl FnOnce(ShippedConfig) -> ShippedConfig) -> Self {
        let (v1, v2) = (Upstream::scripted(answer_to).await, Upstream::scripted(answer_to).await);
        let recipe = ShippedConfig::recipe("transcoding")
            .replacing("/etc/envoy/descriptors", &repository().join(DESCRIPTORS).to_string_lossy())
            .with("model-v1-a", 9000, v1.address())
            .with("model-v2-a", 9000, v2.address());
        Self { gateway: change(recipe).start().await, v1, v2 }
    }

    async fn send(&self, call: Call) -> Answer {
        self.gateway.http1().await.send(call).await
    }

    /// That no server sees this; the answer.
    async fn refuses(&self, call: Call) -> Answer {
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

fn predict(body: &Value) -> Call {
    Call::post("/v1/predict").json(body)
}

fn features() -> Value {
    json!({"features": [0.5, 1.5, -2.0, 4.0]})
}

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
async fn a_filters_refusal_is_json_with_the_filters_own_status() {
    let stack = Stack::start().await;
    for (call, status, rejected, message) in [
        (
            Call::post("/v1/predict/unicorn").json(&features()),
            404,
            "model-router;unknown_model",
            "the model `unicorn` does not exist",
        ),
        (
            predict(&json!({"features": [1, 2, 3, 4, 5]})),
            422,
            "payload-validator;tensor_shape",
            "features: 5 elements; allowed: [1 to 64, 4]",
        ),
        (
            predict(&json!({"features": [1, 2, 3, "NaN"]})),
            422,
            "payload-validator;tensor_finite",
            "features: a value that is infinite or not a number; allowed: finite values",
        ),
    ] {
        let answer = stack.refuses(call).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.json(), json!({"message": message, "rejected": rejected}));
    }
}

#[tokio::test]
async fn a_tenant_beyond_its_quota_is_told_so_in_json() {
    let stack = Stack::start().await;
    let mut client = stack.gateway.http1().await;
    let mut refused = None;
    for _ in 0..200 {
        let answer = client.send(predict(&features()).header("x-tenant-id", "one")).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a refusal");
    assert_eq!(refused.status, 429, "{refused:?}");
    assert_eq!(refused.json()["rejected"], "admission-control;request_quota");
}

#[tokio::test]
async fn what_can_not_be_transcoded_is_refused_in_json() {
    let stack = Stack::start().await;
    let both = json!({"features": [1, 2, 3, 4], "model_name": "demo"});
    for call in [
        Call::post("/v1/predict").header("content-type", "application/json").body("{\"features\":"),
        predict(&json!({"features": ["warm"]})),
        Call::post("/v1/predict?bogus=1").json(&features()),
        Call::post("/v1/predict/demo@v2").json(&both),
    ] {
        let path = call.path().to_owned();
        let answer = stack.refuses(call).await;
        assert_eq!(answer.status, 400, "{path} {answer:?}");
        let body = answer.json();
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
        assert_eq!(body["rejected"], Value::Null);
    }
}

#[tokio::test]
async fn what_is_longer_than_envoy_holds_is_refused_in_json() {
    let stack = Stack::start().await;
    let answer = stack.refuses(predict(&json!({"features": vec![1.5; 1 << 20]}))).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.json()["message"].is_string(), "{answer:?}");
}

#[tokio::test]
async fn a_misspelt_member_of_the_body_is_passed_over() {
    let stack = Stack::start().await;
    let answer = stack.refuses(predict(&json!({"feature": [1, 2, 3, 4]}))).await;
    assert_eq!(answer.json()["rejected"], "payload-validator;tensor_missing", "{answer:?}");
}

#[tokio::test]
async fn a_servers_status_becomes_http_with_its_details() {
    let stack = Stack::start().await;
    let answer = stack.send(predict(&features()).header("x-fail", "1")).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["code"], &body["message"]), (&json!(9), &json!("too warm")));
    assert_eq!(body["details"][0]["reason"], "TOO_WARM", "{body}");
}

#[tokio::test]
async fn a_server_that_is_away_is_told_of_in_json() {
    let mut stack = Stack::start().await;
    stack.v1 = Upstream::echo().await;
    let answer = stack.refuses(predict(&features())).await;
    assert_eq!(answer.status, 503);
    assert!(answer.json()["message"].is_string(), "{answer:?}");
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
async fn other_apis_keep_their_own_errors() {
    let stack = Stack::start().await;
    let call = Call::post("/v2/models/unicorn/infer").json(&json!({"inputs": []}));
    let answer = stack.refuses(call).await;
    assert_eq!(answer.json(), json!({"error": "the model `unicorn` does not exist"}));
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
