//! Naming a version: every way of saying it leads there, whatever the API.

use anyhow::{Context, anyhow, ensure};
use serde_json::{Value, json};

use super::{Stage, sentence};
use crate::gateway::{Call, Gateway, HttpAnswer, ServedBy};
use crate::report::{Check, Observation};

const VERSIONS: [&str; 2] = ["v1", "v2"];

/// A way to name a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Header,
    Message,
    OpenInferencePath,
    TensorFlowServingPath,
    JsonBody,
    Label,
    StreamedJsonBody,
}

/// Who answered, and what else is worth a word.
struct Answer {
    served: ServedBy,
    remark: Option<String>,
}

pub async fn observe(stage: &Stage<'_>) -> Vec<Observation> {
    let mut observations = Vec::new();
    for way in Way::ALL {
        observations.push(try_way(stage, way).await);
    }
    observations
}

async fn try_way(stage: &Stage<'_>, way: Way) -> Observation {
    let mut check = Check::new(way.done(), way.expected());
    let mut seen = Vec::new();
    for version in VERSIONS {
        match way.ask(&stage.gateway, version).await {
            Ok(Answer { served, remark }) => {
                check.require(served.version == version, || {
                    format!("{version} was asked for, {} answered", served.version)
                });
                let remark = remark.map(|text| format!(" ({text})")).unwrap_or_default();
                seen.push(format!("{version}: {}{remark}", served.replica));
            }
            Err(error) => {
                check.require(false, || format!("{version} was asked for: {error:#}"));
            }
        }
    }
    check.seen(seen.join("\n"))
}

impl Way {
    const ALL: [Self; 7] = [
        Self::Header,
        Self::Message,
        Self::OpenInferencePath,
        Self::TensorFlowServingPath,
        Self::JsonBody,
        Self::Label,
        Self::StreamedJsonBody,
    ];

    const fn done(self) -> &'static str {
        match self {
            Self::Header => "gRPC, header x-model-version: v1, then v2",
            Self::Message => "gRPC, the message's own model_name: demo@v1, then demo@v2",
            Self::OpenInferencePath => {
                "Open Inference Protocol, path /v2/models/demo/versions/v1/infer, then v2"
            }
            Self::TensorFlowServingPath => {
                "TensorFlow Serving, path /v1/models/demo/labels/v1:predict, then v2"
            }
            Self::JsonBody => "OpenAI chat, JSON model: demo@v1, then demo@v2",
            Self::Label => "the same by label: demo@stable, which is v1, then demo@latest, v2",
            Self::StreamedJsonBody => "the chat with demo@v1, then demo@v2, streamed",
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::StreamedJsonBody => {
                "that version streams its answer: events as they are made, usage, [DONE]"
            }
            _ => "that version answers",
        }
    }

    async fn ask(self, gateway: &Gateway, version: &str) -> anyhow::Result<Answer> {
        let named = format!("demo@{version}");
        match self {
            Self::Header => predict(gateway, Call::new().of_version(version)).await,
            Self::Message => predict(gateway, Call::of_model(&named)).await,
            Self::OpenInferencePath => {
                let path = format!("/v2/models/demo/versions/{version}/infer");
                plain(gateway.post(&path, &open_inference()).await?)
            }
            Self::TensorFlowServingPath => {
                let path = format!("/v1/models/demo/labels/{version}:predict");
                plain(gateway.post(&path, &json!({ "instances": [FEATURES] })).await?)
            }
            Self::JsonBody => whole_chat(gateway, &named).await,
            Self::Label => {
                let label = if version == "v1" { "stable" } else { "latest" };
                whole_chat(gateway, &format!("demo@{label}")).await
            }
            Self::StreamedJsonBody => {
                let mut body = chat(&named);
                body["stream"] = json!(true);
                body["stream_options"] = json!({ "include_usage": true });
                streamed(&gateway.post("/v1/chat/completions", &body).await?)
            }
        }
    }
}

