//! A filter that does nothing changes nothing, whatever is thrown at it. What
//! fails here is Envoy's or the harness's, not a filter's.

use integration_tests::hostile::{Case, Outcome, Subject};
use integration_tests::{Call, Gateway, WasmFilter, hostile_traffic};
use serde_json::json;

hostile_traffic!(subject());

fn subject() -> Subject {
    let long = "x".repeat(10 << 20);
    Subject {
        filter: WasmFilter::named("empty"),
        reconfigured: WasmFilter::named("empty").configured(&json!({"another": 1})),
        around: |server| Gateway::builder().cluster("server", &[server]),
        json: Call::post("/v1/chat/completions")
            .json(&json!({"messages": [{"role": "user", "content": "h\u{e9}"}], "model": "demo"})),
        grpc: Call::grpc_bytes("/prediction.PredictionService/Predict", b"\x12\x04demo"),
        long_json: Call::post("/v1/chat/completions").json(&json!({"prompt": long})),
        long_grpc: Call::grpc_bytes("/prediction.PredictionService/Predict", long.as_bytes()),
        headers: &["cookie"],
        outcome: |_: Case| Outcome::Passes,
    }
}
