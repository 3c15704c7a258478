//! A request's body, read for what it will cost.

use crate::config::{Cost, TensorUnit};
use crate::cost::{Estimate, announced, carries_tensors};
use filter_kit::Headers;
use inference_api::demand::{DemandReader, IncludeUsage};
use inference_api::dialect::{Call, Dialect, Operation};
use inference_api::grpc::{FrameReader, Part};
use inference_api::identity::Splice;
use inference_api::json::{NotedLimits, Options};
use inference_api::tensor::json::{
    InferenceMessage, InferenceReader, JsonLimits, PredictMessage, PredictReader,
};
use inference_api::tensor::{Depth, MessageKind, MessageReader, Tensor, TensorLimits};

/// So many tensors of a request are looked at.
const MOST_TENSORS: usize = 1024;

/// Reads a request's body for what it will cost.
#[derive(Debug)]
pub(crate) struct CostReader {
    operation: Operation,
    unit: TensorUnit,
    body: Body,
    bytes: u64,
    /// How long it says that it is.
    announced: u64,
}

#[derive(Debug)]
enum Body {
    Demand(Box<DemandReader>),
    Inference(Box<InferenceReader>),
    Predict(Box<PredictReader>),
    Messages(Box<Messages>),
    /// Nobody knows what it means: its length is what counts.
    Counted,
    Broken(Unreadable),
}

/// The messages of a gRPC call.
#[derive(Debug)]
struct Messages {
    frames: FrameReader,
    kind: MessageKind,
    /// The one that is being read.
    current: Option<MessageReader>,
    /// What the first one cost, once it ended.
    first: Option<u64>,
    /// What those that ended cost together.
    tokens: u64,
}

/// Why a body does not say what it will cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is compressed.
    Compressed,
    /// It is not what its API wants.
    Malformed,
    /// It is longer than is held.
    TooLong,
}

/// What reading a body came to.
#[derive(Debug)]
pub(crate) struct Costed {
    pub(crate) estimate: Estimate,
    /// The edit by which a streamed answer is made to say what it used.
    pub(crate) include_usage: Option<Splice>,
    /// Why it does not say what it will cost; the estimate is by its length then.
    pub(crate) unreadable: Option<Unreadable>,
}

impl CostReader {
    /// For a request whose body says what it will cost, or whose length does and is
    /// not known yet.
    pub(crate) fn of(call: &Call<'_>, headers: &Headers, cost: &Cost) -> Option<Self> {
        let is_coded = headers
            .first("content-encoding")
            .is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity"));
        let body = Self::body(call, headers, cost);
        let body = match body {
            Some(_) if is_coded => Body::Broken(Unreadable::Compressed),
            Some(body) => body,
            None if headers.contains("content-length") || costs_the_same(call, cost) => {
                return None;
            }
            None => Body::Counted,
        };
        let (operation, unit) = (call.operation, cost.tensors);
        Some(Self { operation, unit, body, bytes: 0, announced: announced(headers) })
    }

    fn body(call: &Call<'_>, headers: &Headers, cost: &Cost) -> Option<Body> {
        if let Some(reader) = DemandReader::new(call.dialect, call.operation, Options::default()) {
            return Some(Body::Demand(Box::new(reader)));
        }
        if cost.tensors == TensorUnit::Request {
            return None;
        }
        let limits = JsonLimits {
            max_tensors: MOST_TENSORS,
            depth: Depth::Counted,
            max_json_depth: 127,
            max_string_bytes: u64::MAX,
            noted: NotedLimits::default(),
        };
        Some(match (call.dialect, call.operation) {
            (Dialect::OpenInferenceRest, Operation::Infer) => {
                let length = headers.first("inference-header-content-length");
                let length = length.and_then(|value| str::from_utf8(value).ok()?.parse().ok());
                let reader = InferenceReader::new(InferenceMessage::Request, limits, length);
                Body::Inference(Box::new(reader))
            }
            (Dialect::TensorFlowServingRest, Operation::Predict) => {
                Body::Predict(Box::new(PredictReader::new(PredictMessage::Request, limits)))
            }
            (Dialect::OpenInferenceGrpc, Operation::Infer | Operation::InferStream) => {
                Body::Messages(Box::new(Messages::new(MessageKind::ModelInferRequest)))
            }
            (Dialect::TensorFlowServingGrpc, Operation::Predict) => {
                Body::Messages(Box::new(Messages::new(MessageKind::PredictRequest)))
            }
            _ => return None,
        })
    }

