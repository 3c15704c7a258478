//! How a limit finds itself: what an operator may choose.

use super::{FEWEST_SAMPLES, MOST_SAMPLES};

const SECOND_NS: u64 = 1_000_000_000;

/// How a limit finds itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The least limit, and that of a probe; at least 1.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// The limit after the first probe.
    pub initial: u32,
    /// By how much answers may be slower than the base, in percent of it.
    pub buffer_percent: u32,
    /// Samples of a window, at most [`MOST_SAMPLES`].
    pub samples: usize,
    /// A window ends after this even with fewer samples.
    pub window_ns: u64,
    /// The time between two probes. It should be many times that of an answer:
    /// those that a probe overtakes are not sampled.
    pub interval_ns: u64,
    /// The longest probe.
    pub probe_ns: u64,
}

impl Default for Settings {
    /// Envoy's defaults where it has one: at least 3 and at most 1000, 25 %, 50
    /// samples. Probes are a minute apart and take 10 s at most, as do windows.
    fn default() -> Self {
        Self {
            least: 3,
            most: 1_000,
            initial: 10,
            buffer_percent: 25,
            samples: 50,
            window_ns: SECOND_NS.saturating_mul(10),
            interval_ns: SECOND_NS.saturating_mul(60),
            probe_ns: SECOND_NS.saturating_mul(10),
        }
    }
}

impl Settings {
    /// A limit in thousandths, between the least and the most.
    pub(super) fn clamped(&self, thousandths: u64) -> u32 {
        let least = thousandths_of(self.least.max(1));
        let most = thousandths_of(self.most).max(least);
        u32::try_from(thousandths.min(u64::from(most))).unwrap_or(most).max(least)
    }

    /// Samples of a window.
    pub(super) fn window(&self) -> usize {
        self.samples.clamp(FEWEST_SAMPLES, MOST_SAMPLES)
    }

    /// Samples of a probe.
    pub(super) fn probe(&self) -> usize {
        self.window().div_ceil(2).max(FEWEST_SAMPLES)
    }
}

pub(super) const fn thousandths_of(limit: u32) -> u32 {
    limit.saturating_mul(1_000)
}
