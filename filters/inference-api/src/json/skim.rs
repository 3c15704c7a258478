//! Passing over a string that nobody wants, without the state machine.

use super::scan::plain_run;
use crate::utf8::sequence_length;

/// How many bytes at the start are well-formed text of a string whatever comes
/// behind them: plain text, escapes of one letter, whole UTF-8 sequences.
///
/// Where it stops is either the end of the string, or something for the state
/// machine to look at: `\u`, what is cut by the end of `bytes`, or an error.
#[inline]
pub(super) fn skim(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        rest = rest.get(plain_run(rest)..).unwrap_or_default();
        rest = match rest {
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', after @ ..] => after,
            [0x80..=0xff, ..] => {
                match sequence_length(rest).and_then(|length| rest.get(length..)) {
                    Some(after) => after,
                    None => break,
                }
            }
            _ => break,
        }
    }
    bytes.len().saturating_sub(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn stops_at_the_end_of_the_string_and_at_what_needs_a_look() {
        for (text, end) in [
            (r#"plain", "next"#, "plain".len()),
            (r#"\"\\\/\b\f\n\r\t" "#, r#"\"\\\/\b\f\n\r\t"#.len()),
            (r"caf\u00e9", "caf".len()),
            ("é€😀\"", "é€😀".len()),
            ("ab\\", "ab".len()),
            ("ab\\x", "ab".len()),
            ("a\nb", 1),
            ("", 0),
        ] {
            assert_eq!(skim(text.as_bytes()), end, "{text}");
        }
    }

    #[test]
    fn what_it_passes_over_is_text_that_may_end_there() {
        let whole = "é\\n€ plain text of more than sixteen bytes \\\"😀\\\\".as_bytes();
        for end in 0..=whole.len() {
            let passed = skim(&whole[..end]);
            let text = str::from_utf8(&whole[..passed]).expect("whole characters");
            let literal = format!("\"{text}\"");
            assert!(serde_json::from_str::<String>(&literal).is_ok(), "cut at {end}: {literal}");
            assert!(end - passed < 4, "cut at {end}, only {passed} passed over");
        }
        assert_eq!(skim(whole), whole.len());
    }

    #[test]
    fn malformed_utf8_is_left_for_the_state_machine() {
        for bytes in [&b"a\xff"[..], b"a\xc3", b"a\xed\xa0\x80", b"a\xc0\xaf", b"a\x80"] {
            assert_eq!(skim(bytes), 1, "{bytes:x?}");
        }
    }
}
