//! What an operator writes.

mod callers;
mod cost;
mod limits;
mod loads;
mod told;
mod waiting;

pub use callers::{Class, ClassRule, OnMissingTenant, Tenant};
pub use cost::{Cost, IncludeUsage, TensorUnit};
pub use limits::{Adaptive, Budget, Dimension, InFlight, Limit, Mode, Selection};
pub use loads::{AskFor, LoadMetric, LoadReports};
pub use told::{TellIn, Told};
pub use waiting::{Deadline, Queue};

use serde::Deserialize;

/// The configuration of admission control.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The name under which Envoy's workers keep what was used of the limits.
    /// Filters of one Envoy with the same `vm_id` and the same store share what
    /// limits of the same name allow; another store is apart.
    #[serde(default = "default_store")]
    pub store: String,
    /// How tenants are told apart. Without it, all requests are of one tenant.
    #[serde(default)]
    pub tenant: Option<Tenant>,
    /// The classes of requests, the most important first. When room is short, the
    /// last are refused first. Without any, all requests are of one class,
    /// `default`.
    #[serde(default)]
    pub classes: Vec<Class>,
    /// Which request is of which class: the first rule that fits says it.
    #[serde(default)]
    pub class_rules: Vec<ClassRule>,
    /// The class of a request for which no rule fits; the first by default.
    #[serde(default)]
    pub default_class: Option<String>,
    /// What may be used. A request must be within every limit that is for it.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// What a request is taken to cost in tokens before its answer says it.
    #[serde(default)]
    pub cost: Cost,
    /// Lets requests wait for room. Without it, those for which there is none are
    /// refused at once.
    #[serde(default)]
    pub queue: Option<Queue>,
    /// When an answer comes too late for its client.
    #[serde(default)]
    pub deadline: Deadline,
    /// What servers report of their load (ORCA).
    #[serde(default)]
    pub load_reports: LoadReports,
    /// What clients are told of their limits.
    #[serde(default)]
    pub told: Told,
    /// How many keys (tenants, models, or combinations) each limit keeps apart, at
    /// least. Those who used nothing lately are forgotten first. Beyond it,
    /// newcomers share what one of them may use, until another is forgotten.
    #[serde(default = "default_max_keys")]
    pub max_keys: u32,
    /// Where a request says which model it is for. With `trust`: in `x-model-name`
    /// and `x-model-version`, else in its path; that is for a place behind the model
    /// router, which sets them, and anything else in front of this filter must
    /// remove what clients write there. With `ignore`: in its path only.
    #[serde(default)]
    pub model_headers: ModelHeaders,
    /// Which requests are counted: `inference` for those that ask a model to work, and
    /// every `POST` to a path that isn't known, behind which there may be one, such as a
    /// gRPC method of your own; `all` for every one, health checks and lists of models
    /// too.
    #[serde(default)]
    pub applies_to: AppliesTo,
    /// How many bytes of a request are held back, at most, while it is read for what
    /// it will cost. Only needed for limits of tokens. What becomes of longer ones says
    /// `on_unreadable`, but of tensors the shapes stand before the data, and count. Envoy's
    /// own limits must be larger: the listener's `per_connection_buffer_limit_bytes` for
    /// HTTP/1.1 and `initial_stream_window_size` for HTTP/2. 0 is for hosts that can't hold
    /// a request's headers back, such as Istio's `WasmPlugin`: then every request is taken
    /// to cost what its `content-length` says, and `cost.default_output_tokens`.
    #[serde(default = "default_hold_up_to_bytes")]
    pub hold_up_to_bytes: u32,
    /// What happens to a request that a limit of tokens is for and that does not say
    /// what it will cost: it is compressed, no JSON, not what its API wants, or longer
    /// than `hold_up_to_bytes`. `refuse` refuses it; `estimate` takes it to cost its
    /// length and `cost.default_output_tokens`.
    #[serde(default)]
    pub on_unreadable: OnUnreadable,
    /// What happens to requests while the state that workers share can't be
    /// changed: `allow` lets them go on, and counts them; `deny` refuses them.
    #[serde(default)]
    pub on_fault: OnFault,
}

/// Where a request says which model it is for.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum ModelHeaders {
    /// In `x-model-name` and `x-model-version`, else in its path. Behind the model
    /// router, which sets them; anything else in front of this filter must remove
    /// what clients write there.
    #[default]
    Trust,
    /// In its path only.
    Ignore,
}

/// Which requests are counted.
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

/// What happens to a request that does not say what it will cost.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum OnUnreadable {
    /// It is refused.
    #[default]
    Refuse,
    /// It is taken to cost its length.
    Estimate,
}

/// What happens to requests while the shared state can't be changed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum OnFault {
    /// They go on, which is counted.
    #[default]
    Allow,
    /// They are refused.
    Deny,
}

fn default_store() -> String {
    "default".to_owned()
}

const fn default_max_keys() -> u32 {
    4096
}

const fn default_hold_up_to_bytes() -> u32 {
    1024 * 1024
}
