use super::*;
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn config(settings: Value) -> Config {
    serde_json::from_value(settings).unwrap()
}

/// Refused with these settings and not with those.
#[track_caller]
fn goes_beyond(api: Api, body: &Value, rule: Rule, [tight, wide]: [Value; 2]) {
    let violation = judged(config(tight), api, body);
    assert_eq!(violation.map(|violation| violation.rule), Some(rule), "{body}");
    assert_eq!(judged(config(wide), api, body), None, "{body}");
}

fn chat(messages: &Value) -> Value {
    json!({ "model": "m", "messages": messages })
}

#[test]
fn tokens_are_limited_by_each_of_their_names() {
    for (api, member, body) in [
        (Api::Chat, "max_tokens", chat(&json!([{ "role": "user", "content": "x" }]))),
        (Api::Chat, "max_completion_tokens", chat(&json!([{ "role": "user", "content": "x" }]))),
        (Api::Completions, "max_tokens", json!({ "prompt": "x" })),
        (Api::Responses, "max_output_tokens", json!({ "input": "x" })),
        (
            Api::Messages,
            "max_tokens",
            json!({ "model": "m", "messages": [{ "role": "user", "content": "x" }] }),
        ),
    ] {
        for number in [json!(101), json!("101"), json!("1_01"), json!(1.01e2)] {
            let mut body = body.clone();
            body[member] = number;
            let settings = [json!({ "max_tokens": 100 }), json!({ "max_tokens": 101 })];
            goes_beyond(api, &body, Rule::MaxTokens, settings);
        }
    }
}

#[test]
fn of_several_names_for_tokens_each_is_limited() {
    let mut body = chat(&json!([{ "role": "user", "content": "x" }]));
    body["max_tokens"] = json!(5);
    body["max_completion_tokens"] = json!(500);
    let violation = judged(config(json!({ "max_tokens": 100 })), Api::Chat, &body).unwrap();
    assert_eq!(violation.to_string(), "/max_completion_tokens: 500 tokens; allowed: at most 100");
}

#[test]
fn a_request_may_have_to_say_how_many_tokens_it_wants() {
    let required = || config(json!({ "require_max_tokens": true }));
    let with = |member: &str, value: Value| {
        let mut body = chat(&json!([{ "role": "user", "content": "x" }]));
        body[member] = value;
        judged(required(), Api::Chat, &body).map(|violation| (violation.rule, violation.field))
    };
    let missing = Some((Rule::Required, "/max_completion_tokens".to_owned()));
    assert_eq!(with("n", json!(1)), missing);
    assert_eq!(with("max_tokens", json!(null)), missing);
    assert_eq!(with("max_tokens", json!(5)), None);
    assert_eq!(with("max_completion_tokens", json!(5)), None);
    let embeddings = judged(required(), Api::Embeddings, &json!({ "model": "m", "input": "x" }));
    assert_eq!(embeddings, None);
}

#[test]
fn answers_are_limited() {
    for member in ["n", "best_of"] {
        let mut body = json!({ "prompt": "x" });
        body[member] = json!(5);
        let settings = [json!({ "max_n": 4 }), json!({ "max_n": 5 })];
        goes_beyond(Api::Completions, &body, Rule::FieldRange, settings);
    }
}

#[test]
fn a_ceiling_does_not_allow_more_than_the_api() {
    let body = json!({ "prompt": "x", "n": 129 });
    let violation = judged(config(json!({ "max_n": 500 })), Api::Completions, &body).unwrap();
    assert_eq!(violation.to_string(), "/n: 129; allowed: 1 to 128");
}

#[test]
fn ranges_are_narrowed() {
    for member in ["temperature", "top_p", "presence_penalty", "frequency_penalty"] {
        let mut body = chat(&json!([{ "role": "user", "content": "x" }]));
        body[member] = json!(0.6);
        let settings = |member: &str, range: Value| {
            let mut settings = json!({});
            settings[member] = range;
            settings
        };
        let narrow = settings(member, json!({ "max": 0.5 }));
        let wide = settings(member, json!({ "min": 0.6, "max": 0.6 }));
        goes_beyond(Api::Chat, &body, Rule::FieldRange, [narrow, wide.clone()]);
        let narrow = settings(member, json!({ "min": 0.7 }));
        goes_beyond(Api::Chat, &body, Rule::FieldRange, [narrow, wide]);
    }
}

