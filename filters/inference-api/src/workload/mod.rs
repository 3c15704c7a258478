//! What a request brings for a model to work on: a prompt, or tensors.
//!
//! A [`WorkloadReader`] is made from a request's [`Call`](crate::dialect::Call) and
//! headers, is pushed its body, and tells each [`Workload`] where that ends: of a
//! body at its end, of a gRPC call with each message. What is read:
//!
//! | dialect | operations | workload |
//! |---|---|---|
//! | OpenAI | chat completions, completions, embeddings, responses | [`Demand`] |
//! | Anthropic | messages | [`Demand`] |
//! | Open Inference Protocol, REST | Triton's `generate`, `generate_stream` | [`Demand`] |
//! | Open Inference Protocol, REST | `infer`, also with binary data | [`Batch`] |
//! | Open Inference Protocol, gRPC | `ModelInfer`, `ModelStreamInfer` | [`Batch`] each |
//! | TensorFlow Serving, REST | `predict` | [`Batch`] |
//! | TensorFlow Serving, gRPC | `Predict`, `PredictStreamed`, `SessionRun` | [`Batch`] each |
//! | gRPC | `prediction.PredictionService/Predict` | [`Batch`] each |
//!
//! Tensors are counted and not looked at closely: a body that is told of may still be
//! one that its server refuses. Of JSON the first 1024 tensors count; a gRPC message
//! that has more is [`WorkloadError::Malformed`].

mod batch;
mod messages;
mod reader;

pub use batch::Batch;
pub use reader::WorkloadReader;

use crate::demand::Demand;
use core::fmt;

/// So many tensors of a message are looked at.
const MOST_TENSORS: usize = 1024;

/// What a request, or one message of it, brings for a model to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Text to be read, and more to be written.
    Prompt(Demand),
    /// Tensors.
    Tensors(Batch),
}

/// Why a body does not say what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadError {
    /// It is compressed, as `content-encoding` or a gRPC message itself says.
    Compressed,
    /// It is not what its API wants, or ends too early.
    Malformed,
}

impl fmt::Display for WorkloadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Compressed => "what is in a compressed body can't be read",
            Self::Malformed => "the body is not what its API wants",
        })
    }
}

impl core::error::Error for WorkloadError {}

/// Whatever is wrong with a body, nothing of it can be relied on.
fn malformed(_: impl core::error::Error) -> WorkloadError {
    WorkloadError::Malformed
}

#[cfg(test)]
mod tests;
