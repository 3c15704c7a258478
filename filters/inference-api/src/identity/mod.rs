//! Which model a body names, read while it goes by.
//!
//! A [`BodyReader`] says what a body names as soon as no later byte can change
//! it without being an error; [`Place::rewrite`] puts other names there. What
//! it says of so many bytes, error or not, never depends on how they were cut.

mod body;
mod form;
mod json;
mod malformed;
mod message;
mod place;
mod request;

pub use body::{BodyReader, Limits, Progress, Reading, Repeats};
pub use malformed::{Malformed, NamePart};
pub use place::{Place, Splice};
pub use request::RequestIdentity;

/// What a body says of the model it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The model's name. `None` when it is absent, `null`, or empty in a gRPC
    /// message, where empty and absent are the same.
    pub model: Option<String>,
    /// The version or label.
    pub version: Option<NamedVersion>,
    /// Whether other values were named before this was certain, and displaced.
    pub is_contradictory: bool,
    /// Whether the key or the name was written with JSON escapes.
    pub is_escaped: bool,
    /// Whether a byte order mark stands before the body's JSON text.
    pub has_byte_order_mark: bool,
    /// Where the names stand, to put others there. `None` when there is none,
    /// or when they stand at more places than are kept.
    pub place: Option<Place>,
}

/// A version that a body or a name states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedVersion {
    /// A version, digits for TensorFlow Serving.
    Version(String),
    /// A version label, such as `stable`.
    Label(String),
}

impl NamedVersion {
    /// The version or label as text.
    pub fn text(&self) -> &str {
        match self {
            Self::Version(text) | Self::Label(text) => text,
        }
    }
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
