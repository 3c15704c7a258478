//! Hostile traffic through the router.

use super::config;
use integration_tests::hostile::replacement::a_bad_configuration_under_traffic;
use integration_tests::hostile::{Case, Outcome, Subject};
use integration_tests::{Call, Gateway, WasmFilter, hostile_traffic};
use proto::prediction::PredictRequest;
use serde_json::json;

hostile_traffic!(subject());

fn subject() -> Subject {
    let router = || WasmFilter::named("model-router");
    let versions = json!([
        {"name": "v1", "cluster": "demo-v1", "weight": 50},
        {"name": "v2", "cluster": "demo-v2", "weight": 50},
    ]);
    let other = json!({"models": [{"name": "demo", "versions": versions}]});
    let predict = |features: usize| {
        let request = PredictRequest { features: vec![0.5; features], model_name: "demo".into() };
        Call::grpc("/prediction.PredictionService/Predict", &request)
    };
    let chat = |content: &str| {
        let message = json!({"role": "user", "content": content});
        // `model` comes last, as OpenAI's own clients write it.
        Call::post("/v1/chat/completions").json(&json!({"messages": [message], "model": "demo"}))
    };
    Subject {
        filter: router().configured(&config(json!({}))),
        reconfigured: router().configured(&config(other)),
        around: |server| {
            Gateway::builder()
                .cluster("demo-v1", &[server])
                .cluster("demo-v2", &[server])
                .route_by_header("x-model-cluster")
        },
        json: chat("\"model\": \"h\u{e9}\\\u{1f642}"),
        grpc: predict(4),
        long_json: chat(&"x".repeat(10 << 20)),
        long_grpc: predict(10 << 18),
        headers: &[
            "x-model-name",
            "x-model-version",
            "x-model-cluster",
            "x-model-shadow",
            "x-session-id",
            "cookie",
        ],
        outcome,
    }
}

fn outcome(case: Case) -> Outcome {
    const REFUSED: Outcome = Outcome::Refused { http: 400, grpc: 3 };
    match case {
        Case::HeaderNotText("x-model-name" | "x-model-version")
        | Case::HeaderTwice("x-model-name" | "x-model-version")
        // Another model than the body's.
        | Case::LongHeader("x-model-name") => REFUSED,
        Case::LongHeader("x-model-version") => Outcome::Refused { http: 404, grpc: 5 },
        Case::HeaderNotText(_) | Case::HeaderTwice(_) | Case::LongHeader(_) => Outcome::Passes,
        Case::LongJson | Case::LongGrpc => Outcome::Refused { http: 413, grpc: 8 },
        // Without a body, a GET names no model and passes, and a POST is refused.
        Case::NoJson | Case::NoGrpc | Case::RandomJson | Case::RandomGrpc => Outcome::Either,
        Case::Head => Outcome::Passes,
    }
}

#[tokio::test]
async fn a_bad_configuration_does_not_replace_a_good_one() {
    let bad = WasmFilter::named("model-router").configured(&json!({"models": []}));
    a_bad_configuration_under_traffic(subject(), bad).await;
}
