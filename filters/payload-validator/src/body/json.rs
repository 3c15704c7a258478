//! One JSON text, and all that hear it.

use super::unreadable;
use crate::contracts::{Contract, Patch};
use crate::generative;
use crate::json_check::JsonCheck;
use crate::patch_check::PatchCheck;
use crate::rules::{Mode, Rule};
use crate::schema::Validation;
use crate::violation::{Findings, Violation};
use core::fmt;
use core::ops::Range;
use inference_api::dialect::{Call, Dialect};
use inference_api::json::{
    Interest, JsonError, JsonErrorKind, Kind, NotedLimits, NumberWords, Options, Reader, Sink,
    Spelling,
};
use std::rc::Rc;

/// A JSON text and what is checked of it.
#[derive(Debug)]
pub(super) struct JsonText {
    reader: Reader,
    checks: Vec<Listener>,
    place: Place,
    /// It is wrong in a way that leaves nothing to be read.
    is_broken: bool,
    /// How many bytes of it are still to come, at most.
    missing: u64,
}

/// One check, and of what it wants to hear.
#[derive(Debug)]
struct Listener {
    check: Check,
    /// The container that it skips, as the number of those around it.
    skipped: Option<usize>,
    /// What it wants to hear of the string or number that is being read.
    interest: Interest,
}

enum Check {
    Generative(Box<generative::Check>),
    Schema(Box<Validation>),
    Patch(Box<PatchCheck>),
}

impl JsonText {
    /// An answer's text, which only must be one.
    pub(super) fn of_answer(contract: &Contract) -> Self {
        Self::new(Vec::new(), contract, NumberWords::Refused)
    }

    /// A request's text, and what there is to check of it.
    pub(super) fn of_request(
        call: &Call<'_>,
        patches: Vec<Rc<Patch>>,
        contract: &Rc<Contract>,
    ) -> Self {
        let mut checks = Vec::new();
        if let Some(rules) = &contract.generative {
            let check = generative::Check::new(Rc::clone(rules), call.operation, call.dialect);
            checks.push(Check::Generative(Box::new(check)));
        }
        if let Some(schema) = &contract.schema {
            checks.push(Check::Schema(Box::new(Validation::new(Rc::clone(schema)))));
        }
        for patch in patches {
            if let Some(check) = PatchCheck::new(patch) {
                checks.push(Check::Patch(Box::new(check)));
            }
        }
        let words = match call.dialect {
            Dialect::TensorFlowServingRest => NumberWords::NonFinite,
            _ => NumberWords::Refused,
        };
        Self::new(checks, contract, words)
    }

    /// The same for a text of which it is known how many bytes it has.
    pub(super) fn with_length(self, bytes: Option<u64>) -> Self {
        Self { missing: bytes.unwrap_or(u64::MAX), ..self }
    }

    /// Whether there is no text at all.
    pub(super) const fn is_empty(&self) -> bool {
        self.missing == 0
    }

    /// Whether it is held against anything but the grammar.
    pub(super) fn has_checks(&self) -> bool {
        !self.checks.is_empty()
    }

    fn new(checks: Vec<Check>, contract: &Contract, words: NumberWords) -> Self {
        let listener = |check| Listener { check, skipped: None, interest: Interest::Skip };
        Self {
            reader: Reader::new(options(contract, words)),
            checks: checks.into_iter().map(listener).collect(),
            place: Place::default(),
            is_broken: false,
            missing: u64::MAX,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], findings: &mut Findings) {
        if self.is_broken {
            return;
        }
        // What stands behind the text is for others.
        let length = usize::try_from(self.missing).unwrap_or(usize::MAX);
        let text = bytes.get(..length).unwrap_or(bytes);
        self.missing = self.missing.saturating_sub(u64::try_from(text.len()).unwrap_or(u64::MAX));
        let mut audience =
            Audience { listeners: &mut self.checks, place: &mut self.place, findings };
        if let Err(error) = self.reader.push(text, &mut audience) {
            self.is_broken = true;
            malformed(error, findings);
        }
    }

    pub(super) fn finish(&mut self, findings: &mut Findings) {
        if self.is_broken {
            return;
        }
        let mut audience =
            Audience { listeners: &mut self.checks, place: &mut self.place, findings };
        match self.reader.finish(&mut audience) {
            Err(error) => malformed(error, findings),
            Ok(()) => {
                noted(self.reader.noted(), findings);
                for listener in &mut self.checks {
                    if let Check::Generative(check) = &mut listener.check {
                        check.finish(findings);
                    }
                }
            }
        }
    }
}

/// What is read as JSON under this contract.
pub(super) fn options(contract: &Contract, words: NumberWords) -> Options {
    let general = Options::default();
    Options {
        max_depth: contract.limits.max_json_depth.map_or(general.max_depth, usize::from),
        max_string_bytes: contract.limits.max_string_bytes.unwrap_or(u64::MAX),
        noted: NotedLimits {
            depth: contract.modes.of(Rule::JsonDepth) != Mode::Enforce,
            strings: contract.modes.of(Rule::StringBytes) != Mode::Enforce,
        },
        words,
        ..general
    }
}

/// Writes down a limit that the text is beyond, which is no error.
pub(super) fn noted(error: Option<JsonError>, findings: &mut Findings) {
    if let Some(error) = error {
        beyond(error, findings);
    }
}

/// Writes down that the text can't be read on: it is not JSON, or beyond a limit.
pub(super) fn malformed(error: JsonError, findings: &mut Findings) {
    beyond(error, findings);
    if error.kind == JsonErrorKind::TooDeep {
        // Servers read deeper than that, and so may not see what was not read here.
        let (found, allowed) = ("a JSON text of a depth that is not read", "127 and less");
        findings.add(Rule::Unreadable, || unreadable(found, allowed));
    }
}

