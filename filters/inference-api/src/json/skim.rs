//! Passing over a string that nobody wants, without the state machine.

use super::blocks::{BLOCK_BYTES, Block, Good, good, surplus};
use super::escapes::{surplus_of_unicode_escapes, unicode_escapes};
use super::scan::plain_run;
use crate::utf8::sequence_length;

/// How many bytes at the start are well-formed text of a string whatever comes
/// behind them: plain text, whole escapes, whole UTF-8 sequences.
///
/// Where it stops is either the end of the string, or something for the state
/// machine to look at: what is cut by the end of `bytes`, or an error.
#[inline]
pub(super) fn skim(bytes: &[u8]) -> usize {
    short(bytes).unwrap_or_else(|| skim_long(bytes, &mut Uncounted))
}

/// The same, and how many characters (Unicode scalar values) these bytes say.
#[inline]
pub(super) fn skim_measured(bytes: &[u8]) -> (usize, u64) {
    if let Some(length) = short(bytes) {
        return (length, crate::wide(length));
    }
    let mut surplus = Surplus(0);
    let length = skim_long(bytes, &mut surplus);
    (length, crate::wide(length).saturating_sub(surplus.0))
}

/// Keys and short values end within the first vector.
#[inline]
fn short(bytes: &[u8]) -> Option<usize> {
    let short = plain_run(bytes.get(..16).unwrap_or(bytes));
    (bytes.get(short) == Some(&b'"')).then_some(short)
}

/// What is counted of the bytes that go by. Most bytes are a character, so it is
/// those that aren't.
trait Count {
    fn add(&mut self, surplus: impl FnOnce() -> u64);
}

/// Nothing is.
struct Uncounted;

/// How many bytes there are beyond one for each character.
struct Surplus(u64);

impl Count for Uncounted {
    #[inline(always)]
    fn add(&mut self, _surplus: impl FnOnce() -> u64) {}
}

impl Count for Surplus {
    #[inline(always)]
    fn add(&mut self, surplus: impl FnOnce() -> u64) {
        self.0 = self.0.saturating_add(surplus());
    }
}

/// The same, kept apart: it is worth a call, and best compiled on its own.
#[inline(never)]
fn skim_long(bytes: &[u8], count: &mut impl Count) -> usize {
    let mut rest = bytes;
    loop {
        rest = behind_blocks(rest, count);
        if rest.len() < BLOCK_BYTES {
            rest = rest.get(plain_run(rest)..).unwrap_or_default();
        }
        let Some((token, after)) = token(rest).and_then(|length| rest.split_at_checked(length))
        else {
            break;
        };
        count.add(|| surplus_of_token(token));
        rest = after;
    }
    bytes.len().saturating_sub(rest.len())
}

