//! Every metric that the validator moves.

use crate::rules::Rule;
use filter_kit::{Metric, MetricKind, Series, buckets};

/// Requests that were held against a contract.
pub static CHECKED: Metric = Metric {
    name: "inference_validator_checked_total",
    kind: MetricKind::Counter,
    labels: &["model", "version"],
    help: "Requests that were checked, by the model and version of their contract.",
};

/// Requests that were refused.
pub static REFUSED: Metric = Metric {
    name: "inference_validator_refused_total",
    kind: MetricKind::Counter,
    labels: &["model", "version", "rule"],
    help: "Requests refused, by the rule that refused them.",
};

/// Violations that were only reported.
pub static REPORTED: Metric = Metric {
    name: "inference_validator_reported_total",
    kind: MetricKind::Counter,
    labels: &["model", "version", "rule"],
    help: "Violations of rules that are `report_only`: their requests went on.",
};

/// Requests that were broken off.
pub static CUT: Metric = Metric {
    name: "inference_validator_cut_total",
    kind: MetricKind::Counter,
    labels: &["model", "version", "rule"],
    help: "Requests refused when a part of them had gone on: their server never saw the end.",
};

/// Requests that could not be checked.
pub static UNCHECKED: Metric = Metric {
    name: "inference_validator_unchecked_total",
    kind: MetricKind::Counter,
    labels: &["model", "version"],
    help: "Requests that went on because `on_fault` is `allow`, though they could not be checked.",
};

/// Bytes that were read.
pub static BODY_BYTES: Metric = Metric {
    name: "inference_validator_body_bytes_total",
    kind: MetricKind::Counter,
    labels: &["model", "version"],
    help: "Bytes of requests that were checked.",
};

/// How long requests were held.
pub static HELD: Metric = Metric {
    name: "inference_validator_held_us",
    kind: MetricKind::Histogram(buckets::MICROSECONDS),
    labels: &["model", "version"],
    help: "Microseconds from a request's headers to the verdict on it: what the client took to \
           send it and the check itself.",
};

/// Answers that were held against a contract.
pub static ANSWERS: Metric = Metric {
    name: "inference_validator_answers_total",
    kind: MetricKind::Counter,
    labels: &["model", "version"],
    help: "Answers that were checked.",
};

/// Answers that break a rule.
pub static BAD_ANSWERS: Metric = Metric {
    name: "inference_validator_bad_answers_total",
    kind: MetricKind::Counter,
    labels: &["model", "version", "rule", "mode"],
    help: "Violations in answers; `mode` says whether the answer was replaced (`enforce`) or not.",
};

/// The table.
pub static METRICS: [&Metric; 9] =
    [&CHECKED, &REFUSED, &REPORTED, &CUT, &UNCHECKED, &BODY_BYTES, &HELD, &ANSWERS, &BAD_ANSWERS];

/// The values of the labels `model` and `version`, with the series that need no
/// other. They come from the contract; what has none is `other`.
#[derive(Debug)]
pub(crate) struct Label {
    model: String,
    version: String,
    pub(crate) checked: Series,
    pub(crate) unchecked: Series,
    pub(crate) body_bytes: Series,
    pub(crate) held: Series,
    pub(crate) answers: Series,
}

impl Label {
    pub(crate) fn new(model: Option<&str>, version: Option<&str>) -> Self {
        let (model, version) = (model.unwrap_or(OTHER), version.unwrap_or(OTHER));
        let series = |metric| Series::new(metric, &[model, version]);
        Self {
            checked: series(&CHECKED),
            unchecked: series(&UNCHECKED),
            body_bytes: series(&BODY_BYTES),
            held: series(&HELD),
            answers: series(&ANSWERS),
            model: model.to_owned(),
            version: version.to_owned(),
        }
    }

    /// The series of one rule. There are as many as contracts and rules.
    pub(crate) fn of_rule(&self, metric: &'static Metric, rule: Rule) -> Series {
        Series::new(metric, &[&self.model, &self.version, rule.name()])
    }

    /// The series of a rule that answers break.
    pub(crate) fn of_answer(&self, rule: Rule, mode: &str) -> Series {
        Series::new(&BAD_ANSWERS, &[&self.model, &self.version, rule.name(), mode])
    }

    /// Those that stand at zero from the start.
    pub(crate) fn series(&self) -> impl Iterator<Item = &Series> {
        [&self.checked, &self.unchecked, &self.body_bytes, &self.held, &self.answers].into_iter()
    }
}

const OTHER: &str = "other";
