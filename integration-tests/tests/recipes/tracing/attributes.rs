//! What the recipe's spans, and its access log, say of requests.

use super::recipe::{Stand, chat, chat_with};
use crate::prediction::predict;
use integration_tests::{Answer, Call, Reply, Span};
use serde_json::{Value, json};

/// What the access log says in a field, and the span in an attribute.
const TWICE: [(&str, &str); 14] = [
    ("model", "gen_ai.request.model"),
    ("operation", "gen_ai.operation.name"),
    ("input_tokens", "gen_ai.usage.input_tokens"),
    ("output_tokens", "gen_ai.usage.output_tokens"),
    ("cached_tokens", "gen_ai.usage.cache_read.input_tokens"),
    ("finish_reason", "gen_ai.response.finish_reasons"),
    ("version", "inference.version"),
    ("rule", "inference.rule"),
    ("tenant", "inference.tenant"),
    ("input_hash", "inference.input_hash"),
    ("validation", "inference.validation"),
    ("admission", "inference.admission"),
    ("ttft_ms", "inference.ttft_ms"),
    ("rejected", "error.type"),
];

fn streamed() -> Call {
    chat_with(json!({"stream": true})).header("x-stream", "yes")
}

fn too_long() -> Call {
    chat_with(json!({"max_tokens": 5000}))
}

/// What is said of an answer with usage.
const USED: [(&str, &str); 5] = [
    ("gen_ai.usage.input_tokens", "10"),
    ("gen_ai.usage.output_tokens", "20"),
    ("gen_ai.usage.cache_read.input_tokens", "4"),
    ("gen_ai.usage.reasoning.output_tokens", "5"),
    ("inference.outcome", "ok"),
];

fn assert_says(span: &Span, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(span.attribute(name), Some(*value), "{name} of {span:#?}");
    }
}

#[tokio::test]
async fn a_unary_prediction_has_model_version_and_outcome() {
    let stand = Stand::start().await;
    let span = stand.span_of(predict()).await;
    assert_eq!(span.name, "predict demo");
    let expected = [
        ("gen_ai.provider.name", "demo"),
        ("gen_ai.operation.name", "predict"),
        ("gen_ai.request.model", "demo"),
        ("inference.version", "v1"),
        ("inference.rule", "weight"),
        ("inference.class", "default"),
        ("inference.validation", "passed"),
        ("inference.admission", "admitted"),
        ("inference.outcome", "ok"),
        ("url.path", "/prediction.PredictionService/Predict"),
        ("grpc.status_code", "0"),
    ];
    assert_says(&span, &expected);
    assert_eq!(span.attribute("error.type"), None);
    assert!(span.service.contains(&("service.name".to_owned(), "inference-gateway".to_owned())));
}

#[tokio::test]
async fn a_chat_has_its_tokens_and_why_it_ended() {
    let stand = Stand::start().await;
    let span = stand.span_of(chat()).await;
    assert_eq!(span.name, "chat_completions demo");
    assert_says(&span, &USED);
    assert_says(&span, &[("gen_ai.response.finish_reasons", "stop")]);
}

#[tokio::test]
async fn a_streamed_chat_has_the_same_and_the_time_to_its_first_token() {
    let stand = Stand::start().await;
    let span = stand.span_of(streamed()).await;
    assert_eq!(span.name, "chat_completions demo");
    assert_says(&span, &USED);
    assert_says(&span, &[("gen_ai.response.finish_reasons", "length")]);
    let first_token = span.attribute("inference.ttft_ms").expect("a time to the first token");
    assert!(first_token.parse::<u64>().is_ok(), "{first_token}");
}

#[tokio::test]
async fn a_refusal_has_the_rule_that_refused_it() {
    let stand = Stand::start().await;
    let span = stand.span_of(too_long()).await;
    let expected = [
        ("gen_ai.request.model", "demo"),
        ("error.type", "payload-validator;max_tokens"),
        ("inference.validation", "refused:max_tokens"),
        ("http.status_code", "422"),
    ];
    assert_says(&span, &expected);
    let span = stand.span_of(chat_with(json!({"model": "no-such"}))).await;
    assert_says(&span, &[("error.type", "model-router;unknown_model")]);
    assert!(stand.server.received().is_empty());
}

