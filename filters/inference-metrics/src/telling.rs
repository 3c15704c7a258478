//! What is stated of each request, for the access log and for traces.

use crate::family::nearest_ms;
use crate::models::NONE;
use crate::outcome::Outcome;
use crate::pricing::Cost;
use core::time::Duration;
use filter_kit::Notes;
use inference_api::usage::{USAGE_FACTS, Usage};

/// What the request asked for.
const OPERATION: &str = "inference.operation";

/// Of which class it was.
const CLASS: &str = "inference.class";

/// Who sent it: a name or a hash, as configured.
const TENANT: &str = "inference.tenant";

/// A keyed hash of its body.
const INPUT_HASH: &str = "inference.input_hash";

/// When the first token came, in milliseconds after the request.
const FIRST_TOKEN: &str = "inference.ttft_ms";

/// Why the answer ended.
const FINISH_REASON: &str = "inference.finish_reason";

/// What it cost, in microunits.
const COST: &str = "inference.cost_microunits";

/// What became of it.
const OUTCOME: &str = "inference.outcome";

/// The facts in which the model router says what it decided: model and version.
pub(crate) const TARGET_FACTS: [&str; 2] = ["inference.model", "inference.version"];

/// Both of these.
pub(crate) const ALL_FACTS: [&str; 7] = {
    let [model, version] = TARGET_FACTS;
    let [input, output, cached, cache_write, reasoning] = USAGE_FACTS;
    [model, version, input, output, cached, cache_write, reasoning]
};

/// Every fact, and what it says. The model's are the router's, where there is one.
pub const FACTS: [(&str, &str); 15] = {
    let [model, version] = TARGET_FACTS;
    let [input, output, cached, cache_write, reasoning] = USAGE_FACTS;
    [
        (OUTCOME, "what became of it"),
        (model, "the model as which it is counted; stated here only without a router"),
        (version, "and the version"),
        (OPERATION, "what it asked for, such as `chat_completions`"),
        (CLASS, "its class"),
        (TENANT, "its tenant: with `tenant.stated_as`, by a hash or by name"),
        (input, "the tokens of its input, as its answer said"),
        (output, "of its output"),
        (cached, "of its input that came from a cache"),
        (cache_write, "that were written to one"),
        (reasoning, "of its output that were reasoning"),
        (
            COST,
            "what it cost, by what its answer said or by estimate, in microunits, such as `1.05`",
        ),
        (FINISH_REASON, "why its answer ended"),
        (FIRST_TOKEN, "when its first token came, in milliseconds after its headers; if streamed"),
        (INPUT_HASH, "with `input_hash`, a keyed hash of its body"),
    ]
};

/// States what is known when a request came in.
pub(crate) fn arrived(operation: &str, class: &str, tenant: Option<String>, notes: &mut Notes) {
    notes.fact(OPERATION, operation);
    notes.fact(CLASS, class);
    if let Some(tenant) = tenant {
        notes.fact(TENANT, tenant);
    }
}

/// States the hash of a request's body.
pub(crate) fn input_hash(hash: String, notes: &mut Notes) {
    notes.fact(INPUT_HASH, hash);
}

/// States the labels of the model and version that a request is for, where no router says
/// it.
pub(crate) fn target(labels: [&str; 2], notes: &mut Notes) {
    for (name, label) in TARGET_FACTS.into_iter().zip(labels) {
        if label != NONE {
            notes.fact(name, label);
        }
    }
}

/// States when the first token came.
pub(crate) fn first_token(time: Duration, notes: &mut Notes) {
    notes.fact(FIRST_TOKEN, nearest_ms(time).to_string());
}

/// States what an answer said when it ended.
pub(crate) fn answered(
    usage: Option<&Usage>,
    cost: Cost,
    finish_reason: Option<&str>,
    notes: &mut Notes,
) {
    let counts = usage.map(Usage::counts).unwrap_or_default();
    for (name, count) in USAGE_FACTS.into_iter().zip(counts) {
        if let Some(count) = count {
            notes.fact(name, count.to_string());
        }
    }
    self::cost(cost, notes);
    if let Some(reason) = finish_reason {
        notes.fact(FINISH_REASON, crate::outcome::finish_reason(reason));
    }
}

/// States what a request cost, if it did.
pub(crate) fn cost(cost: Cost, notes: &mut Notes) {
    if !cost.is_nothing() {
        notes.fact(COST, cost.text());
    }
}

/// States what became of a request.
pub(crate) fn outcome(outcome: Outcome, notes: &mut Notes) {
    notes.fact(OUTCOME, outcome.name());
}
