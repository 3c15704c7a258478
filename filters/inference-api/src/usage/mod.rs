//! What an answer says it used, and what was streamed of it.
//!
//! An [`AnswerReader`] watches an answer go by, whole or as server-sent events.
//! It never fails: of an answer that is malformed, compressed or of another API
//! it just tells nothing. What it tells, [`Usage`], has one meaning for all APIs.
//!
//! | API | whole | streamed |
//! |---|---|---|
//! | `OpenAI` chat completions, completions | `usage` | the last `usage` that an event has |
//! | `OpenAI` embeddings | `usage` | - |
//! | `OpenAI` responses | `usage` | `response.usage` of the last event |
//! | Anthropic messages | `usage` | `message.usage` of the first event, `usage` of later ones |
//! | Triton generate, generate stream | counts only | counts only |
//!
//! Where a count is said more than once, the last one is taken, and one that is
//! no integer from 0 to 2^53 - 1 is as if it had not been said.
//!
//! Sources: `OpenAI`'s and Anthropic's API descriptions; vLLM's
//! `continuous_usage_stats`; Triton's `extension_generate.md`; Envoy 1.40,
//! `token_usage`.

mod counts;
mod event;
mod facts;
mod form;
mod reader;
mod shape;

pub use counts::{USAGE_FACTS, Usage};
pub use event::{AnswerEvent, EventKind};
pub use form::AnswerForm;
pub use reader::AnswerReader;

#[cfg(test)]
mod tests;
