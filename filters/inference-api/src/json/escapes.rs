//! Passing over characters that are written as `\uXXXX`: all of a text, if its
//! writer keeps to ASCII.

/// How long the row of `\uXXXX` at the start is, if there is one: where one is,
/// there are more.
pub(super) fn unicode_escapes(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some(after) = behind_unicode_escape(rest) {
        rest = after;
    }
    Some(bytes.len().saturating_sub(rest.len())).filter(|length| *length > 0)
}

/// How many bytes such a row has beyond one for each character: a pair of
/// surrogates is one.
pub(super) fn surplus_of_unicode_escapes(row: &[u8]) -> u64 {
    let (escapes, _) = row.as_chunks::<6>();
    let is_second_half =
        |escape: &&[u8; 6]| matches!(escape, [_, _, b'd' | b'D', b'c'..=b'f' | b'C'..=b'F', _, _]);
    let halves = escapes.iter().filter(is_second_half).count();
    crate::wide(row.len().saturating_sub(escapes.len()).saturating_add(halves))
}

/// What is behind a `\uXXXX`, or behind both of a surrogate pair.
#[inline]
fn behind_unicode_escape(bytes: &[u8]) -> Option<&[u8]> {
    let (escape, after) = bytes.split_first_chunk::<6>()?;
    match code_unit(escape)? {
        0xd800..=0xdbff => {
            let (escape, after) = after.split_first_chunk::<6>()?;
            matches!(code_unit(escape)?, 0xdc00..=0xdfff).then_some(after)
        }
        0xdc00..=0xdfff => None,
        _ => Some(after),
    }
}

#[inline]
fn code_unit(escape: &[u8; 6]) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = escape else { return None };
    let digits =
        digits.map(|digit| u32::from(DIGITS.get(usize::from(digit)).copied().unwrap_or(NO_DIGIT)));
    let [a, b, c, d] = digits;
    (a | b | c | d < u32::from(NO_DIGIT)).then_some(a << 12 | b << 8 | c << 4 | d)
}

/// Of each byte, its value as a hexadecimal digit.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut rest: &mut [u8] = &mut digits;
    let mut byte = 0_u8;
    while let Some((digit, after)) = rest.split_first_mut() {
        *digit = match byte {
            b'0'..=b'9' => byte.wrapping_sub(b'0'),
            b'a'..=b'f' => byte.wrapping_sub(b'a' - 10),
            b'A'..=b'F' => byte.wrapping_sub(b'A' - 10),
            _ => NO_DIGIT,
        };
        byte = byte.wrapping_add(1);
        rest = after;
    }
    digits
};

const NO_DIGIT: u8 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_code_unit_is_one_or_half_of_a_pair() {
        for unit in 0..=u16::MAX {
            let escape =
                if unit % 2 == 0 { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") };
            let is_one = char::from_u32(u32::from(unit)).is_some();
            assert_eq!(unicode_escapes(escape.as_bytes()), is_one.then_some(6), "{escape}");
            if is_one {
                assert_eq!(surplus_of_unicode_escapes(escape.as_bytes()), 5, "{escape}");
            }
            let pair = [&escape, r"\uDE42"].concat();
            let is_first_half = (0xd800..=0xdbff).contains(&unit);
            assert_eq!(unicode_escapes(pair.as_bytes()).is_some(), is_one || is_first_half);
            if is_first_half {
                assert_eq!(surplus_of_unicode_escapes(pair.as_bytes()), 11, "{pair}");
            }
        }
    }

    #[test]
    fn a_row_ends_before_what_is_malformed_or_cut() {
        for (text, length) in [
            (r"\u654f\u6377\ud83d\ude42x", Some(24)),
            (r"\u654f\u637", Some(6)),
            (r"\u654f\n", Some(6)),
            (r"\u654g", None),
            (r"\ud83d\u0041", None),
            (r"\ud83d\ud83d", None),
            (r"\ude42", None),
            (r"\U0041", None),
            ("", None),
        ] {
            assert_eq!(unicode_escapes(text.as_bytes()), length, "{text}");
        }
    }
}
