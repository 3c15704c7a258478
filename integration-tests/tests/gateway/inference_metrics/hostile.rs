//! Hostile traffic through inference metrics.

use super::{chat, config_with, measuring, predict};
use integration_tests::hostile::replacement::a_bad_configuration_under_traffic;
use integration_tests::hostile::{Case, Outcome, Subject};
use integration_tests::{Call, Gateway, hostile_traffic};
use proto::prediction::PredictRequest;
use serde_json::{Value, json};

hostile_traffic!(subject());

fn subject() -> Subject {
    let message = |content: &str| json!([{"role": "user", "content": content}]);
    let long = PredictRequest { features: vec![0.5; 10 << 18], model_name: "demo".into() };
    Subject {
        filter: measuring(&config("one")),
        reconfigured: measuring(&config("two")),
        around: |server| Gateway::builder().cluster("server", &[server]),
        json: chat(
            &json!({"messages": message("\"model\": \"h\u{e9}\\\u{1f642}"), "stream": true}),
        ),
        grpc: predict(),
        long_json: chat(&json!({"messages": message(&"x".repeat(10 << 20))})),
        long_grpc: Call::grpc("/prediction.PredictionService/Predict", &long),
        headers: &[
            "x-model-name",
            "x-model-version",
            "x-tenant-id",
            "x-priority",
            "grpc-timeout",
            "content-type",
            "content-encoding",
            "x-inference-rejected",
        ],
        outcome,
    }
}

/// Everything is switched on.
fn config(secret: &str) -> Value {
    config_with(&json!({
        "tenant": {"header": "x-tenant-id", "stated_as": "name"},
        "class_rules": [{"class": "low", "header": {"name": "x-priority", "value": "low"}}],
        "applies_to": "all",
        "input_hash": {"secret": secret},
    }))
}

/// Nothing is refused by who only looks on.
const fn outcome(_: Case) -> Outcome {
    Outcome::Passes
}

#[tokio::test]
async fn a_bad_configuration_does_not_replace_a_good_one() {
    let bad = json!({"max_series": 1});
    a_bad_configuration_under_traffic(subject(), measuring(&bad)).await;
}
