use serde::Deserialize;

/// What is stated of each request for Envoy's access log and traces.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Facts {
    /// Everything that is measured: see "Facts".
    #[default]
    All,
    /// Nothing. Spares up to two microseconds a request.
    Nothing,
}

/// How a request's body is hashed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InputHash {
    /// The secret with which it is hashed: who has it can test whether an input is one
    /// that he knows. The same in every Envoy whose traces are to be compared.
    pub secret: String,
}
