//! The recipe, as the tests beside this one start it.

use crate::prediction::{PREDICT, predicted};
use http::request::Parts;
use integration_tests::{Answer, Call, Gateway, Reply, ShippedConfig, Upstream};
use serde_json::{Value, json};

/// The recipe in front of one server.
pub(super) struct Stand {
    pub(super) gateway: Gateway,
    _server: Upstream,
}

impl Stand {
    /// Of what goes well, so many in a hundred are written.
    pub(super) async fn sampling(percent: u32) -> Self {
        Self::scripted(percent, answer_to).await
    }

    pub(super) async fn scripted(
        percent: u32,
        script: impl Fn(&Parts) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let server = Upstream::scripted(script).await;
        let recipe = ShippedConfig::recipe("access-log")
            .replacing("numerator: 10,", &format!("numerator: {percent},"))
            .with("model-v1-a", 9000, server.address());
        Self { gateway: recipe.start().await, _server: server }
    }

    /// Sends it: what is written of it.
    pub(super) async fn entry_of(&self, call: Call) -> Value {
        let log = self.gateway.access_log();
        let before = log.entries().len();
        _ = self.gateway.http2().await.try_send(call).await;
        integration_tests::eventually("its entry", async || log.entries().get(before).cloned())
            .await
    }
}

/// A chat with these members more.
pub(super) fn chat_with(more: Value) -> Call {
    let mut body = json!({"model": "demo", "messages": [{"role": "user", "content": "Hi"}]});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("members").clone());
    Call::post("/v1/chat/completions").json(&body)
}

pub(super) fn chat() -> Call {
    chat_with(json!({}))
}

/// What a server says to a chat that goes well.
pub(super) fn answered() -> Answer {
    Answer::json_value(&json!({
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "Hello"}}],
        "usage": usage(),
    }))
}

fn usage() -> Value {
    json!({
        "prompt_tokens": 10,
        "completion_tokens": 20,
        "total_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 5},
    })
}

pub(super) fn streamed() -> Answer {
    let delta =
        json!({"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": "stop"}]});
    let usage = json!({"choices": [], "usage": usage()});
    let body = format!("data: {delta}\n\ndata: {usage}\n\ndata: [DONE]\n\n");
    Answer::status(200).header("content-type", "text/event-stream").body(body)
}

/// As its caller wants.
pub(super) fn answer_to(head: &Parts) -> Reply {
    let wanted = head.headers.get("x-wanted").map_or("", |it| it.to_str().expect("text"));
    match wanted {
        "stream" => Reply::whole(streamed()),
        "error event" => {
            let event = json!({"error": {"message": "out of memory", "code": 500}});
            let answer = Answer::status(200).header("content-type", "text/event-stream");
            Reply::whole(answer.body(format!("data: {event}\n\n")))
        }
        "cut" => Reply::cut_off(streamed()),
        "failure" => Reply::whole(Answer::status(500)),
        "grpc failure" => {
            let answer = Answer::status(200).header("content-type", "application/grpc");
            Reply::whole(answer.header("grpc-status", "13"))
        }
        _ if head.uri.path() == PREDICT => Reply::whole(predicted()),
        _ => Reply::whole(answered()),
    }
}
