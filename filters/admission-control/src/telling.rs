//! What is counted and stated of a request.

use crate::accounts::Charge;
use crate::answering::Answer;
use crate::arriving::Request;
use crate::control::AdmissionControl;
use crate::limits::Kind;
use crate::metrics::{ClassSeries, REFUSED, REPORTED, of_rule};
use crate::refusal::Refusal;
use core::time::Duration;
use filter_kit::Notes;
use inference_api::usage::USAGE_FACTS;

/// What became of the request here, for the access log: `admitted`, `unchecked`,
/// `reported:RULE` or `refused:RULE`.
const FACT: &str = "inference.admission";

/// How many tokens were reserved for it.
const TOKENS_RESERVED: &str = "inference.tokens_reserved";

/// How many tokens it was settled with.
const TOKENS_USED: &str = "inference.tokens_used";

/// How many of those that were reserved it did not use.
const TOKENS_UNSPENT: &str = "inference.tokens_unspent";

pub(crate) fn admitted(control: &AdmissionControl, request: &Request, notes: &mut Notes) {
    if let Some(class) = class(control, request.class) {
        notes.count(&class.admitted);
    }
    if !request.is_reported && !is_stated(notes) {
        notes.fact(FACT, "admitted");
    }
    if request.has_tokens(control) {
        notes.fact(TOKENS_RESERVED, request.estimate.tokens.to_string());
    }
}

/// Whether it was stated in this event what became of the request.
pub(crate) fn is_stated(notes: &Notes) -> bool {
    notes.facts().iter().any(|fact| fact.name == FACT)
}

pub(crate) fn unchecked(control: &AdmissionControl, request: &Request, notes: &mut Notes) {
    if let Some(class) = class(control, request.class) {
        notes.count(&class.unchecked);
    }
    notes.fact(FACT, "unchecked");
}

pub(crate) fn refused(
    control: &AdmissionControl,
    refusal: &Refusal,
    class: usize,
    notes: &mut Notes,
) {
    count_rule(control, &REFUSED, refusal, class, notes);
    notes.fact(FACT, format!("refused:{}", refusal.rule.name()));
}

pub(crate) fn reported(
    control: &AdmissionControl,
    refusal: &Refusal,
    class: usize,
    notes: &mut Notes,
) {
    count_rule(control, &REPORTED, refusal, class, notes);
    notes.fact(FACT, format!("reported:{}", refusal.rule.name()));
}

pub(crate) fn waits(control: &AdmissionControl, request: &Request, notes: &mut Notes) {
    if let Some(class) = class(control, request.class) {
        notes.count(&class.queued);
    }
}

pub(crate) fn waited(
    control: &AdmissionControl,
    request: &Request,
    time: Duration,
    notes: &mut Notes,
) {
    if let Some(class) = class(control, request.class) {
        notes.record(&class.waited, u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }
}

pub(crate) fn reserved(control: &AdmissionControl, charge: &Charge, notes: &mut Notes) {
    let series = control.sheet.limits.get(charge.limit()).and_then(|limit| limit.reserved.as_ref());
    if let Some(series) = series {
        add(series, charge.units, notes);
    }
}

pub(crate) fn settled(control: &AdmissionControl, charge: &Charge, used: u64, notes: &mut Notes) {
    let Some(limit) = control.sheet.limits.get(charge.limit()) else { return };
    let all = [
        (&limit.used, used),
        (&limit.refunded, charge.units.saturating_sub(used)),
        (&limit.overdrawn, used.saturating_sub(charge.units)),
    ];
    for (series, amount) in all {
        if let Some(series) = series {
            add(series, amount, notes);
        }
    }
}

/// States what a request used that was let in.
pub(crate) fn used(control: &AdmissionControl, used: u64, request: &Request, notes: &mut Notes) {
    if request.has_tokens(control) {
        // What used none is not to be charged for anywhere, not even with a question.
        if used > 0 {
            notes.fact(TOKENS_USED, used.to_string());
        }
        notes.fact(TOKENS_UNSPENT, request.estimate.tokens.saturating_sub(used).to_string());
    }
}

/// States what an answer said it used when the event that says so does not go on: who
/// reads the answer after this filter can't know.
pub(crate) fn taken_out(answer: &Answer, notes: &mut Notes) {
    let counts = answer.usage_taken_out().map(|usage| usage.counts()).unwrap_or_default();
    for (name, count) in USAGE_FACTS.into_iter().zip(counts) {
        if let Some(count) = count {
            notes.fact(name, count.to_string());
        }
    }
}

/// Tells the limit in force.
pub(crate) fn limit(
    control: &AdmissionControl,
    position: usize,
    model: Option<&str>,
    in_force: u32,
    notes: &mut Notes,
) {
    let series = control.sheet.limits.get(position).and_then(|limit| limit.limit(model));
    if let (Some(series), Some(limit)) = (series, control.limits.get(position))
        && matches!(limit.kind, Kind::InFlight(crate::limits::Room::Adaptive(_)))
    {
        notes.set(series, u64::from(in_force));
    }
}

pub(crate) fn load(control: &AdmissionControl, load: f64, notes: &mut Notes) {
    notes.set(&control.sheet.load, percent(load));
}

fn count_rule(
    control: &AdmissionControl,
    metric: &'static filter_kit::Metric,
    refusal: &Refusal,
    class: usize,
    notes: &mut Notes,
) {
    let limit = refusal.limit.and_then(|position| control.limits.get(position));
    let class = control.callers.class_at(class).map_or("", |class| &class.name);
    notes.count(&of_rule(metric, refusal.rule, limit, class));
}

fn class(control: &AdmissionControl, position: usize) -> Option<&ClassSeries> {
    control.sheet.classes.get(position)
}

fn add(series: &filter_kit::Series, amount: u64, notes: &mut Notes) {
    let amount = i64::try_from(amount).unwrap_or(i64::MAX);
    if amount > 0 {
        notes.add(series, amount);
    }
}

/// A share as the nearest whole percent; beyond a thousand it does not matter.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a range that fits"
)]
const fn percent(share: f64) -> u64 {
    (share * 100.0 + 0.5).clamp(0.0, 100_000.0) as u64
}
