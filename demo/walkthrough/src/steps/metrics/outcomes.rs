//! What became of requests: each has one outcome.

use super::{REQUESTS, STARTED, Walk, listed};
use crate::report::{Check, Observation};

pub(super) fn observe(walk: &Walk) -> Observation {
    let mut check = Check::new(
        "requests by outcome",
        "as many began as this client sent, and each of them has one outcome",
    );
    let (sent, started) = (walk.seen.sent, walk.sum(STARTED, &[]));
    check.require(started == f64::from(sent), || {
        format!("{started} began, and this client sent {sent}: does anybody else send?")
    });
    let ended = walk.sum(REQUESTS, &[]);
    check.require(ended == started, || format!("{ended} ended"));
    let left = walk.sum(REQUESTS, &[("outcome", "client_left")]);
    let given_up = walk.seen.given_up();
    check.require(left <= given_up.into(), || format!("this client gave up {given_up}"));
    let outcomes = walk.counted.sums_by("outcome", REQUESTS, &[]);
    check.seen(format!("{started} began\n{}", listed(&outcomes)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{walk, walk_with};
    use super::*;

    #[test]
    fn each_request_has_one_outcome() {
        assert!(observe(&walk()).is_as_expected());
        assert!(!observe(&walk_with("outcome=\"ok\"} 1", "outcome=\"ok\"} 2")).is_as_expected());
        assert!(
            !observe(&walk_with("outcome=\"refused\"} 1", "outcome=\"refused\"} 0"))
                .is_as_expected()
        );
    }

    #[test]
    fn nobody_left_but_those_who_gave_up() {
        let text = ("outcome=\"upstream_error\"", "outcome=\"client_left\"");
        let mut walk = walk_with(text.0, text.1);
        assert!(!observe(&walk).is_as_expected());
        walk.seen.ended -= 1;
        assert!(observe(&walk).is_as_expected());
    }

    #[test]
    fn as_many_began_as_were_sent() {
        let mut walk = walk();
        walk.seen.sent = 5;
        assert!(!observe(&walk).is_as_expected());
    }
}
