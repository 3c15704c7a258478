use serde::Deserialize;

/// What happens when a request's header, query, path and body disagree.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum OnContradiction {
    /// The request is refused.
    #[default]
    Refuse,
    /// The header counts before the query, the query before the path, and the
    /// path before the body. The others are rewritten to agree with it.
    FollowPrecedence,
}

/// What happens when nothing has named a model within `hold_up_to_bytes`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum BeyondHold {
    /// The request is refused as too large.
    #[default]
    Refuse,
    /// It goes to this Envoy cluster, whose servers must have every model, without
    /// `x-model-name` and `x-model-version`. What it names later on is checked
    /// all the same: a model that the caller may not use ends it.
    Cluster(String),
}

/// What happens to bodies that model servers may read differently than the
/// router does. Each occurrence is counted, whatever happens to it.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct ParserDifferentials {
    /// A body that names several different models. Accepted, the last one
    /// counts, and every body is held to its end to see it.
    pub duplicate_model: Ambiguity,
    /// A `model` whose key or value is written with JSON escapes. Every JSON
    /// reader sees the same in it.
    pub escaped_model: Ambiguity,
    /// A JSON body that begins with a UTF-8 byte order mark. Accepted, it is
    /// skipped.
    pub byte_order_mark: Ambiguity,
    /// A compressed body, or compressed gRPC message. Accepted, it is not read:
    /// headers, query and path decide.
    pub compressed_body: Ambiguity,
    /// A JSON body without a content type.
    pub missing_content_type: Ambiguity,
    /// A JSON body under another content type than JSON's.
    pub wrong_content_type: Ambiguity,
}

/// Whether something ambiguous is accepted.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Ambiguity {
    /// The request is refused.
    Refuse,
    /// The request goes on.
    Accept,
}

impl Default for ParserDifferentials {
    fn default() -> Self {
        Self {
            duplicate_model: Ambiguity::Refuse,
            escaped_model: Ambiguity::Accept,
            byte_order_mark: Ambiguity::Refuse,
            compressed_body: Ambiguity::Refuse,
            missing_content_type: Ambiguity::Accept,
            wrong_content_type: Ambiguity::Refuse,
        }
    }
}

/// A question that is answered from the configuration.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// `GET /v1/models`: every model that the tenant may use, aliases included.
    ListModels,
    /// `GET /v2/models/{model}`, for models that have `metadata`.
    ModelMetadata,
}
