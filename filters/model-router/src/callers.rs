//! Who is calling: the bytes that are the same in all requests of one caller.

use crate::config::StickyKey;
use crate::cookies::cookie;
use crate::names::is_token;
use filter_kit::{Headers, Problems};

/// The keys, with header names in the case in which Envoy shows them; writes
/// down what is wrong with them.
pub(crate) fn sticky_keys(written: Vec<StickyKey>, problems: &mut Problems) -> Vec<StickyKey> {
    written
        .into_iter()
        .enumerate()
        .map(|(position, key)| {
            let (StickyKey::Header(name) | StickyKey::Cookie(name)) = &key;
            if name.is_empty() || !name.bytes().all(is_token) {
                problems
                    .add(format!("sticky_by[{position}]"), "must be a header's or cookie's name");
            }
            match key {
                StickyKey::Header(name) => StickyKey::Header(name.to_ascii_lowercase()),
                cookie @ StickyKey::Cookie(_) => cookie,
            }
        })
        .collect()
}

/// The first of these keys that the request has, with a value that is not empty.
pub(crate) fn caller_key<'h>(keys: &[StickyKey], headers: &'h Headers) -> Option<&'h [u8]> {
    keys.iter()
        .filter_map(|key| match key {
            StickyKey::Header(name) => headers.first(name),
            StickyKey::Cookie(name) => cookie(headers, name.as_bytes()),
        })
        .find(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_first_key_that_is_there_counts() {
        let keys = [StickyKey::Header("x-session-id".into()), StickyKey::Cookie("session".into())];
        let key = |lines: &[(&str, &str)]| {
            let headers: Headers = lines.iter().copied().collect();
            caller_key(&keys, &headers).map(<[u8]>::to_vec)
        };
        let both = key(&[("cookie", "session=c"), ("x-session-id", "h")]);
        assert_eq!(both.as_deref(), Some(&b"h"[..]));
        let cookie = key(&[("cookie", "session=c"), ("x-session-id", "")]);
        assert_eq!(cookie.as_deref(), Some(&b"c"[..]));
        assert_eq!(key(&[("accept", "*/*"), ("cookie", "session=")]), None);
    }
}
