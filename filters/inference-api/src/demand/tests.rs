use super::*;
use crate::cuts::same_however_cut;
use crate::dialect::{Dialect, Operation};
use crate::identity::Splice;
use crate::json::{ByteOrderMark, JsonError, JsonErrorKind, Options};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

type Api = (Dialect, Operation);

const CHAT: Api = (Dialect::OpenAi, Operation::ChatCompletions);
const COMPLETIONS: Api = (Dialect::OpenAi, Operation::Completions);
const EMBEDDINGS: Api = (Dialect::OpenAi, Operation::Embeddings);
const RESPONSES: Api = (Dialect::OpenAi, Operation::Responses);
const MESSAGES: Api = (Dialect::Anthropic, Operation::Messages);
const GENERATE: Api = (Dialect::OpenInferenceRest, Operation::Generate);
const GENERATE_STREAM: Api = (Dialect::OpenInferenceRest, Operation::GenerateStream);

fn read(api: Api, body: &str) -> Result<Demand, JsonError> {
    same_however_cut(body.as_bytes(), |pieces| {
        let options = Options { byte_order_mark: ByteOrderMark::Skipped, ..Options::default() };
        let mut reader = DemandReader::new(api.0, api.1, options).unwrap();
        pieces.iter().try_for_each(|piece| reader.push(piece))?;
        reader.finish()
    })
}

fn demand(api: Api, body: &str) -> Demand {
    read(api, body).unwrap()
}

/// Bytes, characters and token numbers of the prompt.
fn prompt(api: Api, body: &str) -> (u64, u64, u64) {
    let demand = demand(api, body);
    (demand.prompt_bytes, demand.prompt_characters, demand.prompt_token_ids)
}

