use serde::Deserialize;

/// What clients are told of their limits, beside `retry-after` with a refusal.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct Told {
    /// `RateLimit` and `RateLimit-Policy`, of IETF's draft
    /// (draft-ietf-httpapi-ratelimit-headers-10), in answers and refusals.
    pub rate_limit: bool,
    /// `x-ratelimit-limit-requests`, `x-ratelimit-remaining-tokens` and so on, as
    /// OpenAI has them.
    pub x_rate_limit: bool,
}

impl Default for Told {
    fn default() -> Self {
        Self { rate_limit: true, x_rate_limit: false }
    }
}