const FEATURES: [f64; 4] = [0.7, 0.8, 0.1, 0.3];

fn open_inference() -> Value {
    json!({
        "inputs": [{ "name": "features", "shape": [1, 4], "datatype": "FP32", "data": FEATURES }]
    })
}

fn chat(model: &str) -> Value {
    json!({
        "messages": [{ "role": "user", "content": "Tell me about the rabbit." }],
        "max_tokens": 24,
        // The likeliest words: by chance, an answer may be over after a few.
        "temperature": 0,
        // Last on purpose: the official clients write it after the messages, too.
        "model": model,
    })
}

async fn whole_chat(gateway: &Gateway, model: &str) -> anyhow::Result<Answer> {
    let answer = gateway.post("/v1/chat/completions", &chat(model)).await?;
    let served = answer.served()?.clone();
    Ok(Answer { served, remark: Some(usage(&answer.json()?)?) })
}

async fn predict(gateway: &Gateway, call: Call) -> anyhow::Result<Answer> {
    let served = gateway.connection()?.predict(call).await;
    let served = served.map_err(|status| anyhow!(sentence(&status)))?;
    Ok(Answer { served, remark: None })
}

fn plain(answer: HttpAnswer) -> anyhow::Result<Answer> {
    Ok(Answer { served: answer.served()?.clone(), remark: None })
}

fn streamed(answer: &HttpAnswer) -> anyhow::Result<Answer> {
    let served = answer.served()?.clone();
    let events = answer.events();
    ensure!(
        events.last().is_some_and(|last| last == "[DONE]"),
        "the stream does not end in [DONE]"
    );
    let usage = events
        .iter()
        .filter_map(|event| serde_json::from_str(event).ok())
        .find_map(|event: Value| usage(&event).ok())
        .context("no event states the usage")?;
    let took = answer.body_took.as_millis();
    ensure!(took > 0, "{} events came all at once: somebody held them back", events.len());
    Ok(Answer { served, remark: Some(format!("{} events over {took} ms, {usage}", events.len())) })
}

/// `12 + 24 tokens`
fn usage(answer: &Value) -> anyhow::Result<String> {
    let count = |name: &str| {
        let count = answer["usage"][name].as_u64().filter(|count| *count > 0);
        count.with_context(|| format!("the answer has no usage.{name}"))
    };
    Ok(format!("{} + {} tokens", count("prompt_tokens")?, count("completion_tokens")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::time::Duration;

    fn stream(body: &'static str, took_ms: u64) -> anyhow::Result<String> {
        let answer = HttpAnswer {
            status: http::StatusCode::OK,
            served_by: Some(ServedBy { replica: "a".to_owned(), version: "v1".to_owned() }),
            rejected: None,
            retry_after: None,
            body: Bytes::from_static(body.as_bytes()),
            body_took: Duration::from_millis(took_ms),
        };
        streamed(&answer).map(|answer| answer.remark.unwrap_or_default())
    }

    #[test]
    fn a_stream_has_events_usage_and_an_end() {
        let whole = "data: {}\n\ndata: {\"usage\":null}\n\n\
            data: {\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
        assert_eq!(stream(whole, 20).unwrap(), "4 events over 20 ms, 5 + 2 tokens");
        assert!(stream(whole, 0).is_err(), "all of it came in one piece");
    }

    #[test]
    fn a_stream_that_lacks_something_is_told_of() {
        assert!(stream("data: {}\n\ndata: {}\n\ndata: {}\n\ndata: [DONE]\n\n", 20).is_err());
        let cut = "data: {}\n\ndata: {}\n\ndata: {}\n\n\
            data: {\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";
        assert!(stream(cut, 20).is_err());
    }

    #[test]
    fn usage_without_tokens_is_none() {
        assert!(
            usage(&json!({ "usage": { "prompt_tokens": 0, "completion_tokens": 1 } })).is_err()
        );
        assert!(usage(&json!({ "usage": null })).is_err());
    }
}
