//! What is measured.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod first_steps;

use crate::InferenceMetrics;
use filter_kit::trial::{Record, Trial, local_cells};
use filter_kit::{Change, Filter, Problem, parse_config};
use serde_json::{Value, json};
use std::rc::Rc;

/// The filter that this configuration means.
fn metrics(config: Value) -> Rc<InferenceMetrics> {
    let parsed = parse_config(config);
    let told: Vec<String> = parsed.problems.iter().map(Problem::to_string).collect();
    assert!(told.is_empty(), "{told:?}");
    Rc::new(InferenceMetrics::configure(parsed.config.unwrap()).unwrap())
}

/// What happened to each series, by its name: amounts added up, values recorded.
fn changes(record: &Record) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for change in record.notes.changes() {
        told.push(match change {
            Change::Add(series, amount) => format!("{} +{amount}", series.stat_name()),
            Change::Set(series, value) => format!("{} ={value}", series.stat_name()),
            Change::Record(series, value) => format!("{} ~{value}", series.stat_name()),
        });
    }
    told
}

fn recorded(trial: Trial, config: Value) -> Record {
    trial.sharing(local_cells()).recorded(&metrics(config))
}

fn models() -> Value {
    json!({"models": [{"name": "demo", "versions": ["v1", "v2"]}], "model_from": "request"})
}
