use serde::Deserialize;

/// What a request is taken to cost in tokens before its answer says it: the tokens
/// of its prompt, and as many as it may generate. What its answer says counts in the
/// end.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct Cost {
    /// How many bytes of a prompt are taken for one token.
    pub bytes_per_token: u32,
    /// How many tokens an answer is taken to have, of a request that does not limit
    /// it. For each of the choices that it asks for.
    pub default_output_tokens: u64,
    /// What a request with tensors costs: one token for each of its `rows` (the first
    /// dimension of its first input), for each of its `elements` (of all inputs), or
    /// one for the whole `request`.
    pub tensors: TensorUnit,
    /// Whether streamed answers of OpenAI's API are made to say what they used:
    /// `inject` asks the server for it (`stream_options.include_usage`), and takes the
    /// event that says it out again where the client had not asked. `off` leaves
    /// requests as they are; what was streamed is counted then.
    pub include_usage: IncludeUsage,
}

/// What a request with tensors costs.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum TensorUnit {
    /// One token for each row of its batch.
    #[default]
    Rows,
    /// One token for each element of its tensors.
    Elements,
    /// One token.
    Request,
}

/// Whether streamed answers are made to say what they used.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum IncludeUsage {
    /// The server is asked for it.
    #[default]
    Inject,
    /// Requests stay as they are.
    Off,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            bytes_per_token: 4,
            default_output_tokens: 1024,
            tensors: TensorUnit::Rows,
            include_usage: IncludeUsage::Inject,
        }
    }
}
