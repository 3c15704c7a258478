//! Who refused what.

use std::collections::BTreeMap;

use super::{Walk, listed};
use crate::report::{Check, Observation};

const REFUSED: &str = "inference_refused_total";

pub(super) fn observe(walk: &Walk) -> Observation {
    let mut check = Check::new(
        "refusals by filter and rule",
        "those that this client saw in x-inference-rejected, and no other",
    );
    let mut counted = BTreeMap::new();
    for filter in walk.counted.sums_by("filter", REFUSED, &[]).into_keys() {
        for (rule, count) in walk.counted.sums_by("rule", REFUSED, &[("filter", &filter)]) {
            if count > 0.0 {
                counted.insert(format!("{filter};{rule}"), count);
            }
        }
    }
    let saw = &walk.seen.refusals;
    let saw: BTreeMap<String, f64> =
        saw.names().map(|name| (name.to_owned(), saw.of(name).into())).collect();
    check.require(counted == saw, || format!("this client saw {}", listed(&saw)));
    check.seen(listed(&counted))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{walk, walk_with};
    use super::*;

    #[test]
    fn every_refusal_is_counted_as_what_it_was() {
        assert!(observe(&walk()).is_as_expected());
        for otherwise in ["filter=\"payload-validator\"", "filter=\"model-router\",also=\"x\""] {
            let walk = walk_with("filter=\"model-router\"", otherwise);
            let is_the_same = otherwise.contains("model-router");
            assert_eq!(observe(&walk).is_as_expected(), is_the_same, "{otherwise}");
        }
    }

    #[test]
    fn a_refusal_that_nobody_saw_is_not_expected() {
        let mut walk = walk();
        walk.seen.refusals = Default::default();
        assert!(!observe(&walk).is_as_expected());
    }
}
