//! What requests look like: a table for each API.

use crate::dialect::{Dialect, Operation};
use crate::places::{Fact, Leaf, Place};

/// The table of a request's body.
pub(super) const fn body(dialect: Dialect, operation: Operation) -> Option<&'static Place> {
    match (dialect, operation) {
        (Dialect::OpenAi, Operation::ChatCompletions) => Some(&CHAT),
        (Dialect::OpenAi, Operation::Completions) => Some(&COMPLETIONS),
        (Dialect::OpenAi, Operation::Embeddings) => Some(&EMBEDDINGS),
        (Dialect::OpenAi, Operation::Responses) => Some(&RESPONSES),
        (Dialect::Anthropic, Operation::Messages) => Some(&MESSAGES),
        (Dialect::OpenInferenceRest, Operation::Generate | Operation::GenerateStream) => {
            Some(&GENERATE)
        }
        _ => None,
    }
}

static MAX_TOKENS: Place = Place::scalar(Fact::MaxTokens);
static OTHER_MAX_TOKENS: Place = Place::scalar(Fact::OtherMaxTokens);
static N: Place = Place::scalar(Fact::N);
static BEST_OF: Place = Place::scalar(Fact::BestOf);
static STREAM: Place = Place::scalar(Fact::Stream);
static STREAM_OPTIONS: Place =
    Place::object(&[("include_usage", &INCLUDE_USAGE)]).is(Fact::StreamOptions);
static INCLUDE_USAGE: Place = Place::scalar(Fact::IncludeUsage);
static TOOLS: Place = Place::of(Fact::Tools);
static FUNCTIONS: Place = Place::of(Fact::Functions);
static TEXT: Place = Place::leaf(Leaf::Prompt);
static WRITTEN: Place = Place::leaf(Leaf::Written);

static CHAT: Place = Place::object(&[
    ("messages", &CHAT_MESSAGES),
    ("max_completion_tokens", &MAX_TOKENS),
    ("max_tokens", &OTHER_MAX_TOKENS),
    ("n", &N),
    ("stream", &STREAM),
    ("stream_options", &STREAM_OPTIONS),
    ("tools", &TOOLS),
    ("functions", &FUNCTIONS),
    // vLLM: they become part of the prompt.
    ("documents", &WRITTEN),
])
.is(Fact::Root);
static CHAT_MESSAGES: Place = Place::array(&CHAT_MESSAGE);
static CHAT_MESSAGE: Place = Place::object(&[
    ("content", &CONTENT),
    ("refusal", &TEXT),
    ("reasoning", &WRITTEN),
    ("reasoning_content", &WRITTEN),
    ("tool_calls", &TOOL_CALLS),
    ("function_call", &CALLED),
]);
static CONTENT: Place = Place::leaf(Leaf::Prompt).or_array(&PART);
/// vLLM takes a string for a part, too.
static PART: Place = Place::object(&[
    ("text", &TEXT),
    ("type", &PART_TYPE),
    ("refusal", &TEXT),
    ("thinking", &TEXT),
    // vLLM knows an image by these alone, too.
    ("image_url", &IMAGE),
    ("image_embeds", &IMAGE),
    ("image_pil", &IMAGE),
])
.with(Leaf::Part);
static PART_TYPE: Place = Place::leaf(Leaf::PartType);
static IMAGE: Place = Place::leaf(Leaf::Image);
static TOOL_CALLS: Place = Place::array(&TOOL_CALL);
static TOOL_CALL: Place = Place::object(&[("function", &CALLED), ("custom", &CALLED)]);
static CALLED: Place = Place::object(&[("arguments", &WRITTEN), ("input", &WRITTEN)]);

static COMPLETIONS: Place = Place::object(&[
    ("prompt", &PROMPTS),
    ("suffix", &TEXT),
    ("max_tokens", &MAX_TOKENS),
    ("n", &N),
    ("best_of", &BEST_OF),
    ("stream", &STREAM),
    ("stream_options", &STREAM_OPTIONS),
])
.is(Fact::Root);
/// A text, token numbers, or several of one sort.
static PROMPTS: Place = Place::leaf(Leaf::Prompt).or_array(&PROMPT).is(Fact::Prompts);
static PROMPT: Place = Place::leaf(Leaf::Prompt).or_array(&TEXT).is(Fact::Prompt);

static EMBEDDINGS: Place = Place::object(&[
    ("input", &PROMPTS),
    // vLLM: in place of an input.
    ("messages", &CHAT_MESSAGES),
])
.is(Fact::Root);

static RESPONSES: Place = Place::object(&[
    ("input", &ITEMS),
    ("instructions", &TEXT),
    ("max_output_tokens", &MAX_TOKENS),
    ("stream", &STREAM),
    ("tools", &TOOLS),
])
.is(Fact::Root);
static ITEMS: Place = Place::leaf(Leaf::Prompt).or_array(&ITEM);
static ITEM: Place = Place::object(&[
    // An image may stand beside the messages.
    ("type", &PART_TYPE),
    ("content", &CONTENT),
    ("output", &OUTPUT),
    ("arguments", &WRITTEN),
    ("input", &WRITTEN),
    ("summary", &CONTENT),
]);
/// What came of a call: a text, parts, or something of a tool's own.
static OUTPUT: Place = Place::leaf(Leaf::Written).or_array(&PART);

static MESSAGES: Place = Place::object(&[
    ("system", &BLOCKS),
    ("messages", &ALL_MESSAGES),
    ("max_tokens", &MAX_TOKENS),
    ("stream", &STREAM),
    ("tools", &TOOLS),
])
.is(Fact::Root);
static ALL_MESSAGES: Place = Place::array(&MESSAGE);
static MESSAGE: Place = Place::object(&[("content", &BLOCKS)]);
/// A text, or blocks, which may have blocks in them: the result of a tool.
static BLOCKS: Place = Place::leaf(Leaf::Prompt).or_array(&BLOCK);
static BLOCK: Place = Place::object(&[
    ("text", &TEXT),
    ("type", &PART_TYPE),
    ("thinking", &TEXT),
    ("input", &WRITTEN),
    ("content", &BLOCKS),
    ("title", &TEXT),
    ("context", &TEXT),
]);

static GENERATE: Place = Place::object(&[
    ("text_input", &TEXTS),
    ("parameters", &PARAMETERS),
    // An input of the model's own, of TensorRT-LLM's for one.
    ("max_tokens", &OTHER_MAX_TOKENS),
])
.is(Fact::Root);
static TEXTS: Place = Place::leaf(Leaf::Prompt).or_array(&TEXT);
static PARAMETERS: Place = Place::object(&[("max_tokens", &MAX_TOKENS)]).is(Fact::Parameters);
