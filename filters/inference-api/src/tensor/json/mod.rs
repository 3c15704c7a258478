//! Tensors in JSON bodies, read while they go by.
//!
//! [`InferenceTensors`] and [`PredictTensors`] hear what a JSON text is made of;
//! so other checks can hear the same text. [`InferenceReader`] and
//! [`PredictReader`] are those with a JSON reader of their own.
//!
//! Nothing of a tensor's data is kept. Memory: [`JsonLimits::max_tensors`]
//! tensors, one name of each, and what a [`Survey`](crate::json::Survey) takes.
//!
//! What is malformed as JSON is an error; what is JSON and no proper message is a
//! [`Fault`], beside which the rest is read on. After an error, tensors and faults
//! mean nothing.

mod base64;
mod binary;
mod draft;
mod faults;
mod inference;
mod inference_members;
mod inference_reader;
mod predict;
mod predict_columns;
mod predict_ends;
mod predict_members;
mod predict_reader;
mod words;

pub use faults::{Expected, Fault, FaultKind, MAX_FAULTS_OF_A_KIND};
pub use inference::{InferenceMessage, InferenceTensors};
pub use inference_reader::InferenceReader;
pub use predict::{PredictMessage, PredictTensors};
pub use predict_reader::PredictReader;

use super::Depth;
use crate::json::{JsonError, NotedLimits, NumberWords, Options};
use core::fmt;

/// How much of a message is read, and how closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonLimits {
    /// So many tensors are kept; further ones are a
    /// [`FaultKind::TooManyTensors`].
    pub max_tensors: usize,
    /// What of their data is looked at.
    pub depth: Depth,
    /// How many objects and arrays may stand inside each other.
    pub max_json_depth: usize,
    /// How many bytes a string or key may have, as it is written.
    pub max_string_bytes: u64,
    /// Which of these two are no error to be beyond.
    pub noted: NotedLimits,
}

/// Why a body can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorError {
    /// It is no JSON.
    Json(JsonError),
}

impl JsonLimits {
    /// How the JSON text is to be read that has these limits.
    pub fn options(self, words: NumberWords) -> Options {
        Options {
            max_depth: self.max_json_depth,
            max_string_bytes: self.max_string_bytes,
            noted: self.noted,
            words,
            ..Options::default()
        }
    }
}

impl From<JsonError> for TensorError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl fmt::Display for TensorError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => error.fmt(out),
        }
    }
}

impl core::error::Error for TensorError {}

#[cfg(test)]
mod inference_tests;
#[cfg(test)]
mod predict_tests;
