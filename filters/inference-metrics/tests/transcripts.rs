//! Streams as servers send them: what is measured of one does not depend on where it is
//! cut, and what goes on is what came.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use filter_kit::trial::{Forwarded, Outcome, Record, Trial, local_cells};
use filter_kit::{Cells, Change, Filter, parse_config};
use inference_metrics::InferenceMetrics;
use inference_metrics::metrics::CHUNK_GAP;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

const SSE: &str = "text/event-stream";
const CHAT: &str = "/v1/chat/completions";
const COMPLETIONS: &str = "/v1/completions";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";
const GENERATE_STREAM: &str = "/v2/models/demo/generate_stream";

/// A stream, and what is to be found in it.
struct Transcript {
    file: &'static str,
    path: &'static str,
    outcome: &'static str,
    finish_reason: &'static str,
    /// As the answer says; the last ones by length.
    tokens: &'static str,
}

const fn transcript(
    file: &'static str,
    path: &'static str,
    outcome: &'static str,
    finish_reason: &'static str,
    tokens: &'static str,
) -> Transcript {
    Transcript { file, path, outcome, finish_reason, tokens }
}

const TRANSCRIPTS: [Transcript; 15] = [
    transcript("openai-chat.sse", CHAT, "ok", "stop", "input 19, output 10, cached 4, reasoning 2"),
    transcript(
        "openai-chat-tools.sse",
        CHAT,
        "ok",
        "tool_calls",
        "estimated input 2, estimated output 6",
    ),
    transcript("openai-chat-crlf.sse", CHAT, "ok", "length", "input 5, output 3"),
    transcript("openai-chat-cr.sse", CHAT, "ok", "stop", "estimated input 2, estimated output 2"),
    transcript(
        "openai-chat-error.sse",
        CHAT,
        "upstream_error",
        "",
        "estimated input 2, estimated output 1",
    ),
    transcript("openai-chat-cut.sse", CHAT, "cut", "", "estimated input 2, estimated output 2"),
    transcript("openai-chat-choices.sse", CHAT, "ok", "length", "input 3, output 2"),
    transcript("openai-completions.sse", COMPLETIONS, "ok", "length", "input 6, output 2"),
    transcript(
        "openai-responses.sse",
        RESPONSES,
        "ok",
        "completed",
        "input 37, output 11, cached 8, reasoning 3",
    ),
    transcript(
        "openai-responses-incomplete.sse",
        RESPONSES,
        "ok",
        "max_output_tokens",
        "input 4, output 6",
    ),
    transcript(
        "openai-responses-failed.sse",
        RESPONSES,
        "upstream_error",
        "failed",
        "estimated input 2, estimated output 1",
    ),
    transcript(
        "anthropic-messages.sse",
        MESSAGES,
        "ok",
        "tool_use",
        "input 325, output 15, cached 200, cache_write 100",
    ),
    transcript(
        "anthropic-messages-error.sse",
        MESSAGES,
        "upstream_error",
        "",
        "input 25, estimated output 1",
    ),
    transcript(
        "triton-generate_stream.sse",
        GENERATE_STREAM,
        "ok",
        "",
        "estimated input 2, estimated output 3",
    ),
    transcript(
        "triton-generate_stream-error.sse",
        GENERATE_STREAM,
        "upstream_error",
        "",
        "estimated input 2, estimated output 1",
    ),
];

/// What is in the last event of a stream, or in one after which nothing comes.
const ENDS: [&[u8]; 5] =
    [b"[DONE]", b"message_stop", b"response.completed", b"response.incomplete", b"error"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

fn filter() -> (Rc<InferenceMetrics>, Cells) {
    // Whole prices: nothing is left of one request for the next.
    let price = json!({"input_token_microunits": 3, "output_token_microunits": 7});
    let config = json!({
        "models": [{"name": "demo", "price": price}],
        "model_from": "request",
        "input_hash": {"secret": "s"},
    });
    let config = parse_config(config).config.unwrap();
    (Rc::new(InferenceMetrics::configure(config).unwrap()), local_cells())
}

impl Transcript {
    fn bytes(&self) -> Vec<u8> {
        std::fs::read(folder().join(self.file)).unwrap()
    }

    /// The exchange, with trailers behind the answer or without.
    fn trial(&self, has_trailers: bool, cells: Cells) -> Trial {
        let body = json!({
            "model": "demo", "messages": [{"content": "Hello"}],
            "prompt": "Hello", "input": "Hello", "text_input": "Hello",
        });
        let trial = Trial::of("POST", self.path).body(body.to_string()).sharing(cells);
        let trial = trial.answered(SSE, self.bytes());
        if has_trailers { trial.answer_trailer("x", "y") } else { trial }
    }
}

/// Everything that is said of an exchange but times: of these only that they are.
fn said(record: &Record) -> Vec<String> {
    let change = |change: &Change| match change {
        Change::Add(series, amount) => Some(format!("{} +{amount}", series.stat_name())),
        Change::Set(series, value) => Some(format!("{} ={value}", series.stat_name())),
        // How many pauses there are depends on what came together.
        Change::Record(series, _) if series.stat_name().starts_with(CHUNK_GAP.metric.name) => None,
        Change::Record(series, value) => {
            let name = series.stat_name();
            let is_time = [name.contains("_us_"), name.contains("_ms_")].contains(&true);
            Some(if is_time { name.to_owned() } else { format!("{name} ~{value}") })
        }
    };
    let changes = record.notes.changes().iter().filter_map(change);
    let facts = record.notes.facts().iter().map(|fact| format!("{}: {}", fact.name, fact.value));
    let mut said: Vec<String> = changes.chain(facts).collect();
    assert!(record.notes.logs().is_empty() && record.notes.wakes().is_empty());
    said.sort();
    said
}

/// The values of the labels of their own that the series of a metric were counted with.
fn own(record: &Record, metric: &str) -> Vec<(String, i64)> {
    let change = |change: &Change| match change {
        Change::Add(series, amount) => {
            let labels = series.stat_name().strip_prefix(metric)?;
            let own = labels.trim_end_matches(';').rsplit_once("=.=")?.1;
            Some((own.to_owned(), *amount))
        }
        _ => None,
    };
    record.notes.changes().iter().filter_map(change).collect()
}

fn tokens(record: &Record) -> String {
    let said = own(record, "inference_tokens_total_");
    let said = said.into_iter().map(|(kind, count)| format!("{kind} {count}"));
    let estimated = own(record, "inference_estimated_tokens_total_");
    let estimated = estimated.into_iter().map(|(kind, count)| format!("estimated {kind} {count}"));
    said.chain(estimated).collect::<Vec<_>>().join(", ")
}

/// Neither the request nor the answer is changed.
fn assert_unchanged(record: &Record) {
    let unchanged = Outcome::Forwarded(Forwarded::default());
    assert_eq!(record.request, unchanged);
    assert_eq!(record.answer, Some(unchanged));
}

#[test]
fn every_transcript_is_tried_and_says_where_it_comes_from() {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name());
    let files: BTreeSet<String> = files.map(|file| file.into_string().unwrap()).collect();
    let mut tried: BTreeSet<String> = TRANSCRIPTS.iter().map(|tried| tried.file.into()).collect();
    tried.insert(".gitattributes".to_owned());
    assert_eq!(files, tried);
    for transcript in &TRANSCRIPTS {
        let text = String::from_utf8(transcript.bytes()).unwrap();
        let text = text.trim_start_matches('\u{feff}');
        assert!(text.starts_with(": written after ") || text.starts_with(": a "), "{text}");
    }
}

