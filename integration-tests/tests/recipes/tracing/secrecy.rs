//! What no span says.

use super::recipe::{Stand, chat_with};
use crate::prediction::predict;
use integration_tests::{Answer, Call, Reply, Span};
use proto::prediction::PredictResponse;
use serde_json::json;
use std::collections::BTreeSet;

/// A word that no program has of its own.
const SECRET: &str = "zxqvjk77";

/// A server that repeats it wherever it can, but for one place.
fn indiscreet(head: &http::request::Parts) -> Reply {
    let answer = match head.uri.path() {
        "/v1/chat/completions" => Answer::json_value(&json!({
            "choices": [{"message": {"content": SECRET}, "finish_reason": SECRET}],
            "error": {"message": SECRET},
        })),
        _ => Answer::grpc(&PredictResponse { model_name: SECRET.to_owned(), ..Default::default() }),
    };
    Reply::whole(answer.header("x-said", SECRET))
}

/// And one that repeats it there.
fn indiscreet_in_its_status(_: &http::request::Parts) -> Reply {
    let answer = Answer::status(200).header("content-type", "application/grpc");
    Reply::whole(answer.trailer("grpc-status", "3").trailer("grpc-message", SECRET))
}

fn calls() -> Vec<Call> {
    let messages = json!([{"role": "user", "content": SECRET}]);
    let path = format!("/v2/models/demo/infer?key={SECRET}");
    let calls = [
        chat_with(json!({"messages": messages})),
        chat_with(json!({"messages": messages, "stream": true})),
        chat_with(json!({"messages": messages, "max_tokens": 5000})),
        chat_with(json!({"messages": SECRET})),
        predict(),
        Call::post(&path).json(&json!({"inputs": []})),
    ];
    let with_keys = |call: Call| {
        call.header("authorization", format!("Bearer {SECRET}"))
            .header("x-api-key", SECRET)
            .header("cookie", format!("session={SECRET}"))
    };
    calls.into_iter().map(with_keys).collect()
}

#[tokio::test]
async fn prompts_answers_and_keys_are_in_no_span() {
    let stand = Stand::scripted(indiscreet, |recipe| recipe).await;
    for call in calls() {
        stand.span_of(call).await;
    }
    for span in stand.collector.spans() {
        assert!(!format!("{span:?}").contains(SECRET), "{span:#?}");
    }
}

/// Envoy writes it, after all attributes that it is told to write: the recipe's
/// README says how to take it out.
#[tokio::test]
async fn but_a_servers_grpc_message_is_in_them() {
    let stand = Stand::scripted(indiscreet_in_its_status, |recipe| recipe).await;
    let span = stand.span_of(predict()).await;
    let indiscreet = |(_, value): &&(String, String)| value.contains(SECRET);
    let found: Vec<_> = span.attributes.iter().filter(indiscreet).collect();
    assert_eq!(found, [&("grpc.message".to_owned(), SECRET.to_owned())]);
}

#[tokio::test]
async fn an_attribute_has_one_value() {
    let stand = Stand::scripted(indiscreet, |recipe| recipe).await;
    for call in calls() {
        let Span { attributes, .. } = stand.span_of(call).await;
        let names: BTreeSet<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), attributes.len(), "{attributes:#?}");
    }
}
