//! What a request's body is, and what of its contract can be held against it.

use super::Side;
use super::json_tensors::JsonApi;
use crate::contracts::Contract;
use inference_api::dialect::{Call, DeclaredContent, Dialect, Operation};
use inference_api::tensor::MessageKind;

/// What a request's body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyFormat {
    /// JSON, or JSON with raw tensors behind it.
    Json,
    /// gRPC messages.
    Grpc(Messages),
    /// A form, an image or whatever, of which nothing is read.
    Form,
    /// Something that can't be held against the contract.
    Unreadable,
}

/// The messages of a gRPC body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Messages {
    /// What is read of each; nothing, if there is nothing to check but its length.
    pub(crate) kind: Option<MessageKind>,
    pub(crate) count: Count,
}

/// How many messages a body has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// Exactly one.
    One,
    /// Any number.
    Any,
}

/// What an answer's body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AnswerFormat {
    /// JSON of which only that is checked.
    Json,
    /// JSON with tensors.
    Tensors(JsonApi),
    /// gRPC messages.
    Grpc(Messages),
    /// Something of which nothing is known.
    Unknown,
}

impl BodyFormat {
    /// That of a request to `path` under this contract.
    pub(crate) fn of(call: &Call<'_>, path: &[u8], contract: &Contract) -> Self {
        if contract.own_method().is_some_and(|method| method.as_bytes() == path)
            && call.content == DeclaredContent::Grpc
        {
            let kind = contract.tensors.as_ref().and_then(|rules| rules.own.as_ref());
            let kind = kind.map(|own| MessageKind::Own(own.fields.clone()));
            return Self::Grpc(Messages { kind, count: Count::Any });
        }
        let speaks = Speaks::of(call);
        if !speaks.of_what(contract) {
            return Self::Unreadable;
        }
        if call.dialect.is_grpc() {
            return Self::Grpc(Messages::of_requests(call, contract));
        }
        if is_json(call) { Self::Json } else { Self::Form }
    }
}

/// Whether a body that is no gRPC is to be read as JSON. Servers of the APIs that we
/// know read it as such whatever its content type; of others, what it is said to be
/// counts.
pub(crate) const fn is_json(call: &Call<'_>) -> bool {
    match call.operation {
        Operation::Transcription | Operation::ImageEdit => {
            !matches!(call.content, DeclaredContent::Multipart)
        }
        _ => match call.dialect {
            Dialect::Http => {
                matches!(call.content, DeclaredContent::Json | DeclaredContent::Absent)
            }
            dialect => !dialect.is_grpc(),
        },
    }
}

/// What a call's body has in it.
struct Speaks {
    tensors: bool,
    prompts: bool,
    json: bool,
}

impl Speaks {
    fn of(call: &Call<'_>) -> Self {
        let tensors = match call.dialect {
            Dialect::OpenInferenceRest | Dialect::OpenInferenceGrpc => {
                matches!(call.operation, Operation::Infer | Operation::InferStream)
            }
            Dialect::TensorFlowServingRest | Dialect::TensorFlowServingGrpc => {
                call.operation == Operation::Predict
            }
            _ => false,
        };
        Self {
            tensors,
            prompts: matches!(call.dialect, Dialect::OpenAi | Dialect::Anthropic),
            json: is_json(call),
        }
    }

    /// Whether anything that the contract says of bodies is about such a one, or it
    /// says nothing.
    const fn of_what(&self, contract: &Contract) -> bool {
        let tensors = contract.tensors.is_some();
        let prompts = contract.generative.is_some();
        let json = contract.schema.is_some();
        (!tensors && !prompts && !json)
            || (tensors && self.tensors)
            || (prompts && self.prompts)
            || (json && self.json)
    }
}

impl Messages {
    fn of_requests(call: &Call<'_>, contract: &Contract) -> Self {
        let kind = match (call.dialect, call.operation) {
            (Dialect::OpenInferenceGrpc, Operation::Infer | Operation::InferStream) => {
                Some(MessageKind::ModelInferRequest)
            }
            (Dialect::TensorFlowServingGrpc, Operation::Predict) => {
                Some(MessageKind::PredictRequest)
            }
            _ => None,
        };
        let kind = kind.filter(|_| contract.tensors.is_some());
        Self { kind, count: Count::of_requests(call) }
    }

    fn of_answers(call: &Call<'_>) -> Option<Self> {
        let (kind, count) = match (call.dialect, call.operation) {
            (Dialect::OpenInferenceGrpc, Operation::Infer) => {
                (MessageKind::ModelInferResponse, Count::One)
            }
            (Dialect::OpenInferenceGrpc, Operation::InferStream) => {
                (MessageKind::ModelStreamInferResponse, Count::Any)
            }
            (Dialect::TensorFlowServingGrpc, Operation::Predict) => {
                (MessageKind::PredictResponse, Count::Any)
            }
            _ => return None,
        };
        Some(Self { kind: Some(kind), count })
    }
}

impl Count {
    /// What is known of calls to model servers; of other services, nothing is.
    fn of_requests(call: &Call<'_>) -> Self {
        match call.dialect {
            Dialect::OpenInferenceGrpc if call.operation == Operation::InferStream => Self::Any,
            Dialect::OpenInferenceGrpc | Dialect::TensorFlowServingGrpc => Self::One,
            _ => Self::Any,
        }
    }
}

impl AnswerFormat {
    /// That of the answer to such a call.
    pub(crate) fn of(call: &Call<'_>) -> Self {
        if call.dialect.is_grpc() {
            return Messages::of_answers(call).map_or(Self::Unknown, Self::Grpc);
        }
        JsonApi::of(call, Side::Answer).map_or(Self::Json, Self::Tensors)
    }
}
