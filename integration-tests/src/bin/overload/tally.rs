//! What is counted of the requests of one class.

use crate::clients::{Outcome, Over};
use crate::variants::DEADLINE;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::Duration;

/// The requests of one class.
pub(crate) struct Tally {
    pub(crate) sent: u32,
    pub(crate) answered: u32,
    pub(crate) gave_up: u32,
    /// By who said so and why.
    pub(crate) refused: BTreeMap<String, u32>,
    pub(crate) failed: BTreeMap<String, u32>,
    /// Of those that were let in, in microseconds.
    waited: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            sent: 0,
            answered: 0,
            gave_up: 0,
            refused: BTreeMap::new(),
            failed: BTreeMap::new(),
            waited: Histogram::new_with_bounds(1, 60_000_000, 3).expect("valid bounds"),
        }
    }
}

impl Tally {
    pub(crate) fn add(&mut self, over: &Over) {
        self.sent += 1;
        // An answer may arrive as its client gives up.
        let in_time = over.took <= DEADLINE;
        match &over.outcome {
            Outcome::Answered if in_time => self.answered += 1,
            Outcome::Answered | Outcome::GaveUp => self.gave_up += 1,
            Outcome::Refused(why) => *self.refused.entry(why.clone()).or_default() += 1,
            Outcome::Failed(why) => *self.failed.entry(why.clone()).or_default() += 1,
        }
        if matches!(over.outcome, Outcome::Answered | Outcome::GaveUp) {
            // Who gave up would have waited longer: it counts as the deadline.
            let waited = over.took.min(DEADLINE).as_micros();
            self.waited.saturating_record(u64::try_from(waited).unwrap_or(u64::MAX));
        }
    }

    /// How long such a part of those waited that were not refused. None of nobody.
    pub(crate) fn waited(&self, percentile: f64) -> Option<Duration> {
        let value = || Duration::from_micros(self.waited.value_at_percentile(percentile));
        (!self.waited.is_empty()).then(value)
    }

    pub(crate) fn refused_in_all(&self) -> u32 {
        self.refused.values().sum()
    }

    pub(crate) fn failed_in_all(&self) -> u32 {
        self.failed.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Arrival;

    fn over(outcome: Outcome, milliseconds: u64) -> Over {
        let arrival = Arrival { at: Duration::ZERO, class: 0 };
        let took = Duration::from_millis(milliseconds);
        Over { arrival, outcome, took, late: Duration::ZERO }
    }

    #[test]
    fn an_answer_after_the_deadline_is_none() {
        let mut tally = Tally::default();
        tally.add(&over(Outcome::Answered, 400));
        tally.add(&over(Outcome::Answered, 401));
        tally.add(&over(Outcome::GaveUp, 402));
        assert_eq!((tally.sent, tally.answered, tally.gave_up), (3, 1, 2));
    }

    #[test]
    fn who_gave_up_waited_to_the_deadline_and_who_was_refused_did_not_wait() {
        let mut tally = Tally::default();
        assert_eq!(tally.waited(99.0), None);
        (0..98).for_each(|_| tally.add(&over(Outcome::Answered, 80)));
        (0..2).for_each(|_| tally.add(&over(Outcome::GaveUp, 500)));
        (0..900).for_each(|_| tally.add(&over(Outcome::Refused("full".into()), 1)));
        let near = |percentile, milliseconds: f64| {
            let waited = tally.waited(percentile).expect("some").as_secs_f64() * 1e3;
            (waited / milliseconds - 1.0).abs() < 0.002
        };
        assert!(near(50.0, 80.0));
        assert!(near(99.0, 400.0));
        assert_eq!(tally.refused_in_all(), 900);
    }
}
