use super::base64::Base64;
use super::faults::Faults;
use super::predict_columns::{Added, Columns};
use super::words::Word;
use super::{Expected, Fault, FaultKind, JsonLimits};
use crate::json::{Interest, Kind, Sink, Spelling, Survey};
use crate::tensor::{Depth, Form, Tensor, TensorData};
use core::ops::Range;

/// Which message of TensorFlow Serving's REST API it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictMessage {
    /// A request: `instances` row by row, or `inputs` column by column.
    Request,
    /// Its answer: `predictions`, or `outputs`.
    Response,
}

/// Hears a `predict` of TensorFlow Serving's REST API, or its answer.
///
/// What has no names makes one tensor without a name; named inputs make one each.
/// Their nesting is their whole shape, in the row format with the rows in front.
/// `{"b64": "..."}` is a string, of as many bytes as it stands for.
///
/// Of a member that stands twice (a [`FaultKind::Duplicate`]) all values count.
///
/// Source: TensorFlow Serving, `api_rest.md`, "Predict API".
#[derive(Clone, Debug)]
pub struct PredictTensors {
    message: PredictMessage,
    limits: JsonLimits,
    tensors: Vec<Tensor>,
    faults: Faults,
    signature_name: Option<Word>,
    /// The containers whose inside matters.
    stages: Vec<Stage>,
    /// The value that is read, if it is no container whose inside matters.
    leaf: Option<Leaf>,
    /// The key that is read.
    key: Word,
    /// The one before it.
    last_key: Word,
    /// The input whose value is read.
    name: Word,
    columns: Columns,
    /// What is in `instances`.
    rows: Survey,
    /// What is in the value of one input.
    value: Survey,
    /// The object of inputs, and the one inside a value, that may be a string.
    inputs_object: Base64,
    value_object: Base64,
    has_begun: bool,
    seen: Vec<Member>,
}

/// In what we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
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
enum Leaf {
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
enum Member {
    Rows,
    Columns,
    SignatureName,
}

impl PredictMessage {
    /// The member that lists the instances.
    pub const fn rows(self) -> &'static str {
        match self {
            Self::Request => "instances",
            Self::Response => "predictions",
        }
    }

    /// The member that has whole inputs.
    pub const fn columns(self) -> &'static str {
        match self {
            Self::Request => "inputs",
            Self::Response => "outputs",
        }
    }

    fn member(self, key: &str) -> Option<Member> {
        match key {
            _ if key == self.rows() => Some(Member::Rows),
            _ if key == self.columns() => Some(Member::Columns),
            "signature_name" if self == Self::Request => Some(Member::SignatureName),
            _ => None,
        }
    }
}

impl PredictTensors {
    /// Ready for the first value of a text.
    pub fn new(message: PredictMessage, limits: JsonLimits) -> Self {
        Self {
            message,
            limits,
            tensors: Vec::new(),
            faults: Faults::default(),
            signature_name: None,
            stages: Vec::new(),
            leaf: None,
            key: Word::default(),
            last_key: Word::default(),
            name: Word::default(),
            columns: Columns::default(),
            rows: Survey::new(limits.depth),
            value: Survey::new(limits.depth),
            inputs_object: Base64::default(),
            value_object: Base64::default(),
            has_begun: false,
            seen: Vec::new(),
        }
    }

    /// The tensors: one for each named input, or one without a name.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// What is wrong with the message, in order, at most
    /// [`MAX_FAULTS_OF_A_KIND`](super::MAX_FAULTS_OF_A_KIND) of each kind.
    pub fn faults(&self) -> &[Fault] {
        self.faults.kept()
    }

    /// The signature that a request names.
    pub fn signature_name(&self) -> Option<&str> {
        self.signature_name.as_ref().map(Word::as_str)
    }

    fn stage(&self) -> Option<Stage> {
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

    fn member_fault(&mut self, kind: FaultKind, member: Member) {
        let key = match member {
            Member::Rows => self.message.rows(),
            Member::Columns => self.message.columns(),
            Member::SignatureName => "signature_name",
        };
        self.faults.add(kind, || format!("/{key}"));
    }

    /// A fault of an object of inputs, or of the input that is read.
    fn inputs_fault(&mut self, kind: FaultKind, input: &str) {
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
        let Some(member) = self.message.member(self.last_key.as_str()) else {
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

    /// An input was taken for a `{"b64": ...}`, and is one of that name.
    fn add_input_named_b64(&mut self, bytes: u64) {
        self.value.clear();
        self.value.value(Kind::Object, 0);
        self.value.object_is_string(bytes);
        self.name.clear();
        self.name.push("b64");
        self.add_input();
    }

    /// The value of an input, or of all of them, ended.
    fn value_over(&mut self) {
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

    fn container_end(&mut self, kind: Kind, end: u64) {
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
