use serde::Deserialize;

/// What servers report of their load, in the headers or trailers of their answers
/// (ORCA, `endpoint-load-metrics`).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct LoadReports {
    /// The metrics that say how loaded a server is. The highest of them counts.
    /// Without any, reports are not read.
    pub metrics: Vec<LoadMetric>,
    /// How fast older reports count for less, in milliseconds: after so long, half.
    pub half_life_ms: u64,
    /// After so long without a report, the load is not known any more, and nobody is
    /// refused for it. In milliseconds.
    pub stale_after_ms: u64,
    /// Whether servers are asked for reports (`endpoint-load-metrics-format`), as vLLM
    /// and Triton want to be: `text`, `json` or `nothing`.
    pub ask_for: AskFor,
    /// Whether reports are taken out of answers before clients see them.
    pub strip: bool,
    /// With `enforce`, requests of a class are refused above its
    /// `refuse_above_load_percent`; with `report_only` they go on and are counted.
    pub mode: super::Mode,
}

/// A metric of a load report.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields)]
pub struct LoadMetric {
    /// Its name, such as `application_utilization` or
    /// `named_metrics.kv_cache_usage_perc`.
    pub name: String,
    /// The value that means fully loaded: 1 for what is a share, 10 for a queue that
    /// should not be longer than ten.
    #[serde(default = "one")]
    pub full_at: f64,
}

/// Whether servers are asked for reports.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum AskFor {
    /// They report without being asked, or not at all.
    #[default]
    Nothing,
    /// As text.
    Text,
    /// As JSON.
    Json,
}

impl Default for LoadReports {
    fn default() -> Self {
        Self {
            metrics: Vec::new(),
            half_life_ms: 1000,
            stale_after_ms: 5000,
            ask_for: AskFor::Nothing,
            strip: true,
            mode: super::Mode::Enforce,
        }
    }
}

const fn one() -> f64 {
    1.0
}
