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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::Modes;
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_kept_does_not_grow_with_the_number_of_values() {
        let item = json!({ "required": ["a"], "properties": { "a": { "type": "null" } } });
        let schema = Schema::compile(&json!({ "items": item, "contains": item })).unwrap();
        let mut validation = Validation::new(Rc::new(schema));
        let mut findings = Findings::new(Modes::default());
        let mut kept = Vec::new();
        validation.value(Kind::Array, 0, &mut findings);
        for _ in 0..3 {
            validation.value(Kind::Object, 0, &mut findings);
            validation.key("a");
            validation.key_end(0..3, &mut findings);
            validation.value(Kind::Null, 0, &mut findings);
            validation.value_end(Kind::Null, 0, &mut findings);
            validation.value_end(Kind::Object, 0, &mut findings);
            let State { frames, runs, askers, seen, .. } = &validation.state;
            kept.push([frames.len(), runs.len(), askers.len(), seen.len()]);
        }
        assert_eq!(kept, [[1, 1, 0, 0]; 3]);
    }
}
