use http::StatusCode;
use serde_json::{Value, json};

use crate::caller::{Answer, post, serve};

const CHAT: &str = "/v1/chat/completions";

fn request() -> Value {
    json!({
        "model": "demo",
        "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": "Tell me of the White Rabbit" },
        ],
        "seed": 7,
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut request = request();
    request[key] = value;
    request
}

async fn ask(request: &Value) -> Answer {
    post(&serve().await, CHAT, request).await
}

/// The error object of a refused request.
async fn refusal(request: &Value) -> Value {
    let answer = ask(request).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    answer.json()["error"].clone()
}

/// The chunks of a streamed answer, which must end with `[DONE]`.
async fn stream(mut request: Value) -> Vec<Value> {
    request["stream"] = json!(true);
    let answer = ask(&request).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/event-stream; charset=utf-8");
    let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
    let mut events: Vec<&str> = text
        .strip_suffix("\n\n")
        .expect("the last event is complete")
        .split("\n\n")
        .map(|event| event.strip_prefix("data: ").expect("a data line"))
        .collect();
    assert_eq!(events.pop(), Some("[DONE]"));
    events.iter().map(|event| serde_json::from_str(event).expect("JSON")).collect()
}

fn content_of(chunks: &[Value], index: u64) -> String {
    chunks
        .iter()
        .flat_map(|chunk| chunk["choices"].as_array().expect("a list"))
        .filter(|choice| choice["index"] == index)
        .filter_map(|choice| choice["delta"]["content"].as_str())
        .collect()
}

#[tokio::test]
async fn answers_as_the_assistant() {
    let answer = ask(&request()).await.ok();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], "demo");
    assert_eq!(answer["system_fingerprint"], "demo@v1");
    assert!(answer["id"].as_str().expect("an id").starts_with("chatcmpl-"));
    let message = &answer["choices"][0]["message"];
    assert_eq!(message["role"], "assistant");
    assert!(!message["content"].as_str().expect("a text").is_empty());
}

#[tokio::test]
async fn an_answer_does_not_begin_with_a_space() {
    // The corpus goes on with " with" or " was".
    let answer = ask(&request()).await.ok();
    let content = answer["choices"][0]["message"]["content"].as_str().expect("a text").to_owned();
    assert!(content.starts_with("with") || content.starts_with("was"), "{content:?}");
}

#[tokio::test]
async fn usage_counts_the_tokens_of_the_prompt_and_of_the_answer() {
    let mut request = with("max_completion_tokens", json!(5));
    request["messages"] = json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": [{ "type": "text", "text": "Who, exactly?" }] },
    ]);
    let answer = ask(&request).await.ok();
    assert_eq!(
        answer["usage"],
        json!({ "prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12 })
    );
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_answer() {
    let (first, second) = (ask(&request()).await.ok(), ask(&request()).await.ok());
    assert_eq!(first["choices"], second["choices"]);
}

#[tokio::test]
async fn each_of_several_choices_is_an_answer() {
    let answer = ask(&with("n", json!(3))).await.ok();
    let choices = answer["choices"].as_array().expect("a list");
    let indices: Vec<_> = choices.iter().map(|choice| choice["index"].as_u64()).collect();
    assert_eq!(indices, [Some(0), Some(1), Some(2)]);
    assert_ne!(choices[0]["message"], choices[1]["message"]);
}

#[tokio::test]
async fn a_stream_begins_with_the_role_and_ends_with_the_reason() {
    let chunks = stream(request()).await;
    assert_eq!(chunks[0]["object"], "chat.completion.chunk");
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({ "role": "assistant", "content": "" }));
    let last = chunks.last().expect("chunks");
    assert_eq!(last["choices"][0]["delta"], json!({}));
    assert!(
        ["stop", "length"].contains(&last["choices"][0]["finish_reason"].as_str().expect("set"))
    );
    let between = &chunks[..chunks.len() - 1];
    assert!(between.iter().all(|chunk| chunk["choices"][0]["finish_reason"].is_null()));
}

#[tokio::test]
async fn a_stream_says_the_same_as_a_whole_answer() {
    let whole = ask(&with("n", json!(2))).await.ok();
    let chunks = stream(with("n", json!(2))).await;
    for index in 0..2 {
        assert_eq!(
            whole["choices"][index]["message"]["content"],
            content_of(&chunks, index as u64)
        );
    }
}

#[tokio::test]
async fn all_chunks_of_a_stream_have_one_id() {
    let chunks = stream(request()).await;
    assert!(chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"]));
}

#[tokio::test]
async fn usage_comes_last_and_is_null_before_if_it_was_asked_for() {
    let whole = ask(&request()).await.ok();
    let chunks = stream(with("stream_options", json!({ "include_usage": true }))).await;
    let (last, before) = chunks.split_last().expect("chunks");
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"], whole["usage"]);
    assert!(before.iter().all(|chunk| chunk.get("usage") == Some(&Value::Null)));
}

#[tokio::test]
async fn usage_is_not_told_in_a_stream_unless_it_was_asked_for() {
    let chunks = stream(request()).await;
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));
}

#[tokio::test]
async fn a_stream_has_one_chunk_per_token() {
    let chunks = stream(with("max_tokens", json!(9))).await;
    // The role, nine tokens, the reason.
    assert_eq!(chunks.len(), 11);
}

#[tokio::test]
async fn stops_before_a_stop_text() {
    let answer = ask(&with("stop", json!([" the", ","]))).await.ok();
    let content = answer["choices"][0]["message"]["content"].as_str().expect("a text").to_owned();
    assert!(!content.contains(" the") && !content.contains(','), "{content}");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn another_model_is_not_found() {
    for model in ["other", "demo@v2"] {
        let answer = ask(&with("model", json!(model))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{model}");
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "model_not_found");
        assert_eq!(error["param"], "model");
        assert_eq!(error["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn answers_to_its_name_with_its_version() {
    ask(&with("model", json!("demo@v1"))).await.ok();
}

#[tokio::test]
async fn says_which_field_is_wrong() {
    let cases = [
        (with("messages", json!([])), "messages"),
        (with("messages", json!([{ "role": "wizard", "content": "x" }])), "messages[0].role"),
        (with("messages", json!([{ "role": "user" }])), "messages[0].content"),
        (with("messages", json!([{ "role": "user", "content": 5 }])), "messages[0].content"),
        (
            with("messages", json!([{ "role": "user", "content": [{ "type": "image_url" }] }])),
            "messages[0].content[0]",
        ),
        (with("n", json!(0)), "n"),
        (with("temperature", json!(3)), "temperature"),
        (with("max_tokens", json!("many")), "max_tokens"),
        (with("max_tokens", json!(0)), "max_completion_tokens"),
        (with("stream_options", json!({ "include_usage": true })), "stream_options"),
    ];
    for (request, param) in cases {
        let error = refusal(&request).await;
        assert_eq!(error["param"], param, "{error}");
        assert_eq!(error["code"], Value::Null);
    }
}

#[tokio::test]
async fn a_missing_field_is_named() {
    let error = refusal(&json!({ "messages": [] })).await;
    assert!(error["message"].as_str().expect("a sentence").contains("`model`"), "{error}");
}

#[tokio::test]
async fn an_assistant_may_have_said_nothing() {
    let request = with(
        "messages",
        json!([{ "role": "assistant", "content": null }, { "role": "user", "content": "So?" }]),
    );
    ask(&request).await.ok();
}

#[tokio::test]
async fn unknown_fields_are_tolerated() {
    ask(&with("reasoning_effort", json!("low"))).await.ok();
}
