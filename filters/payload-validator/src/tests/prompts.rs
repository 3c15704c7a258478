//! Prompts and parameters, and bodies under a JSON Schema.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn chats() -> Rc<PayloadValidator> {
    with_contract(json!({"generative": {"max_tokens": 100, "max_messages": 2}}))
}

fn chat(changes: Value) -> Trial {
    let mut body = json!({"model": "demo", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Trial::chat(&body)
}

#[test]
fn prompts_are_held_against_the_contract() {
    let message = json!({"role": "user", "content": "hi"});
    for (rule, trial) in [
        (None, chat(json!({}))),
        (None, chat(json!({"max_tokens": 100, "of_another_server": {"x": [1]}}))),
        (Some("max_tokens"), chat(json!({"max_tokens": 101}))),
        (Some("field_range"), chat(json!({"temperature": 3.5}))),
        (Some("message_count"), chat(json!({"messages": [message, message, message]}))),
        (Some("role"), chat(json!({"messages": [{"role": "root", "content": "hi"}]}))),
        (Some("required"), Trial::chat(&json!({"model": "demo"}))),
        (Some("malformed"), Trial::of("POST", "/v1/chat/completions").body("{broken")),
        (Some("malformed"), Trial::of("POST", "/v1/chat/completions")),
    ] {
        let body = String::from_utf8_lossy(trial.body_bytes()).into_owned();
        assert_eq!(refused_however_cut(&trial, &chats()).as_deref(), rule, "{body}");
    }
}

#[test]
fn an_openai_client_is_told_field_rule_and_range() {
    let reply = chat(json!({"temperature": 3.5})).through(&chats()).replied();
    assert_eq!(reply.status, 422);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["error"]["param"], "/temperature");
    assert_eq!(body["error"]["code"], "field_range");
    assert_eq!(body["error"]["message"], "/temperature: 3.5; allowed: 0 to 2");
    assert_eq!(told(&reply), ["/temperature", "3.5", "0 to 2"]);
}

#[test]
fn nothing_that_a_client_wrote_is_repeated() {
    let secret = "sk-secret";
    for trial in [
        chat(json!({"messages": [{"role": secret, "content": "hi"}]})),
        chat(json!({"messages": [{"role": "user", "content": {secret: secret}}]})),
        chat(json!({"temperature": secret})),
        chat(json!({"messages": secret})),
        Trial::of("POST", "/v1/chat/completions").body(format!("{{\"{secret}\": {secret}")),
    ] {
        let reply = trial.through(&chats()).replied();
        let answer = String::from_utf8(reply.body).unwrap();
        assert!(!answer.contains("secret"), "{answer}");
    }
}

#[test]
fn a_body_has_to_fit_the_schema() {
    let validator = with_contract(json!({"json_schema": {
        "type": "object",
        "required": ["user"],
        "properties": {"user": {"type": "string", "maxLength": 8}},
    }}));
    for (rule, trial) in [
        (None, chat(json!({"user": "u-1"}))),
        (Some("json_schema"), chat(json!({}))),
        (Some("json_schema"), chat(json!({"user": 1}))),
        (Some("json_schema"), chat(json!({"user": "123456789"}))),
    ] {
        assert_eq!(refused_however_cut(&trial, &validator).as_deref(), rule);
    }
}

#[test]
fn a_schema_and_prompts_are_checked_in_one_pass() {
    let validator = with_contract(json!({
        "generative": {"max_messages": 2, "max_characters": 20},
        "json_schema": {"properties": {"messages": {"items": {
            "properties": {"content": {"type": "string", "maxLength": 10}},
        }}}},
    }));
    let content = |text: &str| json!({"messages": [{"role": "user", "content": text}]});
    let twice = |text: &str| {
        let message = json!({"role": "user", "content": text});
        json!({"messages": [message, message]})
    };
    for (rule, trial) in [
        (None, chat(content("1234567890"))),
        (None, chat(content("\u{e9}\u{1f642}\n\"567890"))),
        (Some("json_schema"), chat(content("12345678901"))),
        (None, chat(twice("1234567890"))),
        (Some("role"), chat(json!({"messages": [{"role": "x", "content": "hi"}]}))),
    ] {
        assert_eq!(refused_however_cut(&trial, &validator).as_deref(), rule);
    }
    let tight = with_contract(json!({
        "generative": {"max_characters": 19},
        "json_schema": {"properties": {"messages": {"items": {
            "properties": {"content": {"type": "string", "enum": ["1234567890"]}},
        }}}},
    }));
    let refused = refused_however_cut(&chat(twice("1234567890")), &tight);
    assert_eq!(refused.as_deref(), Some("characters"), "counted though another check takes it");
}
