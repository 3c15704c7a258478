use super::*;
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A chat request with these messages.
fn chat(messages: &Value) -> Value {
    json!({ "model": "gpt-4o", "messages": messages })
}

#[test]
fn a_chat_is_accepted_with_every_role() {
    accepts(
        Api::Chat,
        &chat(&json!([
            { "role": "developer", "content": "Be brief." },
            { "role": "system", "content": [{ "type": "text", "text": "Be kind." }], "name": "host" },
            { "role": "user", "content": "Hello!", "name": "ann" },
            { "role": "assistant", "content": "Hi." },
            { "role": "function", "name": "weather", "content": null },
            { "role": "tool", "tool_call_id": "call_1", "content": "21 °C" },
        ])),
    );
}

#[test]
fn a_chat_is_accepted_with_every_option_of_the_official_client() {
    accepts(
        Api::Chat,
        &json!({
            "messages": [{ "role": "user", "content": "Hello!" }],
            "model": "gpt-4o",
            "audio": { "format": "mp3", "voice": "alloy" },
            "frequency_penalty": -2,
            "function_call": "none",
            "functions": [{ "name": "f", "description": "d", "parameters": { "foo": "bar" } }],
            "logit_bias": { "50256": -100 },
            "logprobs": true,
            "max_completion_tokens": 0,
            "max_tokens": 0,
            "metadata": { "foo": "string" },
            "modalities": ["text"],
            "n": 1,
            "parallel_tool_calls": true,
            "prediction": { "content": "string", "type": "content" },
            "presence_penalty": 2.0,
            "prompt_cache_key": "k",
            "reasoning_effort": "minimal",
            "response_format": { "type": "text" },
            "safety_identifier": "s",
            "seed": -9_007_199_254_740_991_i64,
            "service_tier": "auto",
            "stop": "\n",
            "store": true,
            "stream": true,
            "stream_options": { "include_obfuscation": true, "include_usage": true },
            "temperature": 1,
            "tool_choice": "none",
            "tools": [{
                "function": { "name": "n", "description": "d", "parameters": {}, "strict": true },
                "type": "function",
            }],
            "top_logprobs": 0,
            "top_p": 1,
            "user": "user-1234",
            "verbosity": "low",
            "web_search_options": { "search_context_size": "low" },
        }),
    );
}

#[test]
fn a_chat_is_accepted_with_null_for_what_is_not_set() {
    accepts(
        Api::Chat,
        &json!({
            "model": null, "messages": [{ "role": "user", "content": "x", "name": null }],
            "frequency_penalty": null, "logit_bias": null, "logprobs": null, "max_tokens": null,
            "max_completion_tokens": null, "n": null, "presence_penalty": null, "seed": null,
            "response_format": null, "stop": null, "stream": null, "stream_options": null,
            "temperature": null, "tool_choice": null, "tools": null, "top_logprobs": null,
            "top_p": null, "user": null, "functions": null, "function_call": null,
        }),
    );
}

#[test]
fn a_chat_is_accepted_with_calls_of_tools_and_what_came_of_them() {
    accepts(
        Api::Chat,
        &json!({
            "model": "gpt-4o",
            "messages": [
                { "role": "user", "content": "Weather in Paris?" },
                { "role": "assistant", "content": null, "refusal": null, "audio": null, "tool_calls": [
                    { "id": "call_1", "type": "function",
                      "function": { "name": "weather", "arguments": "{\"city\":\"Paris\"}" } },
                    { "id": "call_2", "type": "custom", "custom": { "name": "sql", "input": "SELECT" } },
                ] },
                { "role": "tool", "tool_call_id": "call_1", "content": "21" },
                { "role": "tool", "tool_call_id": "call_2",
                  "content": [{ "type": "text", "text": "a row" }] },
                { "role": "assistant", "function_call": { "name": "f", "arguments": "{}" } },
                { "role": "assistant", "refusal": "I can't." },
                { "role": "assistant", "audio": { "id": "audio_1" } },
                { "role": "assistant", "content": [{ "type": "refusal", "refusal": "No." }] },
            ],
            "tools": [
                { "type": "function", "function": { "name": "weather", "strict": null } },
                { "type": "custom", "custom": { "name": "sql", "format": { "type": "text" } } },
            ],
            "tool_choice": { "type": "function", "function": { "name": "weather" } },
        }),
    );
    for choice in [
        json!("auto"),
        json!("required"),
        json!({ "type": "custom", "custom": { "name": "sql" } }),
        json!({ "type": "allowed_tools", "allowed_tools": { "mode": "auto", "tools": [] } }),
    ] {
        let mut body = chat(&json!([{ "role": "user", "content": "x" }]));
        body["tool_choice"] = choice;
        accepts(Api::Chat, &body);
    }
}

