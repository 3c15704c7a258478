//! What answers look like: a table for each API.

use crate::dialect::{Dialect, Operation};
use crate::places::{Fact, Leaf, Place};

/// An API's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Chat completions, completions and embeddings.
    OpenAi,
    Responses,
    Messages,
    Generate,
}

impl Shape {
    pub(super) const fn of(dialect: Dialect, operation: Operation) -> Option<Self> {
        match (dialect, operation) {
            (
                Dialect::OpenAi,
                Operation::ChatCompletions | Operation::Completions | Operation::Embeddings,
            ) => Some(Self::OpenAi),
            (Dialect::OpenAi, Operation::Responses) => Some(Self::Responses),
            (Dialect::Anthropic, Operation::Messages) => Some(Self::Messages),
            (Dialect::OpenInferenceRest, Operation::Generate | Operation::GenerateStream) => {
                Some(Self::Generate)
            }
            _ => None,
        }
    }

    /// The table of a whole answer.
    pub(super) const fn whole(self) -> &'static Place {
        match self {
            Self::OpenAi => &OPENAI,
            Self::Responses => &RESPONSE,
            Self::Messages => &MESSAGE,
            Self::Generate => &GENERATED,
        }
    }

    /// The table of an event's data.
    pub(super) const fn event(self) -> &'static Place {
        match self {
            Self::OpenAi => &OPENAI,
            Self::Responses => &RESPONSE_EVENT,
            Self::Messages => &MESSAGE_EVENT,
            Self::Generate => &GENERATED,
        }
    }
}

static TYPE: Place = Place::scalar(Fact::Type);
static REASON: Place = Place::scalar(Fact::Reason);
static STATUS: Place = Place::scalar(Fact::Status);
static ERROR: Place = Place::of(Fact::Error);
static TEXT: Place = Place::leaf(Leaf::Text);
static INPUT_TOKENS: Place = Place::scalar(Fact::InputTokens);
static OUTPUT_TOKENS: Place = Place::scalar(Fact::OutputTokens);
static CACHED_TOKENS: Place = Place::scalar(Fact::CachedTokens);
static CACHE_WRITE_TOKENS: Place = Place::scalar(Fact::CacheWriteTokens);
static REASONING_TOKENS: Place = Place::scalar(Fact::ReasoningTokens);

/// A whole answer and an event differ only in `message` and `delta`.
static OPENAI: Place =
    Place::object(&[("usage", &OPENAI_USAGE), ("choices", &CHOICES), ("error", &ERROR)])
        .is(Fact::Root);
static OPENAI_USAGE: Place = Place::object(&[
    ("prompt_tokens", &INPUT_TOKENS),
    ("completion_tokens", &OUTPUT_TOKENS),
    ("prompt_tokens_details", &INPUT_DETAILS),
    ("completion_tokens_details", &OUTPUT_DETAILS),
])
.is(Fact::Usage);
static INPUT_DETAILS: Place = Place::object(&[
    ("cached_tokens", &CACHED_TOKENS),
    ("cache_write_tokens", &CACHE_WRITE_TOKENS),
])
.is(Fact::InputDetails);
static OUTPUT_DETAILS: Place =
    Place::object(&[("reasoning_tokens", &REASONING_TOKENS)]).is(Fact::OutputDetails);
static CHOICES: Place = Place::array(&CHOICE).is(Fact::Choices);
static CHOICE: Place = Place::object(&[
    ("delta", &SAID),
    ("message", &SAID),
    ("text", &TEXT),
    ("finish_reason", &REASON),
])
.is(Fact::Choice);
static SAID: Place = Place::object(&[
    ("content", &CONTENT),
    ("reasoning", &TEXT),
    ("reasoning_content", &TEXT),
    ("refusal", &TEXT),
    ("tool_calls", &TOOL_CALLS),
    ("function_call", &CALLED),
    ("audio", &PIECE),
]);
static CONTENT: Place = Place::leaf(Leaf::Text).or_array(&PART);
static PART: Place = Place::object(&[("text", &TEXT), ("refusal", &TEXT)]);
static PIECE: Place = Place::leaf(Leaf::Piece);
static TOOL_CALLS: Place = Place::array(&TOOL_CALL);
static TOOL_CALL: Place =
    Place::object(&[("function", &CALLED), ("custom", &CALLED)]).with(Leaf::Piece);
