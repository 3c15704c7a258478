//! Who is calling: the bytes that are the same in all requests of one caller.

use crate::config::StickyKey;
use filter_kit::Headers;

/// The first of these keys that the request has, with a value that is not empty.
pub(crate) fn caller_key<'h>(keys: &[StickyKey], headers: &'h Headers) -> Option<&'h [u8]> {
    keys.iter()
        .filter_map(|key| match key {
            StickyKey::Header(name) => headers.first(name),
            StickyKey::Cookie(name) => cookie(headers, name.as_bytes()),
        })
        .find(|value| !value.is_empty())
}

/// The value of a cookie. HTTP/2 lets a client send one header line for each
/// cookie (RFC 9113, 8.2.3), HTTP/1.1 joins them with `;` (RFC 6265, 5.4).
fn cookie<'h>(headers: &'h Headers, name: &[u8]) -> Option<&'h [u8]> {
    headers
        .iter()
        .filter(|(header, _)| *header == b"cookie")
        .flat_map(|(_, line)| line.split(|byte| *byte == b';'))
        .filter_map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            let (key, value) = pair.split_at_checked(equals)?;
            Some((key.trim_ascii(), value.get(1..)?.trim_ascii()))
        })
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        lines.iter().copied().collect()
    }

    fn keys() -> Vec<StickyKey> {
        vec![StickyKey::Header("x-session-id".into()), StickyKey::Cookie("session".into())]
    }

    #[test]
    fn the_first_key_that_is_there_counts() {
        let both = headers(&[("cookie", "session=c"), ("x-session-id", "h")]);
        assert_eq!(caller_key(&keys(), &both), Some(&b"h"[..]));
        let cookie = headers(&[("cookie", "session=c"), ("x-session-id", "")]);
        assert_eq!(caller_key(&keys(), &cookie), Some(&b"c"[..]));
        assert_eq!(caller_key(&keys(), &headers(&[("accept", "*/*")])), None);
    }

    #[test]
    fn finds_a_cookie_among_others() {
        let joined = headers(&[("cookie", "a=1; xsession=no; session = x=y ;b")]);
        assert_eq!(caller_key(&keys(), &joined), Some(&b"x=y"[..]));
        let lines = headers(&[("cookie", "a=1"), ("cookie", "session=2")]);
        assert_eq!(caller_key(&keys(), &lines), Some(&b"2"[..]));
        let none = headers(&[("cookie", "session; =; ;"), ("cookie", "session=")]);
        assert_eq!(caller_key(&keys(), &none), None);
    }
}
