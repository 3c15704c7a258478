//! Cookies, as they stand in request headers.

use filter_kit::Headers;

/// The value of a cookie. HTTP/2 lets a client send one header line for each
/// cookie (RFC 9113, 8.2.3), HTTP/1.1 joins them with `;` (RFC 6265, 5.4).
pub(crate) fn cookie<'h>(headers: &'h Headers, name: &[u8]) -> Option<&'h [u8]> {
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

    fn session<const LINES: usize>(lines: [&str; LINES]) -> Option<String> {
        let headers: Headers = lines.into_iter().map(|line| ("cookie", line)).collect();
        cookie(&headers, b"session").map(|value| String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn finds_a_cookie_among_others() {
        assert_eq!(session(["a=1; xsession=no; session = x=y ;b"]).as_deref(), Some("x=y"));
        assert_eq!(session(["a=1", "session=2"]).as_deref(), Some("2"));
        assert_eq!(session(["session; =; ;", "session="]).as_deref(), Some(""));
        assert_eq!(session(["session; sessions=1"]), None);
    }
}
