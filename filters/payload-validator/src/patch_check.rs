//! A patch's schema: what does not fit it breaks the patch, not the contract.

use crate::contracts::Patch;
use crate::json_check::JsonCheck;
use crate::rules::Rule;
use crate::schema::Validation;
use crate::violation::{Findings, Modes, Violation};
use core::ops::Range;
use inference_api::json::{Interest, Kind};
use std::rc::Rc;

/// Holds a JSON text against a patch's schema.
pub(crate) struct PatchCheck {
    patch: Rc<Patch>,
    validation: Validation,
    /// What the schema says; told once, as the patch's own.
    own: Findings,
    is_told: bool,
}

impl Patch {
    /// What a request does that this patch is against.
    pub(crate) fn violation(&self, field: &str) -> Violation {
        let found = format!("what the patch `{}` closes", self.name);
        Violation::new(Rule::Patch, field, found, "requests that don't need it")
    }
}

impl PatchCheck {
    /// `None` for a patch that looks at no body.
    pub(crate) fn new(patch: Rc<Patch>) -> Option<Self> {
        let validation = Validation::new(Rc::clone(patch.schema.as_ref()?));
        Some(Self { patch, validation, own: Findings::new(Modes::default()), is_told: false })
    }

    fn tell(&mut self, findings: &mut Findings) {
        if let Some(violation) = self.own.enforced().filter(|_| !self.is_told) {
            findings.add_as(self.patch.mode, || self.patch.violation(&violation.field));
            self.is_told = true;
        }
    }
}

impl JsonCheck for PatchCheck {
    fn value(&mut self, kind: Kind, at: u64, findings: &mut Findings) -> Interest {
        let interest = self.validation.value(kind, at, &mut self.own);
        self.tell(findings);
        interest
    }

    fn value_end(&mut self, kind: Kind, end: u64, findings: &mut Findings) {
        self.validation.value_end(kind, end, &mut self.own);
        self.tell(findings);
    }

    fn key(&mut self, fragment: &str) {
        self.validation.key(fragment);
    }

    fn key_end(&mut self, span: Range<u64>, findings: &mut Findings) {
        self.validation.key_end(span, &mut self.own);
        self.tell(findings);
    }

    fn text(&mut self, fragment: &str) {
        self.validation.text(fragment);
    }

    fn number(&mut self, fragment: &str) {
        self.validation.number(fragment);
    }

    fn measured(&mut self, characters: u64) {
        self.validation.measured(characters);
    }
}
