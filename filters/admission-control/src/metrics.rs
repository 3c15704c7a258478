//! Everything that is counted.

use crate::config::Dimension;
use crate::limits::{Kind, Limit};
use crate::refusal::Rule;
use filter_kit::{Metric, MetricKind, Series, buckets};

/// The label that stands for no limit, and for all keys of a limit.
const NONE: &str = "";

const fn metric(
    name: &'static str,
    kind: MetricKind,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind, labels, help }
}

/// Requests that were let in.
pub static ADMITTED: Metric = metric(
    "inference_admission_admitted_total",
    MetricKind::Counter,
    &["class"],
    "Requests that were let in, at once or after a wait.",
);

/// Requests that were refused.
pub static REFUSED: Metric = metric(
    "inference_admission_refused_total",
    MetricKind::Counter,
    &["rule", "limit", "class"],
    "Requests that were refused.",
);

/// Requests that went on beyond a limit that is only reported.
pub static REPORTED: Metric = metric(
    "inference_admission_reported_total",
    MetricKind::Counter,
    &["rule", "limit", "class"],
    "Requests that would have been refused, were the limit not `report_only`.",
);

/// Requests that went on unchecked.
pub static UNCHECKED: Metric = metric(
    "inference_admission_unchecked_total",
    MetricKind::Counter,
    &["class"],
    "Requests that went on unchecked, because the shared state could not be changed.",
);

/// Requests that waited.
pub static QUEUED: Metric = metric(
    "inference_admission_queued_total",
    MetricKind::Counter,
    &["class"],
    "Requests that had to wait for room.",
);

/// How long they waited.
pub static WAITED: Metric = metric(
    "inference_admission_queue_wait_us",
    MetricKind::Histogram(buckets::MICROSECONDS),
    &["class"],
    "How long requests that waited did so, in microseconds, let in or not.",
);

/// How many wait.
pub static QUEUE: Metric = metric(
    "inference_admission_queue_length",
    MetricKind::Gauge,
    &[],
    "Requests that wait, in all workers. A second old at most.",
);

/// How many are here.
pub static IN_FLIGHT: Metric = metric(
    "inference_admission_in_flight",
    MetricKind::Gauge,
    &["limit"],
    "Requests that hold a place of the limit, all keys together, in all workers. A second old at \
     most.",
);

/// How many may be here.
pub static LIMIT: Metric = metric(
    "inference_admission_limit",
    MetricKind::Gauge,
    &["limit", "model"],
    "How many requests may be here at the same time, as of the last change. Per model for a limit \
     with `only.models`.",
);

/// The load that servers report.
pub static LOAD: Metric = metric(
    "inference_admission_server_load_percent",
    MetricKind::Gauge,
    &[],
    "The load as of the last report of any server.",
);

/// Tokens that were reserved.
pub static RESERVED: Metric = metric(
    "inference_admission_tokens_reserved_total",
    MetricKind::Counter,
    &["limit"],
    "Tokens that were reserved for requests.",
);

/// Tokens that were used.
pub static USED: Metric = metric(
    "inference_admission_tokens_used_total",
    MetricKind::Counter,
    &["limit"],
    "Tokens that requests were settled with.",
);

/// Tokens that came back.
pub static REFUNDED: Metric = metric(
    "inference_admission_tokens_refunded_total",
    MetricKind::Counter,
    &["limit"],
    "Tokens that were reserved and not used.",
);

/// Tokens beyond what was reserved.
pub static OVERDRAWN: Metric = metric(
    "inference_admission_tokens_overdrawn_total",
    MetricKind::Counter,
    &["limit"],
    "Tokens that were used beyond what was reserved for their request.",
);

/// Every metric.
pub static METRICS: [&Metric; 14] = [
    &ADMITTED, &REFUSED, &REPORTED, &UNCHECKED, &QUEUED, &WAITED, &QUEUE, &IN_FLIGHT, &LIMIT,
    &LOAD, &RESERVED, &USED, &REFUNDED, &OVERDRAWN,
];

