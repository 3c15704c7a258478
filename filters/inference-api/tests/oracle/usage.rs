//! What an answer says it used, against `serde_json` and a reader that has the
//! whole stream.

use inference_api::dialect::{Dialect, Operation};
use inference_api::sse;
use inference_api::usage::{AnswerEvent, AnswerReader, EventKind, Usage};
use serde_json::Value;

use super::pieces;
use super::sse::naive as naive_events;

/// The APIs whose answers are read, and one of those that are not.
pub const APIS: [(Dialect, Operation); 7] = [
    (Dialect::OpenAi, Operation::ChatCompletions),
    (Dialect::OpenAi, Operation::Completions),
    (Dialect::OpenAi, Operation::Embeddings),
    (Dialect::OpenAi, Operation::Responses),
    (Dialect::Anthropic, Operation::Messages),
    (Dialect::OpenInferenceRest, Operation::GenerateStream),
    (Dialect::OpenAi, Operation::Speech),
];

/// All that is known of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    usage: Option<Usage>,
    reason: Option<String>,
    has_error: bool,
    content_events: u64,
    content_bytes: u64,
    events: Vec<AnswerEvent>,
}

/// A whole answer, be it one or not.
pub fn whole_agrees(api: usize, text: &[u8], cuts: &[usize]) {
    let (dialect, operation) = APIS[api % APIS.len()];
    let expected = naive_whole(dialect, operation, text);
    let in_one = read(AnswerReader::json(dialect, operation), &[text]);
    assert_eq!(read(AnswerReader::json(dialect, operation), &pieces(text, cuts)), in_one);
    if operation == Operation::Messages && has_input(text) {
        assert!(in_one.content_bytes >= expected.content_bytes, "an input adds to it");
        assert_eq!(Known { content_bytes: expected.content_bytes, ..in_one }, expected);
    } else {
        assert_eq!(in_one, expected);
    }
}

/// A streamed answer, be it one or not.
pub fn stream_agrees(api: usize, stream: &[u8], cuts: &[usize]) {
    let (dialect, operation) = APIS[api % APIS.len()];
    for event_bytes in [20, 120, 65_536] {
        let expected = naive_stream(dialect, operation, stream, event_bytes);
        for pieces in [&[stream][..], &pieces(stream, cuts)] {
            let limits = sse::Limits { event_bytes };
            assert_eq!(read(AnswerReader::events(dialect, operation, limits), pieces), expected);
        }
    }
}

fn read(mut reader: AnswerReader, pieces: &[&[u8]]) -> Known {
    let mut events = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while let Some(event) = reader.next(&mut rest) {
            events.push(event);
        }
        assert!(rest.is_empty(), "all bytes were read");
    }
    events.extend(reader.finish());
    Known {
        usage: reader.usage(),
        reason: reader.finish_reason().map(str::to_owned),
        has_error: reader.has_error(),
        content_events: reader.content_events(),
        content_bytes: reader.content_bytes(),
        events,
    }
}

fn naive_whole(dialect: Dialect, operation: Operation, text: &[u8]) -> Known {
    let mut known = Known::default();
    let Ok(value) = serde_json::from_slice::<Value>(text) else { return known };
    let api = (dialect, operation);
    if operation == Operation::Speech {
        return known;
    }
    let mut said = [None; 5];
    merge(&mut said, counts(api, &value["usage"]));
    known.usage = meaning(api, said);
    known.has_error = is_error(&value["error"]);
    known.reason = match operation {
        Operation::Responses => response_reason(&value),
        Operation::Messages => word(&value["stop_reason"]),
        Operation::GenerateStream => None,
        _ => last_reason(&value["choices"]),
    };
    known.content_bytes = match operation {
        Operation::Responses => response_content(&value["output"]),
        Operation::Messages => elements(&value["content"]).map(block_content).sum(),
        Operation::GenerateStream => one_or_more(&value["text_output"], length).0,
        _ => elements(&value["choices"]).map(|choice| choice_content(choice).0).sum(),
    };
    known
}

