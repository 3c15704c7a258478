//! How kinds and words are told.

use super::shape::{Kinds, Words};
use inference_api::json::Kind;

/// What it is.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Object => "an object",
        Kind::Array => "an array",
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::Boolean(_) => "a boolean",
        Kind::Null => "null",
    }
}

/// What it may be, such as `a string, an array or null`.
pub(super) fn kinds(allowed: Kinds) -> String {
    let kinds =
        [Kind::String, Kind::Number, Kind::Boolean(true), Kind::Object, Kind::Array, Kind::Null];
    either(kinds.into_iter().filter(|known| allowed.has(*known)).map(kind))
}

/// What a word may be.
pub(super) fn words(words: &Words) -> String {
    either(words.known.iter().map(|(word, _)| *word))
}

/// `a`, `a or b`, `a, b or c`
pub(super) fn either<'a>(choices: impl Iterator<Item = &'a str>) -> String {
    let mut choices: Vec<&str> = choices.collect();
    match (choices.pop(), choices.is_empty()) {
        (None, _) => String::new(),
        (Some(only), true) => only.to_owned(),
        (Some(last), false) => format!("{} or {last}", choices.join(", ")),
    }
}

/// `1 message`, `2 messages`
pub(super) fn count(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
