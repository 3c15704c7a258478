//! Every metric that the router moves.

use crate::rejection::Rule;
use filter_kit::{Metric, MetricKind, Series};

/// Requests that were sent to a version.
pub static ROUTED: Metric = Metric {
    name: "inference_router_requests_total",
    kind: MetricKind::Counter,
    labels: &["model", "version"],
    help: "Requests sent to a version of a model.",
};

/// Requests that were refused.
pub static REFUSED: Metric = Metric {
    name: "inference_router_refused_total",
    kind: MetricKind::Counter,
    labels: &["rule"],
    help: "Requests refused, by the rule that refused them.",
};

/// Requests that were no inference calls.
pub static PASSED: Metric = Metric {
    name: "inference_router_passed_total",
    kind: MetricKind::Counter,
    labels: &[],
    help: "Requests that name no model and passed untouched: health, reflection, lists.",
};

/// The table.
pub static METRICS: [&Metric; 3] = [&ROUTED, &REFUSED, &PASSED];

/// The series that do not depend on the configuration.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) passed: Series,
    refused: Vec<(Rule, Series)>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        let refused = Rule::ALL.map(|rule| (rule, Series::new(&REFUSED, &[rule.name()])));
        Self { passed: Series::new(&PASSED, &[]), refused: refused.into() }
    }

    pub(crate) fn refused(&self, rule: Rule) -> Option<&Series> {
        self.refused.iter().find(|(known, _)| *known == rule).map(|(_, series)| series)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Series> {
        self.refused.iter().map(|(_, series)| series).chain([&self.passed])
    }
}
