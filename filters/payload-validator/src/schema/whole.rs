use core::ops::Range;
use std::rc::Rc;

use super::{Schema, Validation};
use crate::json_check::JsonCheck;
use crate::violation::{Findings, Modes, Violation};
use inference_api::json::{Interest, JsonError, Kind, Options, Reader, Sink, Spelling};

/// Holds a text that is at hand, in pieces, against a schema: the first thing
/// that does not fit, if there is any.
///
/// # Errors
/// When the text is not JSON.
pub fn violation_of(
    schema: &Rc<Schema>,
    pieces: &[&[u8]],
    options: Options,
) -> Result<Option<Violation>, JsonError> {
    let validation = Validation::new(Rc::clone(schema));
    let findings = Findings::new(Modes::default());
    let mut only = Only { validation, findings, measured: None };
    let mut reader = Reader::new(options);
    for piece in pieces {
        reader.push(piece, &mut only)?;
    }
    reader.finish(&mut only)?;
    Ok(only.findings.enforced().cloned())
}

/// One check alone hears the text.
struct Only {
    validation: Validation,
    findings: Findings,
    /// The characters of a string that is measured, so far.
    measured: Option<u64>,
}

impl Sink for Only {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        let interest = self.validation.value(kind, at, &mut self.findings);
        if interest == Interest::Measure && kind == Kind::String {
            self.measured = Some(0);
            return Interest::Take;
        }
        interest
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        if let Some(characters) = self.measured.take() {
            self.validation.measured(characters);
        }
        self.validation.value_end(kind, end, &mut self.findings);
    }

    fn key(&mut self, fragment: &str) {
        self.validation.key(fragment);
    }

    fn key_end(&mut self, span: Range<u64>, _: Spelling) {
        self.validation.key_end(span, &mut self.findings);
    }

    fn text(&mut self, fragment: &str) {
        match &mut self.measured {
            Some(characters) => {
                let more = u64::try_from(fragment.chars().count()).unwrap_or(u64::MAX);
                *characters = characters.saturating_add(more);
            }
            None => self.validation.text(fragment),
        }
    }

    fn number(&mut self, fragment: &str) {
        self.validation.number(fragment);
    }
}