#[test]
fn messages_are_counted() {
    let settings = || [json!({ "max_messages": 2 }), json!({ "max_messages": 3 })];
    let messages = json!([{ "role": "user", "content": "x" }, { "role": "user", "content": "x" },
        { "role": "user", "content": "x" }]);
    goes_beyond(Api::Chat, &chat(&messages), Rule::MessageCount, settings());
    let body = json!({ "model": "m", "max_tokens": 5, "messages": messages });
    goes_beyond(Api::Messages, &body, Rule::MessageCount, settings());
    goes_beyond(Api::Responses, &json!({ "input": messages }), Rule::MessageCount, settings());
}

#[test]
fn tools_of_every_sort_are_counted() {
    let settings = || [json!({ "max_tools": 1 }), json!({ "max_tools": 2 })];
    let mut body = chat(&json!([{ "role": "user", "content": "x" }]));
    body["tools"] = json!([{ "type": "function", "function": { "name": "f" } }]);
    body["functions"] = json!([{ "name": "f" }]);
    goes_beyond(Api::Chat, &body, Rule::ToolCount, settings());
    let mut body = chat(&json!([{ "role": "developer", "content": "x",
        "tools": [{ "type": "function", "function": { "name": "f" } }] }]));
    body["tools"] = json!([{ "type": "function", "function": { "name": "f" } }]);
    goes_beyond(Api::Chat, &body, Rule::ToolCount, settings());
    let body = json!({ "tools": [{ "type": "web_search" }, { "type": "function", "name": "f" }] });
    goes_beyond(Api::Responses, &body, Rule::ToolCount, settings());
    let body = json!({ "model": "m", "max_tokens": 5,
        "messages": [{ "role": "user", "content": "x" }],
        "tools": [{ "name": "f", "input_schema": {} }], "mcp_servers": [{ "type": "url" }] });
    goes_beyond(Api::Messages, &body, Rule::ToolCount, settings());
}

#[test]
fn none_may_be_allowed() {
    let body = json!({ "tools": [{ "type": "web_search" }] });
    let settings = [json!({ "max_tools": 0 }), json!({})];
    goes_beyond(Api::Responses, &body, Rule::ToolCount, settings);
    assert_eq!(
        judged(
            config(json!({ "max_tools": 0 })),
            Api::Chat,
            &json!({ "messages": [{ "role": "user", "content": "x" }], "tools": [] })
        ),
        None
    );
}

