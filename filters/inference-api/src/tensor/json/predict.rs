use super::base64::Base64;
use super::faults::Faults;
use super::predict_columns::Columns;
use super::predict_members::{Leaf, Member, Stage};
use super::words::Word;
use super::{Fault, JsonLimits};
use crate::json::Survey;
use crate::tensor::Tensor;

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
    pub(super) message: PredictMessage,
    pub(super) limits: JsonLimits,
    pub(super) tensors: Vec<Tensor>,
    pub(super) faults: Faults,
    pub(super) signature_name: Option<Word>,
    /// The containers whose inside matters.
    pub(super) stages: Vec<Stage>,
    /// The value that is read, if it is no container whose inside matters.
    pub(super) leaf: Option<Leaf>,
    /// The key that is read.
    pub(super) key: Word,
    /// The one before it.
    pub(super) last_key: Word,
    /// The input whose value is read.
    pub(super) name: Word,
    pub(super) columns: Columns,
    /// What is in `instances`.
    pub(super) rows: Survey,
    /// What is in the value of one input.
    pub(super) value: Survey,
    /// The object of inputs, and the one inside a value, that may be a string.
    pub(super) inputs_object: Base64,
    pub(super) value_object: Base64,
    pub(super) has_begun: bool,
    pub(super) seen: Vec<Member>,
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
}
