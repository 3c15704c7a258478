//! The whole of admission control: nothing in a request or its answer makes it fail,
//! and neither what a request costs nor what goes on of its answer depends on where
//! the bytes are cut.
#![no_main]

use admission_control::AdmissionControl;
use filter_kit::trial::{Record, Trial, local_cells};
use filter_kit::{Cells, Filter, parse_config};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use std::rc::Rc;

thread_local! {
    static CONTROL: (Rc<AdmissionControl>, Cells) = {
        let config = json!({
            "limits": [
                {"name": "tokens", "mode": "report_only", "tokens": {"count": 1_000_000_000}},
                {"name": "room", "mode": "report_only", "in_flight": {"adaptive": {}}},
            ],
            "load_reports": {"metrics": [{"name": "application_utilization"}]},
            "told": {"rate_limit": "nothing"},
            "hold_up_to_bytes": 1000,
            "on_unreadable": "estimate",
        });
        let config = parse_config(config).config.expect("a configuration");
        (Rc::new(AdmissionControl::configure(config).expect("a right one")), local_cells())
    };
}

/// Every kind of call whose body is read.
fn call(kind: u8) -> Trial {
    let post = |path: &str| Trial::of("POST", path);
    match kind % 10 {
        0 | 1 => post("/v1/chat/completions"),
        2 => post("/v1/completions"),
        3 => post("/v1/responses"),
        4 => post("/v1/messages"),
        5 => post("/v2/models/demo/infer"),
        6 => post("/v1/models/demo:predict"),
        7 => post("/v2/models/demo/generate_stream"),
        8 => post("/inference.GRPCInferenceService/ModelInfer")
            .header("content-type", "application/grpc"),
        _ => post("/tensorflow.serving.PredictionService/Predict")
            .header("content-type", "application/grpc"),
    }
}

/// What it says that does not depend on what it saw before.
fn facts(record: &Record) -> Vec<(&str, &str)> {
    let facts = record.notes.facts().iter().map(|fact| (fact.name, &*fact.value));
    facts.filter(|(name, _)| name.contains("tokens")).collect()
}

fuzz_target!(|input: (u8, u8, bool, &[u8], &[u8])| {
    let (kind, chunk, is_streamed, body, answer) = input;
    CONTROL.with(|(control, cells)| {
        let content_type = if is_streamed { "text/event-stream" } else { "application/json" };
        // Half of the requests are such that the event with the usage is asked for.
        let asked = [br#"{"stream":true,"#, body].concat();
        let body = if kind % 10 == 0 { &asked } else { body };
        let whole = call(kind).body(body).sharing(*cells).answered(content_type, answer);
        let cut = whole.clone().cut_at_every(usize::from(chunk).max(1));
        let [expected, found] = [&whole, &cut].map(|trial| trial.recorded(control));
        assert_eq!(found.request, expected.request);
        let went_on = |record: &Record| match &record.answer {
            Some(filter_kit::trial::Outcome::Forwarded(forwarded)) => {
                Some(forwarded.body.clone().unwrap_or_else(|| answer.to_vec()))
            }
            _ => None,
        };
        assert_eq!(went_on(&found), went_on(&expected));
        assert_eq!(facts(&found), facts(&expected));
    });
});