fn naive_stream(dialect: Dialect, operation: Operation, stream: &[u8], limit: usize) -> Known {
    let api = (dialect, operation);
    let mut known = Known::default();
    let mut said = [None; 5];
    for event in naive_events(stream, limit) {
        let mut kind = EventKind::Other;
        let mut bytes = 0;
        if event.data.is_err() {
            kind = kind_by_name(operation, &event.kind);
        }
        if let Ok(data) = &event.data {
            let value = serde_json::from_slice::<Value>(data);
            if data.starts_with(b"[DONE]") {
                kind = EventKind::Done;
            } else if let (Ok(value), true) = (&value, operation != Operation::Speech) {
                (kind, bytes) = event_kind(operation, &event.kind, value);
                learn(api, value, &mut known, &mut said);
            } else if event.kind == b"error" && operation != Operation::Speech {
                kind = EventKind::Error;
            }
        }
        known.has_error |= kind == EventKind::Error;
        known.content_events += u64::from(kind == EventKind::Content);
        known.content_bytes += bytes;
        known.events.push(AnswerEvent { kind, span: event.span, content_bytes: bytes });
    }
    known.usage = meaning(api, said);
    known
}

/// What an event brings that is too long to be read.
fn kind_by_name(operation: Operation, name: &[u8]) -> EventKind {
    let responses = operation == Operation::Responses;
    match name {
        _ if operation == Operation::Speech => EventKind::Other,
        b"error" => EventKind::Error,
        b"response.failed" if responses => EventKind::Error,
        b"response.completed" | b"response.incomplete" if responses => EventKind::Done,
        _ => EventKind::Other,
    }
}

/// What one event adds to what is known.
fn learn(api: (Dialect, Operation), value: &Value, known: &mut Known, said: &mut [Option<u64>; 5]) {
    let reason = match api.1 {
        Operation::Responses => {
            merge(said, counts(api, &value["response"]["usage"]));
            response_reason(&value["response"])
        }
        Operation::Messages => {
            merge(said, counts(api, &value["message"]["usage"]));
            merge(said, counts(api, &value["usage"]));
            word(&value["delta"]["stop_reason"]).or_else(|| word(&value["message"]["stop_reason"]))
        }
        Operation::GenerateStream => None,
        _ => {
            merge(said, counts(api, &value["usage"]));
            last_reason(&value["choices"])
        }
    };
    known.reason = reason.or(known.reason.take());
}

fn event_kind(operation: Operation, name: &[u8], value: &Value) -> (EventKind, u64) {
    let kind = word(&value["type"]).map_or(name.to_vec(), String::into_bytes);
    let (bytes, pieces) = match operation {
        Operation::Responses if kind.ends_with(b".delta") => length(&value["delta"]),
        Operation::Messages if kind == b"content_block_delta" => {
            ["text", "thinking", "partial_json"]
                .map(|name| length(&value["delta"][name]))
                .into_iter()
                .fold((0, 0), both)
        }
        Operation::Responses | Operation::Messages => (0, 0),
        Operation::GenerateStream => one_or_more(&value["text_output"], length),
        _ => elements(&value["choices"]).map(choice_content).fold((0, 0), both),
    };
    let is_named = matches!(operation, Operation::Responses | Operation::Messages);
    let inner = match operation {
        Operation::Responses => is_error(&value["response"]["error"]),
        _ => false,
    };
    if inner
        || is_error(&value["error"])
        || name == b"error"
        || (is_named && (kind == b"error" || kind == b"response.failed"))
    {
        return (EventKind::Error, 0);
    }
    if pieces != 0 {
        let is_audio = operation == Operation::Responses && kind == b"response.audio.delta";
        return (EventKind::Content, if is_audio { 0 } else { bytes });
    }
    let is_done = match operation {
        Operation::Responses => kind == b"response.completed" || kind == b"response.incomplete",
        Operation::Messages => kind == b"message_stop",
        _ => false,
    };
    let has_no_choice = value["choices"].as_array().is_some_and(Vec::is_empty);
    let tells_usage = !is_named && operation != Operation::GenerateStream;
    if is_done {
        (EventKind::Done, 0)
    } else if tells_usage && has_no_choice && value["usage"].is_object() {
        (EventKind::UsageOnly, 0)
    } else {
        (EventKind::Other, 0)
    }
}

