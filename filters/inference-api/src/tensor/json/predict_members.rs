//! What the members of a `predict` say.

use super::base64::Base64;
use super::words::Word;
use super::{Expected, FaultKind, PredictMessage, PredictTensors};
use crate::json::{Interest, Kind, Sink, Spelling, Survey};
use crate::tensor::Depth;
use core::ops::Range;

/// In what we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Message,
    /// `instances`
    Rows,
    /// An object of inputs: one of the `instances`, or the `inputs`.
    Inputs,
    /// An array that is the value of an input, or of all of them.
    Value,
    /// An object within a value.
    Object,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Ignored,
    SignatureName,
    /// The value of an input.
    Value,
    /// A string that may be the inside of a `{"b64": ...}`, of an input's object
    /// or of one within a value.
    InputsBase64,
    ValueBase64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Rows,
    Columns,
    SignatureName,
}

impl Sink for PredictTensors {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        match self.stage() {
            None => self.message(kind),
            Some(Stage::Message) => self.member(kind, at),
            Some(Stage::Rows) => self.in_rows(kind, at),
            Some(Stage::Inputs) => self.input(kind, at),
            Some(Stage::Value) => self.in_value(kind, at),
            Some(Stage::Object) => self.in_object(kind),
        }
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        match self.leaf.take() {
            Some(Leaf::Value) => {
                self.value.value_end(kind, end);
                self.value_over();
            }
            Some(_) => {}
            None => self.container_end(kind, end),
        }
    }

    fn key(&mut self, fragment: &str) {
        self.key.push(fragment);
    }

    fn key_end(&mut self, _span: Range<u64>, _spelling: Spelling) {
        core::mem::swap(&mut self.last_key, &mut self.key);
        self.key.clear();
        match self.stage() {
            Some(Stage::Inputs) => self.inputs_object.key(),
            Some(Stage::Object) => self.value_object.key(),
            _ => {}
        }
    }

    fn text(&mut self, fragment: &str) {
        match (self.leaf, self.stage()) {
            (Some(Leaf::SignatureName), _) => {
                if let Some(name) = &mut self.signature_name {
                    name.push(fragment);
                }
            }
            (Some(Leaf::InputsBase64), _) => self.inputs_object.text(fragment),
            (Some(Leaf::ValueBase64), _) => self.value_object.text(fragment),
            (Some(Leaf::Value), _) | (None, Some(Stage::Value)) => self.value.text(fragment),
            (None, Some(Stage::Rows)) => self.rows.text(fragment),
            _ => {}
        }
    }

    fn number(&mut self, fragment: &str) {
        match self.stage() {
            Some(Stage::Rows) => self.rows.number(fragment),
            _ => self.value.number(fragment),
        }
    }

    fn survey(&mut self) -> Option<&mut Survey> {
        match self.stage() {
            Some(Stage::Rows) => Some(&mut self.rows),
            Some(Stage::Value) => Some(&mut self.value),
            _ => None,
        }
    }
}

impl PredictTensors {
    pub(super) fn stage(&self) -> Option<Stage> {
        self.stages.last().copied()
    }

    fn enter(&mut self, stage: Stage) -> Interest {
        self.stages.push(stage);
        if matches!(stage, Stage::Rows | Stage::Value) { Interest::Survey } else { Interest::Take }
    }

    fn leaf(&mut self, leaf: Leaf) -> Interest {
        self.leaf = Some(leaf);
        match leaf {
            Leaf::Ignored => Interest::Skip,
            Leaf::InputsBase64 | Leaf::ValueBase64 if self.limits.depth == Depth::Counted => {
                Interest::Skip
            }
            _ => Interest::Take,
        }
    }

    pub(super) fn member_fault(&mut self, kind: FaultKind, member: Member) {
        let key = match member {
            Member::Rows => self.message.rows(),
            Member::Columns => self.message.columns(),
            Member::SignatureName => "signature_name",
        };
        self.faults.add(kind, || format!("/{key}"));
    }

