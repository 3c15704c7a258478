//! The whole of inference metrics: nothing in a request or its answer makes it fail or
//! makes a series, every exchange has one outcome, and what is measured does not depend
//! on where the bytes are cut.
#![no_main]

use filter_kit::trial::{Forwarded, Outcome, Record, Trial, local_cells};
use filter_kit::{Cells, Change, Filter, ResponseFlags, Told, parse_config};
use inference_metrics::InferenceMetrics;
use inference_metrics::metrics::{CHUNK_GAP, MESSAGE_GAP, REQUESTS};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use std::rc::Rc;

thread_local! {
    static METRICS: (Rc<InferenceMetrics>, Cells) = {
        // Whole prices: nothing is left of one request for the next.
        let price = json!({"input_token_microunits": 3, "output_token_microunits": 7});
        let config = json!({
            "models": [{"name": "demo", "versions": ["1"], "price": price}],
            "model_from": "request",
            "input_hash": {"secret": "s"},
        });
        let config = parse_config(config).config.expect("a configuration");
        (Rc::new(InferenceMetrics::configure(config).expect("a right one")), local_cells())
    };
}

/// Every kind of call whose body is read, or whose answer is.
fn call(kind: u8) -> Trial {
    let post = |path: &str| Trial::of("POST", path);
    let grpc = |path: &str| post(path).header("content-type", "application/grpc");
    match kind % 13 {
        0 | 1 => post("/v1/chat/completions"),
        2 => post("/v1/completions"),
        3 => post("/v1/responses"),
        4 => post("/v1/messages"),
        5 => post("/v2/models/demo/infer"),
        6 => post("/v1/models/demo:predict"),
        7 => post("/v2/models/demo/generate_stream"),
        8 => post("/v1/embeddings"),
        9 => post("/v1/images/edits").header("content-type", "multipart/form-data; boundary=b"),
        10 => grpc("/inference.GRPCInferenceService/ModelInfer"),
        11 => grpc("/inference.GRPCInferenceService/ModelStreamInfer"),
        _ => grpc("/tensorflow.serving.PredictionService/Predict"),
    }
}

/// What is said that does not depend on what came together.
fn said(record: &Record) -> (Vec<Change>, Vec<(&str, &str)>) {
    let is_gap =
        |name: &str| [&CHUNK_GAP, &MESSAGE_GAP].iter().any(|row| name.starts_with(row.metric.name));
    let changes = record.notes.changes().iter().filter(|change| match change {
        Change::Record(series, _) => !is_gap(series.stat_name()),
        _ => true,
    });
    let facts = record.notes.facts().iter().map(|fact| (fact.name, &*fact.value));
    (changes.cloned().collect(), facts.collect())
}

/// With how many outcomes it is counted, for a model that is listed, other or none.
fn outcomes(record: &Record) -> usize {
    let is_one = |change: &&Change| match change {
        Change::Add(series, 1) if series.stat_name().starts_with(REQUESTS.metric.name) => {
            let model = series.stat_name().split("model=.=").nth(1).unwrap_or_default();
            assert!(["demo;", "other;", "none;"].iter().any(|known| model.starts_with(known)));
            true
        }
        _ => false,
    };
    record.notes.changes().iter().filter(is_one).count()
}

type Input<'i> = (u8, u8, u8, u32, &'i [u8], &'i [u8]);

fuzz_target!(|input: Input<'_>| {
    let (kind, form, chunk, flags, body, answer) = input;
    METRICS.with(|(metrics, cells)| {
        let content_type = match form % 3 {
            0 => "text/event-stream",
            1 => "application/json",
            _ => "application/grpc",
        };
        let known = Told { flags: Some(ResponseFlags(flags.into())), ..Told::default() };
        let mut whole = call(kind).body(body).sharing(*cells).answered(content_type, answer);
        whole = whole.known(known);
        if form & 0x10 != 0 {
            whole = whole.answer_trailer("grpc-status", "0");
        }
        if form & 0x20 != 0 {
            whole = whole.broken_off();
        }
        let cut = whole.clone().cut_at_every(usize::from(chunk).max(1));
        let [expected, found] = [&whole, &cut].map(|trial| trial.recorded(metrics));
        for record in [&expected, &found] {
            assert_eq!(record.request, Outcome::Forwarded(Forwarded::default()));
            assert_eq!(record.answer, Some(Outcome::Forwarded(Forwarded::default())));
            assert_eq!(outcomes(record), 1);
        }
        assert_eq!(said(&found), said(&expected));
    });
});
