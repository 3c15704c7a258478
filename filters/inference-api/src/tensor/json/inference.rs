use super::binary::BinaryTensors;
use super::draft::{Draft, Member};
use super::faults::Faults;
use super::words::Word;
use super::{Expected, Fault, FaultKind, JsonLimits};
use crate::json::{Interest, Kind, Sink, Spelling, Survey};
use crate::tensor::{Form, Tensor, TensorData};
use core::ops::Range;

/// Which message of the Open Inference Protocol it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InferenceMessage {
    /// A request: its tensors are `inputs`.
    Request,
    /// Its answer: they are `outputs`.
    Response,
}

/// Hears an inference message of the Open Inference Protocol, and behind its JSON
/// text the binary data.
///
/// Members may come in any order. Of one that stands twice (a
/// [`FaultKind::Duplicate`]) the last one counts; of `data` and of the list of
/// tensors all do.
///
/// Sources: Open Inference Protocol, `inference_rest.md`; Triton,
/// `extension_binary_data.md`.
#[derive(Clone, Debug)]
pub struct InferenceTensors {
    message: InferenceMessage,
    limits: JsonLimits,
    tensors: Vec<Tensor>,
    faults: Faults,
    binary: BinaryTensors,
    stage: Stage,
    /// The value that is read, if it is none of which the inside matters.
    leaf: Option<Leaf>,
    /// The key that is read.
    key: Word,
    /// The one before it.
    last_key: Word,
    text: Word,
    survey: Survey,
    draft: Draft,
    /// How many elements of the list began.
    position: usize,
    has_list: bool,
    has_wrong_dimension: bool,
}

/// In what we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Start,
    Message,
    List,
    Tensor,
    Shape,
    Parameters,
    Data,
    Done,
    /// There is no JSON.
    WithoutJson,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    Ignored,
    Member(Member),
    Dimension,
}

impl InferenceMessage {
    /// The member that lists the tensors.
    pub const fn list(self) -> &'static str {
        match self {
            Self::Request => "inputs",
            Self::Response => "outputs",
        }
    }
}

impl InferenceTensors {
    /// Ready for the first value of a text.
    pub fn new(message: InferenceMessage, limits: JsonLimits) -> Self {
        Self {
            message,
            limits,
            tensors: Vec::new(),
            faults: Faults::default(),
            binary: BinaryTensors::default(),
            stage: Stage::Start,
            leaf: None,
            key: Word::default(),
            last_key: Word::default(),
            text: Word::default(),
            survey: Survey::new(limits.depth),
            draft: Draft::default(),
            position: 0,
            has_list: false,
            has_wrong_dimension: false,
        }
    }

    /// A body that is all data, without JSON: one tensor of which only the length
    /// is known (Triton: "raw binary request").
    pub fn without_json(message: InferenceMessage, limits: JsonLimits) -> Self {
        let data = TensorData { form: Form::Raw, ..TensorData::default() };
        Self {
            tensors: vec![Tensor { data, ..Tensor::default() }],
            stage: Stage::WithoutJson,
            ..Self::new(message, limits)
        }
    }

    /// The next bytes behind the JSON text, once all of that was heard.
    pub fn binary(&mut self, bytes: &[u8]) {
        if let (Stage::WithoutJson, [tensor]) = (self.stage, self.tensors.as_mut_slice()) {
            tensor.data.bytes = tensor.data.bytes.saturating_add(crate::wide(bytes.len()));
            return;
        }
        self.binary.push(bytes, &mut self.tensors, self.limits.depth);
    }

    /// Says that the body ends here. Tensors and faults are final then.
    pub fn end(&mut self) {
        if self.stage != Stage::WithoutJson
            && let Some(fault) = self.binary.end(&mut self.tensors, self.limits.depth)
        {
            self.faults.add(fault, String::new);
        }
    }

    /// The tensors in order. What is in their binary data is known at the end.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// What is wrong with the message, in order, at most
    /// [`MAX_FAULTS_OF_A_KIND`](super::MAX_FAULTS_OF_A_KIND) of each kind.
    pub fn faults(&self) -> &[Fault] {
        self.faults.kept()
    }

