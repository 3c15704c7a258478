use super::{ProtobufErrorKind, WireType};

/// Counts the elements of a repeated field of numbers without decoding them.
///
/// Packed and unpacked, in one occurrence or several: all of them add up. A
/// [`Sink`](super::Sink) that takes the field passes on what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementCounter {
    element: ElementType,
    count: u64,
    /// How many bytes were read of an element that is not complete.
    partial: u32,
}

/// How an element is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// `int32`, `int64`, `uint32`, `uint64`, `sint32`, `sint64`, `bool`, an
    /// enum.
    Varint,
    /// `fixed32`, `sfixed32`, `float`
    Fixed32,
    /// `fixed64`, `sfixed64`, `double`
    Fixed64,
}

/// The bit that says that a varint goes on, in each of eight bytes.
const GOES_ON: u64 = 0x8080_8080_8080_8080;

/// A tenth byte is a varint's last.
const LONGEST_BEGINNING: u32 = 9;

impl ElementCounter {
    /// Of elements of this type.
    pub const fn new(element: ElementType) -> Self {
        Self { element, count: 0, partial: 0 }
    }

    /// How many elements there were.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The field begins, once more perhaps.
    ///
    /// # Errors
    /// When these are no such elements.
    pub fn begin(&mut self, wire_type: WireType) -> Result<(), ProtobufErrorKind> {
        if wire_type == self.element.wire_type() {
            self.count = self.count.saturating_add(1);
        } else if wire_type != WireType::LengthDelimited {
            return Err(ProtobufErrorKind::WrongWireType);
        }
        Ok(())
    }

    /// More bytes of packed elements.
    ///
    /// # Errors
    /// When one of them is a varint that is none.
    pub fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        match self.element {
            ElementType::Varint => self.varints(fragment),
            ElementType::Fixed32 => {
                self.fixed(fragment, 4);
                Ok(())
            }
            ElementType::Fixed64 => {
                self.fixed(fragment, 8);
                Ok(())
            }
        }
    }

    /// The field ends.
    ///
    /// # Errors
    /// When it ends inside an element.
    pub const fn end(&self) -> Result<(), ProtobufErrorKind> {
        if self.partial == 0 { Ok(()) } else { Err(ProtobufErrorKind::PartialElement) }
    }

    fn fixed(&mut self, fragment: &[u8], size: u32) {
        let bytes = crate::wide(fragment.len()).saturating_add(u64::from(self.partial));
        let size = u64::from(size);
        let elements = bytes.checked_div(size).unwrap_or_default();
        self.count = self.count.saturating_add(elements);
        let rest = bytes.checked_rem(size).unwrap_or_default();
        self.partial = u32::try_from(rest).unwrap_or_default();
    }

    /// Each byte without the bit ends one; eight bytes at a time.
    fn varints(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        let (words, rest) = fragment.as_chunks::<8>();
        for word in words {
            let ends = !u64::from_le_bytes(*word) & GOES_ON;
            let going_on = ends.trailing_zeros() >> 3;
            if self.partial.saturating_add(going_on) >= LONGEST_BEGINNING {
                self.each_varint(word)?;
                continue;
            }
            self.count = self.count.saturating_add(u64::from(ends.count_ones()));
            let behind_last = ends.leading_zeros() >> 3;
            self.partial = if ends == 0 { self.partial.saturating_add(8) } else { behind_last };
        }
        self.each_varint(rest)
    }

    fn each_varint(&mut self, bytes: &[u8]) -> Result<(), ProtobufErrorKind> {
        for byte in bytes {
            // The tenth byte has room for one bit, and no other may follow.
            if self.partial >= LONGEST_BEGINNING && *byte > 1 {
                return Err(ProtobufErrorKind::VarintTooLong);
            }
            if byte & 0x80 == 0 {
                self.count = self.count.saturating_add(1);
                self.partial = 0;
            } else {
                self.partial = self.partial.saturating_add(1);
            }
        }
        Ok(())
    }
}

impl ElementType {
    /// How an element is written that is not packed.
    const fn wire_type(self) -> WireType {
        match self {
            Self::Varint => WireType::Varint,
            Self::Fixed32 => WireType::Fixed32,
            Self::Fixed64 => WireType::Fixed64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::same_however_cut;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn packed(element: ElementType, bytes: &[u8]) -> Result<u64, ProtobufErrorKind> {
        same_however_cut(bytes, |chunks| {
            let mut counter = ElementCounter::new(element);
            counter.begin(WireType::LengthDelimited)?;
            for chunk in chunks {
                counter.bytes(chunk)?;
            }
            counter.end()?;
            Ok(counter.count())
        })
    }

    #[test]
    fn numbers_of_fixed_size_are_counted_by_their_bytes() {
        for (element, size) in [(ElementType::Fixed32, 4), (ElementType::Fixed64, 8)] {
            for count in 0..20 {
                let bytes = vec![0xff; size * count];
                assert_eq!(packed(element, &bytes), Ok(crate::wide(count)));
            }
            for length in [1, size - 1, size + 1, 4 * size - 1] {
                let partial = Err(ProtobufErrorKind::PartialElement);
                assert_eq!(packed(element, &vec![0; length]), partial, "{length} bytes");
            }
        }
    }

    #[test]
    fn varints_are_counted_by_their_last_bytes() {
        let varint = |length: usize| [vec![0xff; length - 1], vec![1]].concat();
        for first in 1..=10 {
            for second in 1..=10 {
                let bytes = [varint(first), varint(second)].concat().repeat(9);
                assert_eq!(packed(ElementType::Varint, &bytes), Ok(18), "{first} {second}");
            }
        }
        assert_eq!(packed(ElementType::Varint, &[0x7f; 100]), Ok(100));
        assert_eq!(packed(ElementType::Varint, b""), Ok(0));
    }

    #[test]
    fn varints_that_are_none_are_refused_wherever_they_stand() {
        for before in 0..20 {
            let read = |varint: &[u8]| {
                let bytes = [&vec![1; before][..], varint, &[1; 9]].concat();
                packed(ElementType::Varint, &bytes)
            };
            let too_long = Err(ProtobufErrorKind::VarintTooLong);
            assert_eq!(read(&[&[0x80; 9][..], &[2]].concat()), too_long, "behind {before}");
            assert_eq!(read(&[&[0x80; 10][..], &[0]].concat()), too_long, "behind {before}");
            assert_eq!(read(&[0x80; 30]), too_long, "behind {before}");
            let count = crate::wide(before) + 10;
            assert_eq!(read(&[&[0x80; 9][..], &[1]].concat()), Ok(count), "behind {before}");
        }
        let partial = Err(ProtobufErrorKind::PartialElement);
        assert_eq!(packed(ElementType::Varint, &[1, 0x80]), partial);
        assert_eq!(packed(ElementType::Varint, &[0x80; 9]), partial);
    }

    #[test]
    fn occurrences_add_up_packed_or_not() {
        let mut counter = ElementCounter::new(ElementType::Fixed32);
        for (wire_type, bytes) in [
            (WireType::LengthDelimited, &[0; 8][..]),
            (WireType::Fixed32, b""),
            (WireType::LengthDelimited, b""),
            (WireType::LengthDelimited, &[0; 4]),
        ] {
            counter.begin(wire_type).unwrap();
            counter.bytes(bytes).unwrap();
            counter.end().unwrap();
        }
        assert_eq!(counter.count(), 4);
        for wire_type in [WireType::Varint, WireType::Fixed64, WireType::StartGroup] {
            assert_eq!(counter.begin(wire_type), Err(ProtobufErrorKind::WrongWireType));
        }
    }
}
