//! What becomes of the values of a `predict` where they end.

use super::predict_columns::Added;
use super::predict_members::{Member, Stage};
use super::{FaultKind, PredictTensors};
use crate::json::{Kind, Sink};
use crate::tensor::{Form, Tensor, TensorData};

impl PredictTensors {
    /// An input was taken for a `{"b64": ...}`, and is one of that name.
    pub(super) fn add_input_named_b64(&mut self, bytes: u64) {
        self.value.clear();
        self.value.value(Kind::Object, 0);
        self.value.object_is_string(bytes);
        self.name.clear();
        self.name.push("b64");
        self.add_input();
    }

    /// The value of an input, or of all of them, ended.
    pub(super) fn value_over(&mut self) {
        match self.stage() {
            Some(Stage::Inputs) => self.add_input(),
            _ => self.add_unnamed(),
        }
    }

    fn add_input(&mut self) {
        if self.name.is_cut() {
            self.inputs_fault(FaultKind::NameTooLong, "/*");
        }
        let room = self.limits.max_tensors.saturating_sub(self.tensors.len());
        match self.columns.add(&self.name, &self.value, room) {
            Added::Kept => {}
            Added::Twice => self.inputs_fault(FaultKind::Duplicate, "/*"),
            Added::NoRoom => self.inputs_fault(FaultKind::TooManyTensors, ""),
        }
    }

    fn add_unnamed(&mut self) {
        let (member, survey) = match self.stage() {
            Some(Stage::Rows) => (Member::Rows, &self.rows),
            _ => (Member::Columns, &self.value),
        };
        let data = TensorData {
            form: Form::Json,
            elements: Some(survey.leaves()),
            nesting: survey.nesting(),
            values: survey.values(),
            ..TensorData::default()
        };
        if self.tensors.len() < self.limits.max_tensors {
            self.tensors.push(Tensor { data, ..Tensor::default() });
        } else {
            self.member_fault(FaultKind::TooManyTensors, member);
        }
    }

    pub(super) fn container_end(&mut self, kind: Kind, end: u64) {
        match self.stage() {
            // All is told where another check of the same text wants it.
            Some(Stage::Rows) if kind != Kind::Array || self.rows.open_lists() > 1 => {
                self.rows.value_end(kind, end);
            }
            Some(Stage::Value) if kind != Kind::Array || self.value.open_lists() > 1 => {
                self.value.value_end(kind, end);
            }
            Some(Stage::Rows) => {
                self.rows.value_end(kind, end);
                self.rows_over();
                self.stages.pop();
            }
            Some(Stage::Value) => {
                self.value.value_end(kind, end);
                self.stages.pop();
                self.value_over();
            }
            Some(Stage::Object) => {
                self.stages.pop();
                self.object_over();
            }
            Some(Stage::Inputs) => {
                self.inputs_over();
                self.stages.pop();
            }
            Some(Stage::Message) => {
                self.stages.pop();
                self.message_over();
            }
            None => {}
        }
    }

    fn object_over(&mut self) {
        match self.stage() {
            Some(Stage::Rows) => self.value_object.tell(&mut self.rows),
            Some(Stage::Value) => self.value_object.tell(&mut self.value),
            _ => {
                self.value_object.tell(&mut self.value);
                self.value_over();
            }
        }
    }

    /// An object of inputs ended, unless it stands for a string.
    fn inputs_over(&mut self) {
        let is_row = self.stages.contains(&Stage::Rows);
        if self.inputs_object.decoded().is_none() {
            if is_row && self.columns.end_row() {
                self.inputs_fault(FaultKind::KeySetsDiffer, "");
            }
            if !is_row {
                self.tensors.extend(self.columns.tensors(false));
            }
            return;
        }
        self.columns.cancel_row();
        if is_row {
            self.inputs_object.tell(&mut self.rows);
            return;
        }
        self.value.clear();
        self.value.value(Kind::Object, 0);
        self.inputs_object.tell(&mut self.value);
        self.add_unnamed();
    }

    fn rows_over(&mut self) {
        if self.columns.rows() == 0 {
            self.add_unnamed();
            return;
        }
        if self.columns.rows() != self.rows.outermost() {
            self.member_fault(FaultKind::MixedInstances, Member::Rows);
        }
        self.tensors.extend(self.columns.tensors(true));
    }

    fn message_over(&mut self) {
        let is_there = |member| self.seen.contains(&member);
        match (is_there(Member::Rows), is_there(Member::Columns)) {
            (true, true) => self.faults.add(FaultKind::BothForms, String::new),
            (false, false) => self.faults.add(FaultKind::NeitherForm, String::new),
            _ => {}
        }
    }
}
