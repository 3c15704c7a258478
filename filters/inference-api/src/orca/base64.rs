//! Base64, with padding or without.
//!
//! The crate `base64` would take 5 KB more of each module for these few lines; it
//! is the oracle in the tests.

/// What the text stands for. `None` if it is not the one way to write that.
///
/// Source: RFC 4648, section 4.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last.saturating_add(1));
    let (digits, padding) = text.split_at_checked(end)?;
    let most_padding = match digits.len() & 3 {
        0 => 0,
        2 => 2,
        3 => 1,
        _ => return None,
    };
    if padding.len() > most_padding {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = bits << 6 | u32::from(value(*digit)?);
        }
        let missing = u32::try_from(group.len()).map_or(0, |length| 4_u32.saturating_sub(length));
        let [_, decoded @ ..] = bits.checked_shl(missing.saturating_mul(6))?.to_be_bytes();
        let (whole, rest) = decoded.split_at_checked(group.len().saturating_sub(1))?;
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(whole);
    }
    Some(bytes)
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(digit.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0').wrapping_add(52)),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn padding_may_be_missing_but_not_be_too_much() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("QQ==", Some(b"A")),
            ("QQ", Some(b"A")),
            ("QUI=", Some(b"AB")),
            ("QUI", Some(b"AB")),
            ("QUJD", Some(b"ABC")),
            ("+/+/", Some(b"\xfb\xff\xbf")),
            ("=", None),
            ("Q", None),
            ("QQ===", None),
            ("QUI==", None),
            ("QUJD=", None),
            ("QQ==QQ==", None),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), bytes, "{text}");
        }
    }

    #[test]
    fn bits_that_stand_for_nothing_are_zero() {
        assert_eq!(decode(b"QR=="), None);
        assert_eq!(decode(b"QUJ="), None);
    }

    #[test]
    fn other_characters_are_refused() {
        for byte in 0..=u8::MAX {
            let is_digit = byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
            assert_eq!(decode(&[b'A', b'A', b'A', byte, b'A', b'A']).is_some(), is_digit, "{byte}");
        }
    }
}