/// The series of a class.
#[derive(Debug)]
pub(crate) struct ClassSeries {
    pub(crate) admitted: Series,
    pub(crate) unchecked: Series,
    pub(crate) queued: Series,
    pub(crate) waited: Series,
}

/// The series of a limit.
#[derive(Debug)]
pub(crate) struct LimitSeries {
    pub(crate) in_flight: Option<Series>,
    /// Of one model each; the one behind the last is of all others.
    limit: Vec<(String, Series)>,
    pub(crate) reserved: Option<Series>,
    pub(crate) used: Option<Series>,
    pub(crate) refunded: Option<Series>,
    pub(crate) overdrawn: Option<Series>,
}

/// The series of the filter.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) classes: Vec<ClassSeries>,
    pub(crate) limits: Vec<LimitSeries>,
    pub(crate) queue: Series,
    pub(crate) load: Series,
}

impl Sheet {
    pub(crate) fn new<'c>(classes: impl Iterator<Item = &'c str>, limits: &[Limit]) -> Self {
        let classes = classes.map(|class| {
            let of = |metric| Series::new(metric, &[class]);
            ClassSeries {
                admitted: of(&ADMITTED),
                unchecked: of(&UNCHECKED),
                queued: of(&QUEUED),
                waited: of(&WAITED),
            }
        });
        Self {
            classes: classes.collect(),
            limits: limits.iter().map(LimitSeries::new).collect(),
            queue: Series::new(&QUEUE, &[]),
            load: Series::new(&LOAD, &[]),
        }
    }

    /// Those that stand at zero from the start.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Series> {
        let classes = self
            .classes
            .iter()
            .flat_map(|class| [&class.admitted, &class.unchecked, &class.queued, &class.waited]);
        let limits = self.limits.iter().flat_map(|limit| {
            let LimitSeries { in_flight, limit, reserved, used, refunded, overdrawn } = limit;
            let each = [in_flight, reserved, used, refunded, overdrawn];
            each.into_iter().flatten().chain(limit.iter().map(|(_, series)| series))
        });
        classes.chain(limits).chain([&self.queue, &self.load])
    }
}

impl LimitSeries {
    fn new(limit: &Limit) -> Self {
        let of = |metric, is_it: bool| is_it.then(|| Series::new(metric, &[&limit.name]));
        let is_room = matches!(limit.kind, Kind::InFlight(_));
        let is_tokens = matches!(limit.kind, Kind::Tokens(_));
        let by_model = limit.per.contains(&Dimension::Model);
        let models = limit.models().filter(|_| is_room && by_model).map(str::to_owned);
        let rest = is_room.then(|| NONE.to_owned());
        let in_force = models.chain(rest).map(|model| {
            let series = Series::new(&LIMIT, &[&limit.name, &model]);
            (model, series)
        });
        Self {
            in_flight: of(&IN_FLIGHT, is_room),
            limit: in_force.collect(),
            reserved: of(&RESERVED, is_tokens),
            used: of(&USED, is_tokens),
            refunded: of(&REFUNDED, is_tokens),
            overdrawn: of(&OVERDRAWN, is_tokens),
        }
    }

    /// The limit in force, for each model that has one of its own, and for the others.
    pub(crate) fn limits(&self) -> impl Iterator<Item = &Series> {
        self.limit.iter().map(|(_, series)| series)
    }

    /// The limit in force for a model.
    pub(crate) fn limit(&self, model: Option<&str>) -> Option<&Series> {
        let found = self.limit.iter().find(|(listed, _)| Some(&**listed) == model);
        found.or(self.limit.last()).map(|(_, series)| series)
    }
}

/// The series of requests that a rule refused, or would have.
pub(crate) fn of_rule(
    metric: &'static Metric,
    rule: Rule,
    limit: Option<&Limit>,
    class: &str,
) -> Series {
    let limit = limit.map_or(NONE, |limit| &limit.name);
    Series::new(metric, &[rule.name(), limit, class])
}
