use core::fmt;

use super::open_inference::OpenInference;
use super::own::{OwnField, OwnFields};
use super::tensorflow::TensorFlow;
use super::{Depth, Tensor};
use crate::protobuf::{Extent, Interest, Key, ProtobufError, ProtobufErrorKind, Reader, Sink};

/// Reads one protobuf message and makes a [`Tensor`] of each one in it.
///
/// It has to do with tensors only: of fields that say nothing of them it is not
/// checked what they are. What is read is what prost's `decode` of a message type
/// that declares the others makes of it.
///
/// Memory: [`TensorLimits::max_tensors`] times a name and a shape, nothing of
/// the data.
#[derive(Clone, Debug)]
pub struct MessageReader {
    reader: Reader,
    walk: Walk,
    failed: Option<TensorError>,
}

/// Which message it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// `inference.ModelInferRequest`: its `inputs`.
    ModelInferRequest,
    /// `inference.ModelInferResponse`: its `outputs`.
    ModelInferResponse,
    /// Triton's `inference.ModelStreamInferResponse`, which has one of these
    /// inside.
    ModelStreamInferResponse,
    /// `tensorflow.serving.PredictRequest`: its `inputs`.
    PredictRequest,
    /// `tensorflow.serving.PredictResponse`: its `outputs`.
    PredictResponse,
    /// A message of one's own: a tensor of each of these fields, also of one that
    /// is not there. No path may lead through another one.
    Own(Vec<OwnField>),
}

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorLimits {
    /// So many tensors a message may have. Fields of one's own don't count.
    pub max_tensors: usize,
    /// What of their data is looked at.
    pub depth: Depth,
}

/// What is known of a message as a whole.
///
/// Raw entries are `raw_input_contents` and `raw_output_contents` of the Open
/// Inference Protocol, one for each tensor that is not in shared memory, in the
/// same order. Others have none. What a server wants of them is in the source of
/// Triton's `infer_handler.cc`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageFacts {
    /// How many tensors there are.
    pub tensors: usize,
    /// How many raw entries there are.
    pub raw_entries: u64,
    /// How many of them belong to no tensor.
    pub surplus_raw_entries: u64,
    /// How many tensors have no data: neither in a raw entry, nor in typed
    /// contents, nor in shared memory.
    pub tensors_without_data: usize,
    /// Whether a tensor has typed contents, if only empty ones, though there are
    /// raw entries.
    pub has_contents_beside_raw: bool,
}

/// Why a message was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorError {
    /// It is not the message that it should be.
    Protobuf(ProtobufError),
    /// It has more tensors than it may have.
    TooManyTensors {
        /// So many it may have.
        limit: usize,
    },
}

#[derive(Clone, Debug)]
enum Walk {
    OpenInference(Box<OpenInference>),
    TensorFlow(Box<TensorFlow>),
    Own(OwnFields),
}

impl MessageReader {
    /// Ready for the first byte of such a message.
    pub fn new(kind: &MessageKind, limits: TensorLimits) -> Self {
        let walk = match kind {
            MessageKind::ModelInferRequest => Walk::open(OpenInference::request(limits)),
            MessageKind::ModelInferResponse => Walk::open(OpenInference::response(limits)),
            MessageKind::ModelStreamInferResponse => Walk::open(OpenInference::in_stream(limits)),
            MessageKind::PredictRequest => Walk::tensorflow(TensorFlow::request(limits)),
            MessageKind::PredictResponse => Walk::tensorflow(TensorFlow::response(limits)),
            MessageKind::Own(fields) => Walk::Own(OwnFields::new(fields, limits.depth)),
        };
        Self { reader: Reader::new(), walk, failed: None }
    }

    /// The same for a message that is known to have so many bytes: a length
    /// beyond its end is found when it is read and not at the end.
    #[must_use]
    pub fn with_length(self, length: u64) -> Self {
        Self { reader: Reader::with_length(length), ..self }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When they can't go on the message, or it has too many tensors. The reader
    /// stays in that state: it answers everything else with the same error.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), TensorError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.reader.push(bytes, &mut self.walk).map_err(TensorError::Protobuf);
        // It is found before whatever else is wrong behind it.
        let limit = self.walk.exceeded_limit();
        let result = limit.map_or(result, |limit| Err(TensorError::TooManyTensors { limit }));
        self.failed = result.err();
        result
    }

    /// Says that the message ends here. The tensors are final then.
    ///
    /// # Errors
    /// When it can't end here.
    pub fn finish(&mut self) -> Result<(), TensorError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.reader.finish().map_err(TensorError::Protobuf);
        self.failed = result.err();
        if result.is_ok() {
            self.walk.finish();
        }
        result
    }

    /// The tensors so far, in the order of the message. Those of an Open Inference
    /// message get their raw data later than they appear here.
    pub fn tensors(&self) -> &[Tensor] {
        match &self.walk {
            Walk::OpenInference(message) => message.tensors(),
            Walk::TensorFlow(message) => message.tensors(),
            Walk::Own(fields) => fields.tensors(),
        }
    }

    /// How many of them, from the first one, will not change any more.
    pub fn complete(&self) -> usize {
        match &self.walk {
            Walk::OpenInference(message) => message.complete(),
            Walk::TensorFlow(message) => message.tensors().len(),
            Walk::Own(fields) => fields.complete(),
        }
    }

    /// What is known of the message as a whole, so far.
    pub fn facts(&self) -> MessageFacts {
        match &self.walk {
            Walk::OpenInference(message) => message.facts(),
            _ => MessageFacts { tensors: self.tensors().len(), ..MessageFacts::default() },
        }
    }
}

impl Walk {
    fn open(message: OpenInference) -> Self {
        Self::OpenInference(Box::new(message))
    }

    fn tensorflow(message: TensorFlow) -> Self {
        Self::TensorFlow(Box::new(message))
    }

    /// The number of tensors that the message may have, if it has more.
    fn exceeded_limit(&self) -> Option<usize> {
        match self {
            Self::OpenInference(message) => message.exceeded_limit(),
            Self::TensorFlow(message) => message.exceeded_limit(),
            Self::Own(_) => None,
        }
    }

    fn finish(&mut self) {
        match self {
            Self::OpenInference(message) => message.finish(),
            Self::TensorFlow(_) => {}
            Self::Own(fields) => fields.finish(),
        }
    }
}

impl Sink for Walk {
    fn field(&mut self, key: Key, at: u64) -> Result<Interest, ProtobufErrorKind> {
        match self {
            Self::OpenInference(message) => message.field(key, at),
            Self::TensorFlow(message) => message.field(key, at),
            Self::Own(fields) => fields.field(key, at),
        }
    }

    fn number(&mut self, value: u64) {
        match self {
            Self::OpenInference(message) => message.number(value),
            Self::TensorFlow(message) => message.number(value),
            Self::Own(fields) => fields.number(value),
        }
    }

    fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        match self {
            Self::OpenInference(message) => message.bytes(fragment),
            Self::TensorFlow(message) => message.bytes(fragment),
            Self::Own(fields) => fields.bytes(fragment),
        }
    }

    fn end(&mut self, extent: Extent) -> Result<(), ProtobufErrorKind> {
        match self {
            Self::OpenInference(message) => message.end(extent),
            Self::TensorFlow(message) => message.end(extent),
            Self::Own(fields) => fields.end(extent),
        }
    }
}

impl fmt::Display for TensorError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protobuf(error) => error.fmt(out),
            Self::TooManyTensors { limit } => write!(out, "more than {limit} tensors"),
        }
    }
}

impl core::error::Error for TensorError {}
