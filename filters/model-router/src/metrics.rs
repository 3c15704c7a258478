//! Every metric that the router moves.

use crate::differentials::Differential;
use crate::rejection::Rule;
use filter_kit::{Metric, MetricKind, Series};

/// Requests that were sent to a version.
pub static ROUTED: Metric = Metric {
    name: "inference_router_requests_total",
    kind: MetricKind::Counter,
    labels: &["model", "version"],
    help: "Requests sent to a version of a model.",
};

/// Requests of which a version's shadow got a copy.
pub static SHADOWED: Metric = Metric {
    name: "inference_router_shadowed_total",
    kind: MetricKind::Counter,
    labels: &["model", "version"],
    help: "Requests for other versions of which this one was to get a copy.",
};

/// Requests for which a rule's conditions held.
pub static RULE_MATCHES: Metric = Metric {
    name: "inference_router_rule_matches_total",
    kind: MetricKind::Counter,
    labels: &["model", "rule", "mode"],
    help: "Requests for which a rule's conditions held, whether it was obeyed or only reported.",
};

/// Requests that were refused.
pub static REFUSED: Metric = Metric {
    name: "inference_router_refused_total",
    kind: MetricKind::Counter,
    labels: &["rule"],
    help: "Requests refused, by the rule that refused them.",
};

/// Requests that were broken off.
pub static CUT: Metric = Metric {
    name: "inference_router_cut_total",
    kind: MetricKind::Counter,
    labels: &["rule"],
    help: "Requests refused when a part of them had gone on: their server never saw the end.",
};

/// Bodies that servers may read differently.
pub static DIFFERENTIALS: Metric = Metric {
    name: "inference_router_parser_differentials_total",
    kind: MetricKind::Counter,
    labels: &["rule"],
    help: "Bodies that model servers may read differently than the router, refused or not.",
};

/// Requests that went on without a model.
pub static BEYOND_HOLD: Metric = Metric {
    name: "inference_router_beyond_hold_total",
    kind: MetricKind::Counter,
    labels: &[],
    help: "Requests sent to the cluster for those that name no model within `hold_up_to_bytes`.",
};

/// Requests that were answered from the configuration.
pub static ANSWERED: Metric = Metric {
    name: "inference_router_answered_total",
    kind: MetricKind::Counter,
    labels: &[],
    help: "Questions about models answered from the configuration.",
};

/// Requests that were no inference calls.
pub static PASSED: Metric = Metric {
    name: "inference_router_passed_total",
    kind: MetricKind::Counter,
    labels: &[],
    help: "Requests that name no model and passed untouched: health, reflection, lists.",
};

/// The table.
pub static METRICS: [&Metric; 9] = [
    &ROUTED,
    &SHADOWED,
    &RULE_MATCHES,
    &REFUSED,
    &CUT,
    &DIFFERENTIALS,
    &BEYOND_HOLD,
    &ANSWERED,
    &PASSED,
];

/// The series that do not depend on the configuration.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) passed: Series,
    pub(crate) answered: Series,
    pub(crate) beyond_hold: Series,
    refused: Vec<(Rule, Series)>,
    cut: Vec<(Rule, Series)>,
    differentials: Vec<(Differential, Series)>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        let by_rule = |metric| Rule::ALL.map(|rule| (rule, Series::new(metric, &[rule.name()])));
        let differentials = Differential::ALL.map(|differential| {
            (differential, Series::new(&DIFFERENTIALS, &[differential.name()]))
        });
        Self {
            passed: Series::new(&PASSED, &[]),
            answered: Series::new(&ANSWERED, &[]),
            beyond_hold: Series::new(&BEYOND_HOLD, &[]),
            refused: by_rule(&REFUSED).into(),
            cut: by_rule(&CUT).into(),
            differentials: differentials.into(),
        }
    }

    pub(crate) fn refused(&self, rule: Rule) -> Option<&Series> {
        self.refused.iter().find(|(known, _)| *known == rule).map(|(_, series)| series)
    }

    pub(crate) fn cut(&self, rule: Rule) -> Option<&Series> {
        self.cut.iter().find(|(known, _)| *known == rule).map(|(_, series)| series)
    }

    pub(crate) fn differential(&self, differential: Differential) -> Option<&Series> {
        self.differentials
            .iter()
            .find(|(known, _)| *known == differential)
            .map(|(_, series)| series)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Series> {
        let by_rule = self.refused.iter().chain(&self.cut).map(|(_, series)| series);
        let differentials = self.differentials.iter().map(|(_, series)| series);
        let single = [&self.passed, &self.answered, &self.beyond_hold];
        by_rule.chain(differentials).chain(single)
    }
}
