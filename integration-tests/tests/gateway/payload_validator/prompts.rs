//! Prompts and parameters in the APIs of OpenAI and Anthropic, and bodies under
//! a JSON Schema.

use super::refusal::{Refusal, refused};
use super::{Call, Stand, chat, json};
use serde_json::Value;

/// What every contract of these tests allows.
fn contract() -> Value {
    json!({"generative": {
        "max_tokens": 100, "max_n": 2, "max_messages": 3, "max_tools": 1, "max_inputs": 2,
        "max_images": 1, "max_characters": 50, "temperature": {"max": 1.5},
    }})
}

async fn check_all(rows: Vec<(Call, Option<Refusal>)>) {
    let stand = Stand::with_contract(&contract()).await;
    for mut client in stand.clients().await {
        for (call, expected) in &rows {
            stand.check(&mut client, call.clone(), expected.as_ref()).await;
        }
    }
}

fn post(path: &str, body: &Value) -> Call {
    Call::post(path).json(body)
}

#[tokio::test]
async fn chats_are_held_against_the_contract() {
    let message = json!({"role": "user", "content": "hi"});
    let tool = json!({"type": "function", "function": {"name": "f", "parameters": {}}});
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let asking = |parts: &[&Value]| json!([{"role": "user", "content": parts}]);
    check_all(vec![
        (chat(&json!({})), None),
        (chat(&json!({"max_tokens": 100, "temperature": 1.5, "n": 2, "stream": true})), None),
        (chat(&json!({"messages": [message, message, message], "tools": [tool]})), None),
        (chat(&json!({"messages": asking(&[&image]), "of_another_server": [{"x": 1}]})), None),
        (
            chat(&json!({"temperature": 3.5})),
            refused(422, "field_range", ["/temperature", "3.5", "0 to 1.5"]),
        ),
        (
            chat(&json!({"temperature": "hot"})),
            refused(
                400,
                "field_value",
                ["/temperature", "something else", "a number of at most 32 bytes"],
            ),
        ),
        (
            chat(&json!({"max_tokens": 101})),
            refused(422, "max_tokens", ["/max_tokens", "101 tokens", "at most 100"]),
        ),
        (chat(&json!({"n": 3})), refused(422, "field_range", ["/n", "3", "1 to 2"])),
        (
            chat(&json!({"messages": [message, message, message, message]})),
            refused(422, "message_count", ["/messages/3", "4 messages", "at most 3"]),
        ),
        (
            chat(&json!({"tools": [tool, tool]})),
            refused(422, "tool_count", ["/tools/1", "2 tools", "at most 1"]),
        ),
        (
            chat(&json!({"messages": asking(&[&image, &image])})),
            refused(422, "image_count", ["/messages/0/content/1", "2 images", "at most 1"]),
        ),
        (
            chat(&json!({"messages": [{"role": "user", "content": "x".repeat(51)}]})),
            refused(422, "characters", ["/messages/0/content", "51 characters", "at most 50"]),
        ),
        (
            chat(&json!({"messages": [{"role": "user"}]})),
            refused(400, "required", ["/messages/0/content", "missing or null", "it is required"]),
        ),
        (
            Call::post("/v1/chat/completions").json(&json!({"model": "demo"})),
            refused(400, "required", ["/messages", "missing or null", "it is required"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_role_that_is_none_is_refused_and_not_repeated() {
    let stand = Stand::with_contract(&contract()).await;
    for mut client in stand.clients().await {
        let call = chat(&json!({"messages": [{"role": "root", "content": "hi"}]}));
        let refusal = stand.refusal(&mut client, call).await;
        assert_eq!((refusal.status, &*refusal.rule), (400, "role"));
        assert_eq!(refusal.field, "/messages/0/role");
        assert!(!refusal.found.contains("root"), "{refusal:?}");
        assert!(refusal.allowed.contains("assistant"), "{refusal:?}");
    }
}

#[tokio::test]
async fn completions_embeddings_and_responses_are_held_against_the_contract() {
    let (completions, embeddings) = ("/v1/completions", "/v1/embeddings");
    let responses = "/v1/responses";
    check_all(vec![
        (post(completions, &json!({"model": "m", "prompt": "hi"})), None),
        (post(completions, &json!({"model": "m", "prompt": ["hi", "ho"]})), None),
        (post(completions, &json!({"model": "m", "prompt": [1, 2, 3]})), None),
        (post(embeddings, &json!({"model": "m", "input": ["hi", "ho"]})), None),
        (post(responses, &json!({"model": "m", "input": "hi", "max_output_tokens": 100})), None),
        (
            post(completions, &json!({"model": "m", "prompt": ["a", "b", "c"]})),
            refused(422, "input_count", ["/prompt/2", "3 inputs", "at most 2"]),
        ),
        (
            post(completions, &json!({"model": "m", "prompt": "hi", "max_tokens": 1000})),
            refused(422, "max_tokens", ["/max_tokens", "1000 tokens", "at most 100"]),
        ),
        (
            post(embeddings, &json!({"model": "m", "input": ["a", "b", "c"]})),
            refused(422, "input_count", ["/input/2", "3 inputs", "at most 2"]),
        ),
        (
            post(embeddings, &json!({"model": "m", "input": ""})),
            refused(400, "field_value", ["/input", "an empty string", "some text"]),
        ),
        (
            post(embeddings, &json!({"model": "m"})),
            refused(400, "required", ["/input", "missing or null", "it is required"]),
        ),
        (
            post(responses, &json!({"model": "m", "input": "hi", "max_output_tokens": 101})),
            refused(422, "max_tokens", ["/max_output_tokens", "101 tokens", "at most 100"]),
        ),
        (
            post(responses, &json!({"model": "m", "input": "hi", "temperature": -1})),
            refused(422, "field_range", ["/temperature", "-1", "0 to 1.5"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_anthropic_client_gets_a_typed_error() {
    let stand = Stand::with_contract(&contract()).await;
    let messages = |max_tokens: u32, role: &str| {
        let message = json!({"role": role, "content": [{"type": "text", "text": "hi"}]});
        post(
            "/v1/messages",
            &json!({"messages": [message], "max_tokens": max_tokens, "model": "m"}),
        )
    };
    let message = json!({"role": "user", "content": "hi"});
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, messages(100, "user")).await;
        let expected = refused(422, "max_tokens", ["/max_tokens", "101 tokens", "at most 100"]);
        let answer = stand.refused(&mut client, messages(101, "user")).await;
        assert_eq!(Some(Refusal::of(&answer)), expected);
        assert_eq!(answer.json()["type"], "error");
        assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
        let refusal = stand.refusal(&mut client, messages(100, "tool")).await;
        assert_eq!((&*refusal.rule, &*refusal.field), ("role", "/messages/0/role"));
        let without = post("/v1/messages", &json!({"messages": [message], "model": "m"}));
        let refusal = stand.refusal(&mut client, without).await;
        assert_eq!(refusal.rule, "required");
    }
}

#[tokio::test]
async fn an_openai_client_gets_an_error_object() {
    let stand = Stand::with_contract(&contract()).await;
    for mut client in stand.clients().await {
        let answer = stand.refused(&mut client, chat(&json!({"max_tokens": 101}))).await;
        let error = &answer.json()["error"];
        assert_eq!(error["type"], "invalid_request_error");
        assert_eq!(error["param"], "/max_tokens");
        assert_eq!(error["code"], "max_tokens");
        assert_eq!(error["message"], "/max_tokens: 101 tokens; allowed: at most 100");
    }
}

#[tokio::test]
async fn prompt_and_answer_must_fit_the_context_window() {
    let contract = json!({"generative": {"context_window_tokens": 20, "characters_per_token": 2}});
    let stand = Stand::with_contract(&contract).await;
    let asking = |characters: usize, max_tokens: u32| {
        let content = "\u{e9}".repeat(characters);
        chat(&json!({"messages": [{"role": "user", "content": content}], "max_tokens": max_tokens}))
    };
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, asking(20, 10)).await;
        for call in [asking(22, 10), asking(20, 11)] {
            let refusal = stand.refusal(&mut client, call).await;
            assert_eq!((refusal.status, &*refusal.rule), (422, "context_window"));
        }
    }
}

#[tokio::test]
async fn bodies_have_to_fit_their_schema() {
    let schema = json!({
        "type": "object",
        "required": ["user"],
        "properties": {
            "user": {"type": "string", "maxLength": 4},
            "metadata": {"additionalProperties": {"type": "integer", "minimum": 0}},
        },
    });
    let stand = Stand::with_contract(&json!({"json_schema": schema})).await;
    let rows = [
        (chat(&json!({"user": "u-1", "metadata": {"a": 1}})), None),
        (post("/v2/models/anything/generate", &json!({"user": "u-1", "text_input": "hi"})), None),
        (chat(&json!({"user": 1})), refused(422, "json_schema", ["/user", "a number", "a string"])),
        (
            chat(&json!({"user": "12345"})),
            refused(
                422,
                "json_schema",
                ["/user", "a string of 5 characters", "at most 4 characters"],
            ),
        ),
        (
            chat(&json!({})),
            refused(422, "json_schema", ["/user", "nothing", "a value, since it is required"]),
        ),
        (
            chat(&json!({"user": "u-1", "metadata": {"private": -1}})),
            refused(422, "json_schema", ["/metadata/*", "a number", "at least 0"]),
        ),
    ];
    for mut client in stand.clients().await {
        for (call, expected) in &rows {
            stand.check(&mut client, call.clone(), expected.as_ref()).await;
        }
    }
}

#[tokio::test]
async fn a_patch_closes_what_its_schema_does_not_allow() {
    let config = json!({"patches": [
        {"name": "CVE-2025-48944", "paths": ["/v1/chat/*"],
         "json_schema": {"properties": {"tools": {"items": {"properties": {
             "function": {"properties": {"parameters": {"not": {"required": ["pattern"]}}}},
         }}}}}},
        {"name": "no rerank", "paths": ["/rerank", "/v1/rerank"]},
    ]});
    let stand = Stand::new(&config).await;
    let tools = |parameters: Value| {
        chat(&json!({"tools": [{"type": "function", "function": {"parameters": parameters}}]}))
    };
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, tools(json!({"type": "object"}))).await;
        let refusal = stand.refusal(&mut client, tools(json!({"pattern": "("}))).await;
        assert_eq!((refusal.status, &*refusal.rule), (422, "patch"));
        assert_eq!(refusal.found, "what the patch `CVE-2025-48944` closes");
        let rerank = post("/v1/rerank", &json!({"query": "x", "documents": []}));
        assert_eq!(stand.refusal(&mut client, rerank).await.rule, "patch");
    }
}
