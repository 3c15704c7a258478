use serde::Deserialize;

/// Something that is true of a request or not.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// A request header has such a value.
    Header(ValueMatch),
    /// A cookie has such a value.
    Cookie(ValueMatch),
    /// The tenant is one of these.
    Tenant(Vec<String>),
    /// The path begins like this.
    PathPrefix(String),
    /// The client's address is in one of these networks, such as `10.0.0.0/8`: the
    /// one that Envoy takes for it (`use_remote_address`, `xff_num_trusted_hops`).
    Source(Vec<String>),
    /// The prompt template's version is one of these.
    PromptVersion(Vec<String>),
    /// The request comes over this.
    Protocol(Protocol),
}

/// A header's or cookie's value. With nothing but a name, it must only be there.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ValueMatch {
    /// The name of the header or cookie.
    pub name: String,
    /// The value is one of these.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// The value begins like this.
    #[serde(default)]
    pub prefix: Option<String>,
}

/// What a request comes over.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// gRPC.
    Grpc,
    /// HTTP without gRPC.
    Http,
}
