//! Holding a text against an API's table as it comes.

use super::api::Api;
use super::frame::{Container, Frame, Reading, pointer};
use super::limits::Rules;
use super::marks::Marks;
use super::scalar::Scalar;
use super::shape::{Array, Kinds, Leaf, Likeness, Null, Value};
use super::tally::{Excess, Tally};
use super::wording;
use crate::json_check::JsonCheck;
use crate::rules::Rule;
use crate::violation::{Findings, Violation};
use core::ops::Range;
use inference_api::dialect::{Dialect, Operation};
use inference_api::json::{Interest, Kind};
use std::rc::Rc;

/// Checks one request.
#[derive(Clone)]
pub struct Check {
    pub(super) rules: Rc<Rules>,
    api: Option<Api>,
    /// The containers that are open and looked at. There can't be more of them
    /// than the reader lets stand inside each other.
    pub(super) frames: Vec<Frame>,
    reading: Reading,
    /// Of the object that is read.
    key: Scalar,
    /// The word or number that is read.
    pub(super) scalar: Scalar,
    /// Of the string that is read.
    characters: u64,
    pub(super) tally: Tally,
    /// What the body has, once it ended.
    pub(super) body: Option<Marks>,
}

impl Check {
    /// Ready for the body of such a request. Of requests that are none of the
    /// five, nothing is checked.
    pub fn new(rules: Rc<Rules>, operation: Operation, dialect: Dialect) -> Self {
        Self {
            rules,
            api: Api::of(operation, dialect),
            frames: Vec::new(),
            reading: Reading::Container,
            key: Scalar::default(),
            scalar: Scalar::default(),
            characters: 0,
            tally: Tally::default(),
            body: None,
        }
    }

    /// Says that the body has ended, which is when it is known what it lacks.
    pub fn finish(&mut self, findings: &mut Findings) {
        let (Some(api), Some(marks)) = (self.api, self.body.take()) else { return };
        self.needs(api.body, marks, findings);
        if let Some(member) = api.tokens
            && self.rules.config.require_max_tokens
            && !self.tally.has_asked()
            && !api.body.needs.iter().any(|need| need.member == member)
        {
            self.missing(Rule::Required, member, findings);
        }
    }

    /// What may stand here; nothing, if nobody knows the place.
    fn expected(&mut self, kind: Kind, findings: &mut Findings) -> Option<&'static Value> {
        let frame = self.frames.last_mut()?;
        match frame.container {
            Container::Object(_) => frame.member.map(|member| member.value),
            Container::Array(array) => {
                frame.begun = frame.begun.saturating_add(1);
                let first = *frame.first.get_or_insert(kind);
                let begun = frame.begun;
                self.element(array, begun, (first, kind), findings);
                Some(array.element)
            }
        }
    }

    /// An element of an array, in view of those before it.
    fn element(
        &self,
        array: &Array,
        begun: u64,
        (first, kind): (Kind, Kind),
        findings: &mut Findings,
    ) {
        if array.likeness == Likeness::Alike && Kinds::of(first) != Kinds::of(kind) {
            self.add(Rule::FieldValue, findings, || {
                (
                    format!("{} after {}", wording::kind(kind), wording::kind(first)),
                    "one kind".to_owned(),
                )
            });
        }
        if let Some((most, rule)) = array.most
            && kind != Kind::Number
            && begun == most.saturating_add(1)
        {
            let found = || (format!("{begun} elements"), format!("at most {most}"));
            self.add(rule, findings, found);
        }
    }

    /// Whether a value counts, and if so, whether it is one too many.
    fn count(&mut self, expected: &Value, kind: Kind, findings: &mut Findings) {
        let Some((kinds, counter)) = expected.counted else { return };
        let is_in_row = kind == Kind::Number && self.frames.last().is_some_and(|row| row.begun > 1);
        if kinds.has(kind) && !is_in_row {
            let excess = self.tally.count(counter, &self.rules);
            self.exceeds(excess, findings);
        }
    }

    /// A value of a kind that may stand here.
    fn begin(
        &mut self,
        expected: &'static Value,
        kind: Kind,
        at: u64,
        findings: &Findings,
    ) -> Interest {
        let (reading, interest) = match (kind, expected.leaf) {
            (Kind::Object, _) if let Some(object) = expected.object => {
                return self.open(Container::Object(object));
            }
            (Kind::Array, _) if let Some(array) = expected.array => {
                return self.open(Container::Array(array));
            }
            (Kind::String, Leaf::Input) => {
                (Reading::Input(at), self.rules.interest_in_text(findings))
            }
            (Kind::String, Leaf::Text) => (Reading::Text, self.rules.interest_in_text(findings)),
            (Kind::String, Leaf::TextIf(marks)) => {
                (Reading::TextIf(marks), self.rules.interest_in_text(findings))
            }
            (Kind::String, Leaf::Word(words)) => (Reading::Word(words), Interest::Take),
            (Kind::Number | Kind::String, Leaf::Number(parameter)) => {
                (Reading::Number(parameter), Interest::Take)
            }
            (Kind::Number, Leaf::Text | Leaf::Input)
                if self.rules.interest_in_text(findings) == Interest::Measure =>
            {
                (Reading::Token, Interest::Skip)
            }
            (Kind::Object | Kind::Array, Leaf::Text) => (Reading::Written(at), Interest::Skip),
            _ => (Reading::Passed, Interest::Skip),
        };
        self.reading = reading;
        self.scalar = Scalar::default();
        interest
    }

    fn open(&mut self, container: Container) -> Interest {
        self.frames.push(Frame::new(container));
        self.reading = Reading::Container;
        Interest::Take
    }

    pub(super) fn add_text(&mut self, characters: u64, findings: &mut Findings) {
        let excesses = self.tally.add_text(characters, &self.rules);
        excesses.into_iter().for_each(|excess| self.exceeds(excess, findings));
    }

    /// Keeps in mind how much text there is, until it is known whether it counts.
    fn keep(&mut self, of: Marks) {
        let characters = core::mem::take(&mut self.characters);
        if let Some(Frame { pending, .. }) = self.frames.last_mut() {
            *pending = (pending.0.saturating_add(characters), of);
        }
    }

    fn add_token(&mut self, findings: &mut Findings) {
        let excesses = self.tally.add_token(&self.rules);
        excesses.into_iter().for_each(|excess| self.exceeds(excess, findings));
    }

    pub(super) fn exceeds(&self, excess: Option<Excess>, findings: &mut Findings) {
        if let Some(Excess { rule, found, allowed }) = excess {
            self.add(rule, findings, || (found, allowed));
        }
    }

    /// Marks the object that is read.
    pub(super) fn mark(&mut self, marks: Marks) {
        if let Some(frame) = self.frames.last_mut() {
            frame.marks = frame.marks.and(marks);
        }
    }

    /// Writes down what is wrong with the value that is read.
    pub(super) fn add(
        &self,
        rule: Rule,
        findings: &mut Findings,
        found_and_allowed: impl FnOnce() -> (String, String),
    ) {
        findings.add(rule, || {
            let (found, allowed) = found_and_allowed();
            Violation::new(rule, pointer(&self.frames), found, allowed)
        });
    }
}