#[test]
fn a_chat_is_accepted_with_images_audio_and_files() {
    accepts(
        Api::Chat,
        &chat(&json!([{ "role": "user", "content": [
        { "type": "text", "text": "What is this?" },
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA", "detail": "low" } },
        { "image_url": { "url": "https://example.com/a.png" }, "type": "image_url" },
        { "type": "input_audio", "input_audio": { "data": "AA", "format": "wav" } },
        { "type": "file", "file": { "file_id": "file-1" } },
        { "type": "file", "file": { "filename": "a.pdf", "file_data": "AA" } },
    ] }])),
    );
}

#[test]
fn a_chat_is_accepted_with_what_vllm_reads_beside() {
    accepts(
        Api::Chat,
        &json!({
            "messages": [
                { "role": "user", "content": ["plain", { "type": "text", "text": "x" },
                    { "image_url": "https://example.com/a.png" },
                    { "type": "image_url", "image_url": null, "uuid": "stored" },
                    { "type": "video_url", "video_url": { "url": "https://example.com/a.mp4" } },
                    { "type": "image_url", "image_url": { "url": "x" }, "text": null },
                    { "type": "image_embeds", "image_embeds": "AA" },
                ] },
                { "role": "assistant", "reasoning": "Hm.", "content": null },
                { "role": "assistant", "reasoning_content": "Hm.", "tool_calls": [
                    { "function": { "name": "f", "arguments": "{}" }, "id": "1", "type": "function" }] },
                { "role": "assistant", "content": "", "tool_calls": [] },
                { "author": { "role": "user" }, "content": [{ "type": "text", "text": "x" }] },
            ],
            "tools": [{ "function": { "name": "f" } }],
            "stop": [], "temperature": "0.7", "max_tokens": "100", "n": 2.0, "stream": 1,
            "logit_bias": { "5": 0.5 }, "top_k": -1, "min_p": 0.1, "repetition_penalty": 1.1,
            "min_tokens": 0, "ignore_eos": false, "guided_json": { "type": "object" },
            "structured_outputs": { "regex": "a" }, "chat_template_kwargs": { "thinking": true },
            "priority": 0, "request_id": "r", "cache_salt": "s", "kv_transfer_params": { "a": 1 },
            "vllm_xargs": { "k": "v" }, "add_generation_prompt": true, "documents": [{ "text": "d" }],
            "response_format": { "type": "structural_tag", "structures": [] }, "top_logprobs": 5,
        }),
    );
}

#[test]
fn completions_are_accepted_in_every_form_of_a_prompt() {
    for prompt in [
        json!("Once upon"),
        json!(""),
        json!(["Once", "upon"]),
        json!([1, 2, 3]),
        json!([[1, 2], [3]]),
        json!(null),
    ] {
        accepts(Api::Completions, &json!({ "model": "m", "prompt": prompt }));
    }
    accepts(Api::Completions, &json!({ "prompt_embeds": "AA" }));
}

#[test]
fn completions_are_accepted_with_every_option() {
    accepts(
        Api::Completions,
        &json!({
            "model": "gpt-3.5-turbo-instruct", "prompt": "This is a test.", "best_of": 0, "echo": true,
            "frequency_penalty": -2, "logit_bias": { "foo": 0 }, "logprobs": 0, "max_tokens": 16,
            "n": 1, "presence_penalty": -2, "seed": 0, "stop": ["a", "b", "c", "d"], "stream": false,
            "stream_options": { "include_usage": true }, "suffix": "test.", "temperature": 1,
            "top_p": 1, "user": "user-1234",
        }),
    );
}

#[test]
fn embeddings_are_accepted_in_every_form_of_an_input() {
    for input in [
        json!("The quick brown fox"),
        json!(["The", "quick"]),
        json!([1, 2, 3]),
        json!([[1, 2], [3]]),
        json!(vec!["x"; 2048]),
    ] {
        let body = json!({ "model": "text-embedding-3-small", "input": input,
            "dimensions": 1, "encoding_format": "float", "user": "u" });
        let body = body.to_string();
        let rules = rules(Config::default());
        let found = findings(&rules, Api::Embeddings, &Modes::default(), &[body.as_bytes()]);
        assert_eq!(found, Findings::new(Modes::default()), "{body}");
    }
}