#[test]
fn inputs_are_counted() {
    let settings = || [json!({ "max_inputs": 1 }), json!({ "max_inputs": 2 })];
    for input in [json!(["a", "b"]), json!([[1, 2], [3]])] {
        goes_beyond(Api::Embeddings, &json!({ "input": input }), Rule::InputCount, settings());
        goes_beyond(Api::Completions, &json!({ "prompt": input }), Rule::InputCount, settings());
    }
    goes_beyond(Api::Embeddings, &json!({ "texts": ["a", "b"] }), Rule::InputCount, settings());
    goes_beyond(
        Api::Embeddings,
        &json!({ "inputs": [{ "content": [] }], "texts": ["a"] }),
        Rule::InputCount,
        settings(),
    );
    for (api, body) in [
        (Api::Completions, r#"{"prompt":"a","prompt":"b"}"#),
        (Api::Embeddings, r#"{"input":"a","input":"b"}"#),
    ] {
        let one = judged_text(config(json!({ "max_inputs": 1 })), api, body);
        assert_eq!(rule_of(one.as_ref()), Some(Rule::InputCount), "{body}");
    }
    for input in [json!("a"), json!([1, 2, 3])] {
        let one = config(json!({ "max_inputs": 1 }));
        assert_eq!(judged(one.clone(), Api::Embeddings, &json!({ "input": input })), None);
        assert_eq!(judged(one, Api::Completions, &json!({ "prompt": input })), None);
    }
}

#[test]
fn images_are_counted_wherever_they_are() {
    let settings = || [json!({ "max_images": 1 }), json!({ "max_images": 2 })];
    let image = json!({ "type": "image_url", "image_url": { "url": "x" } });
    let body = chat(&json!([{ "role": "user", "content": [image, image] }]));
    goes_beyond(Api::Chat, &body, Rule::ImageCount, settings());
    let untyped = json!({ "image_url": "x" });
    let body = chat(&json!([{ "role": "user", "content": [untyped] },
        { "role": "user", "content": [image] }]));
    goes_beyond(Api::Chat, &body, Rule::ImageCount, settings());
    let body = json!({ "input": [
        { "role": "user", "content": [{ "type": "input_image", "file_id": "f" }] },
        { "type": "computer_call_output", "call_id": "c",
          "output": { "type": "computer_screenshot", "image_url": "x" } },
    ] });
    goes_beyond(Api::Responses, &body, Rule::ImageCount, settings());
    let image = json!({ "type": "image", "source": { "type": "file", "file_id": "f" } });
    let body = json!({ "model": "m", "max_tokens": 5, "messages": [{ "role": "user", "content": [
        image, { "type": "tool_result", "tool_use_id": "t", "content": [image] },
    ] }] });
    goes_beyond(Api::Messages, &body, Rule::ImageCount, settings());
    goes_beyond(Api::Embeddings, &json!({ "images": ["a", "b"] }), Rule::ImageCount, settings());
}

#[test]
fn all_text_of_a_prompt_is_counted_in_characters() {
    let user = |content: Value| json!([{ "role": "user", "content": content }]);
    let anthropic = |system: Value, content: Value| json!({ "model": "m", "max_tokens": 5, "system": system, "messages": user(content) });
    // Ten characters each.
    for (api, body) in [
        (Api::Chat, chat(&user(json!("1234567\n😀é")))),
        (Api::Chat, chat(&user(json!([{ "text": "12345", "type": "text" }, "67890"])))),
        (
            Api::Chat,
            chat(&json!([{ "role": "system", "content": "12345" },
            { "role": "assistant", "refusal": "67890" }])),
        ),
        (
            Api::Chat,
            chat(&json!([{ "role": "assistant", "tool_calls": [{ "type": "function",
            "function": { "name": "f", "arguments": "1234567890" } }] }])),
        ),
        (
            Api::Chat,
            json!({ "messages": [
                { "role": "assistant", "reasoning": "1", "reasoning_content": "2",
                  "reasoning_details": [3],
                  "tool_calls": [{ "type": "custom", "custom": { "name": "f", "input": "45" } }] },
            ], "documents": [6] }),
        ),
        (Api::Completions, json!({ "prompt": ["12345", "678"], "suffix": "90" })),
        (Api::Embeddings, json!({ "input": ["12345", "67890"] })),
        (Api::Responses, json!({ "instructions": "12345", "input": "67890" })),
        (
            Api::Responses,
            json!({ "input": [
            { "role": "user", "content": [{ "type": "input_text", "text": "1234" }] },
            { "type": "function_call", "call_id": "c", "name": "f", "arguments": "567" },
            { "type": "function_call_output", "call_id": "c", "output": "890" },
        ] }),
        ),
        (Api::Messages, anthropic(json!("12345"), json!("67890"))),
        (
            Api::Messages,
            anthropic(
                json!([{ "type": "text", "text": "123" }]),
                json!([
                    { "type": "tool_use", "id": "i", "name": "f", "input": { "a": 1 } },
                ]),
            ),
        ),
        (
            Api::Messages,
            anthropic(
                json!("1"),
                json!([{ "type": "document", "title": "23", "context": "45", "source": {
                    "type": "content", "content": [{ "type": "text", "text": "67890" }] } }]),
            ),
        ),
        (
            Api::Messages,
            anthropic(
                json!("123"),
                json!([
                    { "source": { "data": "456", "type": "text" }, "type": "document" },
                    { "type": "image", "source": { "type": "base64", "data": "AAAAAAAAAAAAAAA" } },
                    { "type": "tool_result", "tool_use_id": "t",
                      "content": [{ "type": "text", "text": "7890" }] },
                ]),
            ),
        ),
    ] {
        let settings = [json!({ "max_characters": 9 }), json!({ "max_characters": 10 })];
        goes_beyond(api, &body, Rule::Characters, settings);
    }
}

#[test]
fn a_token_number_counts_as_the_characters_of_a_token() {
    let settings = [
        json!({ "max_characters": 11, "characters_per_token": 4 }),
        json!({ "max_characters": 12, "characters_per_token": 4 }),
    ];
    goes_beyond(Api::Completions, &json!({ "prompt": [1, 2, 3] }), Rule::Characters, settings);
}

#[test]
fn images_and_tools_are_no_text() {
    let mut body = chat(&json!([{ "role": "user", "content": [
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAAAAAAAA" } },
        { "type": "input_audio", "input_audio": { "data": "AAAAAAAAAA", "format": "wav" } },
    ] }]));
    body["tools"] =
        json!([{ "type": "function", "function": { "name": "f", "description": "long enough" } }]);
    assert_eq!(judged(config(json!({ "max_characters": 1 })), Api::Chat, &body), None);
}

#[test]
fn prompt_and_answer_share_the_window() {
    // Three tokens and five.
    let mut body = chat(&json!([{ "role": "user", "content": "123456789" }]));
    body["max_tokens"] = json!(5);
    let settings = [json!({ "context_window_tokens": 7 }), json!({ "context_window_tokens": 8 })];
    goes_beyond(Api::Chat, &body, Rule::ContextWindow, settings);
    let settings = [
        json!({ "context_window_tokens": 13, "characters_per_token": 1 }),
        json!({ "context_window_tokens": 14, "characters_per_token": 1 }),
    ];
    goes_beyond(Api::Chat, &body, Rule::ContextWindow, settings);
    let body = json!({ "model": "m", "max_tokens": 5,
        "messages": [{ "role": "user", "content": "123456789" }] });
    let settings = [json!({ "context_window_tokens": 7 }), json!({ "context_window_tokens": 8 })];
    goes_beyond(Api::Messages, &body, Rule::ContextWindow, settings);
}

#[test]
fn each_prompt_has_the_whole_window() {
    let settings =
        || [json!({ "context_window_tokens": 2 }), json!({ "context_window_tokens": 3 })];
    let body = json!({ "prompt": ["1234", "123456789", "1234"] });
    goes_beyond(Api::Completions, &body, Rule::ContextWindow, settings());
    goes_beyond(
        Api::Embeddings,
        &json!({ "input": [[1], [1, 2, 3]] }),
        Rule::ContextWindow,
        settings(),
    );
    goes_beyond(Api::Embeddings, &json!({ "input": [1, 2, 3] }), Rule::ContextWindow, settings());
}

#[test]
fn a_key_that_stands_twice_does_not_get_past_a_ceiling() {
    let message = r#"{"role":"user","content":"12345","content":"67890"}"#;
    let image =
        r#"{"role":"user","content":[{"type":"image","image_url":"x","type":"text","text":"x"}]}"#;
    let tool = r#"{"type":"function","function":{"name":"f"}}"#;
    for (body, settings, rule) in [
        (
            format!(r#"{{"messages":[{message}]}}"#),
            json!({ "max_characters": 9 }),
            Rule::Characters,
        ),
        (
            format!(r#"{{"messages":[{message}],"messages":[{message}]}}"#),
            json!({ "max_messages": 1 }),
            Rule::MessageCount,
        ),
        (format!(r#"{{"messages":[{image}]}}"#), json!({ "max_images": 0 }), Rule::ImageCount),
        (
            format!(r#"{{"tools":[{tool}],"tools":[{tool}],"messages":[{message}]}}"#),
            json!({ "max_tools": 1 }),
            Rule::ToolCount,
        ),
        (
            format!(r#"{{"max_tokens":500,"messages":[{message}],"max_tokens":5}}"#),
            json!({ "max_tokens": 100 }),
            Rule::MaxTokens,
        ),
        (
            format!(r#"{{"max_tokens":500,"messages":[{message}],"max_tokens":5}}"#),
            json!({ "context_window_tokens": 100 }),
            Rule::ContextWindow,
        ),
    ] {
        let violation = judged_text(config(settings), Api::Chat, &body);
        assert_eq!(violation.map(|violation| violation.rule), Some(rule), "{body}");
    }
}

#[test]
fn roles_are_closed_and_opened() {
    let body = |role: &str| chat(&json!([{ "role": role, "content": "x" }]));
    let settings = |roles: Value| json!({ "allowed_roles": roles });
    let without = settings(json!(["user", "assistant"]));
    goes_beyond(Api::Chat, &body("system"), Rule::Role, [without, json!({})]);
    let with = settings(json!(["user", "ipython"]));
    goes_beyond(Api::Chat, &body("ipython"), Rule::Role, [json!({}), with]);
}

#[test]
fn a_ceiling_is_told_once() {
    let mut modes = Modes::default();
    for rule in Rule::ALL {
        modes.set(rule, crate::rules::Mode::ReportOnly);
    }
    let body = chat(&json!(vec![json!({ "role": "user", "content": "12345" }); 9])).to_string();
    let settings = json!({ "max_characters": 7, "max_messages": 3, "context_window_tokens": 4 });
    let rules = rules(config(settings));
    let found = findings(&rules, Api::Chat, &modes, &[body.as_bytes()]);
    let reported: Vec<(Rule, &str, &str)> = found
        .reported()
        .iter()
        .map(|violation| (violation.rule, violation.field.as_str(), violation.found.as_str()))
        .collect();
    let expected = [
        (Rule::Characters, "/messages/1/content", "10 characters"),
        (Rule::MessageCount, "/messages/3", "4 messages"),
        (Rule::ContextWindow, "/messages/3/content", "about 5 tokens of prompt and answer"),
    ];
    assert_eq!(reported, expected);
}

#[test]
fn text_is_not_measured_for_nothing() {
    let interest_in = |settings: Value, modes: &Modes| {
        rules(config(settings)).interest_in_text(&Findings::new(modes.clone()))
    };
    let mut off = Modes::default();
    off.set(Rule::Characters, crate::rules::Mode::Off);
    assert_eq!(interest_in(json!({ "max_tokens": 5 }), &Modes::default()), Interest::Skip);
    assert_eq!(interest_in(json!({ "max_characters": 5 }), &Modes::default()), Interest::Measure);
    assert_eq!(interest_in(json!({ "max_characters": 5 }), &off), Interest::Skip);
    assert_eq!(interest_in(json!({ "context_window_tokens": 5 }), &off), Interest::Measure);
}

#[test]
fn long_texts_are_never_taken() {
    let long = "x".repeat(2 * MOST_TAKEN_BYTES);
    let chat = json!({ "model": long, "user": long, "unknown": long, "messages": [
        { "role": "user", "name": long, "content": long },
        { "role": "assistant", "content": [
            { "type": "text", "text": long },
            { "type": "image_url", "image_url": { "url": long, "detail": long } },
            { "type": "input_audio", "input_audio": { "data": long, "format": "wav" } },
        ] },
        { "role": "tool", "tool_call_id": long, "content": long, "reasoning": long, "tool_calls": [
            { "type": "function", "function": { "name": long, "arguments": long } },
        ] },
    ], "tools": [{ "type": "function", "function": { "name": long, "description": long } }] });
    let responses = json!({ "input": [
        { "type": "function_call", "call_id": long, "name": long, "arguments": long },
        { "type": "function_call_output", "call_id": long, "output": long },
    ], "instructions": long });
    let messages = json!({ "model": long, "max_tokens": 5, "system": long, "messages": [
        { "role": "user", "content": [
            { "type": "image", "source": { "type": "base64", "data": long } },
            { "type": "tool_use", "id": long, "name": long, "input": { "x": long } },
            { "type": "thinking", "thinking": long, "signature": long },
        ] },
    ] });
    for (api, body) in [
        (Api::Chat, chat),
        (Api::Completions, json!({ "prompt": [long], "suffix": long, "stop": [long] })),
        (Api::Embeddings, json!({ "input": long })),
        (Api::Responses, responses),
        (Api::Messages, messages),
    ] {
        let body = body.to_string();
        for config in [Config::default(), config(json!({ "max_characters": 1_000_000 }))] {
            let chunks = [body.as_bytes()];
            let found = findings(&rules(config), api, &Modes::default(), &chunks);
            assert_eq!(found.enforced(), None);
        }
    }
}
