//! What a check found.

use crate::rules::{Mode, Rule};
use core::fmt;

/// One rule that a payload breaks.
///
/// It never holds what the client wrote: sizes, counts, kinds and shapes, but no
/// text and no value of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// Where: a JSON pointer (RFC 6901) such as `/messages/3/role`, or for other
    /// bodies `inputs[1].shape`. Empty for the whole body. Keys that the client
    /// made up stand in it as `*`.
    pub field: String,
    /// What was found, such as `3.5` or `an array`.
    pub found: String,
    /// What is allowed, such as `0 to 2` or `a string`.
    pub allowed: String,
}

/// Which rules are looked at, and what becomes of those who break them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modes([Mode; Rule::ALL.len()]);

/// What the checks of one message found.
///
/// Checks add to it in the order of the bytes; so the first violation that is
/// enforced is the same one however the bytes are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    modes: Modes,
    enforced: Option<Violation>,
    reported: Vec<Violation>,
}

/// So many violations are reported of one message; further ones are not counted.
const MOST_REPORTED: usize = 16;

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, found, allowed, .. } = self;
        if !field.is_empty() {
            write!(out, "{field}: ")?;
        }
        write!(out, "{found}; allowed: {allowed}")
    }
}

impl Default for Modes {
    fn default() -> Self {
        Self(Rule::ALL.map(Rule::default_mode))
    }
}

impl Modes {
    /// What becomes of those who break it.
    pub fn of(&self, rule: Rule) -> Mode {
        let place = Rule::ALL.iter().position(|known| *known == rule);
        place.and_then(|place| self.0.get(place)).copied().unwrap_or(Mode::Enforce)
    }

    /// Says what becomes of those who break it.
    pub fn set(&mut self, rule: Rule, mode: Mode) {
        for (known, place) in Rule::ALL.iter().zip(&mut self.0) {
            if *known == rule {
                *place = mode;
            }
        }
    }
}

impl Findings {
    /// Nothing was found yet.
    pub const fn new(modes: Modes) -> Self {
        Self { modes, enforced: None, reported: Vec::new() }
    }

    /// Whether there is anything to be said about this rule. A check that costs
    /// something can ask first.
    pub fn looks_at(&self, rule: Rule) -> bool {
        self.modes.of(rule) != Mode::Off
    }

    /// Writes a violation of this rule down. What it says is only made if it
    /// matters.
    pub fn add(&mut self, rule: Rule, violation: impl FnOnce() -> Violation) {
        self.add_as(self.modes.of(rule), violation);
    }

    /// The same for one that has a mode of its own.
    pub fn add_as(&mut self, mode: Mode, violation: impl FnOnce() -> Violation) {
        match mode {
            Mode::Enforce if self.enforced.is_none() => self.enforced = Some(violation()),
            Mode::ReportOnly if self.reported.len() < MOST_REPORTED => {
                self.reported.push(violation());
            }
            _ => {}
        }
    }

    /// The first violation for which the message is refused. Checks may stop as
    /// soon as there is one.
    pub const fn enforced(&self) -> Option<&Violation> {
        self.enforced.as_ref()
    }

    /// Those that are only counted, in order.
    pub fn reported(&self) -> &[Violation] {
        &self.reported
    }
}

impl Violation {
    /// A violation of this rule.
    pub fn new(
        rule: Rule,
        field: impl Into<String>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) -> Self {
        Self { rule, field: field.into(), found: found.into(), allowed: allowed.into() }
    }
}
