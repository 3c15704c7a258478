//! What admission control makes of requests and answers.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_in_result,
    reason = "a test fails by panicking"
)]

mod bypasses;
mod classes;
mod configuring;
mod costing;
mod faults;
mod flood;
mod loads;
mod refusing;
mod reporting;
mod sampling;
mod settling;
mod simulation;
mod telling;
mod tenants;
mod usage_event;
mod waiting;

use crate::AdmissionControl;
use filter_kit::trial::{Outcome, Trial, local_cells};
use filter_kit::{Change, Filter, Notes, Problem, Reply, parse_config};
use serde_json::{Value, json};
use simulation::{Ask, Stage, Worker, at, control, workers};

fn problems(config: Value) -> Vec<String> {
    let parsed = parse_config(config);
    let mut told: Vec<String> = parsed.problems.iter().map(Problem::to_string).collect();
    if let Some(Err(error)) = parsed.config.map(AdmissionControl::configure) {
        told.extend(error.problems().iter().map(Problem::to_string));
    }
    told
}

/// The rule that refused a request; nothing if it went on.
fn rule_of(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Forwarded(_) => None,
        Outcome::Replied(reply) => reply.reason.strip_prefix("admission-control;"),
    }
}

/// A header of a reply.
fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    let found = reply.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| str::from_utf8(value).unwrap())
}

/// The last word on a fact.
fn fact<'n>(notes: &'n Notes, name: &str) -> Option<&'n str> {
    let found = notes.facts().iter().rfind(|fact| fact.name == name);
    found.map(|fact| fact.value.as_str())
}

/// What was added to all series of a metric.
fn added(notes: &Notes, metric: &str) -> i64 {
    let amounts = notes.changes().iter().map(|change| match change {
        Change::Add(series, amount) if series.stat_name().starts_with(metric) => *amount,
        _ => 0,
    });
    amounts.sum()
}

/// A chat whose prompt and answer take so many tokens, at one byte for a token.
fn chat_of(prompt: usize, max_tokens: u64) -> Value {
    json!({
        "messages": [{"role": "user", "content": "x".repeat(prompt)}],
        "max_tokens": max_tokens,
    })
}

/// One budget of tokens, one byte for a token.
fn tokens(count: u64) -> Value {
    json!({
        "limits": [{"name": "budget", "tokens": {"count": count}}],
        "cost": {"bytes_per_token": 1, "default_output_tokens": 50},
    })
}
