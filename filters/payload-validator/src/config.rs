//! What an operator writes.

mod access;
mod answers;
mod contracts;
mod limits;
mod tensors;

pub use access::{Access, Openness};
pub use answers::{Answers, OnBadAnswer};
pub use contracts::{Contract, Patch};
pub use limits::Limits;
pub use tensors::{
    Bounds, DatatypeName, Dimension, Encoding, TensorContract, Tensors, UnknownTensors,
};

use crate::rules::{Mode, Rule};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The configuration of the payload validator.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which paths and gRPC methods are open to clients.
    #[serde(default)]
    pub access: Access,
    /// Limits for every request, whatever its model.
    #[serde(default)]
    pub limits: Limits,
    /// What payloads must be like, per model or per model and version. For a
    /// request counts the contract of its model and version; without one, that of
    /// its model; without one, the one that names no model.
    #[serde(default)]
    pub contracts: Vec<Contract>,
    /// Rules that close a known defect of a server, beside the contracts.
    #[serde(default)]
    pub patches: Vec<Patch>,
    /// What becomes of requests that break a rule: `enforce`, `report_only` or
    /// `off`. Rules that aren't named here are enforced, but for `tensor_padding`,
    /// which is off. A contract can say otherwise for itself.
    #[serde(default)]
    pub rules: BTreeMap<Rule, Mode>,
    /// What happens to a payload for which there is a contract and which can't be
    /// held against it: it is compressed, or of an API in which what the contract
    /// speaks of doesn't exist.
    #[serde(default)]
    pub on_fault: OnFault,
    /// How many bytes of a request are held back, at most, until it is known to
    /// be right. Envoy's own limits must be larger: the listener's
    /// `per_connection_buffer_limit_bytes` for HTTP/1.1 and
    /// `initial_stream_window_size` for HTTP/2. 0 is for hosts that can't hold a
    /// request's headers back, such as Istio's `WasmPlugin`; then `beyond_hold`
    /// must be `stream`, and `on_violation` of answers `count`.
    #[serde(default = "default_hold_up_to_bytes")]
    pub hold_up_to_bytes: u32,
    /// What happens to a body that is longer.
    #[serde(default)]
    pub beyond_hold: BeyondHold,
    /// Where a request says which model it is for.
    #[serde(default)]
    pub model_headers: ModelHeaders,
}

/// What happens to a payload that can't be held against its contract.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum OnFault {
    /// It is refused.
    #[default]
    Deny,
    /// It goes on unchecked, which is counted.
    Allow,
}

/// What happens to a body that is longer than may be held.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum BeyondHold {
    /// It is refused as too large.
    #[default]
    Refuse,
    /// It goes on and is checked while it goes by. At a violation it is broken
    /// off before its end, so that its server never has all of it.
    Stream,
}

/// Where a request says which model it is for.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum ModelHeaders {
    /// In `x-model-name` and `x-model-version`, else in its path. Right behind the
    /// model router, which sets them; anything else in front of this filter must
    /// remove what clients write there.
    #[default]
    Trust,
    /// In its path only.
    Ignore,
}

const fn default_hold_up_to_bytes() -> u32 {
    1024 * 1024
}
