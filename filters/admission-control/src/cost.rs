//! What a request is taken to cost before its answer says it, in tokens.

use crate::config::{Cost, TensorUnit};
use filter_kit::Headers;
use inference_api::demand::{Demand, DemandReader, IncludeUsage};
use inference_api::dialect::{Call, Dialect, Operation};
use inference_api::grpc::{FrameReader, Part};
use inference_api::identity::Splice;
use inference_api::json::{NotedLimits, Options};
use inference_api::tensor::json::{
    InferenceMessage, InferenceReader, JsonLimits, PredictMessage, PredictReader,
};
use inference_api::tensor::{Depth, Elements, MessageKind, MessageReader, Tensor, TensorLimits};

/// So many tensors of a request are looked at.
const MOST_TENSORS: usize = 1024;

/// What a request is taken to cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Estimate {
    /// All of it: what is reserved.
    pub(crate) tokens: u64,
    /// The part of it that its prompt costs, answered or not.
    pub(crate) prompt: u64,
    /// Whether it asks for an answer that is streamed.
    pub(crate) is_streamed: bool,
    bytes_per_token: u32,
}

impl Estimate {
    /// Of a request whose body is not read: it costs its length, and what an answer
    /// of unknown length does.
    pub(crate) fn unread(bytes: u64, call: &Call<'_>, cost: &Cost) -> Self {
        let mut estimate = Self { bytes_per_token: cost.bytes_per_token, ..Self::default() };
        if carries_tensors(call) {
            // How many rows or elements it has is unknown; it has one at least.
            estimate.tokens = match cost.tensors {
                TensorUnit::Elements => bytes.div_ceil(4).max(1),
                TensorUnit::Rows | TensorUnit::Request => 1,
            };
            estimate.prompt = estimate.tokens;
            return estimate;
        }
        estimate.prompt = estimate.of(bytes);
        let output = if generates(call.operation) { cost.default_output_tokens } else { 0 };
        estimate.tokens = estimate.prompt.saturating_add(output).max(1);
        estimate
    }

    fn of_demand(demand: &Demand, operation: Operation, cost: &Cost) -> Self {
        let mut estimate = Self { bytes_per_token: cost.bytes_per_token, ..Self::default() };
        let text = demand.prompt_bytes.saturating_add(demand.tool_bytes);
        estimate.prompt = estimate.of(text).saturating_add(demand.prompt_token_ids);
        let each = demand.max_output_tokens.unwrap_or(cost.default_output_tokens);
        let output =
            if generates(operation) { each.saturating_mul(demand.choices.max(1)) } else { 0 };
        estimate.tokens = estimate.prompt.saturating_add(output).max(1);
        estimate.is_streamed = demand.stream;
        estimate
    }

    fn of_tensors(tensors: &[Tensor], unit: TensorUnit) -> Self {
        let tokens = match unit {
            TensorUnit::Request => 1,
            TensorUnit::Rows => tensors.first().map_or(1, rows),
            TensorUnit::Elements => {
                tensors.iter().fold(0, |sum: u64, tensor| sum.saturating_add(elements(tensor)))
            }
        };
        let tokens = tokens.max(1);
        Self { tokens, prompt: tokens, ..Self::default() }
    }

    /// How many tokens a text of so many bytes is taken to have.
    pub(crate) fn of(&self, bytes: u64) -> u64 {
        bytes.div_ceil(u64::from(self.bytes_per_token.max(1)))
    }
}

/// Reads a request's body for what it will cost.
#[derive(Debug)]
pub(crate) struct CostReader {
    operation: Operation,
    body: Body,
    bytes: u64,
    /// How long it says that it is: the body, or its first message.
    announced: u64,
}

#[derive(Debug)]
enum Body {
    Demand(Box<DemandReader>),
    Inference(Box<InferenceReader>),
    Predict(Box<PredictReader>),
    Messages(Box<(FrameReader, MessageKind, Option<MessageReader>)>),
    /// It is only counted, since it is compressed.
    Coded,
    /// It can't be read. Its server will say so.
    Broken,
}

/// What reading a body came to.
#[derive(Debug)]
pub(crate) struct Costed {
    pub(crate) estimate: Estimate,
    /// The edit by which a streamed answer is made to say what it used.
    pub(crate) include_usage: Option<Splice>,
}

impl CostReader {
    /// For a request whose body says what it will cost.
    pub(crate) fn of(call: &Call<'_>, headers: &Headers, cost: &Cost) -> Option<Self> {
        let is_coded = headers
            .first("content-encoding")
            .is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity"));
        let (operation, bytes, announced) = (call.operation, 0, announced(headers));
        if is_coded {
            // Compressed or not, its length is what there is to go by.
            let is_known = headers.contains("content-length");
            let costs_its_length = !carries_tensors(call) || cost.tensors == TensorUnit::Elements;
            return (costs_its_length && !is_known).then_some(Self {
                operation,
                body: Body::Coded,
                bytes,
                announced,
            });
        }
        if let Some(reader) = DemandReader::new(call.dialect, operation, Options::default()) {
            let body = Body::Demand(Box::new(reader));
            return Some(Self { operation, body, bytes, announced });
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
        let messages = |kind| Body::Messages(Box::new((FrameReader::new(), kind, None)));
        let body = match (call.dialect, operation) {
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
                messages(MessageKind::ModelInferRequest)
            }
            (Dialect::TensorFlowServingGrpc, Operation::Predict) => {
                messages(MessageKind::PredictRequest)
            }
            _ => return None,
        };
        Some(Self { operation, body, bytes, announced })
    }