#[test]
fn a_chat_request_asks_for_its_messages_and_so_many_tokens() {
    let body = r#"{"model":"m","messages":[
        {"role":"system","content":"Be brief."},
        {"role":"user","name":"bob","content":[{"type":"text","text":"Hé"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
        {"role":"assistant","content":null,"refusal":"No","reasoning":"Hm",
            "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}],
        "tools":[{"type":"function"}],"max_completion_tokens":100,"max_tokens":7,"n":3}"#;
    let expected = Demand {
        prompt_bytes: 9 + 3 + 2 + 2 + 2,
        prompt_characters: 9 + 2 + 2 + 2 + 2,
        prompt_token_ids: 0,
        images: 1,
        inputs: 1,
        tool_bytes: 21,
        max_output_tokens: Some(100),
        choices: 3,
        stream: false,
        include_usage: IncludeUsage::NotStreaming,
    };
    assert_eq!(demand(CHAT, body), expected);
    let nothing = Demand {
        prompt_bytes: 0,
        prompt_characters: 0,
        images: 0,
        tool_bytes: 0,
        max_output_tokens: None,
        choices: 1,
        ..expected
    };
    for body in ["{}", "[]", "7", r#""stream""#, r#"{"messages":null,"tools":null}"#] {
        assert_eq!(demand(CHAT, body), nothing, "{body}");
    }
}

#[test]
fn escapes_count_as_they_are_written_and_as_a_character_each() {
    let body = r#"{"messages":[{"content":"\u00e9\n\ud83d\ude00é"}]}"#;
    assert_eq!(prompt(CHAT, body), (6 + 2 + 12 + 2, 4, 0));
    assert_eq!(prompt(COMPLETIONS, r#"{"\u0070rompt":"abc"}"#), (3, 3, 0));
}

#[test]
fn each_api_has_its_text_elsewhere() {
    let output = r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"ab"}]},
        {"type":"function_call","arguments":"{}"},{"type":"function_call_output","output":"cde"},
        {"type":"custom","output":{"a": 1}}],"instructions":"fghi"}"#;
    let result = r#"{"system":[{"type":"text","text":"a"}],"messages":[{"content":"bc"},
        {"content":[{"type":"tool_use","input":{"a": 1}},{"type":"tool_result","content":
        [{"type":"text","text":"def"},{"type":"image","source":{"data":"AAAA"}}]}]}]}"#;
    for (api, body, expected) in [
        (COMPLETIONS, r#"{"prompt":"abc","suffix":"d","echo":true}"#, (4, 4, 0)),
        (COMPLETIONS, r#"{"prompt":["abc","é"]}"#, (5, 4, 0)),
        (COMPLETIONS, r#"{"prompt":[1,128000,3]}"#, (0, 0, 3)),
        (COMPLETIONS, r#"{"prompt":[[1,2],[3]]}"#, (0, 0, 3)),
        (EMBEDDINGS, r#"{"input":["ab","c"],"dimensions":3}"#, (3, 3, 0)),
        (EMBEDDINGS, r#"{"messages":[{"content":"abc"}]}"#, (3, 3, 0)),
        (RESPONSES, r#"{"input":"abc","instructions":"d"}"#, (4, 4, 0)),
        (RESPONSES, output, (19, 19, 0)),
        (MESSAGES, r#"{"system":"ab","messages":[{"content":"c"}]}"#, (3, 3, 0)),
        (MESSAGES, result, (14, 14, 0)),
        (GENERATE, r#"{"text_input":"abc"}"#, (3, 3, 0)),
        (GENERATE_STREAM, r#"{"text_input":["abc"],"x":"y"}"#, (3, 3, 0)),
    ] {
        assert_eq!(prompt(api, body), expected, "{body}");
    }
}

#[test]
fn each_api_has_its_limit_of_tokens_elsewhere() {
    for (api, body, expected) in [
        (CHAT, r#"{"max_tokens":5}"#, Some(5)),
        (CHAT, r#"{"max_completion_tokens":null,"max_tokens":5}"#, Some(5)),
        (CHAT, r#"{"max_output_tokens":5}"#, None),
        (COMPLETIONS, r#"{"max_tokens":0}"#, Some(0)),
        (RESPONSES, r#"{"max_output_tokens":5}"#, Some(5)),
        (MESSAGES, r#"{"max_tokens":5}"#, Some(5)),
        (GENERATE, r#"{"parameters":{"max_tokens":5}}"#, Some(5)),
        (GENERATE, r#"{"max_tokens":6}"#, Some(6)),
        (GENERATE, r#"{"max_tokens":6,"parameters":{"max_tokens":5},"parameters":{}}"#, Some(6)),
        (EMBEDDINGS, r#"{"max_tokens":6}"#, Some(0)),
        (CHAT, r#"{"max_tokens":"1_000"}"#, Some(1000)),
        (CHAT, r#"{"max_tokens":1e300}"#, Some(u64::MAX)),
        (CHAT, r#"{"max_tokens":-1}"#, None),
        (CHAT, r#"{"max_tokens":[5]}"#, None),
        (CHAT, r#"{"max_tokens":5,"max_tokens":null}"#, None),
    ] {
        assert_eq!(demand(api, body).max_output_tokens, expected, "{body}");
    }
    let long = format!(r#"{{"max_tokens":1{}}}"#, "0".repeat(64));
    assert_eq!(demand(CHAT, &long).max_output_tokens, Some(u64::MAX));
}

#[test]
fn answers_are_multiplied() {
    for (api, body, expected) in [
        (CHAT, r#"{"n":4,"best_of":9}"#, 4),
        (CHAT, r#"{"n":"4"}"#, 4),
        (CHAT, r#"{"n":0}"#, 1),
        (CHAT, r#"{"n":null}"#, 1),
        (CHAT, r#"{"n":4,"n":2}"#, 2),
        (COMPLETIONS, r#"{"n":2,"best_of":5}"#, 5),
        (COMPLETIONS, r#"{"n":6,"best_of":5}"#, 6),
        (COMPLETIONS, r#"{"n":2,"prompt":["a","b","c"]}"#, 6),
        (COMPLETIONS, r#"{"n":2,"prompt":[[1],[2,3]]}"#, 4),
        (COMPLETIONS, r#"{"n":2,"prompt":[1,2,3]}"#, 2),
        (COMPLETIONS, r#"{"n":2,"prompt":[]}"#, 2),
        (COMPLETIONS, r#"{"prompt":["a","b"],"prompt":"a"}"#, 1),
        (COMPLETIONS, r#"{"n":1e300,"prompt":["a","b"]}"#, u64::MAX),
        (EMBEDDINGS, r#"{"input":["a","b"]}"#, 1),
    ] {
        assert_eq!(demand(api, body).choices, expected, "{body}");
    }
}

#[test]
fn images_are_counted_wherever_they_are() {
    let image = r#"{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}"#;
    let chat = |part: &str| format!(r#"{{"messages":[{{"content":[{part}]}}]}}"#);
    let twice = chat(&format!("{image},{image}"));
    for (api, body, expected) in [
        (CHAT, chat(image).as_str(), 1),
        (CHAT, &twice, 2),
        (CHAT, &twice.replacen("messages", "x", 1), 0),
        (CHAT, &chat(r#"{"image_url":"https://example.com/a.png"}"#), 1),
        (CHAT, &chat(r#"{"type":"image_embeds","image_embeds":"AAAA"}"#), 1),
        (CHAT, &chat(r#"{"type":"text","text":"image_url","image_url":null}"#), 0),
        (CHAT, &chat(r#"{"type":"input_audio","input_audio":{"data":"AAAA"}}"#), 0),
        (CHAT, &chat(r#"{"type":"image_url","type":"text"}"#), 0),
        (CHAT, &chat(r#""image_url""#), 0),
        (CHAT, r#"{"messages":[{"content":[{"image_url":"a"}]}],"messages":[]}"#, 0),
        (EMBEDDINGS, &chat(image), 1),
        (RESPONSES, r#"{"input":[{"content":[{"type":"input_image","file_id":"f"}]}]}"#, 1),
        (RESPONSES, r#"{"input":[{"type":"input_image","image_url":"a"}]}"#, 1),
        (RESPONSES, r#"{"input":[{"output":[{"type":"input_image","image_url":"a"}]}]}"#, 1),
        (RESPONSES, r#"{"input":[{"content":[{"type":"input_file","file_id":"f"}]}]}"#, 0),
        (MESSAGES, &chat(r#"{"type":"image","source":{"type":"url"}}"#), 1),
        (MESSAGES, &chat(r#"{"type":"document","source":{"type":"url"}}"#), 0),
        (
            MESSAGES,
            &chat(
                r#"{"type":"image","source":{}},{"type":"tool_result","content":[
                    {"type":"image","source":{}},{"type":"image","source":{}}]}"#,
            ),
            3,
        ),
    ] {
        assert_eq!(demand(api, body).images, expected, "{body}");
    }
}

#[test]
fn completions_and_embeddings_have_a_batch_of_inputs() {
    for (api, body, expected) in [
        (COMPLETIONS, r#"{"prompt":["a","b","c"],"n":2}"#, 3),
        (COMPLETIONS, r#"{"prompt":"a"}"#, 1),
        (EMBEDDINGS, r#"{"input":["a","b"]}"#, 2),
        (EMBEDDINGS, r#"{"input":[[1,2],[3],[4]]}"#, 3),
        (EMBEDDINGS, r#"{"input":[1,2,3]}"#, 1),
        (EMBEDDINGS, r#"{"input":[]}"#, 1),
        (EMBEDDINGS, r#"{"input":["a","b"],"input":"a"}"#, 1),
        (CHAT, r#"{"messages":[{},{}],"n":2}"#, 1),
        (RESPONSES, r#"{"input":[{},{}]}"#, 1),
    ] {
        assert_eq!(demand(api, body).inputs, expected, "{body}");
    }
}

#[test]
fn of_a_key_that_stands_twice_the_last_value_counts_wherever_it_is() {
    for (body, expected) in [
        (r#"{"messages":[{"content":"abc"}],"messages":[{"content":"a"}]}"#, 1),
        (r#"{"messages":[{"content":"abc"}],"messages":null}"#, 0),
        (r#"{"messages":[{"content":"abc","content":"a"},{"content":"a"}]}"#, 2),
        (r#"{"messages":[{"content":[{"text":"abc","text":"a"}],"refusal":"a"}]}"#, 2),
    ] {
        assert_eq!(prompt(CHAT, body).0, expected, "{body}");
    }
    let tools = r#"{"tools":[{"a":1}],"tools":[],"functions":[1]}"#;
    assert_eq!(demand(CHAT, tools).tool_bytes, 2 + 3);
}

#[test]
fn streaming_may_be_asked_for_in_many_ways() {
    for yes in ["true", "1", "\"true\"", "\"Yes\"", "1.0"] {
        assert!(demand(CHAT, &format!(r#"{{"stream":{yes}}}"#)).stream, "{yes}");
    }
    for no in ["false", "null", "0", "\"no\"", "2", "[true]", "{}"] {
        assert!(!demand(CHAT, &format!(r#"{{"stream":{no}}}"#)).stream, "{no}");
    }
    assert!(!demand(CHAT, r#"{"stream":true,"stream":false}"#).stream);
    assert!(!demand(GENERATE, r#"{"stream":true}"#).stream);
    assert!(demand(GENERATE_STREAM, "{}").stream);
}

#[test]
fn one_edit_makes_a_streamed_answer_say_its_usage() {
    for (body, edited) in [
        (r#"{"stream":true}"#, r#"{"stream_options":{"include_usage":true},"stream":true}"#),
        (r#" { "stream" : 1 } "#, r#" {"stream_options":{"include_usage":true}, "stream" : 1 } "#),
        (
            r#"{"stream":true,"stream_options":null}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"stream_options":["x", {}] ,"stream":true}"#,
            r#"{"stream_options":{"include_usage":true} ,"stream":true}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{ "include_obfuscation":false}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true, "include_obfuscation":false}}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{"include_usage": false}}"#,
            r#"{"stream":true,"stream_options":{"include_usage": true}}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{"include_usage":{"a":1},"b":2}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true,"b":2}}"#,
        ),
        (
            r#"{"stream_options":{"include_usage":true},"stream":true,"stream_options":{"a":1}}"#,
            r#"{"stream_options":{"include_usage":true},"stream":true,"stream_options":{"include_usage":true,"a":1}}"#,
        ),
        (
            r#"{"stream":true,"stream_options":{"include_usage":true,"include_usage":null}}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true,"include_usage":true}}"#,
        ),
        (
            "\u{feff}{\"stream\":true}",
            "\u{feff}{\"stream_options\":{\"include_usage\":true},\"stream\":true}",
        ),
    ] {
        for api in [CHAT, COMPLETIONS] {
            let include_usage = demand(api, body).include_usage;
            let IncludeUsage::Splice(Splice { range, bytes }) = include_usage else {
                panic!("{body}: {include_usage:?}");
            };
            let mut text = body.as_bytes().to_vec();
            let place = |at| usize::try_from(at).unwrap();
            text.splice(place(range.start)..place(range.end), bytes);
            assert_eq!(str::from_utf8(&text), Ok(edited), "{body}");
            assert_eq!(demand(api, edited).include_usage, IncludeUsage::Present);
        }
    }
}

#[test]
fn nothing_is_edited_where_usage_is_told_anyway_or_never() {
    let asking = r#"{"stream":true,"stream_options":{"x":1,"include_usage":true}}"#;
    for (api, body, expected) in [
        (CHAT, asking, IncludeUsage::Present),
        (CHAT, r#"{"stream":true,"stream_options":{"include_usage":1}}"#, IncludeUsage::Present),
        (CHAT, r#"{"stream_options":{"include_usage":true}}"#, IncludeUsage::NotStreaming),
        (EMBEDDINGS, r#"{"stream":true}"#, IncludeUsage::NotStreaming),
        (RESPONSES, r#"{"stream":true}"#, IncludeUsage::Present),
        (RESPONSES, "{}", IncludeUsage::NotStreaming),
        (MESSAGES, r#"{"stream":true}"#, IncludeUsage::Present),
        (GENERATE, "{}", IncludeUsage::NotStreaming),
        (GENERATE_STREAM, "{}", IncludeUsage::Unavailable),
    ] {
        assert_eq!(demand(api, body).include_usage, expected, "{body}");
    }
}

#[test]
fn what_is_no_json_is_an_error() {
    let unexpected_end = JsonError { kind: JsonErrorKind::UnexpectedEnd, offset: 14 };
    assert_eq!(read(CHAT, r#"{"stream":true"#), Err(unexpected_end));
    let trailing = JsonError { kind: JsonErrorKind::TrailingBytes, offset: 3 };
    assert_eq!(read(CHAT, "{} x"), Err(trailing));
}

#[test]
fn other_requests_are_not_read() {
    for api in [(Dialect::OpenAi, Operation::Speech), (Dialect::Grpc, Operation::Generate)] {
        assert!(DemandReader::new(api.0, api.1, Options::default()).is_none());
    }
}