    /// More of the body. Whether nothing more has to be seen of it.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> bool {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        let is_read = match &mut self.body {
            Body::Demand(reader) => reader.push(bytes).map_err(|_| Unreadable::Malformed),
            Body::Inference(reader) => reader.push(bytes).map_err(|_| Unreadable::Malformed),
            Body::Predict(reader) => reader.push(bytes).map_err(|_| Unreadable::Malformed),
            Body::Messages(messages) => messages.push(bytes, self.unit),
            Body::Counted => Ok(()),
            // What there is of it is counted on.
            Body::Broken(_) => return false,
        };
        if let Err(unreadable) = is_read {
            self.body = Body::Broken(unreadable);
        }
        matches!(&self.body, Body::Messages(messages) if messages.first.is_some())
    }

    /// What the messages of a stream cost by now, all together.
    pub(crate) fn streamed(&self) -> Option<u64> {
        match &self.body {
            Body::Messages(messages) if self.operation == Operation::InferStream => {
                Some(messages.tokens)
            }
            _ => None,
        }
    }

    /// What it comes to, of which all was seen, or as much as is held.
    pub(crate) fn finish(&mut self, is_all: bool, call: &Call<'_>, cost: &Cost) -> Costed {
        let length = self.bytes.max(self.announced);
        let (mut include_usage, mut unreadable) = (None, None);
        let of_tensors = |tensors: &[Tensor]| Estimate::of_tensors(tensors, cost.tensors);
        let read = match &mut self.body {
            Body::Demand(_) if !is_all => Err(Unreadable::TooLong),
            Body::Demand(reader) => {
                reader.finish().map_err(|_| Unreadable::Malformed).map(|demand| {
                    let estimate = Estimate::of_demand(&demand, self.operation, cost);
                    if let IncludeUsage::Splice(splice) = demand.include_usage {
                        include_usage = Some(splice);
                    }
                    estimate
                })
            }
            Body::Inference(reader) if is_all => match reader.finish() {
                Ok(()) => Ok(of_tensors(reader.tensors())),
                Err(_) => Err(Unreadable::Malformed),
            },
            Body::Predict(reader) if is_all => match reader.finish() {
                Ok(()) => Ok(of_tensors(reader.tensors())),
                Err(_) => Err(Unreadable::Malformed),
            },
            // Shapes stand before the data.
            Body::Inference(reader) => of_some(reader.tensors(), length, cost),
            Body::Predict(_) => Err(Unreadable::TooLong),
            Body::Messages(messages) => messages.estimate(is_all, length, cost),
            Body::Counted if is_all || self.announced > 0 => {
                Ok(Estimate::unread(length, call, cost))
            }
            Body::Counted => Err(Unreadable::TooLong),
            Body::Broken(why) => Err(*why),
        };
        let estimate = read.unwrap_or_else(|why| {
            unreadable = Some(why);
            Estimate::unread(length, call, cost)
        });
        Costed { estimate, include_usage, unreadable }
    }
}

impl Messages {
    fn new(kind: MessageKind) -> Self {
        Self { frames: FrameReader::new(), kind, current: None, first: None, tokens: 0 }
    }

    fn push(&mut self, mut bytes: &[u8], unit: TensorUnit) -> Result<(), Unreadable> {
        while let Some(part) = self.frames.next(&mut bytes).map_err(|_| Unreadable::Malformed)? {
            match part {
                Part::Message { is_compressed: true, .. } => return Err(Unreadable::Compressed),
                Part::Message { length, .. } => {
                    let limits = TensorLimits { max_tensors: MOST_TENSORS, depth: Depth::Counted };
                    let reader = MessageReader::new(&self.kind, limits);
                    self.current = Some(reader.with_length(u64::from(length)));
                }
                Part::Payload(payload) => {
                    if let Some(message) = &mut self.current {
                        message.push(payload).map_err(|_| Unreadable::Malformed)?;
                    }
                }
                Part::End => {
                    let Some(mut message) = self.current.take() else { continue };
                    message.finish().map_err(|_| Unreadable::Malformed)?;
                    let tokens = Estimate::of_tensors(message.tensors(), unit).tokens;
                    self.first.get_or_insert(tokens);
                    self.tokens = self.tokens.saturating_add(tokens);
                }
            }
        }
        Ok(())
    }

    fn estimate(&self, is_all: bool, length: u64, cost: &Cost) -> Result<Estimate, Unreadable> {
        match (self.first, &self.current) {
            (Some(first), _) => Ok(Estimate::of_known(first)),
            (None, Some(message)) if !is_all => of_some(message.tensors(), length, cost),
            _ => Err(Unreadable::Malformed),
        }
    }
}

/// Of tensors of which only the first were seen: their shapes say how many rows there
/// are.
fn of_some(tensors: &[Tensor], length: u64, cost: &Cost) -> Result<Estimate, Unreadable> {
    let is_known = tensors.first().is_some_and(|tensor| tensor.shape.is_some());
    match cost.tensors {
        TensorUnit::Rows | TensorUnit::Request if is_known => {
            Ok(Estimate::of_tensors(tensors, cost.tensors))
        }
        // None is shorter than a byte.
        TensorUnit::Elements => Ok(Estimate::of_known(length)),
        TensorUnit::Rows | TensorUnit::Request => Err(Unreadable::TooLong),
    }
}

/// Whether it costs the same whatever its body is.
const fn costs_the_same(call: &Call<'_>, cost: &Cost) -> bool {
    carries_tensors(call) && !matches!(cost.tensors, TensorUnit::Elements)
}
