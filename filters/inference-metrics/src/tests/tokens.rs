//! Tokens: as answers say, as other filters say, and by length.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const CHAT_USAGE: &str = r#""usage":{"prompt_tokens":20,"completion_tokens":10,
    "prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":4}}"#;
const RESPONSE_USAGE: &str = r#""usage":{"input_tokens":20,"output_tokens":10,
    "input_tokens_details":{"cached_tokens":5},"output_tokens_details":{"reasoning_tokens":4}}"#;

/// Texts that stand on several lines here, on one.
fn line(text: &str) -> String {
    text.replace('\n', "")
}

fn post(path: &str) -> Trial {
    Trial::of("POST", path).body(r#"{"model":"demo"}"#)
}

#[test]
fn what_answers_say_is_counted_in_every_dialect() {
    let openai: &[_] = &[("input", 20), ("output", 10), ("cached", 5), ("reasoning", 4)];
    let chat = line(&format!(r#"{{"choices":[{{"finish_reason":"stop"}}],{CHAT_USAGE}}}"#));
    let response = line(&format!(r#"{{"status":"completed",{RESPONSE_USAGE}}}"#));
    let completed =
        line(&format!(r#"{{"type":"response.completed","response":{{{RESPONSE_USAGE}}}}}"#));
    let claude = r#"{"stop_reason":"end_turn","usage":{"input_tokens":50,"output_tokens":7,
        "cache_read_input_tokens":1800,"cache_creation_input_tokens":248}}"#;
    let claude_start = r#"{"type":"message_start","message":{"usage":{"input_tokens":50,
        "output_tokens":1,"cache_read_input_tokens":1800,"cache_creation_input_tokens":248}}}"#;
    let claude_end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}"#;
    let claude_counts: &[_] =
        &[("input", 2098), ("output", 7), ("cached", 1800), ("cache_write", 248)];
    let stop = r#"{"type":"message_stop"}"#;
    for (path, content_type, answer, expected) in [
        ("/v1/chat/completions", JSON, chat.clone(), openai),
        ("/v1/completions", JSON, chat.clone(), openai),
        (
            "/v1/embeddings",
            JSON,
            r#"{"usage":{"prompt_tokens":8,"total_tokens":8}}"#.to_owned(),
            &[("input", 8)],
        ),
        ("/v1/responses", JSON, response, openai),
        ("/v1/messages", JSON, claude.to_owned(), claude_counts),
        ("/v1/chat/completions", SSE, events(&[HI, STOP, &chat, DONE]), openai),
        ("/v1/completions", SSE, events(&[&chat, DONE]), openai),
        ("/v1/responses", SSE, events(&[&completed]), openai),
        ("/v1/messages", SSE, events(&[&line(claude_start), claude_end, stop]), claude_counts),
    ] {
        let record = recorded(post(path).answered(content_type, answer), models());
        assert_eq!(added(&record, &table::TOKENS_USED), expected, "{path} {content_type}");
        assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [], "{path} {content_type}");
        let all: Vec<u64> = expected.iter().map(|(_, count)| (*count).unsigned_abs()).collect();
        let of_requests: Vec<u64> = all.iter().copied().take(2).collect();
        assert_eq!(values(&record, &table::TOKEN_USAGE), of_requests, "{path}");
    }
}

