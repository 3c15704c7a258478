//! Admission control that panics when a request asks for it by a header `x-panic`.
//! With it is shown what is left behind by a worker whose VM dies: what its requests
//! held must become free again.

use admission_control::{Admission, AdmissionControl, Config};
use filter_kit::{
    Arrival, BodyChunk, Callbacks, ConfigError, Exchange, Filter, HeaderBlock, Metric, Notes,
    Series, Tick, Timestamp, Trailers, Verdict,
};
use std::rc::Rc;

wasm_shell::export_filter!(Crashing);

struct Crashing(Rc<AdmissionControl>);

struct Crash(Admission);

impl Filter for Crashing {
    const NAME: &'static str = AdmissionControl::NAME;
    const CALLBACKS: Callbacks = AdmissionControl::CALLBACKS;
    const CLOCK: bool = AdmissionControl::CLOCK;
    const METRICS: &'static [&'static Metric] = AdmissionControl::METRICS;

    type Config = Config;
    type Exchange = Crash;

    fn configure(config: Config) -> Result<Self, ConfigError> {
        AdmissionControl::configure(config).map(|control| Self(Rc::new(control)))
    }

    fn series(&self) -> impl Iterator<Item = &Series> {
        self.0.series()
    }

    fn cells(&self) -> Vec<String> {
        self.0.cells()
    }

    fn tick_ms(&self) -> Option<u32> {
        self.0.tick_ms()
    }

    fn tick(&self, tick: Tick, notes: &mut Notes) {
        self.0.tick(tick, notes);
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

    fn woken(&mut self, at: Timestamp, notes: &mut Notes) -> Verdict {
        self.0.woken(at, notes)
    }

    fn finished(&mut self, at: Timestamp, notes: &mut Notes) {
        self.0.finished(at, notes);
    }
}
