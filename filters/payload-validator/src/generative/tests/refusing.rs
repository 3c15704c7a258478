use super::*;
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A good request with one member changed.
fn with(api: Api, member: &str, value: Value) -> Value {
    let mut body = match api {
        Api::Chat => json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }] }),
        Api::Completions => json!({ "model": "m", "prompt": "x" }),
        Api::Embeddings => json!({ "model": "m", "input": "x" }),
        Api::Responses => json!({ "model": "m", "input": "x" }),
        Api::Messages => json!({ "model": "m", "max_tokens": 5,
            "messages": [{ "role": "user", "content": "x" }] }),
    };
    body[member] = value;
    body
}

/// A good request whose messages are this one alone.
fn of(api: Api, message: Value) -> Value {
    let member = if matches!(api, Api::Responses) { "input" } else { "messages" };
    with(api, member, json!([message]))
}

/// A user's message of this part alone.
fn part(api: Api, part: Value) -> Value {
    of(api, json!({ "role": "user", "content": [part] }))
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    for body in [json!([]), json!("x"), json!(null), json!(7)] {
        refuses(Api::Chat, &body, Rule::FieldValue, "");
    }
}

#[test]
fn a_body_without_what_is_required_is_refused() {
    refuses(Api::Chat, &json!({ "model": "m" }), Rule::Required, "/messages");
    refuses(Api::Chat, &with(Api::Chat, "messages", json!(null)), Rule::Required, "/messages");
    refuses(Api::Completions, &json!({ "model": "m" }), Rule::Required, "/prompt");
    refuses(Api::Embeddings, &json!({ "model": "m" }), Rule::Required, "/input");
    let body = json!({ "max_tokens": 5, "messages": [{ "role": "user", "content": "x" }] });
    refuses(Api::Messages, &body, Rule::Required, "/model");
    refuses(Api::Messages, &json!({ "model": "m", "max_tokens": 5 }), Rule::Required, "/messages");
    let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }] });
    refuses(Api::Messages, &body, Rule::Required, "/max_tokens");
}

#[test]
fn what_may_not_be_empty_is_refused_empty() {
    refuses(Api::Chat, &with(Api::Chat, "messages", json!([])), Rule::FieldValue, "/messages");
    let body = with(Api::Messages, "messages", json!([]));
    refuses(Api::Messages, &body, Rule::FieldValue, "/messages");
    for (input, field) in
        [(json!([]), "/input"), (json!(""), "/input"), (json!(["a", ""]), "/input/1")]
    {
        let body = with(Api::Embeddings, "input", input);
        refuses(Api::Embeddings, &body, Rule::FieldValue, field);
    }
    refuses(
        Api::Embeddings,
        &with(Api::Embeddings, "input", json!([[]])),
        Rule::FieldValue,
        "/input/0",
    );
}

#[test]
fn more_inputs_than_the_api_takes_are_refused() {
    let body = with(Api::Embeddings, "input", json!(vec!["x"; 2049])).to_string();
    let found =
        findings(&rules(Config::default()), Api::Embeddings, &Modes::default(), &[body.as_bytes()]);
    let violation = found.enforced().unwrap();
    assert_eq!((violation.rule, violation.field.as_str()), (Rule::InputCount, "/input/2048"));
}

#[test]
fn numbers_out_of_range_are_refused_with_their_range() {
    for (api, member, number, allowed) in [
        (Api::Chat, "temperature", json!(3.5), "0 to 2"),
        (Api::Chat, "temperature", json!(-0.1), "0 to 2"),
        (Api::Chat, "temperature", json!("2.5"), "0 to 2"),
        (Api::Messages, "temperature", json!(2.1), "0 to 2"),
        (Api::Responses, "temperature", json!(2.1), "0 to 2"),
        (Api::Completions, "top_p", json!(1.01), "0 to 1"),
        (Api::Chat, "presence_penalty", json!(-2.5), "-2 to 2"),
        (Api::Chat, "frequency_penalty", json!(2.5), "-2 to 2"),
        (Api::Chat, "n", json!(0), "1 to 128"),
        (Api::Chat, "n", json!(129), "1 to 128"),
        (Api::Chat, "top_logprobs", json!(21), "0 to 20"),
        (Api::Completions, "logprobs", json!(6), "0 to 5"),
        (Api::Completions, "best_of", json!(21), "0 to 20"),
        (Api::Chat, "max_tokens", json!(-1), "at least 0"),
        (Api::Chat, "max_completion_tokens", json!(-1), "at least 0"),
        (Api::Messages, "max_tokens", json!(-1), "at least 0"),
        (Api::Responses, "max_output_tokens", json!(15), "at least 16"),
        (Api::Embeddings, "dimensions", json!(0), "at least 1"),
    ] {
        let body = with(api, member, number);
        let violation = judged(Config::default(), api, &body).expect("a violation");
        assert_eq!((violation.rule, violation.field), (Rule::FieldRange, format!("/{member}")));
        assert_eq!(violation.allowed, allowed, "{body}");
    }
}