#[test]
fn what_a_transcript_says_is_found() {
    let (filter, cells) = filter();
    for transcript in &TRANSCRIPTS {
        let record = transcript.trial(false, cells).recorded(&filter);
        let reasons = own(&record, "inference_finish_reasons_total_");
        let reason = reasons.first().map_or("", |(reason, _)| reason);
        let outcomes = own(&record, "inference_requests_total_");
        assert_eq!(outcomes, [(transcript.outcome.to_owned(), 1)], "{}", transcript.file);
        assert_eq!(reason, transcript.finish_reason, "{}", transcript.file);
        assert_eq!(tokens(&record), transcript.tokens, "{}", transcript.file);
    }
}

#[test]
fn what_is_measured_is_the_same_wherever_a_stream_is_cut_in_two() {
    let (filter, cells) = filter();
    for transcript in &TRANSCRIPTS {
        let expected = said(&transcript.trial(false, cells).recorded(&filter));
        let length = transcript.bytes().len();
        for has_trailers in [false, true] {
            let trial = transcript.trial(has_trailers, cells);
            for cut in 0..=length {
                let record = trial.clone().cut_at(&[cut], &[cut]).recorded(&filter);
                assert_eq!(
                    said(&record),
                    expected,
                    "{} at {cut}, trailers: {has_trailers}",
                    transcript.file
                );
                assert_unchanged(&record);
            }
        }
    }
}

#[test]
fn what_is_measured_is_the_same_when_a_stream_comes_byte_by_byte() {
    let (filter, cells) = filter();
    for transcript in &TRANSCRIPTS {
        let expected = said(&transcript.trial(false, cells).recorded(&filter));
        let record = transcript.trial(false, cells).cut_at_every(1).recorded(&filter);
        assert_eq!(said(&record), expected, "{}", transcript.file);
    }
}

#[test]
fn a_stream_that_breaks_off_before_its_last_event_is_counted_once_as_cut() {
    let (filter, cells) = filter();
    for transcript in &TRANSCRIPTS {
        let bytes = transcript.bytes();
        for length in 0..=bytes.len() {
            let begun = transcript.trial(false, cells).answered(SSE, &bytes[..length]);
            let record = begun.broken_off().recorded(&filter);
            let outcomes = own(&record, "inference_requests_total_");
            let begun = &bytes[..length];
            let has_end = ENDS.iter().any(|end| begun.windows(end.len()).any(|text| text == *end));
            let is_whole = has_end && outcomes == [(transcript.outcome.to_owned(), 1)];
            let is_cut = outcomes == [("cut".to_owned(), 1)];
            assert!(is_whole || is_cut, "{} at {length}: {outcomes:?}", transcript.file);
            assert_unchanged(&record);
        }
    }
}

proptest! {
    #[test]
    fn what_is_measured_is_the_same_however_often_a_stream_is_cut(
        which in 0..TRANSCRIPTS.len(),
        has_trailers in any::<bool>(),
        mut cuts in vec(0..3000_usize, 0..40),
        mut request_cuts in vec(0..130_usize, 0..5),
    ) {
        cuts.sort_unstable();
        request_cuts.sort_unstable();
        let (filter, cells) = filter();
        let transcript = &TRANSCRIPTS[which];
        let expected = said(&transcript.trial(false, cells).recorded(&filter));
        let trial = transcript.trial(has_trailers, cells).cut_at(&request_cuts, &cuts);
        let record = trial.recorded(&filter);
        prop_assert_eq!(said(&record), expected);
        assert_unchanged(&record);
    }
}
