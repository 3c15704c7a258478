//! What a request is taken to cost before its answer says it, in tokens.

use crate::config::{Cost, TensorUnit};
use filter_kit::Headers;
use inference_api::demand::Demand;
use inference_api::dialect::{Call, Dialect, Operation};
use inference_api::workload::Batch;

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
                // None is shorter than a byte.
                TensorUnit::Elements => bytes.max(1),
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

    /// Of a request that says what it wants.
    pub(crate) fn of_demand(demand: &Demand, operation: Operation, cost: &Cost) -> Self {
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

    /// Of a request that carries these.
    pub(crate) fn of_batch(batch: Batch, unit: TensorUnit) -> Self {
        Self::of_known(match unit {
            TensorUnit::Request => 1,
            TensorUnit::Rows => batch.rows.unwrap_or(1),
            TensorUnit::Elements => batch.elements.unwrap_or(1),
        })
    }

    /// Of a request whose cost is known.
    pub(crate) fn of_known(tokens: u64) -> Self {
        let tokens = tokens.max(1);
        Self { tokens, prompt: tokens, ..Self::default() }
    }

    /// How many tokens a text of so many bytes is taken to have.
    pub(crate) fn of(&self, bytes: u64) -> u64 {
        bytes.div_ceil(u64::from(self.bytes_per_token.max(1)))
    }
}

/// How long its headers say that a body is.
pub(crate) fn announced(headers: &Headers) -> u64 {
    let length = headers.first("content-length").and_then(|value| str::from_utf8(value).ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Whether its body is tensors, rather than a prompt.
pub(crate) const fn carries_tensors(call: &Call<'_>) -> bool {
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
            | Operation::Batch
    )
}