#[test]
fn what_nobody_says_is_estimated_by_length_and_kept_apart() {
    // Five bytes of prompt; an answer of nine.
    let demand = r#"{"model":"demo","messages":[{"content":"Hello"}]}"#;
    let chat = Trial::of("POST", "/v1/chat/completions").body(demand);
    let generate = Trial::of("POST", "/v2/models/demo/generate").body(r#"{"text_input":"Hello"}"#);
    let generate_stream =
        Trial::of("POST", "/v2/models/demo/generate_stream").body(r#"{"text_input":"Hello"}"#);
    let nine = r#"{"choices":[{"delta":{"content":"two words"}}]}"#;
    for (trial, output) in [
        (chat.clone().answered(JSON, r#"{"choices":[{"message":{"content":"two words"}}]}"#), 3),
        (chat.clone().answered(SSE, events(&[nine, STOP, DONE])), 3),
        // Servers send about one event for each token.
        (chat.clone().answered(SSE, events(&[HI, HI, HI, HI, STOP, DONE])), 4),
        (generate.answered(JSON, r#"{"text_output":"two words"}"#), 3),
        (generate_stream.answered(SSE, events(&[r#"{"text_output":"two words"}"#])), 3),
    ] {
        let record = recorded(trial.clone(), models());
        let estimated = added(&record, &table::TOKENS_ESTIMATED);
        assert_eq!(estimated, [("input", 2), ("output", output)], "{trial:?}");
        assert_eq!(added(&record, &table::TOKENS_USED), [], "{trial:?}");
        assert_eq!(values(&record, &table::TOKEN_USAGE), [0; 0], "{trial:?}");
        assert_eq!(fact(&record, "inference.output_tokens"), None);
    }
}

#[test]
fn what_a_stream_said_before_it_broke_off_is_of_its_beginning() {
    let start =
        r#"{"type":"message_start","message":{"usage":{"input_tokens":50,"output_tokens":1}}}"#;
    let text = r#"{"type":"content_block_delta","delta":{"text":"two words"}}"#;
    for broken in [false, true] {
        let trial = post("/v1/messages").answered(SSE, events(&[start, text]));
        let trial = if broken { trial.broken_off() } else { trial };
        let record = recorded(trial, models());
        assert_eq!(added(&record, &table::TOKENS_USED), [("input", 50)]);
        assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [("output", 3)]);
    }
    let chunk = r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":9,
        "completion_tokens_details":{"reasoning_tokens":8}}}"#;
    let record = recorded(chat().answered(SSE, events(&[&line(chunk)])).broken_off(), models());
    assert_eq!(added(&record, &table::TOKENS_USED), [("input", 5)]);
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [("output", 9)]);
}

#[test]
fn how_many_bytes_are_a_token_can_be_said() {
    let mut config = models();
    config["bytes_per_token"] = json!(1);
    let record = recorded(chat().answered(JSON, "{}"), config);
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [("input", 5)]);
}

#[test]
fn a_prompt_that_was_not_read_is_as_long_as_its_body() {
    let mut config = models();
    config["read_requests"] = json!(false);
    config["model_from"] = json!("headers");
    let sent = || chat().answered(SSE, events(&[HI, STOP, DONE]));
    let known = Told { request_bytes: Some(41), ..Told::default() };
    let record = recorded(sent().known(known), config.clone());
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [("input", 11), ("output", 1)]);
    let record = recorded(sent().header("content-length", "8"), config);
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [("input", 2), ("output", 1)]);
}

#[test]
fn token_numbers_and_tools_are_part_of_a_prompt() {
    let numbers = Trial::of("POST", "/v1/completions").body(r#"{"prompt":[1,2,3]}"#);
    let record = recorded(numbers.answered(JSON, "{}"), models());
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [("input", 3)]);
    // `["x"]` has five bytes.
    let tools = Trial::chat(&json!({"messages": [{"content": "abc"}], "tools": ["x"]}));
    let record = recorded(tools.answered(JSON, "{}"), models());
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [("input", 2)]);
}

#[test]
fn what_did_not_succeed_has_no_tokens() {
    let usage = format!(r#"{{{}}}"#, line(CHAT_USAGE));
    let failed = chat().answered(JSON, usage).answer_header(":status", "500");
    for trial in [chat(), failed] {
        let record = recorded(trial.clone(), models());
        assert_eq!(added(&record, &table::TOKENS_USED), [], "{trial:?}");
        assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [], "{trial:?}");
    }
}

#[test]
fn what_has_no_tokens_gets_none() {
    for path in ["/v2/models/demo/infer", "/v1/models/demo:predict", "/v1/audio/speech"] {
        let record = recorded(Trial::of("POST", path).body("{}").answered(JSON, "{}"), models());
        assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [], "{path}");
    }
}

#[test]
fn another_filter_that_took_the_event_out_tells_what_it_said() {
    let facts = ["input", "output", "cached"].into_iter().zip(["20", "10", "5"]);
    let names = &inference_api::usage::USAGE_FACTS;
    let facts = facts.zip(names).map(|((_, count), name)| (*name, count.into())).collect();
    let known = Told { facts, ..Told::default() };
    let sent =
        |data: &[&str]| recorded(chat().answered(SSE, events(data)).known(known.clone()), models());
    let record = sent(&[HI, STOP, DONE]);
    assert_eq!(added(&record, &table::TOKENS_USED), [("input", 20), ("output", 10), ("cached", 5)]);
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), []);

    let record = sent(&[HI, STOP, USAGE, DONE]);
    let said = added(&record, &table::TOKENS_USED);
    assert_eq!(said, [("input", 7), ("output", 3)], "the answer is closer");
}

