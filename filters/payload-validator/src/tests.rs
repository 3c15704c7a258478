//! What the validator makes of requests and answers, shown in every way.

mod answers;
mod configuring;
mod counting;
mod limits;
mod messages;
mod patches;
mod prompts;
mod streaming;
mod tensors;
mod trials;

use crate::PayloadValidator;
use filter_kit::trial::{Outcome, Trial, counted};
use filter_kit::{Filter, GrpcCode, Notes, Problem, Reply, parse_config};
use serde_json::{Value, json};
use std::rc::Rc;

/// A validator with this configuration.
fn validator(config: Value) -> Rc<PayloadValidator> {
    let parsed = parse_config(config);
    let problems: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{problems:?}");
    Rc::new(PayloadValidator::configure(parsed.config.unwrap()).unwrap())
}

/// A validator with one contract, for every model.
fn with_contract(contract: Value) -> Rc<PayloadValidator> {
    validator(json!({"contracts": [contract]}))
}

fn problems(config: Value) -> Vec<String> {
    let parsed = parse_config(config);
    let mut told: Vec<String> = parsed.problems.iter().map(Problem::to_string).collect();
    if let Some(Err(error)) = parsed.config.map(PayloadValidator::configure) {
        told.extend(error.problems().iter().map(Problem::to_string));
    }
    told
}

/// The rule that refuses a request; `None` if it goes on unchanged.
fn refused_by(trial: &Trial, validator: &Rc<PayloadValidator>) -> Option<String> {
    match trial.through(validator) {
        Outcome::Forwarded(forwarded) => {
            assert_eq!(forwarded, Default::default(), "changed");
            None
        }
        Outcome::Replied(reply) => Some(rule_of(&reply)),
    }
}

fn rule_of(reply: &Reply) -> String {
    reply.reason.strip_prefix("payload-validator;").unwrap().to_owned()
}

/// The same, and that it doesn't depend on how the request is shown.
fn refused_however_cut(trial: &Trial, validator: &Rc<PayloadValidator>) -> Option<String> {
    let whole = trial.through(validator);
    let length = trial.body_bytes().len();
    for chunk in (1..length.min(40)).chain([length >> 1, length.saturating_sub(1)]) {
        let cut = trial.clone().cut_at_every(chunk);
        assert_eq!(cut.through(validator), whole, "cut at every {chunk}");
        assert_eq!(cut.with_trailers().through(validator), whole, "{chunk}, with trailers");
    }
    refused_by(trial, validator)
}

/// What a refusal says for programs: field, found, allowed.
fn told(reply: &Reply) -> [String; 3] {
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    let violation = body.pointer("/violation").or(body.pointer("/error/violation")).unwrap();
    ["field", "found", "allowed"].map(|key| violation[key].as_str().unwrap().to_owned())
}

fn infer(body: &Value) -> Trial {
    Trial::of("POST", "/v2/models/iris/infer").body(body.to_string())
}
