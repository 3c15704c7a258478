//! Requests that the model's contract does not allow: refused before a server sees them, with what
//! is wrong, where, and what would be right.

use serde_json::json;

use super::Stage;
use super::refusal::Refusal;
use crate::report::Observation;

pub async fn observe(stage: &Stage<'_>) -> Vec<Observation> {
    let mut observations = Vec::new();
    for refusal in refusals() {
        observations.push(refusal.observe(stage).await);
    }
    observations
}

fn refusals() -> [Refusal; 3] {
    let features = json!({
        "name": "features", "datatype": "FP32", "shape": [1, 5], "data": [0.7, 0.8, 0.1, 0.3, 0.5],
    });
    [
        Refusal {
            done: "Open Inference Protocol, a tensor of shape [1, 5]; the model has 4 columns"
                .to_owned(),
            path: "/v2/models/demo/infer",
            body: json!({ "inputs": [features] }),
            status: 422,
            rule: "payload-validator;tensor_shape",
            text_at: "/error",
            names: &["/inputs/0/shape", "[1, 5]", "4]"],
        },
        Refusal {
            done: "OpenAI chat, temperature 3.5".to_owned(),
            path: "/v1/chat/completions",
            body: json!({
                "model": "demo",
                "messages": [{ "role": "user", "content": "Hi" }],
                "temperature": 3.5,
            }),
            status: 422,
            rule: "payload-validator;field_range",
            text_at: "/error/message",
            names: &["/temperature", "3.5", "0 to 2"],
        },
        Refusal {
            done: "POST /v2/repository/models/demo/unload, which would take the model away"
                .to_owned(),
            path: "/v2/repository/models/demo/unload",
            body: json!({}),
            status: 403,
            rule: "payload-validator;access",
            text_at: "/error",
            names: &["administers the model server"],
        },
    ]
}