#[test]
fn a_number_out_of_range_is_shown() {
    let violation =
        judged(Config::default(), Api::Chat, &with(Api::Chat, "temperature", json!(3.5)));
    assert_eq!(violation.unwrap().to_string(), "/temperature: 3.5; allowed: 0 to 2");
}

#[test]
fn more_stops_than_four_are_refused() {
    let body = with(Api::Chat, "stop", json!(["a", "b", "c", "d", "e"]));
    refuses(Api::Chat, &body, Rule::FieldRange, "/stop/4");
}

#[test]
fn values_of_another_type_are_refused() {
    for (api, member, value, field) in [
        (Api::Chat, "model", json!(5), "/model"),
        (Api::Chat, "messages", json!("x"), "/messages"),
        (Api::Chat, "messages", json!(["x"]), "/messages/0"),
        (Api::Chat, "messages", json!([null]), "/messages/0"),
        (Api::Chat, "stream", json!([]), "/stream"),
        (Api::Chat, "stream_options", json!(true), "/stream_options"),
        (Api::Chat, "temperature", json!("hot"), "/temperature"),
        (Api::Chat, "temperature", json!({}), "/temperature"),
        (Api::Chat, "n", json!(1.5), "/n"),
        (Api::Chat, "max_tokens", json!([5]), "/max_tokens"),
        (Api::Chat, "stop", json!(5), "/stop"),
        (Api::Chat, "stop", json!([5]), "/stop/0"),
        (Api::Chat, "logit_bias", json!([]), "/logit_bias"),
        (Api::Chat, "response_format", json!("json"), "/response_format"),
        (Api::Completions, "prompt", json!({}), "/prompt"),
        (Api::Completions, "prompt", json!([null]), "/prompt/0"),
        (Api::Completions, "prompt", json!(["x", 5]), "/prompt/1"),
        (Api::Completions, "prompt", json!([5, "x"]), "/prompt/1"),
        (Api::Completions, "prompt", json!([[5, "x"]]), "/prompt/0/1"),
        (Api::Embeddings, "input", json!(5), "/input"),
        (Api::Embeddings, "input", json!([{}]), "/input/0"),
        (Api::Responses, "input", json!({}), "/input"),
        (Api::Responses, "input", json!([[]]), "/input/0"),
        (Api::Responses, "instructions", json!(["x"]), "/instructions"),
        (Api::Messages, "stop_sequences", json!("x"), "/stop_sequences"),
        (Api::Messages, "thinking", json!(true), "/thinking"),
    ] {
        refuses(api, &with(api, member, value), Rule::FieldValue, field);
    }
    refuses(Api::Messages, &with(Api::Messages, "system", json!(5)), Rule::Content, "/system");
}

