//! What was used, and what that cost.

use super::Walk;
use crate::report::{Check, Observation};

const TOKENS: &str = "inference_tokens_total";
const COST: &str = "inference_cost_microunits_total";

/// What a token of input and of output costs in envoy/envoy.yaml, in millionths of a dollar.
const PRICES: [f64; 2] = [0.15, 0.6];

pub(super) fn observe(walk: &Walk) -> Observation {
    let mut check = Check::new(
        "tokens and cost",
        "at least the tokens that answers said to this client, which are all but those of a stream \
         that was not asked; and their cost by the prices of envoy.yaml",
    );
    let tokens = ["input", "output"].map(|kind| walk.sum(TOKENS, &[("token_type", kind)]));
    for (kind, counted) in ["input", "output"].into_iter().zip(tokens) {
        let said = walk.seen.tokens.of(kind);
        check.require(said > 0 && counted >= said.into(), || {
            format!("{said} tokens of {kind} were said, {counted} were counted")
        });
    }
    let cost = walk.sum(COST, &[]);
    let right = tokens[0] * PRICES[0] + tokens[1] * PRICES[1];
    // Each worker keeps what is less than a microunit, for each series.
    let kept = (walk.counted.series(COST).len() as u64 * walk.workers) as f64;
    check.require((cost - right).abs() <= kept, || format!("they cost {right:.2} microdollars"));
    let [input, output] = tokens;
    let said = walk.seen.tokens.to_string();
    check.seen(format!(
        "{input} in, {output} out (answers said: {said})\n{cost} millionths of a dollar"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{walk, walk_with};
    use super::*;

    #[test]
    fn what_answers_said_is_counted_and_priced() {
        assert!(observe(&walk()).is_as_expected());
        for (counted, otherwise) in [
            ("\"input\"} 100", "\"input\"} 99"),
            ("\"output\"} 50", "\"output\"} 0"),
            ("version=\"v1\"} 45", "version=\"v1\"} 47"),
        ] {
            assert!(!observe(&walk_with(counted, otherwise)).is_as_expected(), "{counted}");
        }
    }

    #[test]
    fn where_no_answer_said_anything_there_is_nothing_to_compare() {
        let mut walk = walk();
        walk.seen.tokens = Default::default();
        assert!(!observe(&walk).is_as_expected());
    }
}
