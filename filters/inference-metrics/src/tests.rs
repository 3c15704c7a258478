//! What is measured.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_in_result,
    reason = "a test fails by panicking"
)]

mod asking;
mod configuring;
mod costs;
mod facts;
mod first_steps;
mod labels;
mod outcomes;
mod room;
mod secrecy;
mod sizes;
mod times;
mod tokens;

use crate::metrics::Row;
use crate::{InferenceMetrics, metrics as table};
use filter_kit::trial::{Record, Trial, counted, local_cells};
use filter_kit::{
    Change, Filter, Metric, Problem, ResponseFlags, Series, Timestamp, Told, parse_config,
};
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

/// The values of a series' labels, if it is one of this metric.
fn labels<'s>(series: &'s Series, metric: &Metric) -> Option<Vec<&'s str>> {
    let first = metric.labels.first()?;
    let labels = series.stat_name().strip_prefix(metric.name)?.strip_prefix('_')?;
    labels.starts_with(&format!("{first}=.=")).then(|| {
        labels.split_terminator(';').map(|label| label.split_once("=.=").unwrap().1).collect()
    })
}

/// What was added to the series of a metric, by the value of its own label.
fn added<'r>(record: &'r Record, row: &Row) -> Vec<(&'r str, i64)> {
    let change = |change: &'r Change| match change {
        Change::Add(series, amount) => Some((*labels(series, &row.metric)?.get(4)?, *amount)),
        _ => None,
    };
    record.notes.changes().iter().filter_map(change).collect()
}

/// What was added to a metric that has no label of its own.
fn sum(record: &Record, row: &Row) -> i64 {
    let change = |change: &Change| match change {
        Change::Add(series, amount) => labels(series, &row.metric).map(|_| *amount),
        _ => None,
    };
    record.notes.changes().iter().filter_map(change).sum()
}

/// The values that were recorded in a histogram.
fn values(record: &Record, row: &Row) -> Vec<u64> {
    let change = |change: &Change| match change {
        Change::Record(series, value) => labels(series, &row.metric).map(|_| *value),
        _ => None,
    };
    record.notes.changes().iter().filter_map(change).collect()
}

/// The one outcome that a request is counted with.
fn outcome(record: &Record) -> &str {
    match added(record, &table::REQUESTS).as_slice() {
        [(outcome, 1)] => outcome,
        counted => panic!("not one outcome: {counted:?}"),
    }
}

/// The labels that a request is counted with.
fn counted_as(record: &Record) -> Vec<String> {
    let found = record.notes.changes().iter().find_map(|change| match change {
        Change::Add(series, 1) => labels(series, &table::REQUESTS.metric),
        _ => None,
    });
    found.unwrap().iter().take(4).map(ToString::to_string).collect()
}

/// The last word on a fact.
fn fact<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    let found = record.notes.facts().iter().rfind(|fact| fact.name == name);
    found.map(|fact| fact.value.as_str())
}

/// So many microseconds after the beginning of everything.
fn us(count: u64) -> Timestamp {
    Timestamp::from_nanos(count * 1000)
}

/// So many milliseconds after it.
fn ms(count: u64) -> Timestamp {
    us(count * 1000)
}

/// A chat that is for the model that has series.
fn chat() -> Trial {
    Trial::chat(&json!({"model": "demo", "messages": [{"role": "user", "content": "Hello"}]}))
}

/// An event for each of these data.
fn events(data: &[&str]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect()
}

const SSE: &str = "text/event-stream";
const JSON: &str = "application/json";
const ROLE: &str = r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#;
const HI: &str = r#"{"choices":[{"delta":{"content":"Hi"},"finish_reason":null}]}"#;
const STOP: &str = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#;
const DONE: &str = "[DONE]";
