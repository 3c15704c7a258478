//! What an operator writes.

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
    /// What happens when a request's header, path and body name different models
    /// or versions.
    #[serde(default)]
    pub on_contradiction: OnContradiction,
    /// How many bytes of a request are held back, at most, while its model is
    /// not known yet. Envoy's own limits must be larger: the listener's
    /// `per_connection_buffer_limit_bytes` for HTTP/1.1 and
    /// `initial_stream_window_size` for HTTP/2.
    #[serde(default = "default_hold_up_to_bytes")]
    pub hold_up_to_bytes: u32,
}

/// One model and its versions.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The name by which clients ask for it. May not contain an `@`, which
    /// stands between a name and a version.
    pub name: String,
    /// Its versions. At least one.
    pub versions: Vec<VersionConfig>,
}

/// One version of a model.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VersionConfig {
    /// Its name, such as `v2`, `3` or `canary`.
    pub name: String,
    /// The Envoy cluster that serves it.
    pub cluster: String,
    /// Its share of the requests that name no version, in percent. The shares of
    /// a model's versions add up to 100; one without is 0, but for a model's
    /// only version, which gets everything. A version of share 0 is reached by
    /// name.
    #[serde(default)]
    pub weight: Option<u32>,
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

/// What happens when a request's header, path and body disagree.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum OnContradiction {
    /// The request is refused.
    #[default]
    Refuse,
    /// The header counts before the path, and the path before the body.
    FollowPrecedence,
}

const fn default_hold_up_to_bytes() -> u32 {
    1024 * 1024
}
