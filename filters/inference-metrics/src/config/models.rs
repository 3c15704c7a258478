use serde::Deserialize;

/// A model that has series of its own.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name, as requests or the model router say it.
    pub name: String,
    /// Its versions that have series of their own. All others are counted together, as
    /// `other`; requests that name none, as `none`.
    #[serde(default)]
    pub versions: Vec<String>,
    /// What it costs. By default nothing.
    #[serde(default)]
    pub price: Price,
}

/// What a model costs, in millionths of a unit of your choice. A price of 0.15 dollars
/// for a million tokens is one of 0.15 millionths of a dollar for each.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// For each request that was answered.
    #[serde(default)]
    pub request_microunits: f64,
    /// For each token of the input that came from no cache and went to none.
    #[serde(default)]
    pub input_token_microunits: f64,
    /// For each token of the input that came from a cache. By default as any other of the
    /// input.
    #[serde(default)]
    pub cached_token_microunits: Option<f64>,
    /// For each token of the input that was written to a cache. By default as any other
    /// of the input.
    #[serde(default)]
    pub cache_write_token_microunits: Option<f64>,
    /// For each token of the output, those of reasoning included.
    #[serde(default)]
    pub output_token_microunits: f64,
}
