//! How loaded the servers of a key are, by their own reports.
//!
//! Reports come with answers, of one replica or another. Kept is their average, in
//! which older ones count for less: after a half-life, half. With `t` between two
//! reports and the half-life `h`
//!
//! ```text
//! weight = 2 ^ (-t / h)
//! load   = weight * load + (1 - weight) * report
//! ```
//!
//! so it does not matter how many answers there are. When there was no report for
//! long, nothing is known: somebody must be let in again to find out.
//!
//! Format: the load, the bits of an `f64`, and the time of the last report, a `u64`;
//! both little-endian.

use super::wire::Reader;

/// The load of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// 1 is fully loaded.
    average: f64,
    at: u64,
}

impl Load {
    /// What a first report says.
    pub const fn first(report: f64, at: u64) -> Self {
        Self { average: report, at }
    }

    /// With another report.
    #[must_use]
    pub fn and(self, report: f64, half_life_ns: u64, at: u64) -> Self {
        let passed = float(at.saturating_sub(self.at));
        let weight = (-passed / float(half_life_ns.max(1))).exp2();
        let average = weight * self.average + (1.0 - weight) * report;
        Self { average, at: at.max(self.at) }
    }

    /// The load, unless the last report is older than that.
    pub fn known(&self, stale_after_ns: u64, at: u64) -> Option<f64> {
        (at.saturating_sub(self.at) <= stale_after_ns).then_some(self.average)
    }

    /// The load in 16 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.average.to_bits().to_le_bytes(), self.at.to_le_bytes()].concat()
    }

    /// Reads what [`Self::to_bytes`] wrote. None for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (average, at) = (f64::from_bits(reader.u64()?), reader.u64()?);
        (reader.is_done() && average.is_finite()).then_some(Self { average, at })
    }
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a float is near enough")]
const fn float(nanoseconds: u64) -> f64 {
    nanoseconds as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn after_a_half_life_an_old_report_counts_for_half() {
        let load = Load::first(1.0, 0).and(0.0, 1000, 1000);
        assert_eq!(load.known(1000, 1000), Some(0.5));
    }

    #[test]
    fn many_reports_in_no_time_don_t_outweigh_the_past() {
        let load = (0..1000).fold(Load::first(0.0, 0), |load, _| load.and(1.0, 1000, 1));
        assert!(load.known(1000, 1).unwrap() < 0.01);
    }

    #[test]
    fn what_is_stale_is_not_known() {
        let load = Load::first(0.5, 10);
        assert_eq!(load.known(5, 15), Some(0.5));
        assert_eq!(load.known(5, 16), None);
    }

    #[test]
    fn a_clock_set_back_does_no_harm() {
        let load = Load::first(0.5, 10).and(1.0, 5, 3);
        assert_eq!(load.known(5, 3), Some(0.5));
    }

    #[test]
    fn bytes_read_back() {
        let load = Load::first(0.25, 7);
        assert_eq!(Load::from_bytes(&load.to_bytes()), Some(load));
        assert_eq!(Load::from_bytes(&[0; 15]), None);
        assert_eq!(Load::from_bytes(&Load::first(f64::NAN, 7).to_bytes()), None);
    }
}
