use super::*;
use crate::cuts::same_however_cut;
use crate::dialect::{Dialect, Operation};
use crate::sse::Limits;
use EventKind::{Content, Done, Error, Other, UsageOnly};
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

/// All that is known of an answer.
#[derive(Debug, PartialEq)]
struct Known {
    /// Input, output, cached, written to the cache, reasoning.
    counts: Option<[Option<u64>; 5]>,
    reason: Option<String>,
    has_error: bool,
    content: (u64, u64),
    events: Vec<AnswerEvent>,
}

impl Known {
    fn kinds(&self) -> Vec<EventKind> {
        self.events.iter().map(|event| event.kind).collect()
    }
}

fn known(mut reader: AnswerReader, pieces: &[&[u8]]) -> Known {
    let mut events = Vec::new();
    for mut piece in pieces.iter().copied() {
        while let Some(event) = reader.next(&mut piece) {
            events.push(event);
        }
        assert!(piece.is_empty(), "all bytes were read");
    }
    events.extend(reader.finish());
    Known {
        counts: reader.usage().map(|usage| {
            [
                usage.input_tokens,
                usage.output_tokens,
                usage.cached_tokens,
                usage.cache_write_tokens,
                usage.reasoning_tokens,
            ]
        }),
        reason: reader.finish_reason().map(str::to_owned),
        has_error: reader.has_error(),
        content: (reader.content_events(), reader.content_bytes()),
        events,
    }
}

fn whole(api: Api, answer: &str) -> Known {
    same_however_cut(answer.as_bytes(), |pieces| known(AnswerReader::json(api.0, api.1), pieces))
}

fn streamed(api: Api, answer: &str) -> Known {
    same_however_cut(answer.as_bytes(), |pieces| {
        known(AnswerReader::events(api.0, api.1, Limits::default()), pieces)
    })
}

/// Events of these data.
fn events(data: &[&str]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect()
}

const CHAT_ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m",
    "choices":[{"index":0,"message":{"role":"assistant","content":"Hi \u00e9","refusal":null},
    "logprobs":null,"finish_reason":"stop"}],
    "usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,
    "prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0},
    "completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0}},"service_tier":"default"}"#;

#[test]
fn a_whole_answer_says_its_usage() {
    let known = whole(CHAT, CHAT_ANSWER);
    assert_eq!(known.counts, Some([Some(19), Some(10), Some(3), None, Some(4)]));
    assert_eq!(known.reason.as_deref(), Some("stop"));
    assert_eq!((known.content, known.has_error), ((0, 5), false));

    let embeddings = r#"{"object":"list","data":[{"embedding":[0.1,-2e-3],"index":0}],
        "model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let known = whole(EMBEDDINGS, embeddings);
    assert_eq!(known.counts, Some([Some(8), None, None, None, None]));

    let completion = r#"{"choices":[{"text":"ab","finish_reason":"length"},
        {"text":"c","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let known = whole(COMPLETIONS, completion);
    assert_eq!(known.counts, Some([Some(1), Some(2), None, None, None]));
    assert_eq!((known.reason.as_deref(), known.content.1), (Some("stop"), 3));

    let response = r#"{"id":"resp_1","status":"incomplete","error":null,
        "incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"message",
        "status":"completed","content":[{"type":"output_text","text":"Hello"}]},
        {"type":"function_call","name":"f","arguments":"{}"}],
        "usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":6},"output_tokens":87,
        "output_tokens_details":{"reasoning_tokens":64},"total_tokens":123}}"#;
    let known = whole(RESPONSES, response);
    assert_eq!(known.counts, Some([Some(36), Some(87), Some(6), None, Some(64)]));
    assert_eq!((known.reason.as_deref(), known.content.1), (Some("max_output_tokens"), 8));
}

#[test]
fn what_a_cache_had_to_do_with_is_part_of_anthropics_input() {
    let message = r#"{"id":"msg_1","type":"message","role":"assistant","content":[
        {"type":"thinking","thinking":"Hm","signature":"x"},{"type":"text","text":"Hello"},
        {"type":"tool_use","id":"t","name":"f","input":{"a": 1}}],"stop_reason":"end_turn",
        "usage":{"input_tokens":50,"cache_creation_input_tokens":248,"cache_read_input_tokens":1800,
        "cache_creation":{"ephemeral_5m_input_tokens":248},"output_tokens":503,
        "output_tokens_details":{"thinking_tokens":7}}}"#;
    let known = whole(MESSAGES, message);
    let counts = [Some(2098), Some(503), Some(1800), Some(248), Some(7)];
    assert_eq!(known.counts, Some(counts));
    assert_eq!((known.reason.as_deref(), known.content.1), (Some("end_turn"), 16));
}

