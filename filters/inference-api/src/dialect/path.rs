use std::borrow::Cow;
use std::fmt;

use super::PathVersion;

/// Why a path does not say clearly what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// A percent sign that is not followed by two hexadecimal digits.
    MalformedEscape,
    /// Not UTF-8, as it stands or after decoding.
    NotUtf8,
    /// A control character, NUL for instance, as it stands or after decoding.
    ControlCharacter,
    /// A known route only after decoding: servers disagree whether it is one.
    DisguisedRoute,
}

impl fmt::Display for PathError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::MalformedEscape => "malformed percent-encoding in the path",
            Self::NotUtf8 => "the path is not UTF-8",
            Self::ControlCharacter => "control character in the path",
            Self::DisguisedRoute => "percent-encoding in the fixed part of the path",
        })
    }
}

impl std::error::Error for PathError {}

/// A version as it stands in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version<'a> {
    Version(&'a str),
    Label(&'a str),
}

impl<'a> Version<'a> {
    pub(super) fn decode(self) -> Result<PathVersion<'a>, PathError> {
        Ok(match self {
            Self::Version(text) => PathVersion::Version(decode(text)?),
            Self::Label(text) => PathVersion::Label(decode(text)?),
        })
    }
}

impl<'a> Version<'a> {
    /// As it stands in the path.
    pub(super) const fn written(self) -> &'a str {
        match self {
            Self::Version(text) | Self::Label(text) => text,
        }
    }
}

/// The path up to its query string or fragment.
pub(super) fn without_query(path: &[u8]) -> Result<&str, PathError> {
    let end = path.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(path.len());
    let path = path.get(..end).unwrap_or_default();
    let path = str::from_utf8(path).map_err(|_| PathError::NotUtf8)?;
    if path.contains(char::is_control) { Err(PathError::ControlCharacter) } else { Ok(path) }
}

/// Percent-decodes a part of the path. It is borrowed where nothing is encoded.
pub(super) fn decode(text: &str) -> Result<Cow<'_, str>, PathError> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = hexadecimal(bytes.next())?;
            let low = hexadecimal(bytes.next())?;
            decoded.push(high << 4 | low);
        } else {
            decoded.push(byte);
        }
    }
    let decoded = String::from_utf8(decoded).map_err(|_| PathError::NotUtf8)?;
    if decoded.contains(char::is_control) {
        return Err(PathError::ControlCharacter);
    }
    Ok(Cow::Owned(decoded))
}

pub(super) fn hexadecimal(byte: Option<u8>) -> Result<u8, PathError> {
    byte.and_then(|byte| char::from(byte).to_digit(16))
        .and_then(|digit| u8::try_from(digit).ok())
        .ok_or(PathError::MalformedEscape)
}

/// The digits that stand for a byte behind a percent sign.
pub(super) fn hexadecimal_digits(byte: u8) -> [u8; 2] {
    let digit = |half: u8| match half {
        0..10 => b'0'.saturating_add(half),
        _ => b'A'.saturating_add(half.saturating_sub(10)),
    };
    [digit(byte >> 4), digit(byte & 0xf)]
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(decode("plain"), Ok(Cow::Borrowed("plain")));
        assert_eq!(decode("a%2Fb%20%C3%A9%2525").as_deref(), Ok("a/b é%25"));
    }

    #[test]
    fn what_does_not_decode_to_clean_text_is_an_error() {
        for text in ["%", "%2", "%zz", "%+1", "a%"] {
            assert_eq!(decode(text), Err(PathError::MalformedEscape), "{text}");
        }
        for text in ["%ff", "%C3", "%ED%A0%80"] {
            assert_eq!(decode(text), Err(PathError::NotUtf8), "{text}");
        }
        for text in ["%00", "a%0d%0A", "%7f", "%C2%85"] {
            assert_eq!(decode(text), Err(PathError::ControlCharacter), "{text}");
        }
    }

    #[test]
    fn the_query_string_and_the_fragment_are_no_part_of_the_path() {
        assert_eq!(without_query(b"/a?b=/c"), Ok("/a"));
        assert_eq!(without_query(b"/a#b?c"), Ok("/a"));
        assert_eq!(without_query(b"/\xff"), Err(PathError::NotUtf8));
        assert_eq!(without_query(b"/\0"), Err(PathError::ControlCharacter));
    }
}
