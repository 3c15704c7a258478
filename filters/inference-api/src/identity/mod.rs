//! Which model a body names, read while it goes by.

mod body;
mod malformed;

pub use body::{BodyReader, Limits, Progress};
pub use malformed::Malformed;

use core::ops::Range;

/// What a body says of the model it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The model's name. `None` when it is absent, `null`, or empty in a gRPC
    /// message, where empty and absent are the same.
    pub model: Option<String>,
    /// The version or label.
    pub version: Option<NamedVersion>,
    /// Where the model's name stands, in bytes from the start of the body: in
    /// JSON with its quotes, in gRPC without its length.
    pub model_span: Option<Range<u64>>,
    /// Whether the model or the version was named more than once with different
    /// values. The last one counts here, as for most servers.
    pub is_contradictory: bool,
    /// Whether the model was named more than once, with whatever values.
    pub is_repeated: bool,
    /// Whether the key or the name was written with JSON escapes.
    pub is_escaped: bool,
}

/// A version that a body or a name states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedVersion {
    /// A version, digits for TensorFlow Serving.
    Version(String),
    /// A version label, such as `stable`.
    Label(String),
}

/// Splits `name@version`. Without an at sign, or with nothing on one side of it,
/// all of it is the name.
pub fn split_name_at_version(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() && !version.is_empty() => (name, Some(version)),
        _ => (name, None),
    }
}

#[cfg(test)]
mod tests;
