//! A configuration read from JSON, with everything that is wrong with it.

mod misfit;
mod reader;
#[cfg(test)]
mod tests;
mod variant;

use crate::Problems;
use misfit::Misfit;
use reader::Reader;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How many structural problems [`parse_config`] tells.
const MOST_PROBLEMS: usize = 32;

/// What [`parse_config`] makes of a configuration.
#[derive(Debug)]
pub struct Parsed<C> {
    /// The configuration, if it can be looked at: either nothing is wrong with
    /// it, or only that it has unknown keys, which were left out.
    pub config: Option<C>,
    /// What is wrong with its structure.
    pub problems: Problems,
}

/// Reads a configuration and finds every structural problem: unknown keys,
/// missing keys, wrong types. What an object lacks is told one key at a time,
/// when those that it must have and has are right.
///
/// serde stops at the first problem. So that one is written down, and the whole
/// is read again without the value that has it, until nothing is wrong.
///
/// What is accepted is what serde_json accepts, but for two things. Numbers may
/// be written with or without a fraction of zero: a configuration that came
/// through a `google.protobuf.Struct` has nothing but doubles. And a struct is
/// an object, never a list of its fields' values.
///
/// Made for what configurations are made of, which leaves out tuples,
/// `#[serde(flatten)]`, and maps with numbers or truth values for keys.
pub fn parse_config<C: DeserializeOwned>(value: Value) -> Parsed<C> {
    let mut findings = Findings::of(&value);
    loop {
        match C::deserialize(findings.reader()) {
            Ok(config) => {
                let config = findings.is_whole.then_some(config);
                return Parsed { config, problems: findings.problems };
            }
            Err(misfit) if findings.note(&misfit) => {}
            Err(_) => return Parsed { config: None, problems: findings.problems },
        }
    }
}

/// What was found by now.
struct Findings<'v> {
    whole: &'v Value,
    problems: Problems,
    /// The values without which it is read again.
    left_out: Vec<&'v Value>,
    /// Whether nothing is left out that the configuration may not lack.
    is_whole: bool,
}

impl<'v> Findings<'v> {
    fn of(whole: &'v Value) -> Self {
        Self { whole, problems: Problems::default(), left_out: Vec::new(), is_whole: true }
    }

    fn reader(&self) -> Reader<'_, 'v> {
        Reader::new(self.whole, &self.left_out)
    }

    /// Whether to read again.
    fn note(&mut self, misfit: &Misfit<'v>) -> bool {
        self.is_whole &= misfit.is_surplus();
        if !misfit.is_consequence(self.whole) {
            if self.problems.len() == MOST_PROBLEMS {
                let text = format!("more is wrong than these {MOST_PROBLEMS} problems");
                self.problems.add("", text);
                return false;
            }
            self.problems.add(misfit.path(), misfit.to_string());
        }
        self.left_out.extend(misfit.culprit());
        misfit.culprit().is_some()
    }
}
