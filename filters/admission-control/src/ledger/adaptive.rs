//! A limit of requests in flight that finds itself.
//!
//! The gradient controller of Envoy's adaptive concurrency filter. A server that
//! has room answers in its base time whatever the number of requests; beyond
//! that they wait in its queue, and the time grows with them. So after each
//! window of samples
//!
//! ```text
//! gradient = clamp(base * (1 + buffer) / sample, 0.5, 2)
//! limit    = clamp(gradient * limit + sqrt(limit), least, most)
//! ```
//!
//! `sample` is the median of the window. The root is the queue that is allowed
//! for, which lets the limit grow where there is room. The limit settles where
//! `gradient = 1 - 1 / sqrt(limit)`: for a server with 16 slots at about 25, with
//! nine requests in its queue.
//!
//! - **Base time.** The median of a probe: from time to time the limit is pinned
//!   to the least, and half a window of requests is taken, begun since and with no
//!   more than the least in flight. A probe that takes too long ends with what it
//!   has, so that a few long answers do not keep all others out. A window whose
//!   median is below the base shows that the server has become faster, and is the
//!   new base.
//! - **Another probe** comes after each interval, or after five windows at the
//!   least limit: then the base may be too low, of a server that has become slower.
//!   There is no jitter as in Envoy, where each host probes for itself, and all of
//!   them at once would be felt: here one state serves all workers of a host, and
//!   its probes follow the first request.
//! - **Idle traffic teaches nothing:** the limit stays if fewer than half of it was
//!   used in a window.
//! - **What to sample** is the caller's choice. An answer's length decides its
//!   time, so of generated text it should be the time to its first token, or per
//!   token.
//!
//! Integers throughout: the limit is kept in thousandths, times in microseconds.

mod settings;

use super::wire::Reader;
pub use settings::Settings;
use settings::thousandths_of;

/// The most samples of a window.
pub const MOST_SAMPLES: usize = 128;

/// The fewest samples that are worth a median.
const FEWEST_SAMPLES: usize = 5;

/// So many windows at the least limit, and the base is measured again.
const WINDOWS_AT_LEAST: u8 = 5;

/// A request that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it was let in.
    pub started: u64,
    /// What its answer took, in microseconds.
    pub rtt_us: u32,
    /// Requests in flight when it ended, with itself.
    pub in_flight: u32,
}

/// The state of a limit that finds itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adaptive {
    phase: Phase,
    /// The limit, in thousandths. During a probe the one to come back to.
    limit: u32,
    /// The base time; zero while none is known.
    base_us: u32,
    /// When the window or the probe began.
    since: u64,
    /// When the last probe ended.
    measured: u64,
    /// Most requests in flight in this window.
    peak: u32,
    /// Windows at the least limit, one after the other.
    at_least: u8,
    samples: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Probing,
    Sampling,
}

impl Adaptive {
    /// The most bytes that are written.
    pub(super) const MAX_BYTES: usize = 31 + 4 * MOST_SAMPLES;

    /// A limit of which nothing is known yet: it begins with a probe.
    pub fn new(settings: &Settings, at: u64) -> Self {
        Self {
            phase: Phase::Probing,
            limit: settings.clamped(u64::from(thousandths_of(settings.initial))),
            base_us: 0,
            since: at,
            measured: at,
            peak: 0,
            at_least: 0,
            samples: Vec::new(),
        }
    }

    /// The limit now.
    pub fn limit(&self, settings: &Settings, at: u64) -> u32 {
        let probing = self.phase == Phase::Probing && !self.is_overdue(settings, at);
        let limit = if probing { settings.clamped(0) } else { self.limit };
        limit.checked_div(1_000).unwrap_or(limit)
    }

    /// The base time in microseconds, or None while none is known.
    pub const fn base_us(&self) -> Option<u32> {
        if self.base_us == 0 { None } else { Some(self.base_us) }
    }

    /// Whether a probe is going on.
    pub fn is_probing(&self, settings: &Settings, at: u64) -> bool {
        self.phase == Phase::Probing && !self.is_overdue(settings, at)
    }

    /// Whether what is known is so old that it would be measured again: then it
    /// may be forgotten as well.
    pub const fn is_stale(&self, settings: &Settings, at: u64) -> bool {
        at.saturating_sub(self.measured) >= settings.interval_ns
    }

