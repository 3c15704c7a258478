use serde::Deserialize;

/// Which paths and gRPC methods are open to clients.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    /// What changes or exposes the model server itself: loading and unloading
    /// models, shared memory, trace and log settings, `/metrics`, `/invocations`
    /// and their like.
    pub admin: Openness,
    /// If not empty, only these are open: paths without their query, such as
    /// `/v1/chat/completions` or `/inference.GRPCInferenceService/ModelInfer`. A
    /// `*` at the end stands for anything.
    pub only: Vec<String>,
    /// These are closed, even if `only` has them, and in whatever case of letters.
    /// Written in the same way.
    pub never: Vec<String>,
}

/// Whether something is open to clients.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Openness {
    /// It is not.
    #[default]
    Closed,
    /// It is.
    Open,
}
