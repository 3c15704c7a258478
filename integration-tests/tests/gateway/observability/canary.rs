//! The one server of version v2, which does what a call asks for: a canary that is
//! not well.

use http::request::Parts;
use integration_tests::{Answer, Reply, Upstream};
use proto::grpc_health::{HealthCheckResponse, health_check_response::ServingStatus};
use proto::prediction::PredictResponse;
use serde_json::{Value, json};

/// The header in which a call says what happens to it.
pub(super) const BEHAVIOUR: &str = "x-behaviour";

pub(super) async fn start() -> Upstream {
    Upstream::scripted(reply).await
}

fn reply(head: &Parts) -> Reply {
    let behaviour = head.headers.get(BEHAVIOUR).map(|value| value.to_str().expect("text"));
    match (behaviour, head.uri.path()) {
        (Some("fail"), _) => {
            Reply::whole(Answer { status: http::StatusCode::INTERNAL_SERVER_ERROR, ..chat() })
        }
        (Some("reset"), _) => Reply::Reset,
        (Some("hang"), _) => Reply::Hang,
        (Some("stream"), _) => Reply::whole(events(&[WORD, WORD, WORD, LAST, USAGE, "[DONE]"])),
        (Some("end early"), _) => Reply::whole(events(&[WORD, WORD])),
        (Some("cut"), _) => Reply::cut_off(events(&[WORD, WORD])),
        (_, "/grpc.health.v1.Health/Check") => {
            let status = ServingStatus::Serving.into();
            Reply::whole(Answer::grpc(&HealthCheckResponse { status }))
        }
        (_, "/inference.GRPCInferenceService/ModelStreamInfer") => Reply::EchoAtOnce,
        (_, path) if path.starts_with("/prediction.") => {
            Reply::whole(Answer::grpc(&PredictResponse {
                predictions: vec![1.0],
                model_name: "demo".into(),
                latency_ms: 0.1,
            }))
        }
        _ => Reply::whole(chat()),
    }
}

fn chat() -> Answer {
    let message = json!({"role": "assistant", "content": "Hello."});
    Answer::json_value(&json!({
        "object": "chat.completion",
        "model": "demo",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage(),
    }))
}

fn usage() -> Value {
    json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7})
}

const WORD: &str = r#"{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}"#;

const LAST: &str = r#"{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"."},"finish_reason":"length"}]}"#;

const USAGE: &str = r#"{"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#;

fn events(events: &[&str]) -> Answer {
    let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    Answer::status(200).header("content-type", "text/event-stream").body(body)
}
