use super::Condition;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One model and its versions.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The name by which clients ask for it. May not contain an `@`, which
    /// stands between a name and a version.
    pub name: String,
    /// Its versions. At least one, unless it has a `base`.
    #[serde(default)]
    pub versions: Vec<VersionConfig>,
    /// For a LoRA adapter: the model on whose servers it runs. The adapter has
    /// that model's versions, labels, rules and shadow, and none of its own.
    #[serde(default)]
    pub base: Option<String>,
    /// Other names for it. In path and body they are replaced by the one that
    /// the servers know.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    /// The name by which its servers know it. `name` by default.
    #[serde(default)]
    pub served_name: Option<String>,
    /// Names for versions that can be moved, such as `latest` or `stable`: from
    /// the label to the version.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Which version a request gets that names none; the first rule whose
    /// conditions all hold. Without one, the weights decide.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Versions that are no longer there, and which one answers in their place.
    /// That one may be retired as well.
    #[serde(default)]
    pub retired: BTreeMap<String, String>,
    /// What happens when a request names a version that is not there.
    #[serde(default)]
    pub unknown_version: UnknownVersion,
    /// The version to which requests for the others are mirrored: its cluster is
    /// put into `x-model-shadow`.
    #[serde(default)]
    pub shadow: Option<String>,
    /// What `GET /v2/models/{model}` answers, if `answer` says so.
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

/// Another name for a model.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The name. May not contain an `@`.
    pub name: String,
    /// The version or label that it stands for. Any, by default.
    #[serde(default)]
    pub version: Option<String>,
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
    /// Other clusters for some requests: the first whose conditions all hold. By
    /// protocol, region or hardware, for instance.
    #[serde(default)]
    pub clusters: Vec<ClusterChoice>,
    /// Its share of the requests that name no version, in percent. The shares of
    /// a model's versions add up to 100; one without is 0, but for a model's
    /// only version, which gets everything. A version of share 0 is reached by
    /// name.
    #[serde(default)]
    pub weight: Option<u32>,
    /// The name by which this version's servers know the model, if it is not the
    /// model's `served_name`.
    #[serde(default)]
    pub served_name: Option<String>,
    /// The name by which its servers know the version: replaces the one in path
    /// and gRPC message of requests that have one there. `name` by default.
    #[serde(default)]
    pub served_version: Option<String>,
}

/// A cluster for requests of which some conditions hold.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClusterChoice {
    /// What must be true of the request. At least one condition.
    pub when: Vec<Condition>,
    /// The Envoy cluster.
    pub cluster: String,
}

/// A rule that chooses a version.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, in metrics and in the access log. Of letters, digits, `-` and
    /// `_`.
    pub name: String,
    /// What must be true of the request. At least one condition.
    pub when: Vec<Condition>,
    /// The version or label that such a request gets.
    pub version: String,
    /// Whether it is obeyed, or only counted.
    #[serde(default)]
    pub mode: Mode,
}

/// Whether a rule is obeyed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is.
    #[default]
    Enforce,
    /// It is counted and stands in the access log, and the request goes where it
    /// would go without the rule.
    ReportOnly,
}

/// What happens when a request names a version that is not there.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum UnknownVersion {
    /// The request is refused.
    #[default]
    Refuse,
    /// This version or label answers.
    Use(String),
}

/// What a model takes and gives, as the Open Inference Protocol tells it.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The framework, such as `onnxruntime_onnx`.
    pub platform: String,
    /// The input tensors.
    #[serde(default)]
    pub inputs: Vec<Tensor>,
    /// The output tensors.
    #[serde(default)]
    pub outputs: Vec<Tensor>,
}

/// A tensor of a model.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its elements' type, such as `FP32`.
    pub datatype: String,
    /// Its shape; -1 for a dimension of any size.
    pub shape: Vec<i64>,
}