    pub(super) fn header_is_beyond_body(&mut self, header: u64, body: u64) {
        self.faults.add(FaultKind::HeaderBeyondBody { header, body }, String::new);
    }

    fn ignore(&mut self) -> Interest {
        self.leaf = Some(Leaf::Ignored);
        Interest::Skip
    }

    fn list_fault(&mut self, kind: FaultKind) {
        let list = self.message.list();
        self.faults.add(kind, || format!("/{list}"));
    }

    fn member_fault(&mut self, kind: FaultKind, member: Member) {
        let (list, position) = (self.message.list(), self.draft.position());
        self.faults.add(kind, || format!("/{list}/{position}{}", member.pointer()));
    }

    fn message(&mut self, kind: Kind) -> Interest {
        if kind == Kind::Object {
            self.stage = Stage::Message;
            return Interest::Take;
        }
        let expected = Expected::Object;
        self.faults.add(FaultKind::WrongType { found: kind, expected }, String::new);
        self.stage = Stage::Done;
        self.ignore()
    }

    fn message_member(&mut self, kind: Kind) -> Interest {
        if self.last_key.as_str() != self.message.list() {
            return self.ignore();
        }
        if core::mem::replace(&mut self.has_list, true) {
            self.list_fault(FaultKind::Duplicate);
        }
        if kind == Kind::Array {
            self.stage = Stage::List;
            self.position = 0;
            return Interest::Take;
        }
        self.list_fault(FaultKind::WrongType { found: kind, expected: Expected::List });
        self.ignore()
    }

    fn element(&mut self, kind: Kind) -> Interest {
        let (list, position) = (self.message.list(), self.position);
        self.position = position.saturating_add(1);
        if kind != Kind::Object {
            let wrong = FaultKind::WrongType { found: kind, expected: Expected::Object };
            self.faults.add(wrong, || format!("/{list}/{position}"));
            return self.ignore();
        }
        if self.tensors.len() >= self.limits.max_tensors {
            self.list_fault(FaultKind::TooManyTensors);
            self.binary.expect_anything();
            return self.ignore();
        }
        self.draft = Draft::new(position);
        self.stage = Stage::Tensor;
        Interest::Take
    }

    fn member(&mut self, member: Option<Member>, kind: Kind, at: u64) -> Interest {
        let Some(member) = member else { return self.ignore() };
        if !self.draft.is_first(member) {
            self.member_fault(FaultKind::Duplicate, member);
        }
        if let Some(misfit) = member.misfit(kind) {
            self.member_fault(misfit, member);
            return self.ignore();
        }
        match member {
            Member::Shape => {
                self.draft.begin_shape();
                self.has_wrong_dimension = false;
                self.stage = Stage::Shape;
            }
            Member::Parameters => self.stage = Stage::Parameters,
            Member::Data => {
                self.survey.clear();
                self.survey.value(kind, at);
                self.stage = Stage::Data;
                return Interest::Survey;
            }
            Member::SharedMemoryRegion => {
                self.draft.in_shared_memory();
                return self.ignore();
            }
            Member::Name | Member::Datatype | Member::BinaryDataSize => {
                self.text.clear();
                self.leaf = Some(Leaf::Member(member));
            }
        }
        Interest::Take
    }

    fn dimension(&mut self, kind: Kind) -> Interest {
        if kind == Kind::Number {
            self.text.clear();
            self.leaf = Some(Leaf::Dimension);
            return Interest::Take;
        }
        self.wrong_dimension(kind);
        self.ignore()
    }

    fn wrong_dimension(&mut self, found: Kind) {
        if !core::mem::replace(&mut self.has_wrong_dimension, true) {
            let expected = Expected::WholeNumbers;
            self.member_fault(FaultKind::WrongType { found, expected }, Member::Shape);
        }
    }

