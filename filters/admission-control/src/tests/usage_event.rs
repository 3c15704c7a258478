//! The event with the usage, asked for in the client's place and taken out again.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const FIRST: &str =
    "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}],\"usage\":null}\n\n: a comment\n\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// A streamed chat that does not ask for the usage.
fn streamed() -> Value {
    json!({"messages": [], "stream": true, "max_tokens": 40})
}

fn answered(events: &[u8]) -> Trial {
    Trial::chat(&streamed()).sharing(local_cells()).answered("text/event-stream", events)
}

/// What the client gets of it.
fn received(trial: &Trial) -> Vec<u8> {
    let record = trial.recorded(&control(&tokens(1_000_000_000)));
    let forwarded = record.answer.unwrap().forwarded();
    forwarded.body.unwrap_or_else(|| panic!("nothing was taken out"))
}

#[test]
fn the_server_is_asked_for_it() {
    let record = answered(b"").recorded(&control(&tokens(1_000_000_000)));
    let body: Value = serde_json::from_slice(&record.request.forwarded().body.unwrap()).unwrap();
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
}

#[test]
fn the_event_is_taken_out_wherever_the_answer_is_cut() {
    for end in ["\n", "\r\n", "\r"] {
        let text = |parts: &[&str]| parts.concat().replace('\n', end).into_bytes();
        for (events, expected) in [
            (text(&[FIRST, USAGE, DONE]), text(&[FIRST, DONE])),
            (text(&[USAGE, DONE]), text(&[DONE])),
            (text(&[FIRST, USAGE]), text(&[FIRST])),
            (text(&[USAGE]), Vec::new()),
            (text(&[FIRST, USAGE, USAGE, DONE]), text(&[FIRST, DONE])),
            (text(&["\u{feff}", FIRST, USAGE, DONE]), text(&["\u{feff}", FIRST, DONE])),
            (text(&[FIRST, USAGE, "data: cut o"]), text(&[FIRST, "data: cut o"])),
        ] {
            let trial = answered(&events);
            for chunk in (1..=events.len()).chain([usize::MAX]) {
                let got = received(&trial.clone().cut_at_every(chunk));
                let (got, expected) = (got.escape_ascii(), expected.escape_ascii());
                assert_eq!(got.to_string(), expected.to_string(), "cut at every {chunk}, {end:?}");
            }
        }
    }
}

#[test]
fn an_event_that_does_not_end_is_none() {
    let events = [FIRST, USAGE.trim_end()].concat();
    for chunk in 1..=events.len() {
        let trial = answered(events.as_bytes()).cut_at_every(chunk);
        let record = trial.recorded(&control(&tokens(1_000_000_000)));
        let got = record.answer.unwrap().forwarded().body;
        assert_eq!(got.unwrap_or(events.clone().into()), events.as_bytes(), "{chunk}");
    }
}

#[test]
fn it_is_taken_out_of_an_answer_with_trailers() {
    let events = [FIRST, USAGE, DONE].concat();
    for chunk in 1..events.len() {
        let trial = answered(events.as_bytes()).answer_trailer("x-t", "1").cut_at_every(chunk);
        assert_eq!(received(&trial), [FIRST, DONE].concat().as_bytes(), "cut at every {chunk}");
    }
}

#[test]
fn a_byte_order_mark_before_it_is_no_obstacle() {
    let events = ["\u{feff}", USAGE, DONE].concat();
    for chunk in 1..=events.len() {
        let got = received(&answered(events.as_bytes()).cut_at_every(chunk));
        assert!(got.ends_with(DONE.as_bytes()) && got.len() <= DONE.len() + 3, "{chunk}");
    }
}

#[test]
fn the_length_that_was_announced_is_removed() {
    let events = [FIRST, USAGE, DONE].concat();
    let trial = answered(events.as_bytes()).answer_header("content-length", "999");
    let forwarded = trial.recorded(&control(&tokens(1_000_000_000))).answer.unwrap().forwarded();
    assert_eq!(forwarded.headers["content-length"], None);
}

#[test]
fn what_is_used_is_known_from_it() {
    let events = [FIRST, USAGE, DONE].concat();
    for chunk in 1..=events.len() {
        let record = answered(events.as_bytes())
            .cut_at_every(chunk)
            .recorded(&control(&tokens(1_000_000_000)));
        assert_eq!(fact(&record.notes, "inference.tokens_used"), Some("9"), "{chunk}");
    }
}

