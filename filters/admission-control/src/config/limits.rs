use serde::Deserialize;

/// Something of which there is only so much.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Its name: in metrics, in refusals and in the state that workers share.
    pub name: String,
    /// What is limited each for itself: with `["tenant", "model"]`, each tenant has
    /// the whole limit for each model. Without any, all requests share it.
    #[serde(default)]
    pub per: Vec<Dimension>,
    /// The requests that it is for. By default all.
    #[serde(default)]
    pub only: Option<Selection>,
    /// The requests that it is not for. By default none.
    #[serde(default)]
    pub except: Option<Selection>,
    /// With `enforce`, requests beyond it are refused; with `report_only` they go on
    /// and are counted.
    #[serde(default)]
    pub mode: Mode,
    /// How many requests may come in. A limit is of `requests`, of `tokens` or
    /// `in_flight`: exactly one of them.
    #[serde(default)]
    pub requests: Option<Budget>,
    /// How many tokens may be used.
    #[serde(default)]
    pub tokens: Option<Budget>,
    /// How many requests may be here at the same time.
    #[serde(default)]
    pub in_flight: Option<InFlight>,
}

/// What is limited each for itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The tenant: see `tenant`.
    Tenant,
    /// The model.
    Model,
    /// The model's version.
    Version,
    /// The value of this request header.
    Header(String),
}

/// Some of the requests: those that fit all that is said here.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Those of these tenants.
    #[serde(default)]
    pub tenants: Option<Vec<String>>,
    /// Those for these models.
    #[serde(default)]
    pub models: Option<Vec<String>>,
    /// Those for these versions.
    #[serde(default)]
    pub versions: Option<Vec<String>>,
    /// Those of these classes.
    #[serde(default)]
    pub classes: Option<Vec<String>>,
}

/// What becomes of requests beyond a limit.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are refused.
    #[default]
    Enforce,
    /// They go on and are counted.
    ReportOnly,
}

/// So many per window: a bucket that holds `burst` and is filled evenly, by `count`
/// in each `window_ms`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How many come back in each window.
    pub count: u64,
    /// How long a window is, in milliseconds.
    #[serde(default = "one_minute")]
    pub window_ms: u64,
    /// How many may be used at once after a pause. By default `count`.
    #[serde(default)]
    pub burst: Option<u64>,
}

/// How many requests may be here at the same time: a number, or one that finds
/// itself.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InFlight {
    /// So many. Either this or `adaptive`.
    #[serde(default)]
    pub max: Option<u32>,
    /// As many as the servers answer without getting slower.
    #[serde(default)]
    pub adaptive: Option<Adaptive>,
}

/// A limit that finds itself from how long answers take: the gradient controller of
/// Envoy's adaptive concurrency. For a streamed answer it is the time to its first
/// token that counts, for others the whole time.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Adaptive {
    /// What it begins with.
    #[serde(default = "default_initial")]
    pub initial: u32,
    /// It never falls below. The higher it is, the less is lost each time the least time is
    /// measured: half of what the servers surely answer at once is a good choice.
    #[serde(default = "default_min")]
    pub min: u32,
    /// It never rises above.
    #[serde(default = "default_max")]
    pub max: u32,
    /// How much slower than the least time answers may get before it falls, in
    /// percent.
    #[serde(default = "default_tolerance_percent")]
    pub tolerance_percent: u32,
    /// How many answers are looked at together; their median counts. After 10 s fewer
    /// will do.
    #[serde(default = "default_samples")]
    pub samples: u32,
    /// How often the least time is measured anew, in milliseconds. For that the limit
    /// falls to `min` for half as many answers as `samples` says, and for 2 s at most.
    #[serde(default = "one_minute")]
    pub remeasure_ms: u64,
}

const fn one_minute() -> u64 {
    60_000
}

const fn default_initial() -> u32 {
    20
}

const fn default_min() -> u32 {
    3
}

const fn default_max() -> u32 {
    1000
}

const fn default_tolerance_percent() -> u32 {
    25
}

const fn default_samples() -> u32 {
    50
}