impl JsonCheck for Check {
    fn value(&mut self, kind: Kind, at: u64, findings: &mut Findings) -> Interest {
        self.reading = Reading::Passed;
        let Some(api) = self.api else { return Interest::Skip };
        if self.frames.is_empty() {
            return match kind {
                Kind::Object => self.open(Container::Object(api.body)),
                _ => {
                    let found = || (wording::kind(kind).to_owned(), "an object".to_owned());
                    self.add(Rule::FieldValue, findings, found);
                    Interest::Skip
                }
            };
        }
        let Some(expected) = self.expected(kind, findings) else { return Interest::Skip };
        if let Some(Frame { member: Some(member), marks, .. }) = self.frames.last_mut()
            && (kind != Kind::Null || member.null == Null::Default)
        {
            *marks = marks.and(member.mark);
        }
        self.count(expected, kind, findings);
        if !expected.kinds.has(kind) {
            self.add(expected.rule, findings, || {
                let allowed = match expected.leaf {
                    Leaf::Number(_) => "a number".to_owned(),
                    _ => wording::kinds(expected.kinds),
                };
                (wording::kind(kind).to_owned(), allowed)
            });
            return Interest::Skip;
        }
        self.begin(expected, kind, at, findings)
    }

    fn value_end(&mut self, _kind: Kind, end: u64, findings: &mut Findings) {
        match core::mem::replace(&mut self.reading, Reading::Container) {
            Reading::Container => self.close(findings),
            Reading::Passed => {}
            Reading::Text => {
                let characters = core::mem::take(&mut self.characters);
                self.add_text(characters, findings);
            }
            Reading::TextIf(marks) => self.keep(marks),
            Reading::Input(start) => {
                if end.saturating_sub(start) <= EMPTY_STRING_BYTES {
                    let found = || ("an empty string".to_owned(), "some text".to_owned());
                    self.add(Rule::FieldValue, findings, found);
                }
                let characters = core::mem::take(&mut self.characters);
                self.add_text(characters, findings);
            }
            Reading::Written(start) => self.add_text(end.saturating_sub(start), findings),
            Reading::Token => self.add_token(findings),
            Reading::Word(words) => self.word(words, findings),
            Reading::Number(parameter) => self.parameter(parameter, findings),
        }
    }

    fn key(&mut self, fragment: &str) {
        self.key.push(fragment);
    }

    fn key_end(&mut self, _span: Range<u64>, _findings: &mut Findings) {
        let key = core::mem::take(&mut self.key);
        if let Some(frame) = self.frames.last_mut()
            && let Container::Object(object) = frame.container
        {
            frame.member = key.text().and_then(|name| object.member(name));
        }
    }

    fn text(&mut self, fragment: &str) {
        self.scalar.push(fragment);
    }

    fn number(&mut self, fragment: &str) {
        self.scalar.push(fragment);
    }

    fn measured(&mut self, characters: u64) {
        self.characters = characters;
    }
}

/// Two quotes.
const EMPTY_STRING_BYTES: u64 = 2;
