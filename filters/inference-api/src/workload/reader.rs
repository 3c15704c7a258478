use super::messages::Messages;
use super::{Batch, MOST_TENSORS, Workload, WorkloadError, malformed};
use crate::demand::DemandReader;
use crate::dialect::{Call, Dialect, Operation, is_prediction};
use crate::json::{NotedLimits, Options};
use crate::tensor::json::{
    InferenceMessage, InferenceReader, JsonLimits, PredictMessage, PredictReader,
};
use crate::tensor::{Depth, MessageKind};

/// How JSON is read: as widely as [`Options`] have it.
const LIMITS: JsonLimits = JsonLimits {
    max_tensors: MOST_TENSORS,
    depth: Depth::Counted,
    max_json_depth: 127,
    max_string_bytes: u64::MAX,
    noted: NotedLimits { depth: false, strings: false },
};

/// Reads a request's body for what it brings for a model to work on.
///
/// Memory: of a prompt a few numbers; of tensors what [`MessageReader`] or
/// [`JsonLimits`] say, of at most 1024.
///
/// [`MessageReader`]: crate::tensor::MessageReader
#[derive(Clone, Debug)]
pub struct WorkloadReader {
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Prompt(Box<DemandReader>),
    Inference(Box<InferenceReader>),
    Predict(Box<PredictReader>),
    Messages(Box<Messages>),
    Failed(WorkloadError),
}

impl WorkloadReader {
    /// For the body of such a request, whose headers say these: `first` gives the first
    /// value of a name. Of them `:path`, `content-encoding` and
    /// `inference-header-content-length` matter. `None` if nothing is known of such
    /// bodies, see [`workload`](super).
    pub fn new<'a>(call: &Call<'_>, first: impl Fn(&str) -> Option<&'a [u8]>) -> Option<Self> {
        let body = Body::of(call, &first)?;
        let is_coded = first("content-encoding")
            .is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity"));
        Some(Self { body: if is_coded { Body::Failed(WorkloadError::Compressed) } else { body } })
    }

    /// Reads the next bytes up to the end of a message, and takes them off the front
    /// of `bytes`; tells what is in that message. `None` when it takes more bytes, or
    /// when the body is no sequence of messages; `bytes` is empty then.
    ///
    /// # Errors
    /// When it is compressed, or not what its API wants. The reader stays in that
    /// state.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Workload>, WorkloadError> {
        let told = match &mut self.body {
            Body::Prompt(body) => body.push(core::mem::take(bytes)).map_err(malformed),
            Body::Inference(body) => body.push(core::mem::take(bytes)).map_err(malformed),
            Body::Predict(body) => body.push(core::mem::take(bytes)).map_err(malformed),
            Body::Messages(messages) => match messages.next(bytes) {
                Ok(Some(batch)) => return Ok(Some(Workload::Tensors(batch))),
                told => told.map(|_| ()),
            },
            Body::Failed(error) => Err(*error),
        };
        told.map(|()| None).map_err(|error| self.fail(error))
    }

    /// Says that the body ends here, and what is in it. `None` if it is a sequence of
    /// messages, all of which were told.
    ///
    /// # Errors
    /// When it is compressed, not what its API wants, or can't end here.
    pub fn finish(&mut self) -> Result<Option<Workload>, WorkloadError> {
        let tensors = |tensors| Some(Workload::Tensors(Batch::of(tensors)));
        let told = match &mut self.body {
            Body::Prompt(body) => {
                body.finish().map(|demand| Some(Workload::Prompt(demand))).map_err(malformed)
            }
            Body::Inference(body) => match body.finish() {
                Ok(()) => Ok(tensors(body.tensors())),
                Err(error) => Err(malformed(error)),
            },
            Body::Predict(body) => match body.finish() {
                Ok(()) => Ok(tensors(body.tensors())),
                Err(error) => Err(malformed(error)),
            },
            Body::Messages(messages) => messages.finish().map(|()| None),
            Body::Failed(error) => Err(*error),
        };
        told.map_err(|error| self.fail(error))
    }

    /// What is known of the body, or of the message that is being read, before it
    /// ends: its rows, once the first tensor's shape was read. `None` where nothing can
    /// be known: of prompts, of TensorFlow Serving's JSON, which says no shapes, between
    /// messages, and after an error.
    ///
    /// Clients write the shape before the data. What one that does not says may change.
    pub fn so_far(&self) -> Option<Batch> {
        match &self.body {
            Body::Inference(body) => Some(Batch::of_first(body.tensors())),
            Body::Messages(messages) => messages.so_far(),
            Body::Prompt(_) | Body::Predict(_) | Body::Failed(_) => None,
        }
    }

    fn fail(&mut self, error: WorkloadError) -> WorkloadError {
        self.body = Body::Failed(error);
        error
    }
}

impl Body {
    fn of<'a>(call: &Call<'_>, first: &impl Fn(&str) -> Option<&'a [u8]>) -> Option<Self> {
        if let Some(reader) = DemandReader::new(call.dialect, call.operation, Options::default()) {
            return Some(Self::Prompt(Box::new(reader)));
        }
        Some(match (call.dialect, call.operation) {
            (Dialect::OpenInferenceRest, Operation::Infer) => {
                let length = first("inference-header-content-length");
                let length = length.and_then(|value| str::from_utf8(value).ok()?.parse().ok());
                let reader = InferenceReader::new(InferenceMessage::Request, LIMITS, length);
                Self::Inference(Box::new(reader))
            }
            (Dialect::TensorFlowServingRest, Operation::Predict) => {
                Self::Predict(Box::new(PredictReader::new(PredictMessage::Request, LIMITS)))
            }
            (Dialect::OpenInferenceGrpc, Operation::Infer | Operation::InferStream) => {
                Self::Messages(Box::new(Messages::of(MessageKind::ModelInferRequest)))
            }
            (Dialect::TensorFlowServingGrpc, Operation::Predict) => {
                Self::Messages(Box::new(Messages::of(MessageKind::PredictRequest)))
            }
            (Dialect::Grpc, Operation::Predict) if first(":path").is_some_and(is_prediction) => {
                Self::Messages(Box::new(Messages::of_features()))
            }
            _ => return None,
        })
    }
}
