//! How far a string goes on without anything to look at, in vectors of sixteen
//! bytes.

use super::blocks::{control, either, equal, unplain};
use wide::u8x16;

/// How many bytes at the start are plain text: ASCII, no control character, no
/// quote and no backslash.
#[inline]
pub fn plain_run(bytes: &[u8]) -> usize {
    run(bytes, unplain, |byte| is_text(byte) && byte.is_ascii())
}

/// How many bytes at the start belong to the string as they are: no control
/// character, no quote and no backslash. They may be UTF-8 or garbage.
#[inline]
pub fn text_run(bytes: &[u8]) -> usize {
    let ends = |vector| {
        let delimiter = either(equal(vector, b'"'), equal(vector, b'\\'));
        either(delimiter, control(vector))
    };
    run(bytes, ends, is_text)
}

const fn is_text(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

#[inline(always)]
fn run(bytes: &[u8], marks: impl Fn(u8x16) -> u8x16, goes_on: impl Fn(u8) -> bool) -> usize {
    let (vectors, rest) = bytes.as_chunks::<16>();
    let mut clean = 0_usize;
    for vector in vectors {
        let ends = marks(u8x16::new(*vector)).to_bitmask();
        if ends != 0 {
            return clean
                .saturating_add(usize::try_from(ends.trailing_zeros()).unwrap_or_default());
        }
        clean = clean.saturating_add(16);
    }
    clean.saturating_add(rest.iter().take_while(|byte| goes_on(**byte)).count())
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
                let bytes = [b'a', first, second, b'a', second, first, b'~', b' ', 0x7f];
                agrees(&bytes);
                agrees(&[&bytes[..], b"longer than one vector"].concat());
            }
        }
    }
}