#[tokio::test]
async fn equal_inputs_have_the_same_hash_and_nobody_reads_the_tenant() {
    let stand = Stand::start().await;
    let mut said = Vec::new();
    for (tenant, temperature) in [("ann", 0), ("ann", 1), ("bob", 1)] {
        let call = chat_with(json!({"temperature": temperature})).header("authorization", tenant);
        let span = stand.span_of(call).await;
        let hash = |name| span.attribute(name).expect("a hash").to_owned();
        said.push((hash("inference.tenant"), hash("inference.input_hash")));
    }
    let [(ann, first), (again, second), (bob, third)] = &said[..] else { panic!("three") };
    assert_eq!((ann, second), (again, third));
    assert!(ann != bob && first != second, "{said:?}");
    for hash in [ann, bob, first, second] {
        let is_hash = hash.len() == 32 && hash.bytes().all(|it| it.is_ascii_hexdigit());
        assert!(is_hash, "{hash}");
    }
}

#[tokio::test]
async fn the_access_log_says_the_same() {
    let stand = Stand::start().await;
    for call in [predict(), chat(), streamed(), too_long()] {
        let span = stand.span_of(call.header("authorization", "ann")).await;
        let is_its = |entry: &Value| entry["trace_id"] == span.trace_id;
        let entry = stand.gateway.access_log().wait_for("its line", is_its).await;
        for (field, attribute) in TWICE {
            assert_eq!(entry[field].as_str(), span.attribute(attribute), "{field} of {entry:#}");
        }
    }
}

/// A server that does what a request says.
fn failing(head: &http::request::Parts) -> Reply {
    match head.headers.get("x-fail").map(|value| value.as_bytes()) {
        Some(b"status") => Reply::whole(Answer::status(500)),
        Some(b"grpc") => Reply::whole(
            Answer::status(200)
                .header("content-type", "application/grpc")
                .header("grpc-status", "13"),
        ),
        Some(b"cut") => Reply::cut_off(Answer::json_value(&json!({"choices": []}))),
        _ => Reply::Reset,
    }
}

/// What only its end can tell is not in its span: there stands nothing then, and
/// not that it went well.
#[tokio::test]
async fn the_access_log_says_what_became_of_what_failed() {
    let stand = Stand::scripted(failing, |recipe| recipe).await;
    for (call, outcome) in [
        (too_long(), "refused"),
        (chat().header("x-fail", "status"), "upstream_error"),
        (predict().header("x-fail", "grpc"), "upstream_error"),
        (chat().header("x-fail", "cut"), "cut"),
        (chat().header("x-fail", "reset"), "upstream_error"),
    ] {
        let span = stand.span_of(call).await;
        let is_its = |entry: &Value| entry["trace_id"] == span.trace_id;
        let entry = stand.gateway.access_log().wait_for("its line", is_its).await;
        assert_eq!(entry["outcome"], outcome, "{entry:#}");
        let said = span.attribute("inference.outcome");
        assert!(said.is_none_or(|said| said == outcome), "{span:#?}");
    }
}

#[tokio::test]
async fn the_span_of_what_failed_has_envoys_own_words_for_it() {
    let stand = Stand::scripted(failing, |recipe| recipe).await;
    let span = stand.span_of(chat().header("x-fail", "status")).await;
    assert_says(&span, &[("http.status_code", "500"), ("error", "true")]);
    for failure in ["cut", "reset"] {
        let span = stand.span_of(chat().header("x-fail", failure)).await;
        let flags = span.attribute("response_flags");
        assert!(flags.is_some_and(|flags| flags != "-"), "{failure}: {span:#?}");
    }
}
