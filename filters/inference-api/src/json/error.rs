use core::fmt;

/// Why a text is not JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// At which byte, counted from the start of the text.
    pub offset: u64,
}

/// What makes a text not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// The text begins with a UTF-8 byte order mark, which RFC 8259 (section
    /// 8.1) forbids to send and servers treat in different ways.
    ByteOrderMark,
    /// A value should begin here.
    ExpectedValue,
    /// An object's key should begin here.
    ExpectedKey,
    /// A colon should stand here.
    ExpectedColon,
    /// A comma or the container's end should stand here.
    ExpectedSeparator,
    /// A word that begins like a literal and is none.
    InvalidLiteral,
    /// Not the grammar of a number.
    InvalidNumber,
    /// A number beyond what a 64-bit float holds, such as `1e999`.
    NumberOutOfRange,
    /// A backslash before something that can't be escaped.
    InvalidEscape,
    /// An escaped UTF-16 surrogate without its other half.
    LoneSurrogate,
    /// A control character that stands unescaped in a string.
    ControlCharacter,
    /// A string that is not UTF-8.
    InvalidUtf8,
    /// A string or key of more bytes than allowed.
    StringTooLong,
    /// More containers inside each other than allowed.
    TooDeep,
    /// Something follows the value.
    TrailingBytes,
    /// The text ends before the value does.
    UnexpectedEnd,
}

impl fmt::Display for JsonError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at byte {}", self.kind.sentence(), self.offset)
    }
}

impl core::error::Error for JsonError {}

impl JsonErrorKind {
    const fn sentence(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "byte order mark before the JSON text",
            Self::ExpectedValue => "expected a value",
            Self::ExpectedKey => "expected an object key in quotes",
            Self::ExpectedColon => "expected a colon",
            Self::ExpectedSeparator => "expected a comma or the end of the object or array",
            Self::InvalidLiteral => "expected true, false or null",
            Self::InvalidNumber => "malformed number",
            Self::NumberOutOfRange => "number out of range",
            Self::InvalidEscape => "malformed escape in a string",
            Self::LoneSurrogate => "half of a surrogate pair in a string",
            Self::ControlCharacter => "unescaped control character in a string",
            Self::InvalidUtf8 => "string that is not UTF-8",
            Self::StringTooLong => "string longer than allowed",
            Self::TooDeep => "too many nested objects and arrays",
            Self::TrailingBytes => "something after the JSON value",
            Self::UnexpectedEnd => "the JSON text ends too early",
        }
    }
}
