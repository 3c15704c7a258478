//! `; name=value` behind the first word of a header's value.

/// The parameters, as they are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameters<'a> {
    rest: &'a [u8],
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a [u8],
    /// The token, or what stands between the quotes, backslashes included.
    pub(super) value: &'a [u8],
}

/// This is not the grammar of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A header's value as its first word and its parameters.
///
/// Source: RFC 9110, section 5.6.6.
pub(super) fn split(value: &[u8]) -> (&[u8], Parameters<'_>) {
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    let (word, rest) = value.split_at_checked(end).unwrap_or_default();
    (trim_blanks(word), Parameters { rest })
}

/// Whether it is one word as headers have them.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| is_token_byte(*byte))
}

/// Without spaces and tabs around it.
pub(super) fn trim_blanks(bytes: &[u8]) -> &[u8] {
    let start = trim_start_blanks(bytes);
    let blanks = start.iter().rev().take_while(|byte| is_blank(**byte)).count();
    start.get(..start.len().saturating_sub(blanks)).unwrap_or_default()
}

pub(super) fn trim_start_blanks(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take_while(|byte| is_blank(**byte)).count();
    bytes.get(blanks..).unwrap_or_default()
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Result<Parameter<'a>, Malformed>;

    /// The next one; nothing may be read behind an error.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = trim_start_blanks(self.rest);
            if rest.is_empty() {
                return None;
            }
            let Some(rest) = rest.strip_prefix(b";") else { return Some(Err(Malformed)) };
            self.rest = trim_start_blanks(rest);
            // Nothing between two semicolons, or behind the last one.
            if !matches!(self.rest, [] | [b';', ..]) {
                return Some(self.parameter().ok_or(Malformed));
            }
        }
    }
}

impl<'a> Parameters<'a> {
    fn parameter(&mut self) -> Option<Parameter<'a>> {
        let name = self.token()?;
        self.rest = self.rest.strip_prefix(b"=")?;
        let value = match self.rest.strip_prefix(b"\"") {
            Some(quoted) => self.quoted(quoted)?,
            None => self.token()?,
        };
        Some(Parameter { name, value })
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        let length = self.rest.iter().take_while(|byte| is_token_byte(**byte)).count();
        let (token, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    /// What comes before the closing quote, less nothing.
    fn quoted(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let mut is_escaped = false;
        let end = text.iter().position(|byte| {
            let closes = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            closes
        });
        let (value, rest) = text.split_at_checked(end?)?;
        self.rest = rest.strip_prefix(b"\"")?;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(value: &str) -> Option<Vec<(&str, &str)>> {
        let (_, parameters) = split(value.as_bytes());
        let text = |bytes| str::from_utf8(bytes).unwrap();
        parameters
            .map(|read| read.ok().map(|parameter| (text(parameter.name), text(parameter.value))))
            .collect()
    }

    #[test]
    fn values_are_tokens_or_quoted_and_told_as_they_are_written() {
        for (value, expected) in [
            ("a", vec![]),
            ("a;b=c", vec![("b", "c")]),
            ("a \t; b=c ;\td=\"e;f\"", vec![("b", "c"), ("d", "e;f")]),
            ("a; b=\"\"; b=\"c\\\"d\\\\\"", vec![("b", ""), ("b", "c\\\"d\\\\")]),
            ("a;; b=c; ;", vec![("b", "c")]),
            ("a; b*=UTF-8''c", vec![("b*", "UTF-8''c")]),
        ] {
            assert_eq!(read(value), Some(expected), "{value:?}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        for value in [
            "a; b",
            "a; b=",
            "a; =c",
            "a; b =c",
            "a; b= c",
            "a; b=c d",
            "a; b=c d=e",
            "a; b=c, d=e",
            "a; b=\"c",
            "a; b=\"c\\\"",
            "a; b=\"c\"d",
            "a; b=c\"d\"",
            "a; b=c/d",
            "a; b=é",
        ] {
            assert_eq!(read(value), None, "{value:?}");
        }
    }
}
