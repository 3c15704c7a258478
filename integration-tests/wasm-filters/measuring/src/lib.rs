//! A filter that moves every metric of every filter with each request, each with one series
//! whose labels have their own names as values. With it the tests see what Envoy makes of them.

use admission_control::AdmissionControl;
use filter_kit::{
    Arrival, Callbacks, ConfigError, Edits, Exchange, Filter, HeaderBlock, Metric, MetricKind,
    Notes, Series, Verdict,
};
use inference_metrics::InferenceMetrics;
use model_router::ModelRouter;
use payload_validator::PayloadValidator;
use serde::Deserialize;
use std::rc::Rc;

wasm_shell::export_filter!(Measuring);

/// What is recorded in each histogram.
const RECORDED: u64 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {}

struct Measuring {
    series: Vec<Series>,
}

struct Measured(Rc<Measuring>);

impl Filter for Measuring {
    const NAME: &'static str = "measuring";
    const CALLBACKS: Callbacks = Callbacks::REQUEST_HEADERS;
    const METRICS: &'static [&'static Metric] = &[];

    type Config = Config;
    type Exchange = Measured;

    fn configure(_: Config) -> Result<Self, ConfigError> {
        let tables = [
            InferenceMetrics::METRICS,
            ModelRouter::METRICS,
            PayloadValidator::METRICS,
            AdmissionControl::METRICS,
        ];
        let metrics = tables.into_iter().flatten();
        Ok(Self { series: metrics.map(|metric| Series::new(metric, metric.labels)).collect() })
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.series.iter()
    }

    fn exchange(self: &Rc<Self>, _: Arrival) -> Measured {
        Measured(Rc::clone(self))
    }
}

impl Exchange for Measured {
    fn request_headers(&mut self, _: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        for series in &self.0.series {
            match series.kind() {
                MetricKind::Counter => notes.count(series),
                MetricKind::Gauge => notes.set(series, 1),
                MetricKind::Histogram(_) => notes.record(series, RECORDED),
            }
        }
        Verdict::Forward(Edits::none())
    }
}