#[test]
fn triton_says_no_usage_but_its_text_is_counted() {
    let known = whole(GENERATE, r#"{"model_name":"m","text_output":"two words"}"#);
    assert_eq!((known.counts, known.content), (None, (0, 9)));
    assert_eq!(whole(GENERATE, r#"{"text_output":["a","bc"]}"#).content, (0, 3));
    assert!(whole(GENERATE, r#"{"error":"no such model"}"#).has_error);

    let stream = events(&[r#"{"text_output":"Hi"}"#, r#"{"text_output":""}"#, r#"{"error":"x"}"#]);
    let known = streamed(GENERATE_STREAM, &stream);
    assert_eq!(known.kinds(), [Content, Other, Error]);
    assert_eq!((known.counts, known.content, known.has_error), (None, (1, 2), true));
}

#[test]
fn a_chat_stream_has_its_first_content_behind_the_role_and_its_usage_alone_at_the_end() {
    let stream = [
        ": keep-alive\n\n",
        &events(&[
            r#"{"choices":[],"prompt_filter_results":[],"usage":null}"#,
            r#"{"choices":[{"delta":{"role":"assistant","content":"","refusal":null}}],"usage":null}"#,
            r#"{"choices":[{"delta":{"content":"Hél"},"finish_reason":null}],"usage":null}"#,
            r#"{"choices":[{"delta":{"content":"lo"},"finish_reason":null}],"obfuscation":"aB3"}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#,
            "[DONE]",
        ]),
    ]
    .concat();
    let known = streamed(CHAT, &stream);
    assert_eq!(known.kinds(), [Other, Other, Content, Content, Other, UsageOnly, Done]);
    assert_eq!(known.counts, Some([Some(9), Some(2), None, None, None]));
    assert_eq!((known.reason.as_deref(), known.content), (Some("stop"), (2, 6)));

    let usage_only = known.events.iter().find(|event| event.kind == UsageOnly).unwrap();
    let place = |at| usize::try_from(at).unwrap();
    let (start, end) = (place(usage_only.span.start), place(usage_only.span.end));
    let event = stream.get(start..end).unwrap();
    assert!(event.starts_with("data: {\"choices\":[],\"usage\":{") && event.ends_with("}\n\n"));
}

#[test]
fn calls_reasoning_refusals_and_sound_are_content() {
    for delta in [
        r#"{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":""}}]}"#,
        r#"{"function_call":{"name":"f"}}"#,
        r#"{"reasoning":"Hm"}"#,
        r#"{"reasoning_content":"Hm"}"#,
        r#"{"refusal":"No"}"#,
        r#"{"audio":{"data":"UklG"}}"#,
        r#"{"content":[{"type":"text","text":"x"}]}"#,
    ] {
        let stream = events(&[&format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#)]);
        assert_eq!(streamed(CHAT, &stream).kinds(), [Content], "{delta}");
    }
    for delta in [r#"{"tool_calls":[]}"#, r#"{"content":null}"#, r#"{"audio":null}"#, "null"] {
        let stream = events(&[&format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#)]);
        assert_eq!(streamed(CHAT, &stream).kinds(), [Other], "{delta}");
    }
}

#[test]
fn usage_on_each_chunk_is_cumulative_and_the_last_one_counts() {
    let chunk = |text: &str, tokens: u64| {
        format!(
            r#"{{"choices":[{{"text":"{text}","finish_reason":null}}],
                "usage":{{"prompt_tokens":5,"completion_tokens":{tokens}}}}}"#
        )
        .replace('\n', "")
    };
    let known = streamed(COMPLETIONS, &events(&[&chunk("a", 1), &chunk("b", 2), "[DONE]"]));
    assert_eq!(known.kinds(), [Content, Content, Done]);
    assert_eq!(known.counts, Some([Some(5), Some(2), None, None, None]));
}

#[test]
fn a_responses_stream_says_its_usage_in_its_last_event() {
    let event =
        |kind: &str, rest: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{rest}}}\n\n");
    let usage = r#""usage":{"input_tokens":3,"output_tokens":5}"#;
    let text = r#""output":[{"content":[{"text":"Hello"}]}]"#;
    let begin = [
        event("response.created", r#","response":{"status":"in_progress","usage":null}"#),
        event("response.output_text.delta", r#","delta":"Hel","obfuscation":"x""#),
        event("response.function_call_arguments.delta", r#","delta":"lo""#),
        event("response.audio.delta", r#","delta":"UklGRg==""#),
        event("response.output_text.delta", r#","delta":"""#),
        event("response.output_text.done", r#","text":"Hello""#),
    ]
    .concat();
    let completed = event(
        "response.completed",
        &format!(r#","response":{{"status":"completed","error":null,{text},{usage}}}"#),
    );
    let known = streamed(RESPONSES, &[begin.clone(), completed].concat());
    assert_eq!(known.kinds(), [Other, Content, Content, Content, Other, Other, Done]);
    assert_eq!(known.counts, Some([Some(3), Some(5), None, None, None]));
    assert_eq!((known.reason.as_deref(), known.content), (Some("completed"), (3, 5)));

    let failed = event(
        "response.failed",
        &format!(r#","response":{{"status":"failed","error":{{"code":"x"}},{usage}}}"#),
    );
    let known = streamed(RESPONSES, &[begin.clone(), failed].concat());
    assert_eq!(known.kinds().last(), Some(&Error));
    assert_eq!(known.counts, Some([Some(3), Some(5), None, None, None]));
    assert_eq!((known.reason.as_deref(), known.has_error), (Some("failed"), true));

    let known = streamed(RESPONSES, &event("error", r#","code":"x","message":"y""#));
    assert_eq!((known.kinds(), known.counts), (vec![Error], None));
}

const MESSAGE_STREAM: &str = "event: message_start\r\n\
    data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[],\"stop_reason\":null,\
    \"usage\":{\"input_tokens\":25,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\r\n\r\n\
    event: content_block_start\r\n\
    data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\r\n\r\n\
    event: ping\r\ndata: {\"type\": \"ping\"}\r\n\r\n\
    event: content_block_delta\r\n\
    data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\r\n\r\n\
    event: content_block_delta\r\n\
    data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\"}}\r\n\r\n\
    event: content_block_delta\r\n\
    data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"signature_delta\",\"signature\":\"abc\"}}\r\n\r\n\
    event: message_delta\r\n\
    data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":15}}\r\n\r\n\
    event: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n";

#[test]
fn anthropics_first_event_says_the_input_and_a_later_one_the_output() {
    let known = streamed(MESSAGES, MESSAGE_STREAM);
    assert_eq!(known.kinds(), [Other, Other, Other, Content, Content, Other, Other, Done]);
    assert_eq!(known.counts, Some([Some(30), Some(15), Some(5), None, None]));
    assert_eq!((known.reason.as_deref(), known.content), (Some("tool_use"), (2, 8)));

    let overloaded =
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n";
    assert_eq!(streamed(MESSAGES, overloaded).kinds(), [Error]);
}

#[test]
fn a_stream_that_is_cut_off_has_said_what_it_said() {
    let (before, _) = MESSAGE_STREAM.split_once("event: message_delta").unwrap();
    let known = streamed(MESSAGES, before);
    assert_eq!(known.counts, Some([Some(30), Some(1), Some(5), None, None]));
    assert_eq!((known.reason, known.content), (None, (2, 8)));
}

#[test]
fn errors_in_the_middle_of_a_stream_are_told() {
    let stream = events(&[
        r#"{"choices":[{"delta":{"content":"x"}}]}"#,
        r#"{"error":{"message":"out of memory","code":500}}"#,
    ]);
    let known = streamed(CHAT, &stream);
    assert_eq!((known.kinds(), known.has_error), (vec![Content, Error], true));
    assert!(streamed(CHAT, "event: error\ndata: oh no\n\n").has_error);
    assert!(whole(CHAT, r#"{"error":{"message":"x"}}"#).has_error);
    assert!(!whole(CHAT, r#"{"error":null}"#).has_error);
}

#[test]
fn counts_that_are_none_are_as_if_they_had_not_been_said() {
    for count in ["-1", "1.0", "1e3", "9007199254740992", "\"7\"", "null", "[7]", "{}", "true"] {
        let usage = format!(r#"{{"usage":{{"prompt_tokens":{count},"completion_tokens":2}}}}"#);
        assert_eq!(whole(CHAT, &usage).counts, Some([None, Some(2), None, None, None]), "{count}");
        let stream = events(&[r#"{"usage":{"prompt_tokens":7}}"#, &usage]);
        let counts = Some([Some(7), Some(2), None, None, None]);
        assert_eq!(streamed(CHAT, &stream).counts, counts, "{count} after 7");
    }
    for usage in ["null", "{}", "[]", "\"x\"", r#"{"total_tokens":7}"#] {
        assert_eq!(whole(CHAT, &format!(r#"{{"usage":{usage}}}"#)).counts, None, "{usage}");
    }
}

#[test]
fn what_is_malformed_oversized_or_of_another_api_tells_nothing() {
    let nothing =
        Known { counts: None, reason: None, has_error: false, content: (0, 0), events: Vec::new() };
    let broken = CHAT_ANSWER.strip_suffix('}').unwrap();
    for answer in [broken, "", "\u{1f}\u{8b}", "[]", "7", r#"{"usage":{"prompt_tokens":1}} x"#] {
        assert_eq!(whole(CHAT, answer), nothing, "{answer}");
    }
    assert_eq!(whole((Dialect::OpenAi, Operation::Speech), CHAT_ANSWER), nothing);

    let stream = events(&["{\"usage\":{\"prompt_tokens\":1}", "[]", "x"]);
    let known = streamed(CHAT, &stream);
    assert_eq!((known.kinds(), known.counts), (vec![Other; 3], None));
    let speech = streamed((Dialect::OpenAi, Operation::Speech), &events(&["{\"error\":1}"]));
    assert_eq!((speech.kinds(), speech.has_error), (vec![Other], false));

    let long = events(&[&format!(r#"{{"usage":{{"prompt_tokens":1}},"x":"{}"}}"#, "x".repeat(99))]);
    let read = |event_bytes| {
        let mut reader = AnswerReader::events(CHAT.0, CHAT.1, Limits { event_bytes });
        reader.push(long.as_bytes());
        reader.usage().and_then(|usage| usage.total())
    };
    assert_eq!((read(64), read(256)), (None, Some(1)));
}

#[test]
fn an_event_that_is_too_long_is_told_by_its_name() {
    const RESPONSES: (Dialect, Operation) = (Dialect::OpenAi, Operation::Responses);
    for (call, name, expected) in [
        (RESPONSES, "response.completed", Done),
        (RESPONSES, "response.incomplete", Done),
        (RESPONSES, "response.failed", Error),
        (RESPONSES, "response.created", Other),
        (RESPONSES, "error", Error),
        (CHAT, "response.completed", Other),
        (CHAT, "error", Error),
        ((Dialect::OpenAi, Operation::Speech), "error", Other),
    ] {
        let limits = Limits { event_bytes: 64 };
        let mut reader = AnswerReader::events(call.0, call.1, limits);
        let long = format!("event: {name}\ndata: \"{}\"\n\n", "x".repeat(99));
        let event = reader.next(&mut long.as_bytes()).unwrap();
        assert_eq!(event.kind, expected, "{call:?} {name}");
        assert_eq!(reader.has_error(), expected == Error, "{call:?} {name}");
    }
}

#[test]
fn of_a_key_that_stands_twice_the_last_value_counts() {
    let twice = r#"{"usage":{"prompt_tokens":1,"completion_tokens":2},
        "usage":{"prompt_tokens":3,"prompt_tokens":4},
        "choices":[{"finish_reason":"stop","message":{"content":"abc"}}],
        "choices":[{"message":{"content":"abc","content":"d"}}]}"#;
    let known = whole(CHAT, twice);
    assert_eq!(known.counts, Some([Some(4), None, None, None, None]));
    assert_eq!((known.reason, known.content), (None, (0, 1)));
}

#[test]
fn a_reason_is_at_most_64_bytes_long() {
    let answer =
        |length| format!(r#"{{"choices":[{{"finish_reason":"{}"}}]}}"#, "x".repeat(length));
    assert_eq!(whole(CHAT, &answer(64)).reason, Some("x".repeat(64)));
    assert_eq!(whole(CHAT, &answer(65)).reason, None);
}

#[test]
fn the_total_is_what_is_known_of_it() {
    let usage =
        |input_tokens, output_tokens| Usage { input_tokens, output_tokens, ..Usage::default() };
    assert_eq!(usage(None, None).total(), None);
    assert_eq!(usage(Some(3), None).total(), Some(3));
    assert_eq!(usage(None, Some(4)).total(), Some(4));
    assert_eq!(usage(Some(3), Some(4)).total(), Some(7));
    assert_eq!(usage(Some(u64::MAX), Some(4)).total(), Some(u64::MAX));
}