    /// A fault of an object of inputs, or of the input that is read.
    pub(super) fn inputs_fault(&mut self, kind: FaultKind, input: &str) {
        let (rows, columns) = (self.message.rows(), self.message.columns());
        let row = self.rows.outermost().saturating_sub(1);
        let is_row = self.stages.contains(&Stage::Rows);
        self.faults.add(kind, || match is_row {
            true => format!("/{rows}/{row}{input}"),
            false => format!("/{columns}{input}"),
        });
    }

    fn message(&mut self, kind: Kind) -> Interest {
        if !core::mem::replace(&mut self.has_begun, true) && kind == Kind::Object {
            return self.enter(Stage::Message);
        }
        let wrong = FaultKind::WrongType { found: kind, expected: Expected::Object };
        self.faults.add(wrong, String::new);
        self.leaf(Leaf::Ignored)
    }

    fn member(&mut self, kind: Kind, at: u64) -> Interest {
        let Some(member) = Member::of(self.message, self.last_key.as_str()) else {
            return self.leaf(Leaf::Ignored);
        };
        if self.seen.contains(&member) {
            self.member_fault(FaultKind::Duplicate, member);
        } else {
            self.seen.push(member);
        }
        match (member, kind) {
            (Member::Rows, Kind::Array) => {
                self.columns.clear();
                self.rows.clear();
                self.rows.value(kind, at);
                self.enter(Stage::Rows)
            }
            (Member::Columns, Kind::Object) => {
                self.columns.clear();
                self.begin_inputs()
            }
            (Member::Columns, _) => self.whole_value(kind, at),
            (Member::SignatureName, Kind::String) => {
                self.signature_name = Some(Word::default());
                self.leaf(Leaf::SignatureName)
            }
            (Member::Rows | Member::SignatureName, _) => {
                let is_rows = member == Member::Rows;
                let expected = if is_rows { Expected::List } else { Expected::String };
                self.member_fault(FaultKind::WrongType { found: kind, expected }, member);
                self.leaf(Leaf::Ignored)
            }
        }
    }

    fn begin_inputs(&mut self) -> Interest {
        self.columns.begin_row();
        self.inputs_object = Base64::default();
        self.enter(Stage::Inputs)
    }

    /// A value within `instances`.
    fn in_rows(&mut self, kind: Kind, at: u64) -> Interest {
        let interest = self.rows.value(kind, at);
        match kind {
            Kind::Object if self.rows.open_lists() == 1 => self.begin_inputs(),
            Kind::Object => self.begin_value_object(),
            _ => interest,
        }
    }

    /// A value within one of an input.
    fn in_value(&mut self, kind: Kind, at: u64) -> Interest {
        let interest = self.value.value(kind, at);
        if kind == Kind::Object { self.begin_value_object() } else { interest }
    }

    fn begin_value_object(&mut self) -> Interest {
        self.value_object = Base64::default();
        self.enter(Stage::Object)
    }

    /// All of an input's value begins.
    fn whole_value(&mut self, kind: Kind, at: u64) -> Interest {
        self.value.clear();
        let interest = self.value.value(kind, at);
        match kind {
            Kind::Array => self.enter(Stage::Value),
            Kind::Object => self.begin_value_object(),
            _ => {
                self.leaf = Some(Leaf::Value);
                interest
            }
        }
    }

    /// A member of an object of inputs.
    fn input(&mut self, kind: Kind, at: u64) -> Interest {
        if let Some(bytes) = self.inputs_object.disappoint() {
            self.add_input_named_b64(bytes);
        }
        if kind == Kind::String && self.inputs_object.takes(&self.last_key) {
            return self.leaf(Leaf::InputsBase64);
        }
        core::mem::swap(&mut self.name, &mut self.last_key);
        self.whole_value(kind, at)
    }

    fn in_object(&mut self, kind: Kind) -> Interest {
        let may_be = kind == Kind::String && self.value_object.takes(&self.last_key);
        self.leaf(if may_be { Leaf::ValueBase64 } else { Leaf::Ignored })
    }
}

impl Member {
    fn of(message: PredictMessage, key: &str) -> Option<Self> {
        match key {
            _ if key == message.rows() => Some(Self::Rows),
            _ if key == message.columns() => Some(Self::Columns),
            "signature_name" if message == PredictMessage::Request => Some(Self::SignatureName),
            _ => None,
        }
    }
}
