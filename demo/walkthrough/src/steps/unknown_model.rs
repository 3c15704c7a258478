//! A model that isn't served: refused by the gateway, in the client's own dialect.

use serde_json::json;
use tonic::Code;

use super::refusal::Refusal;
use super::{Stage, sentence};
use crate::gateway::{Call, REJECTED, metadata};
use crate::report::{Check, Observation};

/// What the gateway says of a refusal: the filter and its rule.
const RULE: &str = "model-router;unknown_model";

pub async fn observe(stage: &Stage<'_>) -> Vec<Observation> {
    let mut observations = vec![grpc(stage).await];
    for refusal in refusals() {
        observations.push(refusal.observe(stage).await);
    }
    observations
}

async fn grpc(stage: &Stage<'_>) -> Observation {
    let mut check =
        Check::new("gRPC, model_name: unicorn", format!("NOT_FOUND, {REJECTED}: {RULE}"));
    let connection = match stage.gateway.connection() {
        Ok(connection) => connection,
        Err(error) => return check.failed(&error),
    };
    match connection.predict(Call::of_model("unicorn")).await {
        Ok(served) => {
            check.require(false, || "the call was answered");
            check.seen(format!("an answer from {}", served.replica))
        }
        Err(status) => {
            let rule = metadata(status.metadata(), REJECTED).unwrap_or("no such header");
            check.require(status.code() == Code::NotFound, || "another status");
            check.require(rule == RULE, || "another rule");
            check.seen(format!("{}\n{rule}", sentence(&status)))
        }
    }
}

fn refusals() -> [Refusal; 3] {
    let chat = json!({ "model": "unicorn", "messages": [{ "role": "user", "content": "Hi" }] });
    [
        ("OpenAI chat", "/v1/chat/completions", chat, "/error/message"),
        ("Open Inference Protocol", "/v2/models/unicorn/infer", json!({ "inputs": [] }), "/error"),
        ("TensorFlow Serving", "/v1/models/unicorn:predict", json!({ "instances": [] }), "/error"),
    ]
    .map(|(api, path, body, text_at)| Refusal {
        done: format!("{api}, model unicorn"),
        path,
        body,
        status: 404,
        rule: RULE,
        text_at,
        names: &["unicorn"],
    })
}