/// Input, output, cached, written to the cache, reasoning.
fn counts(api: (Dialect, Operation), usage: &Value) -> [Option<u64>; 5] {
    let count = |value: &Value| value.as_u64().filter(|count| *count < 1 << 53);
    let (input, output) = (&usage["input_tokens"], &usage["output_tokens"]);
    let counts = match api.1 {
        Operation::Messages => [
            input,
            output,
            &usage["cache_read_input_tokens"],
            &usage["cache_creation_input_tokens"],
            &usage["output_tokens_details"]["thinking_tokens"],
        ],
        Operation::Responses => {
            let details = &usage["input_tokens_details"];
            let reasoning = &usage["output_tokens_details"]["reasoning_tokens"];
            [input, output, &details["cached_tokens"], &details["cache_write_tokens"], reasoning]
        }
        Operation::GenerateStream => [&Value::Null; 5],
        _ => {
            let details = &usage["prompt_tokens_details"];
            [
                &usage["prompt_tokens"],
                &usage["completion_tokens"],
                &details["cached_tokens"],
                &details["cache_write_tokens"],
                &usage["completion_tokens_details"]["reasoning_tokens"],
            ]
        }
    };
    counts.map(count)
}

fn merge(said: &mut [Option<u64>; 5], later: [Option<u64>; 5]) {
    for (said, later) in said.iter_mut().zip(later) {
        *said = later.or(*said);
    }
}

fn meaning(api: (Dialect, Operation), said: [Option<u64>; 5]) -> Option<Usage> {
    let [input, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens] = said;
    said.iter().flatten().next()?;
    let input_tokens = if api.1 == Operation::Messages {
        input.map(|input| input + cached_tokens.unwrap_or(0) + cache_write_tokens.unwrap_or(0))
    } else {
        input
    };
    Some(Usage { input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens })
}

fn is_error(error: &Value) -> bool {
    !matches!(error, Value::Null | Value::Bool(false))
}

fn word(value: &Value) -> Option<String> {
    value.as_str().filter(|word| word.len() <= 64).map(str::to_owned)
}

fn last_reason(choices: &Value) -> Option<String> {
    elements(choices).filter_map(|choice| word(&choice["finish_reason"])).last()
}

fn response_reason(response: &Value) -> Option<String> {
    let status = word(&response["status"]);
    let ended = status.filter(|status| status != "in_progress" && status != "queued");
    word(&response["incomplete_details"]["reason"]).or(ended)
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn both(one: (u64, u64), other: (u64, u64)) -> (u64, u64) {
    (one.0 + other.0, one.1 + other.1)
}

/// How many bytes a string has, and whether it has any.
fn length(value: &Value) -> (u64, u64) {
    let bytes = value.as_str().map_or(0, str::len);
    (u64::try_from(bytes).unwrap(), u64::from(bytes != 0))
}

fn one_or_more(value: &Value, of: impl Fn(&Value) -> (u64, u64)) -> (u64, u64) {
    elements(value).map(of).fold(length(value), both)
}

fn members(value: &Value, names: &[&str]) -> (u64, u64) {
    names.iter().map(|name| length(&value[*name])).fold((0, 0), both)
}

fn part(part: &Value) -> (u64, u64) {
    members(part, &["text", "refusal"])
}

fn called(value: &Value) -> (u64, u64) {
    members(value, &["name", "arguments", "input"])
}

fn choice_content(choice: &Value) -> (u64, u64) {
    let said = |said: &Value| {
        let calls = elements(&said["tool_calls"]).map(|call| {
            let piece = (0, u64::from(!call.is_null()));
            both(both(called(&call["function"]), called(&call["custom"])), piece)
        });
        [
            one_or_more(&said["content"], part),
            members(said, &["reasoning", "reasoning_content", "refusal"]),
            calls.fold((0, 0), both),
            called(&said["function_call"]),
            (0, u64::from(!said["audio"].is_null())),
        ]
        .into_iter()
        .fold((0, 0), both)
    };
    both(both(said(&choice["delta"]), said(&choice["message"])), length(&choice["text"]))
}

fn response_content(output: &Value) -> u64 {
    let item = |item: &Value| {
        let parts = elements(&item["content"]).chain(elements(&item["summary"]));
        parts.map(|value| part(value).0).sum::<u64>() + called(item).0
    };
    elements(output).map(item).sum()
}

/// Whether a block may have an input, which counts as it is written.
fn has_input(text: &[u8]) -> bool {
    let value = serde_json::from_slice::<Value>(text).unwrap_or_default();
    elements(&value["content"]).any(|block| !block["input"].is_null())
}

fn block_content(block: &Value) -> u64 {
    members(block, &["text", "thinking", "name"]).0
}