/// Writes down that the text is not JSON, or beyond a limit.
fn beyond(error: JsonError, findings: &mut Findings) {
    let (rule, allowed) = match error.kind {
        JsonErrorKind::TooDeep => (Rule::JsonDepth, "fewer objects and arrays inside each other"),
        JsonErrorKind::StringTooLong => (Rule::StringBytes, "shorter strings"),
        _ => (Rule::Malformed, "a JSON text"),
    };
    findings.add(rule, || Violation::new(rule, "", error.to_string(), allowed));
}

/// All that hear one text, as one.
struct Audience<'a> {
    listeners: &'a mut [Listener],
    place: &'a mut Place,
    findings: &'a mut Findings,
}

/// Where in the text the audience is.
#[derive(Debug, Default)]
struct Place {
    /// How many objects and arrays are open.
    depth: usize,
    /// How many characters the string has that is being taken.
    characters: u64,
}

impl Audience<'_> {
    /// Those who hear of what is inside the innermost container, with where they
    /// write down what they find.
    fn each(&mut self, mut tell: impl FnMut(&mut Listener, &mut Findings)) {
        for listener in self.listeners.iter_mut().filter(|listener| listener.skipped.is_none()) {
            tell(listener, self.findings);
        }
    }
}

impl Sink for Audience<'_> {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        let depth = self.place.depth;
        let is_container = matches!(kind, Kind::Object | Kind::Array);
        let mut most = Interest::Skip;
        self.each(|listener, findings| {
            let interest = listener.check.value(kind, at, findings);
            listener.interest = interest;
            if is_container && interest != Interest::Take {
                listener.skipped = Some(depth);
            }
            most = louder(most, interest);
        });
        if is_container {
            self.place.depth = depth.saturating_add(1);
        }
        self.place.characters = 0;
        most
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        if matches!(kind, Kind::Object | Kind::Array) {
            self.place.depth = self.place.depth.saturating_sub(1);
            let depth = self.place.depth;
            for listener in self.listeners.iter_mut() {
                if listener.skipped == Some(depth) {
                    listener.skipped = None;
                }
            }
        }
        self.each(|listener, findings| listener.check.value_end(kind, end, findings));
    }

    fn key(&mut self, fragment: &str) {
        self.each(|listener, _| listener.check.key(fragment));
    }

    fn key_end(&mut self, span: Range<u64>, _: Spelling) {
        self.each(|listener, findings| listener.check.key_end(span.clone(), findings));
    }

    fn text(&mut self, fragment: &str) {
        let characters = fragment.chars().count();
        let characters = u64::try_from(characters).unwrap_or(u64::MAX);
        self.place.characters = self.place.characters.saturating_add(characters);
        self.each(|listener, _| {
            if listener.interest == Interest::Take {
                listener.check.text(fragment);
            }
        });
    }

    fn text_end(&mut self, _: Spelling) {
        self.measured(self.place.characters);
    }

    fn measured(&mut self, characters: u64) {
        self.each(|listener, _| {
            if listener.interest == Interest::Measure {
                listener.check.measured(characters);
            }
        });
    }

    fn number(&mut self, fragment: &str) {
        self.each(|listener, _| {
            if listener.interest == Interest::Take {
                listener.check.number(fragment);
            }
        });
    }
}

/// The one of two that tells more.
const fn louder(one: Interest, other: Interest) -> Interest {
    match (one, other) {
        (Interest::Take, _) | (_, Interest::Take) => Interest::Take,
        (Interest::Measure, _) | (_, Interest::Measure) => Interest::Measure,
        _ => Interest::Skip,
    }
}

impl fmt::Debug for Check {
    /// Its state may have been made from what a client wrote.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Generative(_) => "Generative",
            Self::Schema(_) => "Schema",
            Self::Patch(_) => "Patch",
        })
    }
}

impl JsonCheck for Check {
    fn value(&mut self, kind: Kind, at: u64, findings: &mut Findings) -> Interest {
        match self {
            Self::Generative(check) => check.value(kind, at, findings),
            Self::Schema(check) => check.value(kind, at, findings),
            Self::Patch(check) => check.value(kind, at, findings),
        }
    }

    fn value_end(&mut self, kind: Kind, end: u64, findings: &mut Findings) {
        match self {
            Self::Generative(check) => check.value_end(kind, end, findings),
            Self::Schema(check) => check.value_end(kind, end, findings),
            Self::Patch(check) => check.value_end(kind, end, findings),
        }
    }

    fn key(&mut self, fragment: &str) {
        match self {
            Self::Generative(check) => check.key(fragment),
            Self::Schema(check) => check.key(fragment),
            Self::Patch(check) => check.key(fragment),
        }
    }

    fn key_end(&mut self, span: Range<u64>, findings: &mut Findings) {
        match self {
            Self::Generative(check) => check.key_end(span, findings),
            Self::Schema(check) => check.key_end(span, findings),
            Self::Patch(check) => check.key_end(span, findings),
        }
    }

    fn text(&mut self, fragment: &str) {
        match self {
            Self::Generative(check) => check.text(fragment),
            Self::Schema(check) => check.text(fragment),
            Self::Patch(check) => check.text(fragment),
        }
    }

    fn number(&mut self, fragment: &str) {
        match self {
            Self::Generative(check) => check.number(fragment),
            Self::Schema(check) => check.number(fragment),
            Self::Patch(check) => check.number(fragment),
        }
    }

    fn measured(&mut self, characters: u64) {
        match self {
            Self::Generative(check) => check.measured(characters),
            Self::Schema(check) => check.measured(characters),
            Self::Patch(check) => check.measured(characters),
        }
    }
}