#[test]
fn rows_of_token_numbers_may_be_longer_than_lists_of_inputs() {
    for input in [json!(vec![7; 3000]), json!([vec![7; 3000]])] {
        let body = json!({ "model": "m", "input": input }).to_string();
        let found = findings(
            &rules(Config::default()),
            Api::Embeddings,
            &Modes::default(),
            &[body.as_bytes()],
        );
        assert_eq!(found.enforced(), None);
    }
}

#[test]
fn embeddings_are_accepted_with_what_stands_in_for_an_input() {
    accepts(
        Api::Embeddings,
        &json!({ "model": "m",
        "messages": [{ "role": "user", "content": "x" }] }),
    );
    accepts(
        Api::Embeddings,
        &json!({ "model": "m", "texts": ["a", "b"],
        "input_type": "search_query", "embedding_types": ["float"] }),
    );
    accepts(Api::Embeddings, &json!({ "model": "m", "images": ["data:image/png;base64,AA"] }));
    accepts(
        Api::Embeddings,
        &json!({ "model": "m", "inputs": [{ "content": [
        { "type": "text", "text": "x" },
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA" } },
    ] }] }),
    );
}

#[test]
fn responses_are_accepted_with_a_text_with_nothing_and_with_a_stored_prompt() {
    accepts(Api::Responses, &json!({}));
    accepts(Api::Responses, &json!({ "prompt": { "id": "pmpt_1", "version": "2" } }));
    accepts(
        Api::Responses,
        &json!({
            "model": "gpt-5", "input": "Tell me a story.", "instructions": "Be brief.",
            "background": true, "conversation": "conv_1", "include": ["file_search_call.results"],
            "max_output_tokens": 16, "max_tool_calls": 1, "metadata": { "foo": "string" },
            "parallel_tool_calls": true, "previous_response_id": null,
            "reasoning": { "effort": "minimal", "summary": "auto" }, "service_tier": "auto",
            "store": true, "stream": true, "stream_options": { "include_obfuscation": true },
            "temperature": 1, "text": { "format": { "type": "text" }, "verbosity": "low" },
            "tool_choice": "auto", "top_logprobs": 0, "top_p": 1, "truncation": "auto", "user": "u",
        }),
    );
}