    /// More of the body. Whether nothing more has to be seen of it.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> bool {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        let is_good = match &mut self.body {
            Body::Demand(reader) => reader.push(bytes).is_ok(),
            Body::Inference(reader) => reader.push(bytes).is_ok(),
            Body::Predict(reader) => reader.push(bytes).is_ok(),
            Body::Messages(messages) => match first_message(messages, bytes, &mut self.announced) {
                Ok(is_read) => return is_read,
                Err(Unreadable) => false,
            },
            Body::Coded => true,
            Body::Broken => false,
        };
        if !is_good {
            self.body = Body::Broken;
        }
        !is_good
    }

    /// It is longer than may be read: what it comes to by its length, as far as that
    /// is known.
    pub(crate) fn give_up(&self, call: &Call<'_>, cost: &Cost) -> Costed {
        let estimate = Estimate::unread(self.bytes.max(self.announced), call, cost);
        Costed { estimate, include_usage: None }
    }

    /// What it comes to: all of it, or as much as could be seen.
    pub(crate) fn finish(self, call: &Call<'_>, cost: &Cost) -> Costed {
        let unread = || Estimate::unread(self.bytes.max(self.announced), call, cost);
        let mut include_usage = None;
        let tensors = |tensors: &[Tensor]| Estimate::of_tensors(tensors, cost.tensors);
        let estimate = match self.body {
            Body::Demand(mut reader) => reader.finish().ok().map(|demand| {
                let estimate = Estimate::of_demand(&demand, self.operation, cost);
                if let IncludeUsage::Splice(splice) = demand.include_usage {
                    include_usage = Some(splice);
                }
                estimate
            }),
            Body::Inference(mut reader) => reader.finish().ok().map(|()| tensors(reader.tensors())),
            Body::Predict(mut reader) => reader.finish().ok().map(|()| tensors(reader.tensors())),
            Body::Messages(messages) => messages.2.as_ref().map(|reader| tensors(reader.tensors())),
            Body::Coded | Body::Broken => None,
        };
        Costed { estimate: estimate.unwrap_or_else(unread), include_usage }
    }
}

/// How long its headers say that a body is.
pub(crate) fn announced(headers: &Headers) -> u64 {
    let length = headers.first("content-length").and_then(|value| str::from_utf8(value).ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

struct Unreadable;

/// Reads the first message of a body; whether all of it was.
fn first_message(
    messages: &mut (FrameReader, MessageKind, Option<MessageReader>),
    mut bytes: &[u8],
    announced: &mut u64,
) -> Result<bool, Unreadable> {
    let (frames, kind, message) = messages;
    while let Some(part) = frames.next(&mut bytes).map_err(|_| Unreadable)? {
        match part {
            Part::Message { is_compressed: true, length, .. } => {
                *announced = (*announced).max(u64::from(length));
                return Err(Unreadable);
            }
            Part::Message { length, .. } => {
                *announced = (*announced).max(u64::from(length));
                let limits = TensorLimits { max_tensors: MOST_TENSORS, depth: Depth::Counted };
                let reader = MessageReader::new(kind, limits).with_length(u64::from(length));
                *message = Some(reader);
            }
            Part::Payload(payload) => {
                if let Some(message) = message {
                    message.push(payload).map_err(|_| Unreadable)?;
                }
            }
            Part::End => {
                if let Some(message) = message {
                    message.finish().map_err(|_| Unreadable)?;
                }
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The first dimension: the batch.
fn rows(tensor: &Tensor) -> u64 {
    // Of TensorFlow Serving's JSON only the nesting tells it.
    let shape = tensor.shape.as_ref().or(tensor.data.nesting.as_ref());
    let first = shape.and_then(|shape| shape.dimensions().first().copied());
    first.and_then(|rows| u64::try_from(rows).ok()).or(tensor.data.elements).unwrap_or(1)
}

/// What its data has, or what it says that it has.
fn elements(tensor: &Tensor) -> u64 {
    let said = tensor.shape.as_ref().and_then(|shape| match shape.elements() {
        Elements::Count(elements) => Some(elements),
        Elements::Unknown | Elements::TooMany => None,
    });
    tensor.data.elements.or(said).unwrap_or(1)
}

const fn carries_tensors(call: &Call<'_>) -> bool {
    !matches!(call.dialect, Dialect::OpenAi | Dialect::Anthropic)
        && !matches!(call.operation, Operation::Generate | Operation::GenerateStream)
}

/// Whether its answer is text that a model generates, whose length the prompt does
/// not tell.
pub(crate) const fn generates(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::ChatCompletions
            | Operation::Completions
            | Operation::Responses
            | Operation::Messages
            | Operation::Generate
            | Operation::GenerateStream
    )
}
