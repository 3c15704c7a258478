use super::varints::Varints;
use super::{Depth, Values};
use crate::protobuf::{ElementCounter, ElementType, ProtobufErrorKind};

/// Reads the byte strings of a `tensor_content`: the lengths of all of them, then
/// all of them. How many there are only the shape says.
///
/// Source: TensorFlow, `tensor_coding.cc`, `DecodeStringList`.
#[derive(Clone, Debug)]
pub(super) struct StringList {
    expected: u64,
    depth: Depth,
    bytes: u64,
    lengths: u64,
    varints: Varints,
    counter: ElementCounter,
    /// How many bytes the strings have together.
    total: u64,
    /// How many bytes came behind the lengths.
    found: u64,
    is_broken: bool,
    values: Values,
}

impl StringList {
    /// Of so many strings.
    pub(super) fn new(expected: u64, depth: Depth) -> Self {
        Self {
            expected,
            depth,
            bytes: 0,
            lengths: 0,
            varints: Varints::default(),
            counter: ElementCounter::new(ElementType::Varint),
            total: 0,
            found: 0,
            is_broken: false,
            values: Values::default(),
        }
    }

    /// Reads the next bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(crate::wide(bytes.len()));
        while self.lengths < self.expected && !self.is_broken {
            let Some((byte, rest)) = bytes.split_first() else { return };
            self.length_byte(*byte);
            bytes = rest;
        }
        self.found = self.found.saturating_add(crate::wide(bytes.len()));
    }

    /// How many strings it was told to read.
    pub(super) const fn expected(&self) -> u64 {
        self.expected
    }

    /// How many bytes there were.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many strings there are; `None` if they are broken.
    pub(super) fn elements(&self) -> Option<u64> {
        let is_whole = self.lengths == self.expected && self.found == self.total;
        (is_whole && !self.is_broken).then_some(self.expected)
    }

    /// What they are like.
    pub(super) fn values(&self) -> Values {
        self.values
    }

    fn length_byte(&mut self, byte: u8) {
        if self.counter.bytes(&[byte]) == Err(ProtobufErrorKind::VarintTooLong) {
            self.is_broken = true;
            return;
        }
        let is_valued = self.depth == Depth::Valued;
        let Self { varints, lengths, total, values, is_broken, .. } = self;
        varints.push(&[byte], |length| {
            *is_broken |= u32::try_from(length).is_err();
            *lengths = lengths.saturating_add(1);
            *total = total.saturating_add(length);
            if is_valued {
                values.string(length);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::same_however_cut;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(expected: u64, bytes: &[u8]) -> (Option<u64>, u64) {
        same_however_cut(bytes, |chunks| {
            let mut list = StringList::new(expected, Depth::Valued);
            chunks.iter().for_each(|chunk| list.push(chunk));
            assert_eq!(list.bytes(), crate::wide(bytes.len()));
            (list.elements(), list.values().longest_string)
        })
    }

    #[test]
    fn strings_stand_behind_the_lengths_of_all_of_them() {
        assert_eq!(read(3, b"\x02\x00\x03abcde"), (Some(3), 3));
        let long = [&[0xac, 0x02][..], &[b'x'; 300]].concat();
        assert_eq!(read(1, &long), (Some(1), 300));
        assert_eq!(read(0, b""), (Some(0), 0));
    }

    #[test]
    fn strings_that_do_not_end_where_the_data_ends_are_broken() {
        let elements = |expected, bytes: &[u8]| read(expected, bytes).0;
        assert_eq!(elements(2, b"\x01\x01a"), None);
        assert_eq!(elements(2, b"\x01\x01abc"), None);
        assert_eq!(elements(2, b"\x01"), None);
        assert_eq!(elements(1, b"\x80"), None);
        assert_eq!(elements(0, b"a"), None);
        // No length has more than 32 bits.
        assert_eq!(elements(1, b"\x80\x80\x80\x80\x10"), None);
        assert_eq!(elements(1, &[0xff; 12]), None);
    }
}