#[test]
fn facts_that_are_no_numbers_say_nothing() {
    let fact = |value: &[u8]| vec![("inference.input_tokens", value.to_vec())];
    for value in [&b""[..], b"-1", b"1.5", b"\xff", b"99999999999999999999"] {
        let known = Told { facts: fact(value), ..Told::default() };
        let record = recorded(chat().answered(SSE, events(&[HI, DONE])).known(known), models());
        assert_eq!(added(&record, &table::TOKENS_USED), [], "{value:?}");
        assert_eq!(added(&record, &table::TOKENS_ESTIMATED).len(), 2, "{value:?}");
    }
}

#[test]
fn more_tokens_than_there_can_be_are_as_if_they_were_not_said() {
    let most = 67_108_864_u64;
    for (count, expected) in
        [(most, &[("input", 67_108_864), ("output", 3)][..]), (most + 1, &[("output", 3)])]
    {
        let usage = format!(r#"{{"usage":{{"prompt_tokens":{count},"completion_tokens":3}}}}"#);
        let record = recorded(chat().answered(JSON, usage), models());
        assert_eq!(added(&record, &table::TOKENS_USED), expected);
        let stated = (count == most).then_some("67108864");
        assert_eq!(fact(&record, "inference.input_tokens"), stated);

        let facts = ["inference.input_tokens", "inference.output_tokens"].into_iter();
        let facts = facts.zip([count.to_string(), "3".to_owned()]);
        let facts = facts.map(|(name, count)| (name, count.into_bytes())).collect();
        let known = Told { facts, ..Told::default() };
        let record = recorded(chat().answered(SSE, events(&[HI, DONE])).known(known), models());
        assert_eq!(added(&record, &table::TOKENS_USED), expected, "as a fact");
    }
}

#[test]
fn no_more_input_is_estimated_than_there_can_be() {
    let mut config = models();
    config["read_requests"] = json!(false);
    config["model_from"] = json!("headers");
    let sent = chat().header("content-length", "18446744073709551615");
    let record = recorded(sent.answered(SSE, events(&[HI, STOP, DONE])), config);
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [("input", 67_108_864), ("output", 1)]);
}

#[test]
fn an_answer_that_comes_compressed_is_counted_as_unread() {
    let packed = chat().answered(JSON, "\u{1f}").answer_header("content-encoding", "gzip");
    let record = recorded(packed.clone(), models());
    assert_eq!(sum(&record, &table::UNREAD), 1);
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), [("input", 2)]);
    let mut config = models();
    config["read_answers"] = json!(false);
    let record = recorded(packed, config.clone());
    assert_eq!(sum(&record, &table::UNREAD), 0, "nothing is to be read");
    let record = recorded(chat().answered(SSE, events(&[HI, USAGE, DONE])), config);
    assert_eq!(added(&record, &table::TOKENS_USED), []);
    assert_eq!(added(&record, &table::TOKENS_ESTIMATED), []);
}

#[test]
fn plain_answers_are_asked_for_only_where_that_is_wanted() {
    let sent = |config: Value| {
        let trial = chat().header("accept-encoding", "gzip").answered(JSON, "{}");
        recorded(trial, config).request.forwarded().headers
    };
    assert!(sent(models()).is_empty());
    let mut config = models();
    config["compressed_answers"] = json!("ask_plain");
    assert_eq!(sent(config), [("accept-encoding".to_owned(), None)].into());
}
