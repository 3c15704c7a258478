use serde::Deserialize;

/// Limits, each of them optional. A contract's own ones replace the general
/// ones.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The longest body, in bytes.
    pub max_body_bytes: Option<u64>,
    /// The longest gRPC message, in bytes.
    pub max_message_bytes: Option<u64>,
    /// How many JSON objects and arrays may stand inside each other: 127 at most,
    /// which is also what counts without this.
    pub max_json_depth: Option<u8>,
    /// The longest string of a JSON body, keys included, in bytes as it is
    /// written.
    pub max_string_bytes: Option<u64>,
    /// How many headers a request may have, the pseudo headers of HTTP/2 included.
    pub max_headers: Option<u32>,
    /// How many bytes the names and values of its headers may have together.
    pub max_header_bytes: Option<u64>,
    /// The content types that inference requests may have, without parameters,
    /// such as `application/json`. gRPC is always accepted. Without this, all are.
    pub content_types: Option<Vec<String>>,
    /// The content encodings that inference requests may have, such as `gzip`. A
    /// compressed body can't be checked: see `on_fault`. Without this, only bodies
    /// without an encoding are accepted.
    pub content_encodings: Option<Vec<String>>,
}

impl Limits {
    /// These, and the general ones where they say nothing.
    pub(crate) fn or(self, general: &Self) -> Self {
        Self {
            max_body_bytes: self.max_body_bytes.or(general.max_body_bytes),
            max_message_bytes: self.max_message_bytes.or(general.max_message_bytes),
            max_json_depth: self.max_json_depth.or(general.max_json_depth),
            max_string_bytes: self.max_string_bytes.or(general.max_string_bytes),
            max_headers: self.max_headers.or(general.max_headers),
            max_header_bytes: self.max_header_bytes.or(general.max_header_bytes),
            content_types: self.content_types.or_else(|| general.content_types.clone()),
            content_encodings: self.content_encodings.or_else(|| general.content_encodings.clone()),
        }
    }
}