    fn leaf_end(&mut self, leaf: Leaf) {
        let text = self.text.as_str();
        match leaf {
            Leaf::Member(Member::Name) => {
                self.draft.name(text);
                if self.text.is_cut() {
                    self.member_fault(FaultKind::NameTooLong, Member::Name);
                }
            }
            Leaf::Member(Member::Datatype) => self.draft.datatype(text),
            Leaf::Member(Member::BinaryDataSize) => match text.parse::<i64>().map(u64::try_from) {
                Ok(Ok(bytes)) => self.draft.binary(bytes),
                _ => {
                    let (found, expected) = (Kind::Number, Expected::WholeNumber);
                    let wrong = FaultKind::WrongType { found, expected };
                    self.member_fault(wrong, Member::BinaryDataSize);
                }
            },
            Leaf::Dimension => match text.parse() {
                Ok(length) => self.draft.dimension(length),
                Err(_) => self.wrong_dimension(Kind::Number),
            },
            Leaf::Member(_) | Leaf::Ignored => {}
        }
    }

    fn container_end(&mut self, kind: Kind, end: u64) {
        self.stage = match self.stage {
            Stage::Data => {
                let is_inside = kind != Kind::Array || self.survey.open_lists() > 1;
                self.survey.value_end(kind, end);
                if is_inside {
                    return;
                }
                self.draft.data(&self.survey);
                Stage::Tensor
            }
            Stage::Shape => {
                if !self.has_wrong_dimension {
                    self.draft.end_shape();
                }
                Stage::Tensor
            }
            Stage::Parameters => Stage::Tensor,
            Stage::Tensor => {
                self.tensor_end();
                Stage::List
            }
            Stage::List => Stage::Message,
            Stage::Message => {
                if !self.has_list {
                    self.list_fault(FaultKind::Missing);
                }
                Stage::Done
            }
            stage @ (Stage::Start | Stage::Done | Stage::WithoutJson) => stage,
        };
    }

    fn tensor_end(&mut self) {
        let draft = core::mem::take(&mut self.draft);
        let (list, position) = (self.message.list(), draft.position());
        for member in draft.missing() {
            let place = || format!("/{list}/{position}{}", member.pointer());
            self.faults.add(FaultKind::Missing, place);
        }
        let (tensor, binary) = draft.finish();
        if let Some(bytes) = binary {
            self.binary.expect(self.tensors.len(), bytes);
        }
        self.tensors.push(tensor);
    }
}

impl Sink for InferenceTensors {
    fn value(&mut self, kind: Kind, at: u64) -> Interest {
        match self.stage {
            Stage::Start => self.message(kind),
            Stage::Message => self.message_member(kind),
            Stage::List => self.element(kind),
            Stage::Tensor => self.member(Member::of_tensor(self.last_key.as_str()), kind, at),
            Stage::Parameters => {
                self.member(Member::of_parameters(self.last_key.as_str()), kind, at)
            }
            Stage::Shape => self.dimension(kind),
            Stage::Data if kind == Kind::Object => {
                self.survey.value(kind, at);
                self.survey.object_is_other();
                self.ignore()
            }
            // All is told where another check of the same text wants it.
            Stage::Data => self.survey.value(kind, at),
            Stage::Done | Stage::WithoutJson => self.ignore(),
        }
    }

    fn value_end(&mut self, kind: Kind, end: u64) {
        match self.leaf.take() {
            Some(leaf) => self.leaf_end(leaf),
            None => self.container_end(kind, end),
        }
    }

    fn key(&mut self, fragment: &str) {
        self.key.push(fragment);
    }

    fn key_end(&mut self, _span: Range<u64>, _spelling: Spelling) {
        core::mem::swap(&mut self.last_key, &mut self.key);
        self.key.clear();
    }

    fn text(&mut self, fragment: &str) {
        match self.stage {
            Stage::Data => self.survey.text(fragment),
            _ => self.text.push(fragment),
        }
    }

    fn number(&mut self, fragment: &str) {
        match self.stage {
            Stage::Data => self.survey.number(fragment),
            _ => self.text.push(fragment),
        }
    }

    fn survey(&mut self) -> Option<&mut Survey> {
        (self.stage == Stage::Data).then_some(&mut self.survey)
    }
}
