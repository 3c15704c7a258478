//! Requests, read however they are cut.

mod accepting;
mod ceilings;
mod configuring;
mod refusing;
#[cfg(not(target_arch = "wasm32"))]
mod requests;

use super::{Check, Config, Rules};
use crate::json_check::JsonCheck;
use crate::rules::Rule;
use crate::violation::{Findings, Modes, Violation};
use core::ops::Range;
use filter_kit::Problems;
use inference_api::dialect::{Dialect, Operation};
use inference_api::json::{Interest, Kind, Options, Reader, Sink, Spelling};
use serde_json::Value;
use std::rc::Rc;

/// The APIs that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Chat,
    Completions,
    Embeddings,
    Responses,
    Messages,
}

impl Api {
    const fn operation(self) -> (Operation, Dialect) {
        match self {
            Self::Chat => (Operation::ChatCompletions, Dialect::OpenAi),
            Self::Completions => (Operation::Completions, Dialect::OpenAi),
            Self::Embeddings => (Operation::Embeddings, Dialect::OpenAi),
            Self::Responses => (Operation::Responses, Dialect::OpenAi),
            Self::Messages => (Operation::Messages, Dialect::Anthropic),
        }
    }
}

/// Lets a check hear what a reader tells, and sees to it that nothing long is
/// taken.
struct Hearing {
    check: Check,
    findings: Findings,
    taken_bytes: usize,
}

/// How much of a value may be asked for: a role or a type, even one that is none.
const MOST_TAKEN_BYTES: usize = 400;

impl Sink for Hearing {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        self.taken_bytes = 0;
        self.check.value(kind, at, &mut self.findings)
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        self.check.value_end(kind, end, &mut self.findings);
    }

    fn key(&mut self, fragment: &str) {
        self.check.key(fragment);
    }

    fn key_end(&mut self, span: Range<u64>, _spelling: Spelling) {
        self.check.key_end(span, &mut self.findings);
    }

    fn text(&mut self, fragment: &str) {
        self.taken_bytes = self.taken_bytes.saturating_add(fragment.len());
        assert!(self.taken_bytes < MOST_TAKEN_BYTES, "a long string was taken");
        self.check.text(fragment);
    }

    fn number(&mut self, fragment: &str) {
        self.check.number(fragment);
    }

    fn measured(&mut self, characters: u64) {
        self.check.measured(characters);
    }
}

fn rules(config: Config) -> Rc<Rules> {
    let mut problems = Problems::default();
    let rules = Rules::new(config, &mut problems, "generative");
    assert_eq!(problems, Problems::default());
    Rc::new(rules)
}

/// What is found in a body that comes in these chunks.
fn findings(rules: &Rc<Rules>, api: Api, modes: &Modes, chunks: &[&[u8]]) -> Findings {
    let (operation, dialect) = api.operation();
    let check = Check::new(Rc::clone(rules), operation, dialect);
    let mut hearing = Hearing { check, findings: Findings::new(modes.clone()), taken_bytes: 0 };
    let mut reader = Reader::new(Options::default());
    for chunk in chunks {
        reader.push(chunk, &mut hearing).unwrap();
    }
    reader.finish(&mut hearing).unwrap();
    hearing.check.finish(&mut hearing.findings);
    hearing.findings
}

/// The violation for which a body is refused, if it is, the same however it is
/// cut in two.
fn judged_text(config: Config, api: Api, body: &str) -> Option<Violation> {
    let rules = rules(config);
    let judge = |chunks: &[&[u8]]| findings(&rules, api, &Modes::default(), chunks);
    let whole = judge(&[body.as_bytes()]);
    for cut in 0..=body.len() {
        let (before, after) = body.as_bytes().split_at(cut);
        assert_eq!(judge(&[before, after]), whole, "cut at {cut}: {body}");
    }
    whole.enforced().cloned()
}

/// The same, and for the same rule whichever members come first.
fn judged(config: Config, api: Api, body: &Value) -> Option<Violation> {
    let judged = judged_text(config.clone(), api, &body.to_string());
    let backwards = judged_text(config, api, &backwards(body));
    assert_eq!(rule_of(backwards.as_ref()), rule_of(judged.as_ref()), "{body}");
    judged
}

fn rule_of(violation: Option<&Violation>) -> Option<Rule> {
    violation.map(|violation| violation.rule)
}

fn backwards(body: &Value) -> String {
    written(body, &mut |members| members.reverse())
}

/// JSON whose members come in an order of choice.
fn written(value: &Value, order: &mut impl FnMut(&mut Vec<(&String, &Value)>)) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            order(&mut members);
            let member = |(key, value): (&String, &Value)| {
                format!("{}:{}", Value::from(key.as_str()), written(value, order))
            };
            let members: Vec<String> = members.into_iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(elements) => {
            let elements: Vec<String> =
                elements.iter().map(|element| written(element, order)).collect();
            format!("[{}]", elements.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[track_caller]
fn accepts(api: Api, body: &Value) {
    assert_eq!(judged(Config::default(), api, body), None, "{body}");
}

#[track_caller]
fn refuses(api: Api, body: &Value, rule: Rule, field: &str) {
    for text in [body.to_string(), backwards(body)] {
        let violation = judged_text(Config::default(), api, &text);
        let found = violation.map(|violation| (violation.rule, violation.field));
        assert_eq!(found, Some((rule, field.to_owned())), "{text}");
    }
}