#[test]
fn what_it_said_is_stated_though_the_answer_breaks_off_behind_it() {
    let events = [FIRST, USAGE, FIRST].concat();
    for chunk in 1..=events.len() {
        let trial = answered(events.as_bytes()).cut_at_every(chunk).broken_off();
        let record = trial.recorded(&control(&tokens(1_000_000_000)));
        let before = record.notes.facts().iter().take(record.facts_before_end);
        let said = before.filter(|fact| fact.name == "inference.output_tokens");
        let said: Vec<&str> = said.map(|fact| fact.value.as_str()).collect();
        assert_eq!(said, ["2"], "{chunk}");
    }
}

#[test]
fn a_client_that_asked_itself_keeps_it() {
    let events = [FIRST, USAGE, DONE].concat();
    let mut body = streamed();
    body["stream_options"] = json!({"include_usage": true});
    let trial = Trial::chat(&body).sharing(local_cells()).answered("text/event-stream", &*events);
    for trial in [trial.clone(), trial.cut_at_every(3)] {
        let record = trial.recorded(&control(&tokens(1_000_000_000)));
        assert_eq!(record.request.forwarded().body, None);
        assert_eq!(record.answer.unwrap().forwarded().body, None);
        assert_eq!(fact(&record.notes, "inference.tokens_used"), Some("9"));
    }
}

#[test]
fn nothing_is_asked_for_where_nobody_counts_tokens_or_it_is_off() {
    let mut off = tokens(1_000_000_000);
    off["cost"]["include_usage"] = json!("off");
    let requests = json!({"limits": [{"name": "r", "requests": {"count": 9}}]});
    for config in [off, requests] {
        let record = answered(b"").recorded(&control(&config));
        assert_eq!(record.request.forwarded().body, None);
    }
}

#[test]
fn an_answer_without_shared_state_says_no_more_than_was_asked() {
    let trial = Trial::chat(&streamed()).answered("text/event-stream", [FIRST, DONE].concat());
    let record = trial.recorded(&control(&tokens(1_000_000_000)));
    assert_eq!(record.request.forwarded().body, None, "nobody would take the event out");
    assert_eq!(fact(&record.notes, "inference.admission"), Some("unchecked"));
}

#[test]
fn an_event_without_end_is_not_kept_for_ever() {
    let long = format!("data: {}\n\n", "x".repeat(600 * 1024));
    let events = [FIRST, &long, USAGE, DONE].concat();
    let mut worker = Worker::new(&tokens(1_000_000_000), local_cells());
    worker.send(1, at(0), &Ask::chat(&streamed()));
    worker.answer_headers(1, at(0), &[(":status", "200"), ("content-type", "text/event-stream")]);
    let (mut seen, mut passed, mut behind) = (0, 0_usize, 0);
    for chunk in events.as_bytes().chunks(1000) {
        let start = seen;
        seen += chunk.len();
        worker.answer_body(1, at(0), chunk, seen == events.len());
        let edits = worker.passages[&1].answered.last().unwrap();
        let mut at = start;
        for splice in edits.splices() {
            let range = [splice.range.start, splice.range.end].map(|p| usize::try_from(p).unwrap());
            passed += range[0] - at + splice.bytes.len();
            at = range[1];
        }
        passed += seen - at;
        behind = behind.max(seen - passed);
    }
    assert_eq!(passed, events.len() - USAGE.len());
    assert!(behind <= 257 * 1024, "{behind} bytes were kept back");
}

#[test]
fn an_event_of_which_a_part_went_on_goes_on_whole() {
    // Its comment makes it longer than is kept, its data does not.
    let comment = format!(": {}\n", "x".repeat(300 * 1024));
    let events = [FIRST, &comment, USAGE, DONE].concat();
    let trial = answered(events.as_bytes()).cut_at_every(1000);
    let record = trial.recorded(&control(&tokens(1_000_000_000)));
    let got = record.answer.unwrap().forwarded().body.unwrap();
    let rest = got.strip_prefix([FIRST, &comment].concat().as_bytes()).expect("all of it");
    assert!(rest == [USAGE, DONE].concat().as_bytes() || rest == DONE.as_bytes(), "no half events");
}
