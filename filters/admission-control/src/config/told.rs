use serde::Deserialize;

/// What clients are told of their limits, beside `retry-after` with a refusal.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct Told {
    /// `RateLimit` and `RateLimit-Policy`, of IETF's draft
    /// (draft-ietf-httpapi-ratelimit-headers-10).
    pub rate_limit: TellIn,
    /// `x-ratelimit-limit-requests`, `x-ratelimit-remaining-tokens` and so on, as
    /// OpenAI has them.
    pub x_rate_limit: TellIn,
}

/// Where clients are told.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum TellIn {
    /// Nowhere.
    Nothing,
    /// In refusals.
    Refusals,
    /// In refusals and in answers.
    Answers,
}

impl Default for Told {
    fn default() -> Self {
        Self { rate_limit: TellIn::Refusals, x_rate_limit: TellIn::Nothing }
    }
}
