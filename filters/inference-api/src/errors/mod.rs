//! Refusals in the client's own words.
//!
//! An [`ErrorReport`] says what is wrong; [`error_body`] renders it in the
//! dialect that the client speaks, so that its library raises the error it
//! would raise for the model server's own. For gRPC there is
//! [`status_details`] beside the message.
//!
//! A message never holds payload. A name that a client sent goes through
//! [`quoted`].

mod body;
mod details;

use core::fmt::Write;

pub use body::error_body;
pub use details::status_details;

use crate::dialect::Dialect;

/// What is wrong with a request, for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorReport<'a> {
    /// The HTTP status of the answer.
    pub http_status: u16,
    /// The gRPC status of the answer.
    pub grpc_code: u8,
    /// What sort of error it is.
    pub kind: ErrorKind,
    /// A sentence; what is beyond [`MAX_MESSAGE_BYTES`] is cut off.
    pub message: &'a str,
    /// The field that is wrong, such as `model` or `inputs[1].shape`.
    pub param: Option<&'a str>,
    /// A word for programs in `snake_case`, such as `model_not_found`.
    pub code: Option<&'a str>,
    /// The rule that a payload breaks, for programs.
    pub violation: Option<Violation<'a>>,
    /// After how many milliseconds the same may be tried again.
    pub retry_after_ms: Option<u64>,
}

/// A rule that a payload breaks, told for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation<'a> {
    /// The rule, in `snake_case`.
    pub rule: &'a str,
    /// The field that breaks it: a JSON pointer, or a path such as
    /// `inputs[1].shape`. Empty for the whole.
    pub field: &'a str,
    /// What was found.
    pub found: &'a str,
    /// What is allowed.
    pub allowed: &'a str,
}

/// What sort of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong in itself.
    InvalidArgument,
    /// What it names is not there.
    NotFound,
    /// It is larger than allowed.
    TooLarge,
    /// Its content type or encoding is not accepted.
    UnsupportedMedia,
    /// It is well formed and its content is not acceptable.
    Unprocessable,
    /// The caller is not known.
    Unauthenticated,
    /// The caller may not do this.
    PermissionDenied,
    /// The caller's quota is used up.
    QuotaExceeded,
    /// There is no room for it now.
    Overloaded,
    /// It can't be answered in time.
    DeadlineExceeded,
    /// Nobody here does such a thing.
    Unimplemented,
    /// The gateway's own fault.
    Internal,
}

/// The longest message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 512;

/// The longest part of a name that is repeated in a message, in characters.
pub const MAX_QUOTED_CHARACTERS: usize = 64;

impl ErrorKind {
    /// The HTTP status that the dialect's own servers answer with.
    pub const fn http_status(self, dialect: Dialect) -> u16 {
        match self {
            Self::InvalidArgument => 400,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::UnsupportedMedia => 415,
            Self::Unprocessable => 422,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::QuotaExceeded => 429,
            Self::Overloaded => match dialect {
                Dialect::Anthropic => 529,
                _ => 503,
            },
            Self::DeadlineExceeded => 504,
            Self::Unimplemented => 501,
            Self::Internal => 500,
        }
    }

    /// The gRPC status code.
    ///
    /// Source: grpc/grpc, `doc/statuscodes.md`.
    pub const fn grpc_code(self) -> u8 {
        match self {
            Self::InvalidArgument | Self::UnsupportedMedia | Self::Unprocessable => 3,
            Self::DeadlineExceeded => 4,
            Self::NotFound => 5,
            Self::PermissionDenied => 7,
            Self::TooLarge | Self::QuotaExceeded => 8,
            Self::Unimplemented => 12,
            Self::Internal => 13,
            Self::Overloaded => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// A report of this kind with the dialect's usual statuses.
    pub const fn report(self, dialect: Dialect, message: &str) -> ErrorReport<'_> {
        ErrorReport {
            http_status: self.http_status(dialect),
            grpc_code: self.grpc_code(),
            kind: self,
            message,
            param: None,
            code: None,
            violation: None,
            retry_after_ms: None,
        }
    }
}

/// A name that a client sent, fit to stand in a message: in backquotes, cut
/// after [`MAX_QUOTED_CHARACTERS`], whatever is not plain escaped.
pub fn quoted(name: &str) -> String {
    let mut quoted = String::from("`");
    let mut characters = name.chars();
    for character in characters.by_ref().take(MAX_QUOTED_CHARACTERS) {
        match character {
            '`' | '\\' => quoted.extend(['\\', character]),
            _ if is_plain(character) => quoted.push(character),
            _ => quoted.extend(character.escape_unicode()),
        }
    }
    if characters.next().is_some() {
        quoted.push_str("...");
    }
    quoted.push('`');
    quoted
}

/// Neither control characters nor anything that turns a line around.
fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || character.is_ascii_graphic() || character == ' '
}

/// The message as it is sent: bounded, in one line.
fn bounded(message: &str) -> String {
    let mut text = String::new();
    for character in message.chars() {
        if text.len().saturating_add(character.len_utf8()) > MAX_MESSAGE_BYTES {
            break;
        }
        let _ = text.write_char(if character.is_control() { ' ' } else { character });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_name_in_a_message_is_harmless() {
        assert_eq!(quoted("llama-3.1_8B/é"), "`llama-3.1_8B/é`");
        assert_eq!(quoted("a`\\\n\u{202e}b"), "`a\\`\\\\\\u{a}\\u{202e}b`");
        assert_eq!(quoted(&"x".repeat(65)), format!("`{}...`", "x".repeat(64)));
        assert_eq!(quoted(&"x".repeat(64)), format!("`{}`", "x".repeat(64)));
    }

    #[test]
    fn a_message_is_bounded_and_in_one_line() {
        assert_eq!(bounded("a\r\nb"), "a  b");
        assert_eq!(bounded(&"é".repeat(1000)).len(), MAX_MESSAGE_BYTES);
        assert_eq!(bounded(&format!("x{}", "é".repeat(1000))).len(), MAX_MESSAGE_BYTES - 1);
    }
}