static CALLED: Place = Place::object(&[("name", &TEXT), ("arguments", &TEXT), ("input", &TEXT)]);

static RESPONSE: Place = Place::object(&[
    ("usage", &RESPONSE_USAGE),
    ("status", &STATUS),
    ("incomplete_details", &INCOMPLETE_DETAILS),
    ("error", &ERROR),
    ("output", &OUTPUT),
])
.is(Fact::Root);
static RESPONSE_USAGE: Place = Place::object(&[
    ("input_tokens", &INPUT_TOKENS),
    ("output_tokens", &OUTPUT_TOKENS),
    ("input_tokens_details", &INPUT_DETAILS),
    ("output_tokens_details", &OUTPUT_DETAILS),
])
.is(Fact::Usage);
static INCOMPLETE_DETAILS: Place =
    Place::object(&[("reason", &INCOMPLETE_REASON)]).is(Fact::IncompleteDetails);
static INCOMPLETE_REASON: Place = Place::scalar(Fact::IncompleteReason);
static OUTPUT: Place = Place::array(&OUTPUT_ITEM);
static OUTPUT_ITEM: Place = Place::object(&[
    ("content", &PARTS),
    ("summary", &PARTS),
    ("name", &TEXT),
    ("arguments", &TEXT),
    ("input", &TEXT),
]);
static PARTS: Place = Place::array(&PART);
/// The last events repeat all of the answer, which counts only where it is new.
static RESPONSE_EVENT: Place = Place::object(&[
    ("type", &TYPE),
    ("delta", &TEXT),
    ("response", &EVENTS_RESPONSE),
    ("error", &ERROR),
])
.is(Fact::Root);
static EVENTS_RESPONSE: Place = Place::object(&[
    ("usage", &RESPONSE_USAGE),
    ("status", &STATUS),
    ("incomplete_details", &INCOMPLETE_DETAILS),
    ("error", &ERROR),
])
.is(Fact::Inner);

static MESSAGE: Place = Place::object(&[
    ("usage", &MESSAGE_USAGE),
    ("stop_reason", &REASON),
    ("error", &ERROR),
    ("content", &BLOCKS),
])
.is(Fact::Root);
static MESSAGE_USAGE: Place = Place::object(&[
    ("input_tokens", &INPUT_TOKENS),
    ("output_tokens", &OUTPUT_TOKENS),
    ("cache_read_input_tokens", &CACHED_TOKENS),
    ("cache_creation_input_tokens", &CACHE_WRITE_TOKENS),
    ("output_tokens_details", &MESSAGE_OUTPUT_DETAILS),
])
.is(Fact::Usage);
static MESSAGE_OUTPUT_DETAILS: Place =
    Place::object(&[("thinking_tokens", &REASONING_TOKENS)]).is(Fact::OutputDetails);
static BLOCKS: Place = Place::array(&BLOCK);
static BLOCK: Place = Place::object(&[
    ("text", &TEXT),
    ("thinking", &TEXT),
    ("name", &TEXT),
    ("input", &BLOCK_INPUT),
]);
static BLOCK_INPUT: Place = Place::leaf(Leaf::Written);
static MESSAGE_EVENT: Place = Place::object(&[
    ("type", &TYPE),
    ("message", &EVENTS_MESSAGE),
    ("usage", &MESSAGE_USAGE),
    ("delta", &MESSAGE_DELTA),
    ("error", &ERROR),
])
.is(Fact::Root);
static EVENTS_MESSAGE: Place =
    Place::object(&[("usage", &MESSAGE_USAGE), ("stop_reason", &REASON)]).is(Fact::Inner);
static MESSAGE_DELTA: Place = Place::object(&[
    ("text", &TEXT),
    ("thinking", &TEXT),
    ("partial_json", &TEXT),
    ("stop_reason", &REASON),
])
.is(Fact::Delta);

static GENERATED: Place =
    Place::object(&[("text_output", &OUTPUTS), ("error", &ERROR)]).is(Fact::Root);
/// A model may give several.
static OUTPUTS: Place = Place::leaf(Leaf::Text).or_array(&TEXT);
