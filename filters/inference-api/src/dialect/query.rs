use std::borrow::Cow;
use std::fmt;

use super::path::hexadecimal;

/// Why a query string does not say clearly what a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// The parameter is there twice, with different values.
    Repeated,
    /// A percent sign that is not followed by two hexadecimal digits.
    MalformedEscape,
    /// Not UTF-8 after decoding.
    NotUtf8,
    /// A control character after decoding.
    ControlCharacter,
}

impl fmt::Display for QueryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Repeated => "query parameter with more than one value",
            Self::MalformedEscape => "malformed percent-encoding in a query parameter",
            Self::NotUtf8 => "a query parameter is not UTF-8",
            Self::ControlCharacter => "control character in a query parameter",
        })
    }
}

impl std::error::Error for QueryError {}

/// The value of a parameter in the path's query string; `None` when it is not
/// there. It may be there again with the same value.
///
/// Read as a form is: parameters stand between `&`, `+` is a space, the rest is
/// percent-decoded. What other parameters hold doesn't matter.
///
/// Source: WHATWG URL Standard, "application/x-www-form-urlencoded".
///
/// # Errors
/// When it has several values, or one that is no clean text.
pub fn query_parameter<'a>(path: &'a [u8], name: &str) -> Result<Option<Cow<'a, str>>, QueryError> {
    let mut found = None;
    for parameter in query(path).split(|byte| *byte == b'&') {
        let mut sides = parameter.splitn(2, |byte| *byte == b'=');
        let (key, value) = (sides.next().unwrap_or_default(), sides.next().unwrap_or_default());
        if decode(key).ok().as_deref() != Some(name) {
            continue;
        }
        let value = decode(value)?;
        if found.as_ref().is_some_and(|found| *found != value) {
            return Err(QueryError::Repeated);
        }
        found = Some(value);
    }
    Ok(found)
}

/// What stands between the first question mark and the fragment.
fn query(path: &[u8]) -> &[u8] {
    let path = path.split(|byte| *byte == b'#').next().unwrap_or_default();
    path.splitn(2, |byte| *byte == b'?').nth(1).unwrap_or_default()
}

/// It is borrowed where nothing is encoded.
fn decode(text: &[u8]) -> Result<Cow<'_, str>, QueryError> {
    let text = if text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        let decoded = String::from_utf8(decoded(text)?).map_err(|_| QueryError::NotUtf8)?;
        Cow::Owned(decoded)
    } else {
        Cow::Borrowed(str::from_utf8(text).map_err(|_| QueryError::NotUtf8)?)
    };
    if text.contains(char::is_control) { Err(QueryError::ControlCharacter) } else { Ok(text) }
}

fn decoded(text: &[u8]) -> Result<Vec<u8>, QueryError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let escape = (hexadecimal(bytes.next()), hexadecimal(bytes.next()));
                let (Ok(high), Ok(low)) = escape else { return Err(QueryError::MalformedEscape) };
                high << 4 | low
            }
            byte => byte,
        });
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn model(path: &str) -> Result<Option<String>, QueryError> {
        query_parameter(path.as_bytes(), "model").map(|value| value.map(Cow::into_owned))
    }

    #[test]
    fn a_parameter_is_read_as_in_a_form() {
        for (path, expected) in [
            ("/v1/realtime?model=gpt", "gpt"),
            ("/x?a=1&model=a%2Fb+c%C3%A9&b=2", "a/b cé"),
            ("/x?mod%65l=gpt", "gpt"),
            ("/x?model=a=b?c", "a=b?c"),
            ("/x?model=%2525", "%25"),
            ("/x?model=gpt#model=other", "gpt"),
            ("/x?model", ""),
            ("/x?model=", ""),
            ("/x?&&model=a&", "a"),
        ] {
            assert_eq!(model(path), Ok(Some(expected.to_owned())), "{path}");
        }
        for path in
            ["/x", "/x?", "/model=a", "/x?models=a", "/x?Model=a", "/x?a=model", "/x#?model=a"]
        {
            assert_eq!(model(path), Ok(None), "{path}");
        }
    }

    #[test]
    fn several_values_are_an_error_and_the_same_value_again_is_none() {
        assert_eq!(model("/x?model=a&model=b"), Err(QueryError::Repeated));
        assert_eq!(model("/x?model=a&model"), Err(QueryError::Repeated));
        assert_eq!(model("/x?model=a&m%6fdel=%61"), Ok(Some("a".to_owned())));
    }

    #[test]
    fn what_does_not_decode_to_clean_text_is_an_error_only_where_it_matters() {
        for (value, error) in [
            ("%zz", QueryError::MalformedEscape),
            ("%2", QueryError::MalformedEscape),
            ("%ff", QueryError::NotUtf8),
            ("a%00", QueryError::ControlCharacter),
            ("%0d%0a", QueryError::ControlCharacter),
        ] {
            assert_eq!(model(&format!("/x?model={value}")), Err(error), "{value}");
            let other = format!("/x?other={value}&{value}=1&model=a");
            assert_eq!(model(&other), Ok(Some("a".to_owned())), "{value}");
        }
        assert_eq!(query_parameter(b"/x?model=\xff", "model"), Err(QueryError::NotUtf8));
    }
}
