//! How far a string goes on without anything to look at.
//!
//! Nearly all bytes of a chat request are inside strings; these two functions
//! decide how fast it is read. Both are checked against the obvious loop.

/// How many bytes at the start are plain text: ASCII, no control character, no
/// quote and no backslash.
#[inline]
pub fn plain_run(bytes: &[u8]) -> usize {
    wide::plain_run(bytes)
}

/// How many bytes at the start belong to the string as they are: no control
/// character, no quote and no backslash. They may be UTF-8 or garbage.
#[inline]
pub fn text_run(bytes: &[u8]) -> usize {
    wide::text_run(bytes)
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use self::words as wide;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use self::vectors as wide;

const fn is_text(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// Eight bytes at a time in an ordinary register.
#[cfg_attr(
    all(target_arch = "wasm32", target_feature = "simd128"),
    allow(dead_code, reason = "tested against the vectors")
)]
mod words {
    use super::is_text;

    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    const SPACES: u64 = u64::from_ne_bytes([0x20; 8]);
    const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);

    pub(super) fn plain_run(bytes: &[u8]) -> usize {
        run(bytes, |word| marks(word) | (word & HIGH_BITS), |byte| is_text(byte) && byte.is_ascii())
    }

    pub(super) fn text_run(bytes: &[u8]) -> usize {
        run(bytes, marks, is_text)
    }

    /// The high bit of each byte that ends a run. A borrow can set bits above
    /// the first true one, never below it, so the lowest one is right.
    const fn marks(word: u64) -> u64 {
        let control = word.wrapping_sub(SPACES) & !word;
        let quote = word ^ QUOTES;
        let quote = quote.wrapping_sub(ONES) & !quote;
        let backslash = word ^ BACKSLASHES;
        let backslash = backslash.wrapping_sub(ONES) & !backslash;
        (control | quote | backslash) & HIGH_BITS
    }

    #[inline(always)]
    fn run(bytes: &[u8], marks: impl Fn(u64) -> u64, goes_on: impl Fn(u8) -> bool) -> usize {
        let (words, rest) = bytes.as_chunks::<8>();
        // Keys and short values end within the first word.
        if let Some(first) = words.first() {
            let found = marks(u64::from_le_bytes(*first));
            if found != 0 {
                return bytes_below(found);
            }
        }
        let (blocks, _) = words.as_chunks::<4>();
        let mut clean = 0_usize;
        for [a, b, c, d] in blocks {
            let all = [a, b, c, d].map(|word| marks(u64::from_le_bytes(*word)));
            if all.iter().fold(0, |any, one| any | one) != 0 {
                break;
            }
            clean = clean.saturating_add(4);
        }
        for word in words.get(clean..).unwrap_or_default() {
            let found = marks(u64::from_le_bytes(*word));
            if found != 0 {
                return clean.saturating_mul(8).saturating_add(bytes_below(found));
            }
            clean = clean.saturating_add(1);
        }
        let tail = rest.iter().take_while(|byte| goes_on(**byte)).count();
        clean.saturating_mul(8).saturating_add(tail)
    }

    /// How many bytes of the word come before the first mark.
    fn bytes_below(marks: u64) -> usize {
        usize::try_from(marks.trailing_zeros() >> 3).unwrap_or_default()
    }
}

/// Sixteen bytes at a time, where the module is built with `simd128`.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vectors {
    use super::is_text;
    use core::arch::wasm32::{
        i8x16_bitmask, i8x16_lt, i8x16_splat, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128, v128_or,
    };

    pub(super) fn plain_run(bytes: &[u8]) -> usize {
        // As signed numbers, bytes beyond ASCII are below the space as well.
        run(
            bytes,
            |vector| i8x16_lt(vector, i8x16_splat(0x20)),
            |byte| is_text(byte) && byte.is_ascii(),
        )
    }

    pub(super) fn text_run(bytes: &[u8]) -> usize {
        run(bytes, |vector| u8x16_lt(vector, u8x16_splat(0x20)), is_text)
    }

    #[inline(always)]
    fn run(bytes: &[u8], refused: impl Fn(v128) -> v128, goes_on: impl Fn(u8) -> bool) -> usize {
        let (vectors, rest) = bytes.as_chunks::<16>();
        let mut clean = 0_usize;
        for bytes in vectors {
            let (halves, _) = bytes.as_chunks::<8>();
            let &[low, high] = halves else { break };
            let vector = u64x2(u64::from_le_bytes(low), u64::from_le_bytes(high));
            let ends = v128_or(
                v128_or(u8x16_eq(vector, u8x16_splat(b'"')), u8x16_eq(vector, u8x16_splat(b'\\'))),
                refused(vector),
            );
            let mask = i8x16_bitmask(ends);
            if mask != 0 {
                let within = usize::try_from(mask.trailing_zeros()).unwrap_or_default();
                return clean.saturating_add(within);
            }
            clean = clean.saturating_add(16);
        }
        clean.saturating_add(rest.iter().take_while(|byte| goes_on(**byte)).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn naive(bytes: &[u8], goes_on: impl Fn(u8) -> bool) -> usize {
        bytes.iter().take_while(|byte| goes_on(**byte)).count()
    }

    fn is_plain(byte: u8) -> bool {
        (0x20..0x80).contains(&byte) && byte != b'"' && byte != b'\\'
    }

    fn agrees(bytes: &[u8]) {
        assert_eq!(words::plain_run(bytes), naive(bytes, is_plain), "{bytes:x?}");
        assert_eq!(words::text_run(bytes), naive(bytes, is_text), "{bytes:x?}");
        assert_eq!(plain_run(bytes), naive(bytes, is_plain), "{bytes:x?}");
        assert_eq!(text_run(bytes), naive(bytes, is_text), "{bytes:x?}");
    }

    #[test]
    fn every_byte_at_every_place_ends_a_run_as_the_plain_loop_says() {
        for byte in 0..=u8::MAX {
            for length in 0..=67 {
                for place in [0, 1, 7, 8, 15, 16, 31, 32, 33, 63, 64, length] {
                    if place < length {
                        let mut bytes = vec![b'a'; length];
                        bytes[place] = byte;
                        agrees(&bytes);
                    }
                }
            }
        }
    }

    #[test]
    fn neighbours_do_not_disturb_the_first_end() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                agrees(&[b'a', first, second, b'a', second, first, b'~', b' ', 0x7f]);
            }
        }
    }
}
