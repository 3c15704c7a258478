use core::cell::Cell;
use core::hash::{Hash, Hasher};
use std::rc::Rc;

/// A family of series: one row of a filter's metric table.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name that Prometheus shows, such as `inference_router_requests_total`.
    pub name: &'static str,
    /// What kind of value it is.
    pub kind: MetricKind,
    /// The names of its labels, in order.
    pub labels: &'static [&'static str],
    /// What it counts, in one sentence.
    pub help: &'static str,
}

/// What every filter says by being there. It is the shell that sets it, so it stands in no
/// filter's table.
pub static BUILD_INFO: Metric = Metric {
    name: "inference_build_info",
    kind: MetricKind::Gauge,
    labels: &["filter", "version"],
    help: "1 for each version of a filter that runs: after an upgrade the old one too, until its last request has ended.",
};

/// What kind of value a metric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// Only ever grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution of whole numbers, counted in buckets up to these bounds,
    /// themselves included, in ascending order. Envoy's `stats_config` sets them.
    Histogram(&'static [u64]),
}

impl MetricKind {
    /// The word for it in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// A metric with a value for each of its labels: what is counted.
///
/// Made at configuration time, never from a request, so that there are only as
/// many as the operator has written down. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Series(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: MetricKind,
    stat_name: String,
    /// Under which number the host knows it.
    number: Cell<Option<u32>>,
}

impl Series {
    /// The series of `metric` with these label values.
    ///
    /// The name under which Envoy keeps it is `NAME_LABEL=.=VALUE;…`; the
    /// `stats_tags` of Envoy's bootstrap turn that into labels. A `;` in a value
    /// would end it early and becomes `_`, as do control characters. A label
    /// without a value gets an empty one, and values without a label are
    /// dropped.
    pub fn new(metric: &'static Metric, values: &[&str]) -> Self {
        let mut stat_name = String::from(metric.name);
        for (position, label) in metric.labels.iter().enumerate() {
            let value = values.get(position).copied().unwrap_or_default();
            stat_name.push('_');
            stat_name.push_str(label);
            stat_name.push_str("=.=");
            stat_name
                .extend(value.chars().map(|c| if c == ';' || c.is_control() { '_' } else { c }));
            stat_name.push(';');
        }
        Self(Rc::new(Inner { kind: metric.kind, stat_name, number: Cell::new(None) }))
    }

    /// What kind of value it has.
    pub fn kind(&self) -> MetricKind {
        self.0.kind
    }

    /// The number under which the host knows it, once that was noted: looking it up by
    /// name takes longer than the change itself.
    pub fn number(&self) -> Option<u32> {
        self.0.number.get()
    }

    /// Notes the number under which the host knows it.
    pub fn set_number(&self, number: u32) {
        self.0.number.set(Some(number));
    }

    /// The name under which Envoy keeps it, without its `wasmcustom.` prefix.
    pub fn stat_name(&self) -> &str {
        &self.0.stat_name
    }
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
            || (self.0.kind == other.0.kind && self.0.stat_name == other.0.stat_name)
    }
}

impl Eq for Series {}

impl Hash for Series {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.stat_name.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    static REQUESTS: Metric = Metric {
        name: "inference_test_requests_total",
        kind: MetricKind::Counter,
        labels: &["model", "version"],
        help: "Requests.",
    };

    #[test]
    fn labels_stand_in_the_stat_name() {
        let series = Series::new(&REQUESTS, &["org/name-1.5", "v2"]);
        assert_eq!(
            series.stat_name(),
            "inference_test_requests_total_model=.=org/name-1.5;_version=.=v2;"
        );
    }

    #[test]
    fn a_value_can_not_end_its_label() {
        let series = Series::new(&REQUESTS, &["a;_version=.=b;\n"]);
        assert_eq!(
            series.stat_name(),
            "inference_test_requests_total_model=.=a__version=.=b__;_version=.=;"
        );
    }

    #[test]
    fn the_number_of_a_series_is_that_of_its_clones() {
        let series = Series::new(&REQUESTS, &["m", "v"]);
        let clone = series.clone();
        assert_eq!(clone.number(), None);
        series.set_number(7);
        assert_eq!(clone.number(), Some(7));
        assert_eq!(Series::new(&REQUESTS, &["m", "v"]), series, "whatever its number is");
    }

    #[test]
    fn equal_labels_are_the_same_series() {
        assert_eq!(Series::new(&REQUESTS, &["m", "v"]), Series::new(&REQUESTS, &["m", "v"]));
        assert_ne!(Series::new(&REQUESTS, &["m", "v"]), Series::new(&REQUESTS, &["m", "w"]));
    }
}