/// No member takes all three.
#[test]
fn every_parameter_is_looked_at() {
    let common = ["model", "temperature", "top_p", "stream"];
    let sampling = ["presence_penalty", "frequency_penalty"];
    let of_openai = [
        "n",
        "best_of",
        "max_tokens",
        "logit_bias",
        "logprobs",
        "stop",
        "seed",
        "user",
        "stream_options",
    ];
    let of_chat = [
        "max_completion_tokens",
        "top_logprobs",
        "parallel_tool_calls",
        "function_call",
        "response_format",
    ];
    let of_completions = ["max_tokens_to_sample", "suffix", "echo"];
    let of_embeddings =
        ["model", "encoding_format", "dimensions", "user", "messages", "texts", "inputs", "images"];
    let of_responses = [
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "top_logprobs",
        "background",
        "store",
        "parallel_tool_calls",
        "previous_response_id",
        "conversation",
        "reasoning",
        "text",
        "prompt",
        "include",
        "user",
    ];
    let of_messages = [
        "max_tokens",
        "max_tokens_to_sample",
        "top_k",
        "stop_sequences",
        "thinking",
        "metadata",
        "mcp_servers",
    ];
    for (api, members) in [
        (Api::Chat, [&common[..], &sampling, &of_openai, &of_chat].concat()),
        (Api::Completions, [&common[..], &sampling, &of_openai, &of_completions].concat()),
        (Api::Embeddings, of_embeddings.to_vec()),
        (Api::Responses, [&common[..], &sampling, &of_responses].concat()),
        (Api::Messages, [&common[..], &of_messages].concat()),
    ] {
        for member in members {
            let is_refused = |value: Value| {
                let violation = judged(Config::default(), api, &with(api, member, value));
                violation.is_some_and(|violation| {
                    violation.rule == Rule::FieldValue && violation.field == format!("/{member}")
                })
            };
            let is_looked_at = [json!({ "x": 1 }), json!([5]), json!("x")].map(is_refused);
            assert!(is_looked_at.contains(&true), "{api:?} {member}");
        }
    }
}

#[test]
fn roles_that_the_api_does_not_have_are_refused() {
    for (api, role) in [
        (Api::Chat, json!("robot")),
        (Api::Chat, json!("User")),
        (Api::Chat, json!("")),
        (Api::Chat, json!("u".repeat(100))),
        (Api::Chat, json!(5)),
        (Api::Messages, json!("system")),
        (Api::Messages, json!("tool")),
    ] {
        let body = of(api, json!({ "role": role, "content": "x" }));
        refuses(api, &body, Rule::Role, "/messages/0/role");
    }
    let body = of(Api::Responses, json!({ "role": "robot", "content": "x" }));
    refuses(Api::Responses, &body, Rule::Role, "/input/0/role");
}

#[test]
fn what_a_client_wrote_is_not_shown() {
    let body = of(Api::Chat, json!({ "role": "secret", "content": "x" }));
    let violation = judged(Config::default(), Api::Chat, &body).unwrap().to_string();
    assert_eq!(
        violation,
        "/messages/0/role: another word; \
         allowed: developer, system, user, assistant, tool or function"
    );
}

#[test]
fn messages_that_lack_something_are_refused() {
    for (api, message, rule, member) in [
        (Api::Chat, json!({ "content": "x" }), Rule::Required, "role"),
        (Api::Chat, json!({ "role": null, "content": "x" }), Rule::Required, "role"),
        (Api::Chat, json!({ "role": "user" }), Rule::Required, "content"),
        (Api::Chat, json!({ "role": "user", "content": null }), Rule::Required, "content"),
        (Api::Chat, json!({ "content": null, "role": "system" }), Rule::Required, "content"),
        (Api::Chat, json!({ "role": "assistant" }), Rule::Required, "content"),
        (Api::Chat, json!({ "role": "assistant", "content": null }), Rule::Required, "content"),
        (Api::Chat, json!({ "role": "tool", "content": "x" }), Rule::Tools, "tool_call_id"),
        (Api::Chat, json!({ "role": "tool", "tool_call_id": "c" }), Rule::Required, "content"),
        (Api::Chat, json!({ "role": "function", "content": "x" }), Rule::Required, "name"),
        (Api::Messages, json!({ "role": "user" }), Rule::Required, "content"),
        (Api::Messages, json!({ "content": "x" }), Rule::Required, "role"),
    ] {
        refuses(api, &of(api, message), rule, &format!("/messages/0/{member}"));
    }
}

#[test]
fn content_of_another_make_is_refused() {
    for (api, content, field) in [
        (Api::Chat, json!(5), "content"),
        (Api::Chat, json!({ "type": "text", "text": "x" }), "content"),
        (Api::Chat, json!([5]), "content/0"),
        (Api::Chat, json!([["x"]]), "content/0"),
        (Api::Messages, json!(true), "content"),
        (Api::Messages, json!(["x"]), "content/0"),
    ] {
        let body = of(api, json!({ "role": "user", "content": content }));
        refuses(api, &body, Rule::Content, &format!("/messages/0/{field}"));
    }
}

