//! What a generative request asks for: how much of a model's time, and whether
//! its streamed answer will say what it used.
//!
//! A [`DemandReader`] reads the JSON body of `OpenAI`'s chat completions,
//! completions, embeddings and responses, of Anthropic's messages and of Triton's
//! `generate` and `generate_stream`. Of a body it keeps a few numbers and where
//! some members stand.
//!
//! What it reads is what servers read:
//! - Of a key that stands twice, the last value counts.
//! - A count may be written `8`, `8.0` or `"8"`; yes may be `true`, `1` or `"yes"`.
//!   `null` is as good as absent, and so is a count that is negative or broken. A
//!   count that is too large, or written in more than 64 bytes, is `u64::MAX`.
//! - Fields that no table has are passed over.

mod asked;
mod include_usage;
mod reader;
mod shape;

pub use include_usage::IncludeUsage;
pub use reader::{Demand, DemandReader};

#[cfg(test)]
mod tests;
