//! What an operator writes.

mod conditions;
mod models;
mod policies;
mod tenants;

pub use conditions::{Condition, Protocol, ValueMatch};
pub use models::{
    Alias, ClusterChoice, Metadata, Mode, ModelConfig, Rule, Tensor, UnknownVersion, VersionConfig,
};
pub use policies::{Ambiguity, Answer, BeyondHold, OnContradiction, ParserDifferentials};
pub use tenants::{OnUnknownTenant, Tenant, Tenants};

use serde::Deserialize;

/// The configuration of the model router.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The models that may be asked for. At least one.
    pub models: Vec<ModelConfig>,
    /// The model that is meant when a request names none. Without it, such a
    /// request is refused.
    #[serde(default)]
    pub default_model: Option<String>,
    /// What makes two requests come from the same caller, who then gets the same
    /// version each time: the first of these that a request has. Without any,
    /// the version is drawn afresh for each request.
    #[serde(default)]
    pub sticky_by: Vec<StickyKey>,
    /// Where gRPC methods of your own carry the model's name. Known already:
    /// `prediction.PredictionService`, the Open Inference Protocol and
    /// TensorFlow Serving.
    #[serde(default)]
    pub grpc_methods: Vec<GrpcMethod>,
    /// The query parameters that name a model and a version. None by default.
    #[serde(default)]
    pub query: QueryParameters,
    /// Who may use which model. Without it, everybody may use all of them.
    #[serde(default)]
    pub tenants: Option<Tenants>,
    /// The request header in which clients state the version of their prompt
    /// template, for rules with a `prompt_version`.
    #[serde(default = "default_prompt_version_header")]
    pub prompt_version_header: String,
    /// What happens when a request's header, query, path and body name different
    /// models or versions.
    #[serde(default)]
    pub on_contradiction: OnContradiction,
    /// What happens to bodies that model servers may read differently than the
    /// router does.
    #[serde(default)]
    pub parser_differentials: ParserDifferentials,
    /// Whether bodies are read for the model. `false` is for hosts that can't
    /// hold a request's headers back, such as Istio's `WasmPlugin`: headers,
    /// query and path decide then, and names in bodies are not rewritten.
    #[serde(default = "yes")]
    pub read_body: bool,
    /// How many bytes of a request are held back, at most, while its model is
    /// not known yet. Envoy's own limits must be larger: the listener's
    /// `per_connection_buffer_limit_bytes` for HTTP/1.1 and
    /// `initial_stream_window_size` for HTTP/2.
    #[serde(default = "default_hold_up_to_bytes")]
    pub hold_up_to_bytes: u32,
    /// What happens when nothing has named a model within `hold_up_to_bytes`.
    #[serde(default)]
    pub beyond_hold: BeyondHold,
    /// The questions that are answered from this configuration, without asking
    /// any server.
    #[serde(default)]
    pub answer: Vec<Answer>,
    /// `model` or `model@version`: every request is taken for this one, whatever
    /// it says. For a router in front of a shadow's cluster, where requests
    /// still carry the original's names.
    #[serde(default)]
    pub take_all_for: Option<String>,
}

/// What makes two requests come from the same caller.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StickyKey {
    /// The value of this request header.
    Header(String),
    /// The value of this cookie.
    Cookie(String),
}

/// Where a gRPC method carries the model's name.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GrpcMethod {
    /// The method's path, such as `/prediction.PredictionService/Predict`.
    pub path: String,
    /// The numbers of the fields that lead to the name, from the outermost
    /// message inwards, such as `2` or `1.1`.
    pub model_field: String,
    /// The same for the version, if the message carries one.
    #[serde(default)]
    pub version_field: Option<String>,
}

/// Query parameters that say which model is meant.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields)]
pub struct QueryParameters {
    /// The parameter that names the model, such as `model`.
    #[serde(default)]
    pub model: Option<String>,
    /// The parameter that names the version, such as `version`.
    #[serde(default)]
    pub version: Option<String>,
}

const fn default_hold_up_to_bytes() -> u32 {
    1024 * 1024
}

fn default_prompt_version_header() -> String {
    "x-prompt-version".to_owned()
}

const fn yes() -> bool {
    true
}
