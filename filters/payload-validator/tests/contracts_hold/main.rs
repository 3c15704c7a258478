//! Whatever prost or serde_json makes within a contract is accepted, and whatever
//! breaks one rule of it is refused for that rule, in every API and at every cut.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_in_result,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod message;
mod mutation;
mod writing;

use filter_kit::trial::{Outcome, Trial};
use filter_kit::{Filter, parse_config};
use message::message;
use mutation::{MUTATIONS, Mutation};
use payload_validator::PayloadValidator;
use proptest::prelude::*;
use serde_json::json;
use std::rc::Rc;
use writing::{Api, write};

fn validator() -> Rc<PayloadValidator> {
    let config = json!({"contracts": [{"model": "demo", "tensors": {
        "inputs": [
            {"name": "features", "datatype": "FP32", "shape": [{"min": 1, "max": 8}, 4],
             "finite": true, "minimum": -10, "maximum": 10},
            {"name": "ids", "datatype": "INT64", "shape": [-1], "optional": true,
             "minimum": 0, "maximum": 1000},
            {"name": "words", "datatype": "BYTES", "shape": [-1, 2], "optional": true,
             "max_string_bytes": 8},
        ],
        "max_batch": 4,
    }}]});
    let config = parse_config(config).config.expect("a configuration");
    Rc::new(PayloadValidator::configure(config).expect("a right one"))
}

fn rule(trial: &Trial, validator: &Rc<PayloadValidator>) -> Option<String> {
    match trial.through(validator) {
        Outcome::Forwarded(_) => None,
        Outcome::Replied(reply) => {
            Some(reply.reason.rsplit(';').next().expect("a rule").to_owned())
        }
    }
}

/// The same at these cuts, with trailers and without.
fn rule_however_cut(
    trial: &Trial,
    chunk: usize,
    validator: &Rc<PayloadValidator>,
) -> Result<Option<String>, TestCaseError> {
    let whole = rule(trial, validator);
    let cut = trial.clone().cut_at_every(chunk);
    prop_assert_eq!(rule(&cut, validator), whole.clone(), "cut at every {}", chunk);
    prop_assert_eq!(rule(&cut.with_trailers(), validator), whole.clone(), "with trailers");
    Ok(whole)
}

fn api() -> impl Strategy<Value = Api> {
    prop::sample::select(Api::ALL.to_vec())
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop::sample::select(MUTATIONS.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_within_the_contract_is_accepted(
        message in message(), api in api(), chunk in 1_usize..100,
    ) {
        let trial = write(&message, api);
        prop_assert_eq!(rule_however_cut(&trial, chunk, &validator())?, None, "{:?}", api);
    }

    #[test]
    fn what_breaks_one_rule_is_refused_for_that_rule(
        mut message in message(), api in api(), mutation in mutation(), chunk in 1_usize..100,
    ) {
        prop_assume!((mutation.applies)(api));
        (mutation.apply)(&mut message);
        let trial = write(&message, api);
        let refused = rule_however_cut(&trial, chunk, &validator())?;
        prop_assert_eq!(refused.as_deref(), Some(mutation.rule), "{:?} {:?}", api, message);
    }

    #[test]
    fn a_changed_byte_is_judged_the_same_at_every_cut(
        message in message(), api in api(), place in any::<prop::sample::Index>(), byte: u8,
        chunk in 1_usize..100,
    ) {
        let trial = write(&message, api);
        let mut body = trial.body_bytes().to_vec();
        let place = place.index(body.len());
        body[place] = byte;
        rule_however_cut(&trial.body(body), chunk, &validator())?;
    }
}