/// What is left where a block can't be read to its end, or there is none.
#[inline(always)]
fn behind_blocks<'a>(mut rest: &'a [u8], count: &mut impl Count) -> &'a [u8] {
    loop {
        rest = behind_plain_blocks(rest);
        loop {
            let Some((block, after)) = rest.split_first_chunk::<BLOCK_BYTES>() else { return rest };
            match good(block) {
                Good::Whole => {
                    count.add(|| surplus(block, BLOCK_BYTES));
                    rest = after;
                }
                Good::Plain => {
                    rest = after;
                    break;
                }
                Good::Until(length) => {
                    count.add(|| surplus(block, length));
                    rest = rest.get(length..).unwrap_or_default();
                    // What a block's end cuts is the start of the next one.
                    if length < BLOCK_BYTES.saturating_sub(3) {
                        return rest;
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn behind_plain_blocks(mut rest: &[u8]) -> &[u8] {
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK_BYTES>() {
        if !Block::new(block).is_plain() {
            break;
        }
        rest = after;
    }
    rest
}

/// How long the escapes or the UTF-8 sequence at the start are, if they are
/// whole and well-formed.
#[inline]
fn token(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some(2),
        [b'\\', b'u', ..] => unicode_escapes(bytes),
        [0x80..=0xff, ..] => sequence_length(bytes),
        _ => None,
    }
}

/// How many bytes such a token has beyond one for each character.
#[inline]
fn surplus_of_token(token: &[u8]) -> u64 {
    match token {
        [b'\\', b'u', ..] => surplus_of_unicode_escapes(token),
        _ => crate::wide(token.len().saturating_sub(1)),
    }
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
            (r#"caf\u00e9""#, r"caf\u00e9".len()),
            (r#"\ud83d\uDE42""#, r"\ud83d\uDE42".len()),
            ("é€😀\"", "é€😀".len()),
            ("ab\\", 2),
            ("ab\\x", 2),
            (r"ab\u00g9", 2),
            (r"ab\u00e", 2),
            (r"ab\ud83d", 2),
            (r"ab\ud83d\u0041", 2),
            (r"ab\ude42", 2),
            ("a\nb", 1),
            ("", 0),
        ] {
            for before in [0, 1, 14, 15, 16, 47, 48, 49, 60, 61, 62, 63, 64, 127, 200] {
                let long = ["x".repeat(before), text.to_owned(), "\0".repeat(70)].concat();
                assert_eq!(skim(long.as_bytes()), before + end, "{before} before {text}");
            }
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

    /// The same, one token after the other.
    fn naive(bytes: &[u8]) -> usize {
        let mut rest = bytes;
        loop {
            let length = match rest {
                [0x20..0x80, ..] if !matches!(rest, [b'"' | b'\\', ..]) => Some(1),
                _ => token(rest),
            };
            match length.and_then(|length| rest.get(length..)) {
                Some(after) => rest = after,
                None => return bytes.len().saturating_sub(rest.len()),
            }
        }
    }

    #[test]
    fn goes_as_far_as_one_token_after_the_other_and_counts_what_they_say() {
        let pieces: [&[u8]; 36] = [
            b"plain text, a few words of it",
            b"a",
            b"b",
            b"\\n",
            b"\\\"",
            b"\\\\",
            b"\\\\\\",
            b"\\\\\\\\",
            b"\\/",
            b"\\b",
            b"\\t",
            b"\\u00e9",
            b"\\uD83d\\ude42",
            "é".as_bytes(),
            "ß".as_bytes(),
            "ࠀ".as_bytes(),
            "€".as_bytes(),
            "漢字".as_bytes(),
            "\u{d7ff}\u{e000}".as_bytes(),
            "가힣".as_bytes(),
            "😀".as_bytes(),
            "\u{10000}\u{10ffff}".as_bytes(),
            // From here on, what may end it.
            b"\"",
            b"\\",
            b"\\x",
            b"\\u12",
            b"\\ud800",
            b"\x1f",
            b"\x80",
            b"\xc3",
            b"\xc1\xbf",
            b"\xe2\x82",
            b"\xe0\x9f\xbf",
            b"\xed\xa0\x80",
            b"\xf0\x8f\xbf\xbf",
            b"\xf4\x90\x80\x80",
        ];
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = |limit: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random >> 33).unwrap() % limit
        };
        for _ in 0..5_000 {
            let good = below(100);
            let mut bytes: Vec<u8> = (0..good).flat_map(|_| pieces[below(22)]).copied().collect();
            bytes.extend((0..below(4)).flat_map(|_| pieces[below(36)]));
            bytes.extend((0..below(30)).flat_map(|_| pieces[below(22)]));
            let length = naive(&bytes);
            assert_eq!(skim(&bytes), length, "{}", bytes.escape_ascii());
            let literal = [b"\"", &bytes[..length], b"\""].concat();
            let text: String = serde_json::from_slice(&literal).unwrap();
            let characters = u64::try_from(text.chars().count()).unwrap();
            assert_eq!(skim_measured(&bytes), (length, characters), "{}", bytes.escape_ascii());
        }
    }
}
