use super::{TensorContract, UnknownTensors};
use serde::Deserialize;

/// What the answers of a model must be like. Answers with another status than
/// 200 and streams of events are not looked at.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// What its outputs must be like. Beside what they say, an answer must be JSON
    /// if its content type says so, and its tensors must be right by their
    /// protocol.
    #[serde(default)]
    pub outputs: Vec<TensorContract>,
    /// What becomes of outputs that aren't among them: `refuse` takes them for a
    /// violation; `allow` lets them go on, if they are right by their protocol.
    #[serde(default = "allow")]
    pub unknown: UnknownTensors,
    /// What becomes of an answer that breaks a rule: with `count` it goes on as it
    /// comes, without being held, and is counted; with `replace` the client gets an
    /// error in its place, 502 or INTERNAL.
    #[serde(default)]
    pub on_violation: OnBadAnswer,
    /// How many bytes of an answer are held back, at most, until it is known to be
    /// right. Must be less than Envoy's `per_connection_buffer_limit_bytes`. The
    /// rest of a longer one is only counted.
    #[serde(default = "default_hold_up_to_bytes")]
    pub hold_up_to_bytes: u32,
}

/// What becomes of an answer that breaks a rule.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum OnBadAnswer {
    /// It goes on as it comes and is only counted: nothing is held.
    #[default]
    Count,
    /// The client gets an error in its place: 502, or INTERNAL.
    Replace,
}

const fn allow() -> UnknownTensors {
    UnknownTensors::Allow
}

const fn default_hold_up_to_bytes() -> u32 {
    256 * 1024
}
