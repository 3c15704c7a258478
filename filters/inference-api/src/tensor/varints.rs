/// Reads varints one after the other from pieces cut anywhere.
///
/// They are known to be varints: an
/// [`ElementCounter`](crate::protobuf::ElementCounter) went over them before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Varints {
    value: u64,
    shift: u32,
}

/// The bit that says that a varint goes on, in each of eight bytes.
const GOES_ON: u64 = 0x8080_8080_8080_8080;

impl Varints {
    /// Hands over each one that ends in these bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(u64)) {
        while let Some((&byte, after)) = bytes.split_first() {
            if self.shift == 0
                && let Some(word) = bytes.first_chunk::<8>()
            {
                let read = in_word(u64::from_le_bytes(*word), &mut each);
                if read > 0 {
                    bytes = bytes.get(read..).unwrap_or_default();
                    continue;
                }
            }
            self.byte(byte, &mut each);
            bytes = after;
        }
    }

    fn byte(&mut self, byte: u8, each: &mut impl FnMut(u64)) {
        self.value |= u64::from(byte & 0x7f).wrapping_shl(self.shift);
        if byte & 0x80 != 0 {
            self.shift = self.shift.saturating_add(7);
            return;
        }
        each(core::mem::take(self).value);
    }
}

/// Hands over each one that ends in a word that begins with one, and says how many
/// bytes they have.
#[inline(always)]
fn in_word(mut word: u64, each: &mut impl FnMut(u64)) -> usize {
    let mut ends = !word & GOES_ON;
    let behind_last = u64::BITS.saturating_sub(ends.leading_zeros());
    while ends != 0 {
        let bits = ends.trailing_zeros().saturating_add(1);
        each(joined(word & u64::MAX.unbounded_shr(u64::BITS.saturating_sub(bits))));
        word = word.unbounded_shr(bits);
        ends = ends.unbounded_shr(bits);
    }
    usize::try_from(behind_last >> 3).unwrap_or_default()
}

/// Moves the seven bits of each byte next to those of the one before it.
const fn joined(word: u64) -> u64 {
    let word = word & 0x7f7f_7f7f_7f7f_7f7f;
    let word = (word & 0x007f_007f_007f_007f) | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let word = (word & 0x0000_3fff_0000_3fff) | (word & 0x3fff_0000_3fff_0000) >> 2;
    (word & 0x0000_0000_0fff_ffff) | (word & 0x0fff_ffff_0000_0000) >> 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::same_however_cut;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(bytes: &[u8]) -> Vec<u64> {
        same_however_cut(bytes, |chunks| {
            let mut varints = Varints::default();
            let mut values = Vec::new();
            for chunk in chunks {
                varints.push(chunk, |value| values.push(value));
            }
            values
        })
    }

    #[test]
    fn varints_of_every_length_are_read_behind_each_other() {
        let mut values = Vec::new();
        for bits in 0..u64::BITS {
            values.extend([1 << bits, u64::MAX >> bits, 0x0123_4567_89ab_cdef >> bits]);
        }
        let mut bytes = Vec::new();
        for value in &values {
            prost::encoding::encode_varint(*value, &mut bytes);
        }
        assert_eq!(read(&bytes), values);
        values.reverse();
        bytes.clear();
        for value in &values {
            prost::encoding::encode_varint(*value, &mut bytes);
        }
        assert_eq!(read(&bytes), values);
    }

    #[test]
    fn varints_that_are_longer_than_they_need_be_are_read_too() {
        let long = [0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00];
        let bytes = [&long[..], &[7], &long[..2], &[1, 0]].concat();
        assert_eq!(read(&bytes), [5, 7, 5 + (1 << 14), 0]);
    }
}
