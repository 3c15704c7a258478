//! How long requests took, and when the first tokens came: from the buckets of histograms.

use scrape::Histogram;

use super::{DURATION, REQUESTS, Walk};
use crate::report::{Check, Observation};

const FIRST_TOKEN: &str = "gen_ai_server_time_to_first_token_ms";

pub(super) fn observe(walk: &Walk) -> Observation {
    let mut check = Check::new(
        "how long requests took, and when first tokens came",
        "a duration of each request that ended, and a first token of what was streamed",
    );
    let duration = walk.counted.histogram(DURATION, &[]);
    let ended = walk.sum(REQUESTS, &[]);
    check.require(duration.count() == ended, || {
        format!("{} durations of {ended} requests", duration.count())
    });
    let first_token = walk.counted.histogram(FIRST_TOKEN, &[]);
    check.require(first_token.count() >= 1.0, || "no first token");
    check.seen(format!(
        "duration: {}\nfirst token, of {}: {}",
        quantiles(&duration, 1e-3),
        first_token.count(),
        quantiles(&first_token, 1.0)
    ))
}

/// In milliseconds, of which the histogram's unit is so many.
fn quantiles(histogram: &Histogram, unit: f64) -> String {
    let at = |share| match histogram.quantile(share) {
        Some(value) => format!("{:.1} ms", value * unit),
        None => "unknown".to_owned(),
    };
    format!("p50 {}, p95 {}", at(0.5), at(0.95))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{walk, walk_with};
    use super::*;

    #[test]
    fn every_request_has_a_duration() {
        assert!(observe(&walk()).is_as_expected());
        let all = "us_bucket{le=\"+Inf\"} 4";
        assert!(!observe(&walk_with(all, "us_bucket{le=\"+Inf\"} 3")).is_as_expected());
    }

    #[test]
    fn without_a_first_token_nothing_was_streamed() {
        assert!(!observe(&walk_with("gen_ai_server", "other")).is_as_expected());
    }

    #[test]
    fn quantiles_are_in_milliseconds() {
        let duration = walk().counted.histogram(DURATION, &[]);
        assert_eq!(quantiles(&duration, 1e-3), "p50 1.0 ms, p95 1.0 ms");
    }
}
