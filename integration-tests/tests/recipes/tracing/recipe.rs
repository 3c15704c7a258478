//! The recipe, as the tests beside this one start it.

use crate::prediction::{PREDICT, predicted};
use http::request::Parts;
use integration_tests::{
    Answer, Call, Gateway, Reply, ShippedConfig, Span, SpanReceiver, Tracing, Upstream,
};
use serde_json::{Value, json};

/// What a trace is called in W3C's header: version, trace, span, whether sampled.
pub(super) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(super) const CLIENTS_SPAN: &str = "00f067aa0ba902b7";

/// The recipe, in front of one model server and one collector.
pub(super) struct Stand {
    pub(super) gateway: Gateway,
    pub(super) server: Upstream,
    pub(super) collector: SpanReceiver,
}

impl Stand {
    pub(super) async fn start() -> Self {
        Self::scripted(answer_to, |recipe| recipe).await
    }

    pub(super) async fn changed(change: impl FnOnce(ShippedConfig) -> ShippedConfig) -> Self {
        Self::scripted(answer_to, change).await
    }

    pub(super) async fn scripted(
        script: impl Fn(&Parts) -> Reply + Send + Sync + 'static,
        change: impl FnOnce(ShippedConfig) -> ShippedConfig,
    ) -> Self {
        let server = Upstream::scripted(script).await;
        let collector = SpanReceiver::start().await;
        let gateway = change(recipe(&server, &collector)).start().await;
        Self { gateway, server, collector }
    }

    /// Sends it: the span of the request, however it was answered.
    pub(super) async fn span_of(&self, call: Call) -> Span {
        let before = self.collector.spans().len();
        _ = self.gateway.http2().await.try_send(call).await;
        let is_new = |span: &Span| {
            let spans = self.collector.spans();
            spans[before..].iter().any(|new| new.id == span.id) && is_of_a_request(span)
        };
        self.collector.wait_for("the span of the request", is_new).await
    }
}

/// Not of an attempt at a server.
pub(super) fn is_of_a_request(span: &Span) -> bool {
    span.attribute("http.method").is_some()
}

pub(super) fn chat() -> Call {
    chat_with(json!({}))
}

/// A chat with these members more.
pub(super) fn chat_with(more: Value) -> Call {
    let mut body = json!({"model": "demo", "messages": [{"role": "user", "content": "Hi"}]});
    let more = more.as_object().expect("members").clone();
    body.as_object_mut().expect("an object").extend(more);
    Call::post("/v1/chat/completions").json(&body)
}

pub(super) fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{CLIENTS_SPAN}-{flags}")
}

/// The recipe, with its servers at other addresses, reporting at once.
fn recipe(server: &Upstream, collector: &SpanReceiver) -> ShippedConfig {
    let at_once = format!("layered_runtime: {}\nadmin:\n", Tracing::at_once());
    ShippedConfig::recipe("tracing")
        .replacing("admin:\n", &at_once)
        .with("model-v1-a", 9000, server.address())
        .with("otel-collector", 4317, collector.address())
}

fn answer_to(head: &Parts) -> Reply {
    let wants_stream = head.headers.contains_key("x-stream");
    Reply::whole(match head.uri.path() {
        PREDICT => predicted(),
        _ if wants_stream => streamed(),
        _ => Answer::json_value(&json!({
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "Hello"}}],
            "usage": usage(),
        })),
    })
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

fn streamed() -> Answer {
    let delta = |text: &str, reason: Value| json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]});
    let events = [
        delta("Hel", Value::Null),
        delta("lo", "length".into()),
        json!({"choices": [], "usage": usage()}),
    ];
    let events: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    let body = format!("{events}data: [DONE]\n\n");
    Answer::status(200).header("content-type", "text/event-stream").body(body)
}
