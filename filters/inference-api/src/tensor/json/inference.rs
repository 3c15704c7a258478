use super::binary::BinaryTensors;
use super::draft::Draft;
use super::faults::Faults;
use super::inference_members::{Leaf, Stage};
use super::words::Word;
use super::{Fault, FaultKind, JsonLimits};
use crate::json::Survey;
use crate::tensor::{Form, Tensor, TensorData};

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
    pub(super) message: InferenceMessage,
    pub(super) limits: JsonLimits,
    pub(super) tensors: Vec<Tensor>,
    pub(super) faults: Faults,
    pub(super) binary: BinaryTensors,
    pub(super) stage: Stage,
    /// The value that is read, if it is none of which the inside matters.
    pub(super) leaf: Option<Leaf>,
    /// The key that is read.
    pub(super) key: Word,
    /// The one before it.
    pub(super) last_key: Word,
    pub(super) text: Word,
    pub(super) survey: Survey,
    pub(super) draft: Draft,
    /// How many elements of the list began.
    pub(super) position: usize,
    pub(super) has_list: bool,
    pub(super) has_wrong_dimension: bool,
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
}
