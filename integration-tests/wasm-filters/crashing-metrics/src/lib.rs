//! Inference metrics that panic when a request asks for it by a header `x-panic`. With
//! them is shown what was counted by a worker whose VM dies, and by the next one.

use filter_kit::{
    Arrival, Asks, BodyChunk, Callbacks, ConfigError, Exchange, Filter, HeaderBlock, Metric, Notes,
    Series, Timestamp, Told, Trailers, Upcoming, Verdict,
};
use inference_metrics::{Config, InferenceMetrics, Observation};
use std::rc::Rc;

wasm_shell::export_filter!(Crashing);

struct Crashing(Rc<InferenceMetrics>);

struct Crash(Observation);

impl Filter for Crashing {
    const NAME: &'static str = InferenceMetrics::NAME;
    const CALLBACKS: Callbacks = InferenceMetrics::CALLBACKS;
    const CLOCK: bool = InferenceMetrics::CLOCK;
    const METRICS: &'static [&'static Metric] = InferenceMetrics::METRICS;

    type Config = Config;
    type Exchange = Crash;

    fn configure(config: Config) -> Result<Self, ConfigError> {
        InferenceMetrics::configure(config).map(|metrics| Self(Rc::new(metrics)))
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.0.series()
    }

    fn cells(&self) -> Vec<String> {
        self.0.cells()
    }

    fn exchange(self: &Rc<Self>, arrival: Arrival) -> Crash {
        Crash(self.0.exchange(arrival))
    }
}

impl Exchange for Crash {
    fn request_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        assert!(!block.headers.contains("x-panic"), "the client asked for it");
        self.0.request_headers(block, notes)
    }

    fn request_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        self.0.request_body(chunk, notes)
    }

    fn request_trailers(&mut self, trailers: Trailers<'_>, notes: &mut Notes) -> Verdict {
        self.0.request_trailers(trailers, notes)
    }

    fn response_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        self.0.response_headers(block, notes)
    }

    fn response_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        self.0.response_body(chunk, notes)
    }

    fn response_trailers(&mut self, trailers: Trailers<'_>, notes: &mut Notes) -> Verdict {
        self.0.response_trailers(trailers, notes)
    }

    fn asks(&self, upcoming: Upcoming) -> Asks {
        self.0.asks(upcoming)
    }

    fn told(&mut self, told: Told) {
        self.0.told(told);
    }

    fn finished(&mut self, at: Timestamp, notes: &mut Notes) {
        self.0.finished(at, notes);
    }
}
