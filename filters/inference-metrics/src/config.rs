//! What an operator writes.

mod callers;
mod models;
mod told;

pub use callers::{ClassRule, Tenant, TenantIs};
pub use models::{Model, Price};
pub use told::{Facts, InputHash};

use serde::Deserialize;

/// The configuration of inference metrics.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The models that have series of their own. All others are counted together, as
    /// `other`; requests that are for no model that anybody knows, as `none`.
    #[serde(default)]
    pub models: Vec<Model>,
    /// Where a request says which model it is for.
    #[serde(default)]
    pub model_from: ModelFrom,
    /// How tenants are told apart: for `class_rules`, and as a fact.
    #[serde(default)]
    pub tenant: Option<Tenant>,
    /// Which request is of which class: the first rule that fits says it.
    #[serde(default)]
    pub class_rules: Vec<ClassRule>,
    /// The class of a request for which no rule fits.
    #[serde(default = "default_class")]
    pub default_class: String,
    /// Which requests are measured: `inference` for those that ask a model to work, and
    /// every `POST` to a path that isn't known, behind which there may be one, such as a
    /// gRPC method of your own; `all` for every one, health checks and lists of models
    /// too.
    #[serde(default)]
    pub applies_to: AppliesTo,
    /// Whether requests' bodies are read: for prompts, images, batches and tensors. Not
    /// needed for tokens, unless servers don't say how many they used.
    #[serde(default = "yes")]
    pub read_requests: bool,
    /// Whether answers' bodies are read: for tokens, first tokens, and why answers ended.
    #[serde(default = "yes")]
    pub read_answers: bool,
    /// Whether the model server's time and the gateway's are told apart.
    #[serde(default = "yes")]
    pub split_time: bool,
    /// What happens to answers that come compressed, in which nothing can be read: `leave`
    /// leaves them, and estimates their tokens from the request; `ask_plain` takes
    /// `accept-encoding` out of requests, so that they don't come.
    #[serde(default)]
    pub compressed_answers: CompressedAnswers,
    /// How many bytes of a text are taken for one token where a server does not say how
    /// many it used.
    #[serde(default = "default_bytes_per_token")]
    pub bytes_per_token: u32,
    /// How many series there may be in all, in all workers. Each combination of model,
    /// version, class and operation takes up to 136 of them, when it first occurs. Those
    /// for which there is no room any more are counted together, with `other` in every
    /// label; those of models that are not listed take a quarter of it at most.
    #[serde(default = "default_max_series")]
    pub max_series: u32,
    /// The name under which Envoy's workers keep which series there are. Filters of one
    /// Envoy with the same `vm_id` and the same store share `max_series`.
    #[serde(default = "default_store")]
    pub store: String,
    /// What is stated of each request for Envoy's access log and traces.
    #[serde(default)]
    pub facts: Facts,
    /// States a hash of each request's body, so that equal inputs can be found among
    /// traces without knowing any of them. By default it is not.
    #[serde(default)]
    pub input_hash: Option<InputHash>,
}

/// Where a request says which model it is for.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum ModelFrom {
    /// The model router says it, which stands anywhere behind this filter or in front of
    /// it; else the request's path.
    #[default]
    Router,
    /// `x-model-name` and `x-model-version`, which something in front of this filter sets,
    /// and which clients must not be able to; else the path.
    Headers,
    /// The path, or else the field `model` in the body: there is no router.
    Request,
}

/// Which requests are measured.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum AppliesTo {
    /// Those that ask a model to work on a payload, or may do so.
    #[default]
    Inference,
    /// Every one.
    All,
}

/// What happens to answers that come compressed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum CompressedAnswers {
    /// They are left as they are.
    #[default]
    Leave,
    /// Servers are not told that they may compress.
    AskPlain,
}

fn default_class() -> String {
    "default".to_owned()
}

fn default_store() -> String {
    "default".to_owned()
}

const fn yes() -> bool {
    true
}

const fn default_bytes_per_token() -> u32 {
    4
}

const fn default_max_series() -> u32 {
    20_000
}
