//! How long a string is, without its being decoded.

/// How many bytes a well-formed string has, given how it is written.
pub(super) fn decoded_bytes(mut text: &[u8]) -> u64 {
    let mut bytes = 0_usize;
    while let Some(place) = memchr::memchr(b'\\', text) {
        let escape = text.get(place..).unwrap_or_default();
        let (written, decoded) = match escape {
            // Half of a surrogate pair, which has four bytes.
            [_, b'u', b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..] => (6, 2),
            [_, b'u', b'0', b'0', b'0'..=b'7', ..] => (6, 1),
            [_, b'u', b'0', b'0'..=b'7', ..] => (6, 2),
            [_, b'u', ..] => (6, 3),
            _ => (2, 1),
        };
        bytes = bytes.saturating_add(place).saturating_add(decoded);
        text = escape.get(written..).unwrap_or_default();
    }
    crate::wide(bytes.saturating_add(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_length_of_a_string_is_that_of_what_it_stands_for() {
        for text in [
            "",
            "plain",
            "é€😀",
            r#"\"\\\/\b\f\n\r\t"#,
            r"\u0000\u007f\u0080\u00e9\u07ff\u0800\u20ac\ud7ff\uD7FF\ue000\uffff",
            r"a\ud83d\ude42b\uD83D\uDE42\udbff\udfff",
        ] {
            let decoded: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(decoded_bytes(text.as_bytes()), crate::wide(decoded.len()), "{text}");
        }
    }
}
