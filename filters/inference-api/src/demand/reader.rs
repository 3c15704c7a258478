use super::asked::Asked;
use super::include_usage::IncludeUsage;
use super::shape;
use crate::dialect::{Dialect, Operation};
use crate::json::{JsonError, Options};
use crate::places::Walk;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// How long the text is that the model is to read, in bytes as it is written
    /// in the body, without its quotes: `content`, `prompt`, `input`, `system`,
    /// `instructions`, `text_input`, with what was thought, called and answered
    /// before. An escape counts as it is written: `\n` two, `\u00e9` six. Tools
    /// are counted by themselves, see [`Self::tool_bytes`]; images, audio, files
    /// and documents, names and roles are not.
    pub prompt_bytes: u64,
    /// The same in characters, as they are read. (Of arguments that are an object,
    /// bytes as they are written.)
    pub prompt_characters: u64,
    /// How many numbers stand in the place of text, each of them one token.
    pub prompt_token_ids: u64,
    /// How many images the prompt has: parts, items and blocks whose `type` is
    /// `image_url`, `input_image` or `image` (vLLM: also `image_embeds`,
    /// `image_pil`), and parts that have a member of such a name, which vLLM takes
    /// without a type. Those in results of tools count; screenshots that are a
    /// result by themselves, and pages of documents, do not.
    pub images: u64,
    /// How many texts or rows of token numbers there are, each with an answer of
    /// its own: the batch of completions and embeddings. At least one; one of all
    /// others.
    pub inputs: u64,
    /// How long `tools` and `functions` are, in bytes as they are written.
    pub tool_bytes: u64,
    /// How many tokens each answer may have, reasoning included; the most of what
    /// it says, since servers differ in which counts. `None` if the request leaves it to the server; none at all for embeddings.
    pub max_output_tokens: Option<u64>,
    /// How many answers are generated: `n`, of completions `best_of` if it is
    /// larger, for each prompt. At least one.
    pub choices: u64,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether a streamed answer will say what it used.
    pub include_usage: IncludeUsage,
}

/// Reads a request's body for what it asks for.
#[derive(Clone, Debug)]
pub struct DemandReader {
    operation: Operation,
    walk: Walk,
    asked: Asked,
}

impl DemandReader {
    /// Reads the body of such a request. `None` if it is none of those that are
    /// known, see [`demand`](super).
    pub fn new(dialect: Dialect, operation: Operation, options: Options) -> Option<Self> {
        let body = shape::body(dialect, operation)?;
        Some(Self { operation, walk: Walk::new(body, options), asked: Asked::default() })
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When they can't go on a JSON text. The reader stays in that state.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsonError> {
        self.walk.push(bytes, &mut self.asked)
    }

    /// Says that the body ends here, and what it asks for. A text that is no
    /// object asks for nothing.
    ///
    /// # Errors
    /// When the text can't end here, or is no JSON.
    pub fn finish(&mut self) -> Result<Demand, JsonError> {
        self.walk.finish(&mut self.asked)?;
        Ok(demand(self.operation, core::mem::take(&mut self.asked)))
    }
}

fn demand(operation: Operation, asked: Asked) -> Demand {
    let stream = asked.stream || operation == Operation::GenerateStream;
    let inputs = match operation {
        Operation::Completions | Operation::Embeddings => asked.prompts(),
        _ => 1,
    };
    // An embedding is no choice.
    let prompts = if operation == Operation::Completions { inputs } else { 1 };
    Demand {
        prompt_bytes: asked.prompt.bytes,
        prompt_characters: asked.prompt.characters,
        prompt_token_ids: asked.prompt.tokens,
        images: asked.prompt.images,
        inputs,
        tool_bytes: asked.tool_bytes(),
        max_output_tokens: match operation {
            Operation::Embeddings => Some(0),
            _ => asked.max_output_tokens(),
        },
        choices: asked.answers().saturating_mul(prompts),
        stream,
        include_usage: match operation {
            _ if !stream => IncludeUsage::NotStreaming,
            Operation::ChatCompletions | Operation::Completions => asked.include_usage(),
            Operation::GenerateStream => IncludeUsage::Unavailable,
            _ => IncludeUsage::Present,
        },
    }
}
