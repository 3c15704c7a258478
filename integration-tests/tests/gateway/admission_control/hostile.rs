//! Hostile traffic through admission control.

use super::{admission, chat};
use integration_tests::hostile::replacement::a_bad_configuration_under_traffic;
use integration_tests::hostile::{Case, Outcome, Subject};
use integration_tests::{Call, Gateway, hostile_traffic};
use proto::prediction::PredictRequest;
use serde_json::{Value, json};

hostile_traffic!(subject());

fn subject() -> Subject {
    let predict = |features: usize| {
        let request = PredictRequest { features: vec![0.5; features], model_name: "demo".into() };
        Call::grpc("/prediction.PredictionService/Predict", &request)
    };
    let chat = |content: &str| {
        let message = json!({"role": "user", "content": content});
        chat(&json!({"messages": [message], "model": "demo", "stream": true}))
    };
    Subject {
        filter: admission(&config(1_000_000_000)),
        reconfigured: admission(&config(500_000_000)),
        around: |server| Gateway::builder().cluster("server", &[server]),
        json: chat("\"model\": \"h\u{e9}\\\u{1f642}"),
        grpc: predict(4),
        long_json: chat(&"x".repeat(10 << 20)),
        long_grpc: predict(10 << 18),
        headers: &[
            "x-model-name",
            "x-model-version",
            "x-tenant-id",
            "x-priority",
            "x-request-timeout-ms",
            "grpc-timeout",
            "content-type",
            "content-encoding",
        ],
        outcome,
    }
}

/// Everything is switched on, and nobody comes near a limit.
fn config(count: u64) -> Value {
    let budget = json!({"count": count, "window_ms": 60_000});
    json!({
        "tenant": {"header": "x-tenant-id", "forward_hash_as": "x-tenant-hash"},
        "classes": [
            {"name": "high", "refuse_above_load_percent": 99},
            {"name": "low", "room_percent": 50},
        ],
        "class_rules": [{"class": "low", "header": {"name": "x-priority", "value": "low"}}],
        "limits": [
            {"name": "requests", "per": ["tenant"], "requests": budget},
            {"name": "tokens", "per": ["tenant", "model"], "tokens": budget},
            {"name": "gpu", "per": ["model", "version"], "in_flight": {"max": 10_000}},
            {"name": "found", "in_flight": {"adaptive": {"min": 500, "initial": 500}}},
        ],
        "queue": {"max_requests": 10},
        "load_reports": {"metrics": [{"name": "application_utilization"}]},
        "told": {"x_rate_limit": "answers"},
        "cost": {"include_usage": "off"},
    })
}

fn outcome(case: Case) -> Outcome {
    match case {
        // Two tenants have two budgets, two models two limits.
        Case::HeaderTwice("x-tenant-id") => Outcome::Refused { http: 401, grpc: 16 },
        Case::HeaderTwice("x-model-name" | "x-model-version") => {
            Outcome::Refused { http: 400, grpc: 3 }
        }
        // What a chat will cost must be read, which a compressed body, one that is no
        // JSON and one that is too long don't allow. The gRPC call costs one token.
        Case::HeaderNotText("grpc-timeout" | "content-encoding")
        | Case::HeaderTwice("content-encoding")
        | Case::LongHeader("grpc-timeout" | "content-encoding")
        | Case::LongJson
        | Case::NoJson
        | Case::RandomJson => Outcome::Either,
        Case::HeaderNotText(_) | Case::HeaderTwice(_) | Case::LongHeader(_) => Outcome::Passes,
        Case::LongGrpc | Case::NoGrpc | Case::RandomGrpc | Case::Head => Outcome::Passes,
    }
}

#[tokio::test]
async fn a_bad_configuration_does_not_replace_a_good_one() {
    let bad = json!({"limits": [{"name": "neither"}]});
    a_bad_configuration_under_traffic(subject(), admission(&bad)).await;
}
