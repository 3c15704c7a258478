//! What an operator writes about generative requests.

use serde::Deserialize;

/// What generative requests may ask for, beyond what their APIs say themselves.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many tokens an answer may have, as asked for in `max_tokens`,
    /// `max_completion_tokens`, `max_output_tokens` or `max_tokens_to_sample`.
    pub max_tokens: Option<u32>,
    /// Whether a request must say how many tokens its answer may have.
    pub require_max_tokens: bool,
    /// How many answers may be asked for at once, in `n` or `best_of`.
    pub max_n: Option<u32>,
    /// How many messages a conversation may have; of `responses`, items of the
    /// input.
    pub max_messages: Option<u32>,
    /// How many tools, functions and MCP servers a request may bring. `0` allows
    /// none.
    pub max_tools: Option<u32>,
    /// How many inputs of `embeddings` or prompts of `completions` one request
    /// may have. A row of token numbers is one.
    pub max_inputs: Option<u32>,
    /// How many images a request may have. `0` allows none.
    pub max_images: Option<u32>,
    /// How many characters (Unicode scalar values) the text of prompt, messages,
    /// system, instructions and input may have together. Arguments of tools count
    /// as they are written, a token number as `characters_per_token`; images,
    /// audio, files and definitions of tools don't count.
    pub max_characters: Option<u64>,
    /// How many tokens prompt and answer may have together, as estimated: the
    /// characters divided by `characters_per_token`, and the tokens asked for. Of
    /// several inputs or prompts, each has the whole window.
    pub context_window_tokens: Option<u32>,
    /// How many characters are taken for a token. Less for code and for languages
    /// other than English.
    pub characters_per_token: u32,
    /// Narrows `temperature`, 0 to 2.
    pub temperature: Range,
    /// Narrows `top_p`, 0 to 1.
    pub top_p: Range,
    /// Narrows `presence_penalty`, -2 to 2.
    pub presence_penalty: Range,
    /// Narrows `frequency_penalty`, -2 to 2.
    pub frequency_penalty: Range,
    /// The roles that messages may have, in place of those of the API. So a role
    /// can be closed, or one of a model's own be opened.
    pub allowed_roles: Option<Vec<String>>,
}

/// From where to where a number may go; both ends are allowed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct Range {
    /// The smallest number. Without it, the API's.
    pub min: Option<f64>,
    /// The largest number. Without it, the API's.
    pub max: Option<f64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_tokens: None,
            require_max_tokens: false,
            max_n: None,
            max_messages: None,
            max_tools: None,
            max_inputs: None,
            max_images: None,
            max_characters: None,
            context_window_tokens: None,
            characters_per_token: 4,
            temperature: Range::default(),
            top_p: Range::default(),
            presence_penalty: Range::default(),
            frequency_penalty: Range::default(),
            allowed_roles: None,
        }
    }
}
