//! A model that isn't served: refused by the gateway, in the client's own dialect.

use anyhow::{Context, ensure};
use http::StatusCode;
use serde_json::{Value, json};
use tonic::Code;

use super::{Stage, sentence};
use crate::gateway::{Call, HttpAnswer, REJECTED, metadata};
use crate::report::{Check, Observation};

/// What the gateway says of a refusal: the filter and its rule.
const RULE: &str = "model-router;unknown_model";

/// An HTTP API and how it asks for a model that isn't served.
struct Api {
    name: &'static str,
    path: &'static str,
    body: Value,
    /// Where this API has the sentence for people.
    text_at: &'static str,
}

pub async fn observe(stage: &Stage<'_>) -> Vec<Observation> {
    let mut observations = vec![grpc(stage).await];
    for api in apis() {
        observations.push(http(stage, &api).await);
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

async fn http(stage: &Stage<'_>, api: &Api) -> Observation {
    let mut check = Check::new(
        format!("{}, model unicorn", api.name),
        format!("404, {REJECTED}: {RULE}, the text at {} as in that API", api.text_at),
    );
    let answer = match stage.gateway.post(api.path, &api.body).await {
        Ok(answer) => answer,
        Err(error) => return check.failed(&error),
    };
    check.require(answer.status == StatusCode::NOT_FOUND, || "another status");
    let rule = answer.rejected.clone().unwrap_or_else(|| "no such header".to_owned());
    check.require(rule == RULE, || "another rule");
    match text_of(&answer, api.text_at) {
        Ok(text) => check.seen(format!("{}: {text}\n{rule}", answer.status.as_u16())),
        Err(error) => {
            check.require(false, || format!("{error:#}"));
            check.seen(format!("{}: {}\n{rule}", answer.status.as_u16(), answer.text()))
        }
    }
}

fn apis() -> [Api; 3] {
    [
        Api {
            name: "OpenAI chat",
            path: "/v1/chat/completions",
            body: json!({ "model": "unicorn", "messages": [{ "role": "user", "content": "Hi" }] }),
            text_at: "/error/message",
        },
        Api {
            name: "Open Inference Protocol",
            path: "/v2/models/unicorn/infer",
            body: json!({ "inputs": [] }),
            text_at: "/error",
        },
        Api {
            name: "TensorFlow Serving",
            path: "/v1/models/unicorn:predict",
            body: json!({ "instances": [] }),
            text_at: "/error",
        },
    ]
}

/// The sentence for people; it has to name the model.
fn text_of(answer: &HttpAnswer, place: &str) -> anyhow::Result<String> {
    let body = answer.json()?;
    let text = body.pointer(place).and_then(Value::as_str);
    let text = text.with_context(|| format!("there is no text at {place}"))?;
    ensure!(text.contains("unicorn"), "the text at {place} does not name the model");
    Ok(text.to_owned())
}
