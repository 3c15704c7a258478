//! What is counted and stated of a request.

use crate::contracts::Contract;
use crate::metrics::REPORTED;
use crate::planning::Payload;
use crate::rules::Rule;
use crate::violation::Findings;
use filter_kit::{Arrival, Notes, Timestamp};

/// What became of the request here, for the access log: `passed`, `unchecked`,
/// `reported:RULE` or `refused:RULE`.
pub(crate) const FACT: &str = "inference.validation";

/// Counts a request that was read and goes on.
pub(crate) fn tell(payload: &Payload, notes: &mut Notes) {
    let Payload { contract, body, .. } = payload;
    notes.count(&contract.label.checked);
    count_bytes(payload, notes);
    report(contract, &body.findings, notes);
    if body.findings.reported().is_empty() {
        notes.fact(FACT, "passed");
    }
}

pub(crate) fn count_bytes(payload: &Payload, notes: &mut Notes) {
    let bytes = i64::try_from(payload.body.bytes).unwrap_or(i64::MAX);
    if bytes > 0 {
        notes.add(&payload.contract.label.body_bytes, bytes);
    }
}

/// Counts the violations that are only reported.
pub(crate) fn report(contract: &Contract, findings: &Findings, notes: &mut Notes) {
    for violation in findings.reported() {
        if violation.rule == Rule::Unreadable {
            notes.count(&contract.label.unchecked);
        }
        notes.count(&contract.label.of_rule(&REPORTED, violation.rule));
    }
    if let Some(first) = findings.reported().first() {
        let word = if first.rule == Rule::Unreadable { "unchecked" } else { "reported" };
        notes.fact(FACT, format!("{word}:{}", first.rule.name()));
    }
}

/// How long it took from its arrival until then.
pub(crate) fn microseconds(arrival: Arrival, at: Timestamp) -> u64 {
    u64::try_from(at.since(arrival.at).as_micros()).unwrap_or(u64::MAX)
}
