//! Sixty-four bytes at once: which of them are what, as the bits of a number.
//!
//! Bit 0 is the first byte. The vectors are those of the processor, or of Wasm.

use wide::bytemuck::cast;
use wide::{i8x16, u8x16, u16x8};

/// How many bytes a block has.
pub(super) const BLOCK_BYTES: usize = 64;

/// A block of bytes, in vectors.
#[derive(Clone, Copy)]
pub(super) struct Block([u8x16; 4]);

impl Block {
    #[inline(always)]
    pub(super) fn new(bytes: &[u8; BLOCK_BYTES]) -> Self {
        let mut vectors = [u8x16::splat(0); 4];
        for (vector, bytes) in vectors.iter_mut().zip(bytes.as_chunks::<16>().0) {
            *vector = u8x16::new(*bytes);
        }
        Self(vectors)
    }

    /// Whether all of it is plain text: neither quote nor backslash, no control
    /// character, nothing beyond ASCII.
    #[inline(always)]
    pub(super) fn is_plain(self) -> bool {
        let [a, b, c, d] = self.0.map(|vector| {
            let delimiter = either(equal(vector, b'"'), equal(vector, b'\\'));
            either(delimiter, low_or_beyond(vector))
        });
        !either(either(a, b), either(c, d)).any()
    }

    /// Which bytes are this one.
    #[inline(always)]
    pub(super) fn equal(self, byte: u8) -> u64 {
        self.collect(|vector| equal(vector, byte))
    }

    /// Which bytes are a letter of an escape that is common: `f`, `n`, `r` or
    /// `t`.
    #[inline(always)]
    pub(super) fn escape_letters(self) -> u64 {
        // By how much they are more than `e`; what is less counts as none.
        const IS_ONE: u8x16 = u8x16::new([0, 255, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 255, 0, 255]);
        self.collect(|vector| IS_ONE.shuffle_zeroing(vector.saturating_sub(u8x16::splat(b'e'))))
    }

    /// Which bytes are control characters or beyond ASCII.
    #[inline(always)]
    pub(super) fn low_or_beyond(self) -> u64 {
        self.collect(low_or_beyond)
    }

    /// Whether there may be a first byte of a UTF-8 sequence after which not
    /// every continuation byte will do, `F0` left out. It is if there is none
    /// that `no` is to be trusted.
    #[inline(always)]
    pub(super) fn may_have_rare_lead(self) -> bool {
        // `C0`, `C1`, `E0` and `ED`, and with them `CD` and `E1`, by how much
        // they are more than `BF` or `DF`.
        const IS_ONE: u8x16 = u8x16::new([0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
        let [a, b, c, d] = self.0.map(|vector| {
            let short = (vector & u8x16::splat(0xdf)).saturating_sub(u8x16::splat(0xbf));
            IS_ONE.shuffle_zeroing(short) | vector.saturating_sub(u8x16::splat(0xf0))
        });
        (a | b | c | d) != u8x16::splat(0)
    }

    /// Which bytes have this bit, of the value 2 to the power of `BIT`.
    #[inline(always)]
    pub(super) fn bit<const BIT: u32>(self) -> u64 {
        // Two bytes are shifted together: the high bits are right.
        self.collect(|vector| {
            let pairs: u16x8 = cast(vector);
            cast(pairs.unbounded_shl_scalar(7_u32.saturating_sub(BIT)))
        })
    }

    /// The high bit of each byte.
    #[inline(always)]
    fn collect(self, marks: impl Fn(u8x16) -> u8x16) -> u64 {
        let [a, b, c, d] = self.0.map(|vector| u64::from(marks(vector).to_bitmask()));
        a | b << 16 | c << 32 | d << 48
    }
}

/// Marks the bytes that are this one.
#[inline(always)]
pub(super) fn equal(vector: u8x16, byte: u8) -> u8x16 {
    vector.simd_eq(u8x16::splat(byte))
}

/// Marks control characters and what is beyond ASCII: as signed numbers, both
/// are below the space.
#[inline(always)]
pub(super) fn low_or_beyond(vector: u8x16) -> u8x16 {
    vector.cast_signed().simd_lt(i8x16::splat(0x20)).cast_unsigned()
}

/// What is marked in either. A mark is -1, and stays negative in a sum; of an
/// `or` of comparisons, the compiler makes something slow.
#[inline(always)]
pub(super) fn either(one: u8x16, other: u8x16) -> u8x16 {
    one.cast_signed().saturating_add(other.cast_signed()).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn naive(bytes: &[u8; BLOCK_BYTES], is_one: impl Fn(u8) -> bool) -> u64 {
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(is_one(*byte)))
    }

    fn is_low_or_beyond(byte: u8) -> bool {
        !(0x20..0x80).contains(&byte)
    }

    fn agrees(bytes: &[u8; BLOCK_BYTES]) {
        let block = Block::new(bytes);
        let plain = |byte| !is_low_or_beyond(byte) && byte != b'"' && byte != b'\\';
        assert_eq!(block.is_plain(), bytes.iter().all(|byte| plain(*byte)), "{bytes:x?}");
        assert_eq!(block.equal(b'"'), naive(bytes, |byte| byte == b'"'), "{bytes:x?}");
        assert_eq!(block.low_or_beyond(), naive(bytes, is_low_or_beyond), "{bytes:x?}");
        let letters = naive(bytes, |byte| b"fnrt".contains(&byte));
        assert_eq!(block.escape_letters(), letters, "{bytes:x?}");
        assert_eq!(block.bit::<7>(), naive(bytes, |byte| byte & 0x80 != 0), "{bytes:x?}");
        assert_eq!(block.bit::<4>(), naive(bytes, |byte| byte & 0x10 != 0), "{bytes:x?}");
        assert_eq!(block.bit::<0>(), naive(bytes, |byte| byte & 1 != 0), "{bytes:x?}");
        let is_rare = |byte| matches!(byte, 0xc0 | 0xc1 | 0xe0 | 0xed | 0xf1..);
        if bytes.iter().any(|byte| is_rare(*byte)) {
            assert!(block.may_have_rare_lead(), "{bytes:x?}");
        }
    }

    #[test]
    fn every_byte_is_told_for_what_it_is_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..BLOCK_BYTES {
                let mut bytes = [b'a'; BLOCK_BYTES];
                bytes[place] = byte;
                agrees(&bytes);
                bytes = [byte; BLOCK_BYTES];
                bytes[place] = b'a';
                agrees(&bytes);
            }
        }
    }

    #[test]
    fn common_text_has_no_rare_lead() {
        let text = "naïve Straße, Ελλάδα, Москва, 漢字かな, 🙂 and plain ASCII.....";
        let bytes = text.as_bytes().first_chunk().unwrap();
        assert!(!Block::new(bytes).may_have_rare_lead());
    }
}