#[test]
fn responses_are_accepted_with_items_and_tools_of_every_sort() {
    accepts(
        Api::Responses,
        &json!({
            "model": "gpt-5",
            "input": [
                { "role": "user", "content": "Hello" },
                { "type": "message", "role": "developer",
                  "content": [{ "type": "input_text", "text": "x" }] },
                { "role": "user", "content": [
                    { "type": "input_text", "text": "x" },
                    { "type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto" },
                    { "type": "input_image", "file_id": "file-1", "image_url": null },
                    { "type": "input_file", "file_id": "file-1" },
                    { "type": "input_audio", "input_audio": { "data": "AA", "format": "mp3" } },
                ] },
                { "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                  "content": [{ "type": "output_text", "text": "x", "annotations": [] }] },
                { "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "AA" },
                { "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "id": null },
                { "type": "function_call_output", "call_id": "c", "output": "21" },
                { "type": "function_call_output", "call_id": "c",
                  "output": [{ "type": "input_text", "text": "x" }] },
                { "type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x" },
                { "type": "custom_tool_call_output", "call_id": "c", "output": "x" },
                { "type": "computer_call_output", "call_id": "c",
                  "output": { "type": "computer_screenshot", "image_url": "x" } },
                { "type": "shell_call_output", "call_id": "c",
                  "output": [{ "stdout": "x", "stderr": "", "outcome": { "type": "timeout" } }] },
                { "type": "web_search_call", "id": "ws_1", "status": "completed",
                  "action": { "type": "search", "query": "x" } },
                { "type": "item_reference", "id": "msg_0" },
                { "id": "msg_0" },
                { "type": "an_item_of_next_year", "whatever": 1 },
            ],
            "tools": [
                { "type": "function", "name": "f", "parameters": {}, "strict": true },
                { "type": "custom", "name": "sql" },
                { "type": "web_search" },
                { "type": "file_search", "vector_store_ids": ["vs_1"] },
                { "type": "mcp", "server_label": "x", "server_url": "https://example.com" },
                { "type": "code_interpreter", "container": { "type": "auto" } },
                { "type": "image_generation" },
            ],
            "tool_choice": { "type": "mcp", "server_label": "x" },
        }),
    );
}

#[test]
fn messages_are_accepted_as_the_official_client_sends_them() {
    accepts(
        Api::Messages,
        &json!({
            "max_tokens": 1024, "messages": [{ "content": "Hello, world", "role": "user" }],
            "model": "claude-sonnet-4-5", "container": "c", "inference_geo": "us",
            "metadata": { "user_id": "u" }, "service_tier": "auto", "stop_sequences": ["a"],
            "stream": true, "system": [{ "text": "Be brief.", "type": "text",
                "cache_control": { "type": "ephemeral", "ttl": "5m" } }],
            "temperature": 1, "thinking": { "budget_tokens": 1024, "type": "enabled" },
            "tool_choice": { "type": "auto", "disable_parallel_tool_use": true },
            "tools": [
                { "input_schema": { "type": "object", "properties": {} }, "name": "f", "type": "custom" },
                { "input_schema": { "type": "object" }, "name": "g" },
                { "type": "web_search_20250305", "name": "web_search", "max_uses": 5 },
                { "type": "bash_20250124", "name": "bash" },
                { "type": "mcp_toolset", "mcp_server_name": "x" },
            ],
            "mcp_servers": [{ "type": "url", "url": "https://example.com", "name": "x" }],
            "top_k": 5, "top_p": 0.7,
        }),
    );
    accepts(
        Api::Messages,
        &json!({ "model": "m", "max_tokens": 0, "system": "s",
        "messages": [{ "role": "user", "content": "x" }], "tool_choice": { "type": "none" } }),
    );
}

#[test]
fn messages_are_accepted_with_every_choice_of_a_tool() {
    for choice in [
        json!({ "type": "auto" }),
        json!({ "type": "any" }),
        json!({ "type": "tool", "name": "f" }),
        json!({ "type": "none" }),
    ] {
        accepts(
            Api::Messages,
            &json!({ "model": "m", "max_tokens": 5, "tool_choice": choice,
                "messages": [{ "role": "user", "content": "x" }] }),
        );
    }
}

#[test]
fn messages_are_accepted_with_blocks_of_every_sort() {
    accepts(
        Api::Messages,
        &json!({ "model": "m", "max_tokens": 10, "messages": [
        { "role": "user", "content": [
            { "type": "text", "text": "x", "cache_control": null },
            { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AA" } },
            { "type": "image", "source": { "type": "url", "url": "https://example.com/a.png" } },
            { "type": "document", "title": "t", "context": null, "citations": { "enabled": true },
              "source": { "type": "text", "media_type": "text/plain", "data": "x" } },
            { "type": "document", "source": { "type": "content",
              "content": [{ "type": "text", "text": "x" }] } },
            { "type": "search_result", "source": "https://example.com", "title": "t",
              "content": [{ "type": "text", "text": "x" }] },
        ] },
        { "role": "assistant", "content": [
            { "type": "thinking", "thinking": "Hm.", "signature": "AA" },
            { "type": "redacted_thinking", "data": "AA" },
            { "type": "tool_use", "id": "toolu_1", "name": "f", "input": { "a": [1] } },
            { "type": "server_tool_use", "id": "s", "name": "web_search", "input": {} },
            { "type": "web_search_tool_result", "tool_use_id": "s", "content": [
                { "type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "AA" }] },
            { "type": "web_search_tool_result", "tool_use_id": "s",
              "content": { "type": "web_search_tool_result_error", "error_code": "unavailable" } },
        ] },
        { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "toolu_1", "content": [
                { "type": "text", "text": "21" },
                { "type": "image", "source": { "type": "file", "file_id": "f" } }] },
            { "type": "tool_result", "tool_use_id": "toolu_1", "content": "21", "is_error": false },
            { "type": "tool_result", "tool_use_id": "toolu_1" },
            { "type": "a_block_of_next_year", "content": 7 },
        ] },
    ] }),
    );
}

#[test]
fn of_other_operations_nothing_is_checked() {
    let body: &[u8] = br#"{"messages":5,"temperature":"hot"}"#;
    for (operation, dialect) in [
        (Operation::Rerank, Dialect::OpenAi),
        (Operation::CountTokens, Dialect::Anthropic),
        (Operation::Infer, Dialect::OpenInferenceRest),
    ] {
        let check = Check::new(rules(Config::default()), operation, dialect);
        let findings = Findings::new(Modes::default());
        let mut hearing = Hearing { check, findings, taken_bytes: 0 };
        let mut reader = Reader::new(Options::default());
        reader.push(body, &mut hearing).unwrap();
        reader.finish(&mut hearing).unwrap();
        hearing.check.finish(&mut hearing.findings);
        assert_eq!(hearing.findings.enforced(), None);
    }
}
