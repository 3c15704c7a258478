//! What the model router counted.

use super::Walk;
use crate::report::{Check, Observation};

const ROUTED: &str = "inference_router_requests_total";
const REFUSED: &str = "inference_router_refused_total";
const UNKNOWN_MODEL: &str = "unknown_model";

pub(super) fn observe(walk: &Walk) -> Observation {
    let mut check = Check::new(
        "the admin interface's /stats/prometheus, read before the first step and now",
        "at least as many requests to each version as this client had answers from it, and every \
         refusal",
    );
    let mut seen = Vec::new();
    for version in ["v1", "v2"] {
        let answers = walk.seen.answers.of(version);
        let routed = walk.sum(ROUTED, &[("version", version)]);
        check.require(routed >= f64::from(answers), || {
            format!("{routed} requests to {version}, which answered {answers}")
        });
        seen.push(format!("{ROUTED} {version} +{routed} ({answers} answers)"));
    }
    let refused = walk.sum(REFUSED, &[("rule", UNKNOWN_MODEL)]);
    check.require(refused >= 1.0, || "no refusal was counted");
    seen.push(format!("{REFUSED} {UNKNOWN_MODEL} +{refused}"));
    check.seen(seen.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{walk, walk_with};
    use super::*;

    #[test]
    fn what_was_answered_must_have_been_counted() {
        assert!(observe(&walk()).is_as_expected());
        for (counted, otherwise) in [
            ("version=\"v1\"} 2", "version=\"v1\"} 0"),
            ("rule=\"unknown_model\"} 1", "rule=\"unknown_model\"} 0"),
        ] {
            assert!(!observe(&walk_with(counted, otherwise)).is_as_expected(), "{counted}");
        }
    }

    #[test]
    fn counters_that_are_gone_are_not_expected() {
        assert!(!observe(&walk_with("inference_router_", "other_")).is_as_expected());
    }
}
