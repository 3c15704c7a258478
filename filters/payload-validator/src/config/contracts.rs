use super::{Answers, Limits, Tensors};
use crate::generative;
use crate::rules::{Mode, Rule};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What payloads for a model must be like.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The model, by the name that the router gives it. Without one, the contract
    /// is for every model that has none of its own.
    #[serde(default)]
    pub model: Option<String>,
    /// The version. Without one, the contract is for every version that has none
    /// of its own.
    #[serde(default)]
    pub version: Option<String>,
    /// What becomes of requests that break this contract, whichever rule it is:
    /// `report_only` lets them all go on and counts them. In place of the general
    /// `rules`, but those that are off stay off, and `access` stays what it is.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// What becomes of requests that break single rules. Goes before `mode`, which
    /// goes before the general `rules`.
    #[serde(default)]
    pub rules: BTreeMap<Rule, Mode>,
    /// Limits for this model. Each of them replaces the general one.
    #[serde(default)]
    pub limits: Limits,
    /// What its inputs must be like: Open Inference Protocol and TensorFlow Serving
    /// over gRPC and HTTP, and gRPC methods of your own.
    #[serde(default)]
    pub tensors: Option<Tensors>,
    /// What prompts, messages and parameters must be like: the APIs of OpenAI and
    /// Anthropic.
    #[serde(default)]
    pub generative: Option<generative::Config>,
    /// A JSON Schema (draft 2020-12) that every JSON body must fit.
    #[serde(default)]
    pub json_schema: Option<Value>,
    /// What the answers must be like.
    #[serde(default)]
    pub answers: Option<Answers>,
}

/// A rule that closes a known defect of a server to clients.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// Its name, such as that of the defect: `CVE-2025-48944`. The client finds it
    /// in the refusal.
    pub name: String,
    /// The requests it is for: paths without their query, in whatever case of letters;
    /// a `*` at the end stands for anything.
    pub paths: Vec<String>,
    /// The models it is for. All of them, if empty.
    #[serde(default)]
    pub models: Vec<String>,
    /// A JSON Schema that their JSON bodies must fit; gRPC messages are not held
    /// against it. Without one, they are refused altogether.
    #[serde(default)]
    pub json_schema: Option<Value>,
    /// What becomes of requests that it is against: `enforce`, the default, refuses
    /// them; `report_only` lets them go on and counts them; `off` ends the patch.
    #[serde(default)]
    pub mode: Option<Mode>,
}
