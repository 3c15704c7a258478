//! How much each version had to do, and how much of it failed.

use super::{REQUESTS, Walk};
use crate::report::{Check, Observation};

/// Outcomes that are not the client's doing.
const FAILURES: [&str; 3] = ["upstream_error", "timeout", "cut"];

pub(super) fn observe(walk: &Walk) -> Observation {
    let mut check = Check::new(
        "requests by version, and the share of them that failed",
        "as many answers of each version as this client had from it, but for requests that it gave \
         up when their step was over",
    );
    let mut seen = Vec::new();
    for version in ["v1", "v2"] {
        let of = |outcome| walk.sum(REQUESTS, &[("version", version), ("outcome", outcome)]);
        let answers = walk.seen.answers.of(version);
        let answered = of("ok");
        let most = answers + walk.seen.given_up();
        check.require((answers.into()..=most.into()).contains(&answered), || {
            format!("{version} answered {answered}, and this client had {answers} answers")
        });
        let all = walk.sum(REQUESTS, &[("version", version)]);
        let failed: f64 = FAILURES.map(of).iter().sum();
        let share = if all > 0.0 { failed / all * 100.0 } else { 0.0 };
        let rate = all / walk.took.as_secs_f64();
        seen.push(format!("{version}: {all} ({rate:.1}/s), {share:.1} % failed"));
    }
    check.seen(seen.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{walk, walk_with};
    use super::*;

    #[test]
    fn every_answer_is_one_of_its_version() {
        assert!(observe(&walk()).is_as_expected());
        let ok = "version=\"v2\",outcome=\"ok\"} 1";
        for other in [0, 2] {
            let otherwise = format!("version=\"v2\",outcome=\"ok\"}} {other}");
            assert!(!observe(&walk_with(ok, &otherwise)).is_as_expected(), "{other}");
        }
    }

    #[test]
    fn a_request_that_was_given_up_may_have_been_answered() {
        let ok = "version=\"v2\",outcome=\"ok\"} 1";
        let mut walk = walk_with(ok, "version=\"v2\",outcome=\"ok\"} 2");
        walk.seen.ended -= 1;
        assert!(observe(&walk).is_as_expected());
    }
}
