//! Limits of requests in flight that find themselves.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const EVENTS: &[(&str, &str)] = &[(":status", "200"), ("content-type", "text/event-stream")];
const JSON: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/json")];
const WORD: &[u8] = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";

fn config() -> Value {
    json!({"limits": [{
        "name": "room",
        "in_flight": {"adaptive": {"initial": 20, "min": 1, "max": 100, "samples": 10}},
    }]})
}

/// The limits in force while one request comes after the other, within less time than
/// a probe may take.
fn limits_in_force(config: &Value, ask: &Ask, during: impl Fn(&mut Worker, u32, u64)) -> Vec<u64> {
    let mut worker = Worker::new(config, local_cells());
    let mut limits = Vec::new();
    for number in 0..19_u32 {
        let start = u64::from(number) * 100;
        if worker.send(number, at(start), ask) == Stage::Goes {
            during(&mut worker, number, start);
            worker.finish(number, at(start + 90));
        }
        limits.push(worker.gauges["inference_admission_limit_limit=.=room;_model=.=;"]);
    }
    limits
}

/// Whether the limit rises from its least, which it does once there were five samples.
fn ends_its_probe(config: &Value, ask: &Ask, during: impl Fn(&mut Worker, u32, u64)) -> bool {
    limits_in_force(config, ask, during).iter().any(|limit| *limit > 1)
}

#[test]
fn a_whole_answer_is_sampled_when_it_is_over() {
    let ask = Ask::of("/v2/models/m/infer");
    assert!(ends_its_probe(&config(), &ask, |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 10), JSON);
    }));
}

#[test]
fn a_stream_is_sampled_at_its_first_token_and_never_again() {
    let ask = Ask::chat(&json!({"messages": [], "stream": true}));
    assert!(ends_its_probe(&config(), &ask, |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 10), EVENTS);
        worker.answer_body(ticket, at(start + 20), WORD, false);
    }));
    let no_token = ends_its_probe(&config(), &ask, |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 10), EVENTS);
        worker.answer_body(ticket, at(start + 20), b": nothing yet\n\n", false);
    });
    assert!(!no_token, "the time of a stream without a token says nothing");
}

#[test]
fn a_stream_is_watched_until_its_first_token() {
    let mut worker = Worker::new(&config(), local_cells());
    worker.send(1, at(0), &Ask::chat(&json!({"messages": [], "stream": true})));
    worker.answer_headers(1, at(1), EVENTS);
    worker.answer_body(1, at(2), b": nothing yet\n\n", false);
    worker.answer_body(1, at(2), WORD, false);
    let watching: Vec<_> =
        worker.passages[&1].answered.iter().map(|edits| edits.watching()).collect();
    use filter_kit::Watching::{Everything, Nothing};
    assert_eq!(watching, [Everything, Everything, Nothing]);
}

#[test]
fn a_compressed_stream_is_sampled_at_its_first_bytes() {
    let ask = Ask::chat(&json!({"messages": [], "stream": true}));
    let headers: &[(&str, &str)] = &[EVENTS[0], EVENTS[1], ("content-encoding", "gzip")];
    assert!(ends_its_probe(&config(), &ask, |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 10), headers);
        worker.answer_body(ticket, at(start + 20), b"\x1f\x8b", false);
    }));
    assert!(!ends_its_probe(&config(), &ask, |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 10), headers);
    }));
}

#[test]
fn a_grpc_stream_is_sampled_at_its_first_message() {
    let headers: &[(&str, &str)] = &[(":status", "200"), ("content-type", "application/grpc")];
    let ask = |method: &str| {
        Ask::of(&format!("/inference.GRPCInferenceService/{method}"))
            .header("content-type", "application/grpc")
    };
    assert!(ends_its_probe(&config(), &ask("ModelStreamInfer"), |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 10), headers);
        worker.answer_body(ticket, at(start + 20), b"\0\0\0\0\0", false);
    }));
    assert!(!ends_its_probe(&config(), &ask("ModelStreamInfer"), |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 10), headers);
    }));
    assert!(ends_its_probe(&config(), &ask("ModelInfer"), |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 10), headers);
        worker.answer_trailers(ticket, at(start + 20), &[("grpc-status", "0")]);
    }));
    assert!(!ends_its_probe(&config(), &ask("ModelInfer"), |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 10), headers);
        worker.answer_trailers(ticket, at(start + 20), &[("grpc-status", "14")]);
    }));
}

#[test]
fn what_failed_or_never_came_is_not_sampled() {
    let ask = Ask::of("/v2/models/m/infer");
    assert!(!ends_its_probe(&config(), &ask, |_, _, _| {}));
    assert!(!ends_its_probe(&config(), &ask, |worker, ticket, start| {
        worker.answer_headers(ticket, at(start + 1), &[(":status", "503")]);
    }));
}

#[test]
fn the_limit_in_force_is_told_for_each_model_that_is_listed() {
    let mut config = config();
    config["limits"][0]["per"] = json!(["model"]);
    config["limits"][0]["only"] = json!({"models": ["a", "b"]});
    let mut worker = Worker::new(&config, local_cells());
    worker.send(1, at(0), &Ask::of("/v2/models/a/infer"));
    worker.answer(1, at(10));
    let told: Vec<&String> = worker.gauges.keys().collect();
    assert_eq!(told, ["inference_admission_limit_limit=.=room;_model=.=a;"]);
}
