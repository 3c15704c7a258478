//! Which bytes of a block are what, as the bits of a number; bit 0 is the first.
//!
//! The vectors are those of the processor, or of Wasm.

use wide::bytemuck::cast;
use wide::{i8x16, u8x16, u16x8};

/// How many bytes a block has.
pub(in crate::json) const BLOCK_BYTES: usize = 64;

/// A block of bytes, in vectors.
#[derive(Clone, Copy)]
pub(in crate::json) struct Block([u8x16; 4]);

impl Block {
    #[inline(always)]
    pub(in crate::json) fn new(bytes: &[u8; BLOCK_BYTES]) -> Self {
        let mut vectors = [u8x16::splat(0); 4];
        for (vector, bytes) in vectors.iter_mut().zip(bytes.as_chunks::<16>().0) {
            *vector = u8x16::new(*bytes);
        }
        Self(vectors)
    }

    /// Whether all of it is plain text: neither quote nor backslash, no control
    /// character, nothing beyond ASCII.
    #[inline(always)]
    pub(in crate::json) fn is_plain(self) -> bool {
        let [a, b, c, d] = self.0.map(unplain);
        !either(either(a, b), either(c, d)).any()
    }

    /// Which bytes are this one.
    #[inline(always)]
    pub(in crate::json) fn equal(self, byte: u8) -> u64 {
        self.collect(|vector| equal(vector, byte))
    }

    /// Which bytes are one of these.
    #[inline(always)]
    pub(in crate::json) fn any_of<const COUNT: usize>(self, bytes: [u8; COUNT]) -> u64 {
        self.collect(|vector| any_of(vector, bytes))
    }

    /// Which bytes are decimal digits.
    #[inline(always)]
    pub(in crate::json) fn digits(self) -> u64 {
        self.collect(|vector| {
            let digit = vector ^ u8x16::splat(b'0');
            digit.min(u8x16::splat(9)).simd_eq(digit)
        })
    }

    /// Whether there is anything but ASCII.
    #[inline(always)]
    pub(in crate::json) fn goes_beyond_ascii(self) -> bool {
        let [a, b, c, d] = self.0;
        (a | b | c | d).any()
    }

    /// Whether there is a control character.
    #[inline(always)]
    pub(in crate::json) fn has_control(self) -> bool {
        let [a, b, c, d] = self.0;
        control(a.min(b).min(c.min(d))).any()
    }

    /// Which bytes are control characters.
    #[inline(always)]
    pub(in crate::json) fn controls(self) -> u64 {
        self.collect(control)
    }

    /// Which bytes continue a UTF-8 sequence. As signed numbers, they are the
    /// least.
    #[inline(always)]
    pub(in crate::json) fn continuations(self) -> u64 {
        self.collect(|vector| vector.cast_signed().simd_lt(i8x16::splat(-64)).cast_unsigned())
    }

    /// Whether there is a first byte of a UTF-8 sequence after which not every
    /// continuation byte will do, `F0` left out.
    #[inline(always)]
    pub(in crate::json) fn has_rare_lead(self) -> bool {
        let [a, b, c, d] =
            self.0.map(|vector| either(overlong(vector), any_of(vector, [0xe0, 0xed])));
        let [first, second, third, fourth] = self.0;
        let largest = first.max(second).max(third.max(fourth));
        let beyond_f0 = largest.max(u8x16::splat(0xf1)).simd_eq(largest);
        either(beyond_f0, either(either(a, b), either(c, d))).any()
    }

    /// The same, if there is none of a sequence of three or four bytes.
    #[inline(always)]
    pub(in crate::json) fn has_rare_lead_of_two(self) -> bool {
        let [a, b, c, d] = self.0.map(overlong);
        either(either(a, b), either(c, d)).any()
    }

    /// Which bytes have this bit, of the value 2 to the power of `BIT`.
    #[inline(always)]
    pub(in crate::json) fn bit<const BIT: u32>(self) -> u64 {
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

/// Marks the bytes that are one of these.
#[inline(always)]
fn any_of<const COUNT: usize>(vector: u8x16, bytes: [u8; COUNT]) -> u8x16 {
    bytes.map(|byte| equal(vector, byte)).into_iter().reduce(either).unwrap_or_default()
}

/// Marks the bytes that are this one.
#[inline(always)]
pub(in crate::json) fn equal(vector: u8x16, byte: u8) -> u8x16 {
    vector.simd_eq(u8x16::splat(byte))
}

/// Marks `C0` and `C1`, for whose characters one byte is enough.
#[inline(always)]
fn overlong(vector: u8x16) -> u8x16 {
    equal(vector & u8x16::splat(0xfe), 0xc0)
}

/// Marks control characters.
#[inline(always)]
pub(in crate::json) fn control(vector: u8x16) -> u8x16 {
    vector.min(u8x16::splat(0x1f)).simd_eq(vector)
}

/// Marks what is not plain text. With this one bit changed, the quote comes right
/// behind the control characters, which nothing else does; and as signed
/// numbers, bytes beyond ASCII are less than both.
#[inline(always)]
pub(in crate::json) fn unplain(vector: u8x16) -> u8x16 {
    let changed = (vector ^ u8x16::splat(b'"' ^ 0x20)).cast_signed();
    let up_to_quote = changed.simd_lt(i8x16::splat(0x21)).cast_unsigned();
    either(up_to_quote, equal(vector, b'\\'))
}

/// What is marked in either. A mark is -1, and stays negative in a sum; of an
/// `or` of comparisons, the compiler makes something slow.
#[inline(always)]
pub(in crate::json) fn either(one: u8x16, other: u8x16) -> u8x16 {
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
        let controls = naive(bytes, |byte| byte < 0x20);
        assert_eq!((block.controls(), block.has_control()), (controls, controls != 0));
        assert_eq!(block.goes_beyond_ascii(), !bytes.is_ascii(), "{bytes:x?}");
        assert_eq!(
            block.any_of([b'e', 0xe9, 0]),
            naive(bytes, |byte| matches!(byte, b'e' | 0xe9 | 0))
        );
        assert_eq!(block.digits(), naive(bytes, |byte| byte.is_ascii_digit()), "{bytes:x?}");
        assert_eq!(block.bit::<7>(), naive(bytes, |byte| byte & 0x80 != 0), "{bytes:x?}");
        assert_eq!(block.bit::<4>(), naive(bytes, |byte| byte & 0x10 != 0), "{bytes:x?}");
        assert_eq!(block.bit::<0>(), naive(bytes, |byte| byte & 1 != 0), "{bytes:x?}");
        assert_eq!(block.continuations(), naive(bytes, |byte| matches!(byte, 0x80..0xc0)));
        let is_rare = |byte: &u8| matches!(byte, 0xc0 | 0xc1 | 0xe0 | 0xed | 0xf1..);
        assert_eq!(block.has_rare_lead(), bytes.iter().any(is_rare), "{bytes:x?}");
        let is_rare = |byte: &u8| matches!(byte, 0xc0 | 0xc1);
        assert_eq!(block.has_rare_lead_of_two(), bytes.iter().any(is_rare), "{bytes:x?}");
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
}
