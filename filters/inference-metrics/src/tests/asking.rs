//! What Envoy is asked: each question costs a call, so none that is not needed.

use super::*;
use filter_kit::{
    Arrival, Asks, BodyChunk, Exchange, HeaderBlock, Headers, Notes, Trailers, Upcoming,
};
use inference_api::usage::USAGE_FACTS;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What is asked before the answer's headers, and at the end.
fn asked(config: Value, path: &str, answer: &[(&str, &str)], body: &str) -> [Asks; 2] {
    let filter = metrics(config);
    let arrival = Arrival { cells: local_cells(), ..Arrival::default() };
    let mut exchange = filter.exchange(arrival);
    let mut notes = Notes::default();
    let at = Timestamp::default();
    let request = [(":method", "POST"), (":path", path)];
    let headers: Headers = request.into_iter().collect();
    let block = HeaderBlock { headers: &headers, end_of_message: false, at };
    let _ = exchange.request_headers(block, &mut notes);
    let bytes = br#"{"model":"demo"}"#;
    let _ = exchange.request_body(BodyChunk { bytes, end_of_message: true, at }, &mut notes);
    let before = exchange.asks(Upcoming::ResponseHeaders);
    if !answer.is_empty() {
        let headers: Headers = answer.iter().copied().collect();
        let block = HeaderBlock { headers: &headers, end_of_message: body.is_empty(), at };
        let _ = exchange.response_headers(block, &mut notes);
        if !body.is_empty() {
            let chunk = BodyChunk { bytes: body.as_bytes(), end_of_message: false, at };
            let _ = exchange.response_body(chunk, &mut notes);
            let trailers = &Headers::default();
            let _ = exchange.response_trailers(Trailers { trailers, at }, &mut notes);
        }
    }
    [before, exchange.asks(Upcoming::End)]
}

const CHAT: &str = "/v1/chat/completions";
const STREAM: &[(&str, &str)] = &[(":status", "200"), ("content-type", SSE)];
const TARGET_FACTS: &[&str] = &["inference.model", "inference.version"];
const ONLY_TIME: Asks = Asks { upstream_time: true, ..Asks::NOTHING };

#[test]
fn of_a_good_answer_only_the_servers_time_is_asked() {
    let body = events(&[HI, STOP, USAGE, DONE]);
    assert_eq!(asked(models(), CHAT, STREAM, &body), [Asks::NOTHING, ONLY_TIME]);
    let mut config = models();
    config["split_time"] = json!(false);
    assert_eq!(asked(config, CHAT, STREAM, &body), [Asks::NOTHING; 2]);
}

#[test]
fn what_went_wrong_is_not_asked_of_a_stream_whose_last_event_came() {
    let filter = metrics(models());
    let ended = chat().answered(SSE, events(&[HI, STOP, USAGE, DONE])).broken_off();
    let timeout = Told { flags: Some(ResponseFlags(1 << 16)), ..Told::default() };
    let record = ended.known(timeout).sharing(local_cells()).recorded(&filter);
    assert_eq!(outcome(&record), "ok");
}

#[test]
fn who_answered_is_asked_where_nobody_did() {
    let [_, end] = asked(models(), CHAT, &[], "");
    assert!(end.flags && end.details);
}

#[test]
fn the_router_is_asked_once_it_can_have_decided() {
    let target = Asks { facts: TARGET_FACTS, ..Asks::NOTHING };
    let body = events(&[HI, STOP, USAGE, DONE]);
    assert_eq!(asked(json!({}), CHAT, STREAM, &body), [target, ONLY_TIME]);
    let [_, end] = asked(json!({}), CHAT, &[], "");
    assert_eq!(end.facts, TARGET_FACTS, "there was no answer");
}

#[test]
fn usage_is_asked_where_a_stream_did_not_say_it() {
    for (path, data, expected) in [
        (CHAT, &[HI, STOP, DONE][..], &USAGE_FACTS[..]),
        ("/v1/completions", &[HI, STOP, DONE], &USAGE_FACTS),
        (CHAT, &[HI, STOP, USAGE, DONE], &[]),
        (CHAT, &[STOP, DONE], &USAGE_FACTS),
        ("/v1/messages", &[r#"{"type":"content_block_delta","delta":{"text":"a"}}"#], &[]),
    ] {
        let [before, end] = asked(models(), path, STREAM, &events(data));
        assert_eq!((before, end.facts), (Asks::NOTHING, expected), "{path} {data:?}");
    }
}

#[test]
fn who_refused_is_asked_only_of_an_answer_that_says_so() {
    let failed = [(":status", "429"), ("content-type", JSON)];
    let [_, end] = asked(models(), CHAT, &failed, "{}");
    assert!(end.flags && !end.details);
    let refused = [(":status", "429"), ("x-inference-rejected", "a;b")];
    let [_, end] = asked(models(), CHAT, &refused, "");
    assert!(end.flags && end.details);
}

#[test]
fn lengths_are_asked_where_nothing_was_seen() {
    let speech = [(":status", "200"), ("content-type", "audio/mpeg")];
    let [_, end] = asked(json!({}), "/v1/audio/speech", &speech, "abc");
    assert!(end.request_bytes && end.response_bytes);
    let [_, end] = asked(json!({}), "/v1/audio/speech", &[], "");
    assert!(end.request_bytes && !end.response_bytes && !end.upstream_time, "no answer");
}

#[test]
fn nothing_is_asked_of_what_is_not_measured() {
    let filter = metrics(json!({}));
    let mut exchange = filter.exchange(Arrival::default());
    let request = [(":method", "GET"), (":path", "/health")];
    let headers: Headers = request.into_iter().collect();
    let at = Timestamp::default();
    let block = HeaderBlock { headers: &headers, end_of_message: true, at };
    let _ = exchange.request_headers(block, &mut Notes::default());
    for upcoming in [Upcoming::ResponseHeaders, Upcoming::End] {
        assert_eq!(exchange.asks(upcoming), Asks::NOTHING);
    }
}
