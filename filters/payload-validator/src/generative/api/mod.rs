//! A table for each API.

mod chat;
mod completions;
mod embeddings;
mod messages;
mod parameters;
mod parts;
mod responses;

use super::shape::Object;
use inference_api::dialect::{Dialect, Operation};

/// What the body of a request must be.
#[derive(Clone, Copy)]
pub(super) struct Api {
    pub(super) body: &'static Object,
    /// The member in which a request says how many tokens its answer may have,
    /// if there are answers.
    pub(super) tokens: Option<&'static str>,
}

impl Api {
    /// The API of these requests, if they are generative ones that are known.
    pub(super) const fn of(operation: Operation, dialect: Dialect) -> Option<Self> {
        let (body, tokens) = match (dialect, operation) {
            (Dialect::OpenAi, Operation::ChatCompletions) => {
                (&chat::BODY, Some("max_completion_tokens"))
            }
            (Dialect::OpenAi, Operation::Completions) => (&completions::BODY, Some("max_tokens")),
            (Dialect::OpenAi, Operation::Embeddings) => (&embeddings::BODY, None),
            (Dialect::OpenAi, Operation::Responses) => {
                (&responses::BODY, Some("max_output_tokens"))
            }
            (Dialect::Anthropic, Operation::Messages) => (&messages::BODY, Some("max_tokens")),
            _ => return None,
        };
        Some(Self { body, tokens })
    }
}
