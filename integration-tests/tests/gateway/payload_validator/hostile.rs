//! Hostile traffic through the validator.

use super::requests::PREDICT;
use super::{chat, validator};
use integration_tests::hostile::replacement::a_bad_configuration_under_traffic;
use integration_tests::hostile::{Case, Outcome, Subject};
use integration_tests::{Call, Gateway, hostile_traffic};
use proto::prediction::PredictRequest;
use serde_json::{Value, json};

hostile_traffic!(subject());

fn subject() -> Subject {
    let predict = |features: usize| {
        let request = PredictRequest { features: vec![0.5; features], model_name: "demo".into() };
        Call::grpc(PREDICT, &request)
    };
    let chat = |content: &str| {
        let message = json!({"role": "user", "content": content});
        chat(&json!({"messages": [message], "model": "demo"}))
    };
    Subject {
        filter: validator(&config(100)),
        reconfigured: validator(&config(50)),
        around: |server| Gateway::builder().cluster("server", &[server]),
        json: chat("\"model\": \"h\u{e9}\\\u{1f642}"),
        grpc: predict(4),
        long_json: chat(&"x".repeat(10 << 20)),
        long_grpc: predict(10 << 18),
        headers: &[
            "x-model-name",
            "x-model-version",
            "content-type",
            "content-encoding",
            "inference-header-content-length",
        ],
        outcome,
    }
}

/// Everything that reads something is switched on: prompts, tensors, a schema, a
/// patch, limits and answers.
fn config(max_tokens: u32) -> Value {
    json!({
        "limits": {
            "max_json_depth": 60, "max_string_bytes": 100_000, "max_headers": 120,
            "max_message_bytes": 1_000_000,
        },
        "contracts": [{
            "generative": {
                "max_tokens": max_tokens, "max_characters": 100_000, "context_window_tokens": 50_000,
            },
            "json_schema": {"type": "object", "properties": {"messages": {"maxItems": 10}}},
            "tensors": {
                "method": PREDICT,
                "inputs": [{
                    "name": "features", "field": "1", "datatype": "FP32",
                    "shape": [{"min": 0, "max": 1000}], "optional": true, "finite": true,
                }],
            },
            "answers": {"outputs": [], "on_violation": "replace"},
        }],
        "patches": [{
            "name": "no tools", "paths": ["/v1/*"], "json_schema": {"maxProperties": 20},
        }],
    })
}

fn outcome(case: Case) -> Outcome {
    match case {
        Case::HeaderNotText("content-encoding")
        | Case::HeaderTwice("content-encoding")
        | Case::LongHeader("content-encoding") => Outcome::Refused { http: 415, grpc: 12 },
        // Two models have two contracts.
        Case::HeaderTwice("x-model-name" | "x-model-version") => {
            Outcome::Refused { http: 400, grpc: 3 }
        }
        // JSON is read as JSON whatever its content type; gRPC without its own
        // can't be read.
        Case::HeaderNotText("content-type") => Outcome::Either,
        Case::HeaderNotText(_) | Case::HeaderTwice(_) | Case::LongHeader(_) => Outcome::Passes,
        Case::LongJson | Case::LongGrpc => Outcome::Refused { http: 413, grpc: 8 },
        // A GET is no inference and passes; a POST without a body is refused.
        Case::NoJson | Case::NoGrpc | Case::RandomJson | Case::RandomGrpc => Outcome::Either,
        Case::Head => Outcome::Passes,
    }
}

#[tokio::test]
async fn a_bad_configuration_does_not_replace_a_good_one() {
    let bad = json!({"contracts": [{"tensors": {"inputs": []}}]});
    a_bad_configuration_under_traffic(subject(), validator(&bad)).await;
}