    /// Learns from a request that was answered.
    pub fn record(&mut self, settings: &Settings, sample: Sample, at: u64) {
        // A clock that was set back begins anew what it can't tell the age of.
        self.since = self.since.min(at);
        self.measured = self.measured.min(at);
        if self.phase == Phase::Probing && self.is_overdue(settings, at) {
            self.end_probe(at);
        }
        match self.phase {
            Phase::Probing => self.probe(settings, sample, at),
            Phase::Sampling if self.is_stale(settings, at) => self.begin(Phase::Probing, at),
            Phase::Sampling => self.sample(settings, sample, at),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.phase == Phase::Probing));
        out.push(self.at_least);
        for number in [self.limit, self.base_us, self.peak] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for time in [self.since, self.measured] {
            out.extend_from_slice(&time.to_le_bytes());
        }
        out.push(u8::try_from(self.samples.len()).unwrap_or(0));
        for sample in &self.samples {
            out.extend_from_slice(&sample.to_le_bytes());
        }
    }

    pub(super) fn read(mut bytes: Reader<'_>) -> Option<Self> {
        let phase = match bytes.u8()? {
            0 => Phase::Sampling,
            1 => Phase::Probing,
            _ => return None,
        };
        let at_least = bytes.u8()?;
        let (limit, base_us, peak) = (bytes.u32()?, bytes.u32()?, bytes.u32()?);
        let (since, measured) = (bytes.u64()?, bytes.u64()?);
        let count = usize::from(bytes.u8()?);
        if count > MOST_SAMPLES {
            return None;
        }
        let mut samples = Vec::with_capacity(count);
        for _ in 0..count {
            samples.push(bytes.u32()?);
        }
        let read = Self { phase, limit, base_us, since, measured, peak, at_least, samples };
        bytes.is_done().then_some(read)
    }

    const fn is_overdue(&self, settings: &Settings, at: u64) -> bool {
        at.saturating_sub(self.since) >= settings.probe_ns
    }

    fn probe(&mut self, settings: &Settings, sample: Sample, at: u64) {
        if sample.started < self.since || sample.in_flight > settings.least.max(1) {
            return;
        }
        self.samples.push(sample.rtt_us.max(1));
        if self.samples.len() >= settings.probe() {
            self.end_probe(at);
        }
    }

    fn end_probe(&mut self, at: u64) {
        if self.samples.len() >= FEWEST_SAMPLES {
            self.base_us = self.median();
        }
        self.measured = at;
        self.begin(Phase::Sampling, at);
    }

    fn sample(&mut self, settings: &Settings, sample: Sample, at: u64) {
        if sample.started < self.measured {
            // Of the probe, when there was no queue: it says nothing of this limit.
            return;
        }
        self.peak = self.peak.max(sample.in_flight);
        self.samples.push(sample.rtt_us.max(1));
        let count = self.samples.len();
        let is_old = at.saturating_sub(self.since) >= settings.window_ns;
        if count < settings.window() && !(is_old && count >= FEWEST_SAMPLES) {
            return;
        }
        self.learn(settings);
        let is_at_least = self.limit <= settings.clamped(0);
        self.at_least = if is_at_least { self.at_least.saturating_add(1) } else { 0 };
        let is_stuck = self.at_least >= WINDOWS_AT_LEAST;
        self.begin(if is_stuck { Phase::Probing } else { Phase::Sampling }, at);
    }

    /// The formula, at the end of a window.
    fn learn(&mut self, settings: &Settings) {
        let median = self.median();
        if self.base_us == 0 || median < self.base_us {
            self.base_us = median;
        }
        if thousandths_of(self.peak) < self.limit.div_ceil(2) {
            return;
        }
        let allowed = u64::from(settings.buffer_percent).saturating_add(100).saturating_mul(10);
        let gradient = u64::from(self.base_us)
            .saturating_mul(allowed)
            .checked_div(u64::from(median))
            .unwrap_or(2_000)
            .clamp(500, 2_000);
        let limit = u64::from(self.limit);
        let scaled = limit.saturating_mul(gradient).checked_div(1_000).unwrap_or(limit);
        // In thousandths: sqrt(limit / 1000) * 1000 = sqrt(limit * 1000).
        let root = limit.saturating_mul(1_000).isqrt();
        self.limit = settings.clamped(scaled.saturating_add(root));
    }

    fn begin(&mut self, phase: Phase, at: u64) {
        if phase == Phase::Probing {
            self.at_least = 0;
        }
        self.phase = phase;
        self.since = at;
        self.peak = 0;
        self.samples.clear();
    }

    fn median(&self) -> u32 {
        let mut sorted = self.samples.clone();
        let middle = sorted.len().div_ceil(2).saturating_sub(1);
        if sorted.is_empty() {
            return self.base_us;
        }
        *sorted.select_nth_unstable(middle).1
    }
}

#[cfg(test)]
mod tests;
