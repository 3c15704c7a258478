//! Envoy's own use of load, beside the whole chain: servers' reports (ORCA) that
//! move its weights and go on to clients, and what it reports itself (LRS).

mod load_reports;
mod weights;

use http::request::Parts;
use integration_tests::{Answer, Call, EnvoyConfig, Gateway, Reply};
use proto::inference::{ModelInferRequest, ModelInferResponse};
use serde_json::{Value, json};

/// The chain as envoy/envoy.yaml has it. Its one model is served by `servers`.
fn chain(admission: &Value) -> EnvoyConfig {
    let version = json!({"name": "v1", "cluster": "servers"});
    let router = json!({"models": [{"name": "demo", "versions": [version]}]});
    Gateway::builder()
        .filter("inference-metrics", &json!({"models": [{"name": "demo"}]}))
        .filter("model-router", &router)
        .filter("payload-validator", &json!({"limits": {"max_body_bytes": 1_048_576}}))
        .filter("admission-control", admission)
        .route_by_header("x-model-cluster")
}

/// Admission control that has nothing to do with reports.
fn quotas() -> Value {
    let limits = json!([{"name": "all", "in_flight": {"max": 1000}}]);
    json!({"limits": limits, "load_reports": {"strip": false}})
}

/// Admission control that listens to reports, and takes them out of answers.
fn listening() -> Value {
    json!({"load_reports": {"metrics": [{"name": "application_utilization"}]}})
}

/// A server that reports this load, in the headers of HTTP answers and in the
/// trailers of gRPC's.
fn reporting(utilization: f64) -> impl Fn(&Parts) -> Reply + Send + Sync + 'static {
    let report = format!("TEXT application_utilization={utilization},rps_fractional=100");
    move |head| {
        Reply::whole(match head.uri.path() {
            "/v1/chat/completions" => {
                Answer::json_value(&json!({"choices": []})).header("endpoint-load-metrics", &report)
            }
            _ => Answer::grpc(&ModelInferResponse::default())
                .trailer("endpoint-load-metrics", &report),
        })
    }
}

fn chat() -> Call {
    Call::post("/v1/chat/completions").json(&json!({"model": "demo", "messages": []}))
}

fn infer() -> Call {
    let request = ModelInferRequest { model_name: "demo".to_owned(), ..Default::default() };
    Call::grpc("/inference.GRPCInferenceService/ModelInfer", &request)
}
