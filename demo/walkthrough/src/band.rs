//! How far a count may be from what a fair draw gives.

use std::fmt;

/// How many standard deviations a count may be off: a correct gateway leaves the band in less than
/// one run in 100,000.
const DEVIATIONS: f64 = 4.5;

/// The counts that a fair draw gives: a binomial distribution's mean and what is near it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    trials: u32,
    low: f64,
    high: f64,
}

impl Band {
    /// The band of `trials` draws that each succeed with this probability, from 0 to 1.
    pub fn of(trials: u32, probability: f64) -> Self {
        let mean = f64::from(trials) * probability;
        let deviation = (mean * (1.0 - probability)).sqrt();
        Self {
            trials,
            low: (mean - DEVIATIONS * deviation).max(0.0),
            high: (mean + DEVIATIONS * deviation).min(f64::from(trials)),
        }
    }

    pub fn contains(&self, count: u32) -> bool {
        (self.low..=self.high).contains(&f64::from(count))
    }

    /// The fewest that are within the band.
    pub fn fewest(&self) -> u32 {
        // The band's edges lie between 0 and `trials`.
        self.low.ceil() as u32
    }
}

/// As percentages of the trials, such as `7.0 % to 13.0 %`.
impl fmt::Display for Band {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |count: f64| 100.0 * count / f64::from(self.trials.max(1));
        write!(out, "{:.1} % to {:.1} %", percent(self.low), percent(self.high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_centred_on_what_is_expected() {
        let band = Band::of(2_000, 0.1);
        assert!(band.contains(200), "the mean itself");
        assert!(band.contains(140) && band.contains(260), "4.47 deviations off");
        assert!(!band.contains(139) && !band.contains(261), "4.55 deviations off");
        assert_eq!(band.to_string(), "7.0 % to 13.0 %");
    }

    #[test]
    fn tells_ninety_to_ten_from_its_neighbours() {
        let band = Band::of(2_000, 0.1);
        for wrong in [0.0, 0.05, 0.15, 0.2, 0.5, 0.9, 1.0] {
            assert!(!band.contains((2_000.0 * wrong) as u32), "{wrong}");
        }
    }

    #[test]
    fn stays_within_what_can_be_counted() {
        let band = Band::of(20, 0.1);
        assert!(band.contains(0));
        assert!(!band.contains(21));
        assert_eq!(band.fewest(), 0);
        assert_eq!(Band::of(90, 1.0 / 3.0).fewest(), 10);
    }

    #[test]
    fn holds_for_nearly_every_fair_draw() {
        // A linear congruential generator (Knuth's MMIX constants): the same draws in every run.
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33).is_multiple_of(10)
        };
        let band = Band::of(2_000, 0.1);
        for run in 0..1_000 {
            let count = (0..2_000).filter(|_| draw()).count();
            assert!(band.contains(u32::try_from(count).unwrap()), "run {run}: {count}");
        }
    }
}