#[test]
fn parts_that_lack_what_they_are_are_refused() {
    for (api, content, member) in [
        (Api::Chat, json!({ "type": "text" }), "text"),
        (Api::Chat, json!({ "type": "text", "text": null }), "text"),
        (Api::Chat, json!({ "type": "text", "text": 5 }), "text"),
        (Api::Chat, json!({ "type": 5 }), "type"),
        (Api::Chat, json!({}), "type"),
        (Api::Chat, json!({ "type": "image_url" }), "image_url"),
        (Api::Chat, json!({ "type": "image_url", "image_url": {} }), "image_url/url"),
        (Api::Chat, json!({ "image_url": { "url": 5 }, "type": "image_url" }), "image_url/url"),
        (Api::Chat, json!({ "type": "input_audio" }), "input_audio"),
        (
            Api::Chat,
            json!({ "type": "input_audio", "input_audio": { "format": "wav" } }),
            "input_audio/data",
        ),
        (
            Api::Chat,
            json!({ "type": "input_audio", "input_audio": { "data": "AA" } }),
            "input_audio/format",
        ),
        (Api::Chat, json!({ "type": "file" }), "file"),
        (Api::Chat, json!({ "type": "refusal" }), "refusal"),
        (Api::Messages, json!({ "text": "x" }), "type"),
        (Api::Messages, json!({ "type": "text" }), "text"),
        (Api::Messages, json!({ "type": "image" }), "source"),
        (Api::Messages, json!({ "type": "document" }), "source"),
        (Api::Messages, json!({ "type": "document", "source": 5 }), "source"),
        (Api::Messages, json!({ "type": "thinking" }), "thinking"),
        (
            Api::Messages,
            json!({ "type": "tool_result", "tool_use_id": "t", "content": [{ "type": "text" }] }),
            "content/0/text",
        ),
        (
            Api::Messages,
            json!({ "type": "tool_result", "tool_use_id": "t", "content": [{ "type": "image" }] }),
            "content/0/source",
        ),
        (
            Api::Messages,
            json!({ "type": "document", "source": { "type": "text", "data": 5 } }),
            "source/data",
        ),
        (Api::Chat, json!({ "type": "file", "file": "f" }), "file"),
    ] {
        refuses(
            api,
            &part(api, content),
            Rule::Content,
            &format!("/messages/0/content/0/{member}"),
        );
    }
    let body = part(Api::Responses, json!({ "type": "input_text" }));
    refuses(Api::Responses, &body, Rule::Content, "/input/0/content/0/text");
}

#[test]
fn an_operator_speaks_only_text() {
    for content in [
        json!({ "type": "image_url", "image_url": { "url": "x" } }),
        json!({ "type": "input_audio", "input_audio": { "data": "AA", "format": "wav" } }),
        json!({ "type": "file", "file": { "file_id": "f" } }),
    ] {
        let body = of(Api::Chat, json!({ "content": [content], "role": "system" }));
        refuses(Api::Chat, &body, Rule::Content, "/messages/0/content");
    }
}

#[test]
fn tools_of_another_make_are_refused() {
    for (api, tool, field) in [
        (Api::Chat, json!("f"), ""),
        (Api::Chat, json!({}), "/type"),
        (Api::Chat, json!({ "type": "function" }), "/function"),
        (Api::Chat, json!({ "type": "function", "function": {} }), "/function/name"),
        (Api::Chat, json!({ "type": "function", "function": { "name": 5 } }), "/function/name"),
        (Api::Chat, json!({ "type": "function", "name": "f" }), "/function"),
        (Api::Chat, json!({ "type": "custom" }), "/custom"),
        (Api::Chat, json!({ "type": "web_search" }), "/type"),
        (Api::Responses, json!({ "name": "f" }), "/type"),
        (Api::Responses, json!({ "type": "function" }), "/name"),
        (Api::Responses, json!({ "type": "custom" }), "/name"),
        (Api::Messages, json!({ "name": "f" }), "/input_schema"),
        (Api::Messages, json!({ "input_schema": {} }), "/name"),
        (Api::Messages, json!({ "name": "f", "input_schema": "x" }), "/input_schema"),
    ] {
        let body = with(api, "tools", json!([tool]));
        refuses(api, &body, Rule::Tools, &format!("/tools/0{field}"));
    }
    for api in [Api::Chat, Api::Responses, Api::Messages] {
        refuses(api, &with(api, "tools", json!({})), Rule::Tools, "/tools");
        refuses(api, &with(api, "tools", json!([5])), Rule::Tools, "/tools/0");
    }
    refuses(Api::Chat, &with(Api::Chat, "functions", json!([5])), Rule::Tools, "/functions/0");
    refuses(
        Api::Chat,
        &with(Api::Chat, "functions", json!([{}])),
        Rule::Tools,
        "/functions/0/name",
    );
}

