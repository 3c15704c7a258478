use core::ops::Range;
use std::rc::Rc;

use super::Schema;
use super::checking::Checking;
use super::judging::MOST_NUMBER_BYTES;
use super::state::{State, Step};
use crate::json_check::JsonCheck;
use crate::rules::Rule;
use crate::violation::Findings;
use inference_api::json::{Interest, Kind};

/// Holds one JSON text against a schema while the text goes by.
///
/// It writes down the first thing that does not fit, as a violation of
/// [`Rule::JsonSchema`], and then wants to hear nothing more.
#[derive(Debug)]
pub(crate) struct Validation {
    schema: Rc<Schema>,
    state: State,
}

impl Validation {
    /// Ready for the first value of a text.
    pub(crate) fn new(schema: Rc<Schema>) -> Self {
        Self { schema, state: State::default() }
    }

    fn event<'a>(
        schema: &'a Schema,
        state: &'a mut State,
        findings: &'a mut Findings,
    ) -> Checking<'a> {
        Checking { nodes: &schema.nodes, state, findings }
    }
}

impl JsonCheck for Validation {
    fn value(&mut self, kind: Kind, _at: u64, findings: &mut Findings) -> Interest {
        self.state.is_over |= !findings.looks_at(Rule::JsonSchema);
        if self.state.is_over {
            return Interest::Skip;
        }
        self.state.text.clear();
        let name = self.state.name;
        let mut checking = Self::event(&self.schema, &mut self.state, findings);
        let step = match checking.state.frames.last().map(|frame| frame.kind) {
            None => Step::Root,
            Some(Kind::Array) => checking.item(),
            Some(_) => Step::Member(name),
        };
        if checking.state.is_over { Interest::Skip } else { checking.begin(kind, step) }
    }

    fn value_end(&mut self, _kind: Kind, _end: u64, findings: &mut Findings) {
        Self::event(&self.schema, &mut self.state, findings).end();
        self.state.text.clear();
    }

    fn key(&mut self, fragment: &str) {
        self.text(fragment);
    }

    fn key_end(&mut self, _span: Range<u64>, findings: &mut Findings) {
        Self::event(&self.schema, &mut self.state, findings).name();
        self.state.text.clear();
    }

    fn text(&mut self, fragment: &str) {
        if !self.state.is_over {
            self.state.text.push(fragment, self.schema.nodes.longest_text);
        }
    }

    fn number(&mut self, fragment: &str) {
        if !self.state.is_over {
            self.state.text.push(fragment, MOST_NUMBER_BYTES);
        }
    }

    fn measured(&mut self, characters: u64) {
        self.state.text.characters = characters;
    }
}