#[test]
fn choices_of_a_tool_that_the_api_does_not_have_are_refused() {
    for (api, choice, field) in [
        (Api::Chat, json!("always"), ""),
        (Api::Chat, json!(5), ""),
        (Api::Chat, json!({}), "/type"),
        (Api::Chat, json!({ "type": "function", "function": {} }), "/function/name"),
        (Api::Responses, json!("any"), ""),
        (Api::Messages, json!("auto"), ""),
        (Api::Messages, json!({ "type": "required" }), "/type"),
        (Api::Messages, json!({ "type": "tool" }), "/name"),
    ] {
        let body = with(api, "tool_choice", choice);
        refuses(api, &body, Rule::Tools, &format!("/tool_choice{field}"));
    }
}

#[test]
fn calls_of_tools_that_lack_something_are_refused() {
    for (call, field) in [
        (json!(5), ""),
        (json!({}), "/type"),
        (json!({ "id": "c", "type": "function" }), "/function"),
        (json!({ "type": "function", "function": { "arguments": "{}" } }), "/function/name"),
        (json!({ "type": "custom" }), "/custom"),
    ] {
        let body = of(Api::Chat, json!({ "role": "assistant", "tool_calls": [call] }));
        refuses(Api::Chat, &body, Rule::Tools, &format!("/messages/0/tool_calls/0{field}"));
    }
    for (item, member) in [
        (json!({ "type": "function_call", "name": "f", "arguments": "" }), "call_id"),
        (json!({ "type": "function_call", "call_id": "c", "arguments": "" }), "name"),
        (json!({ "type": "function_call", "call_id": "c", "name": "f" }), "arguments"),
        (json!({ "type": "function_call_output", "output": "" }), "call_id"),
        (json!({ "type": "function_call_output", "call_id": "c" }), "output"),
        (json!({ "type": "custom_tool_call", "call_id": "c", "name": "f" }), "input"),
    ] {
        refuses(
            Api::Responses,
            &of(Api::Responses, item),
            Rule::Tools,
            &format!("/input/0/{member}"),
        );
    }
    for (block, member) in [
        (json!({ "type": "tool_use", "name": "f", "input": {} }), "id"),
        (json!({ "type": "tool_use", "id": "i", "input": {} }), "name"),
        (json!({ "type": "tool_use", "id": "i", "name": "f" }), "input"),
        (json!({ "type": "tool_result" }), "tool_use_id"),
    ] {
        let field = format!("/messages/0/content/0/{member}");
        refuses(Api::Messages, &part(Api::Messages, block), Rule::Tools, &field);
    }
}

#[test]
fn items_that_lack_something_are_refused() {
    for (item, member) in [
        (json!({}), "type"),
        (json!({ "type": "message", "content": "x" }), "role"),
        (json!({ "type": "message", "role": "user" }), "content"),
        (json!({ "role": "user" }), "content"),
    ] {
        let body = of(Api::Responses, item);
        refuses(Api::Responses, &body, Rule::Required, &format!("/input/0/{member}"));
    }
}

#[test]
fn of_a_key_that_stands_twice_each_value_is_checked() {
    for body in [
        r#"{"messages":[{"role":"user","content":"x"}],"temperature":9,"temperature":1}"#,
        r#"{"messages":[{"role":"user","content":"x"}],"temperature":1,"temperature":9}"#,
        r#"{"messages":[{"role":"user","content":"x"}],"temperature":1,"temp\u0065rature":9}"#,
    ] {
        let violation = judged_text(Config::default(), Api::Chat, body).expect("a violation");
        assert_eq!((violation.rule, violation.field.as_str()), (Rule::FieldRange, "/temperature"));
    }
}
