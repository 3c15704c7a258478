use super::{Datatype, Depth, Values, numbers};

/// Reads raw data: elements one after the other, little-endian, row-major, in
/// pieces cut anywhere.
///
/// Numbers are compared as floats of 64 bits. Truth values are bytes: 0 and 1 are
/// two of them, and any other shows as the largest value. Byte strings stand
/// behind their lengths, four bytes each.
///
/// What is only counted costs nothing per byte, byte strings a step for each.
///
/// Sources: Open Inference Protocol, "Tensor Data Types" and "Raw Tensor
/// Contents"; Triton, `extension_binary_data.md`.
#[derive(Clone, Debug)]
pub struct RawValues {
    datatype: Option<Datatype>,
    depth: Depth,
    bytes: u64,
    /// The first bytes of an element, or of a string's length, whose rest has not
    /// come yet.
    begun: [u8; 8],
    begun_length: usize,
    /// How many bytes of a string are still to come.
    missing: u64,
    strings: u64,
    values: Values,
}

/// How many bytes the length of a byte string has.
const LENGTH_BYTES: usize = 4;

impl RawValues {
    /// Of elements of this datatype; `None` if it is not known.
    pub fn new(datatype: Option<Datatype>, depth: Depth) -> Self {
        Self {
            datatype,
            depth,
            bytes: 0,
            begun: [0; 8],
            begun_length: 0,
            missing: 0,
            strings: 0,
            values: Values::default(),
        }
    }

    /// Reads the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(crate::wide(bytes.len()));
        let Some(datatype) = self.datatype else { return };
        match datatype.element_bytes() {
            None => self.strings(bytes),
            Some(size) if self.depth == Depth::Valued => {
                self.numbers(datatype, usize::try_from(size).unwrap_or(1), bytes);
            }
            Some(_) => {}
        }
    }

    /// How many bytes there were.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What they were read as.
    pub(super) const fn datatype(&self) -> Option<Datatype> {
        self.datatype
    }

    /// How many elements there are, if the data ends here; `None` if it can't, or
    /// the datatype is not known.
    pub fn elements(&self) -> Option<u64> {
        self.elements_of(self.datatype?)
    }

    /// The same, if it turned out to be of this datatype. Strings are only known
    /// if they were expected.
    pub(super) fn elements_of(&self, datatype: Datatype) -> Option<u64> {
        if datatype != Datatype::Bytes {
            return datatype.elements_in(self.bytes);
        }
        let is_whole = self.begun_length == 0 && self.missing == 0;
        (is_whole && self.datatype == Some(Datatype::Bytes)).then_some(self.strings)
    }

    /// What the elements are like. Nothing is known of them if they are only
    /// counted, or their datatype is not known.
    pub fn values(&self) -> Values {
        self.values
    }

    fn numbers(&mut self, datatype: Datatype, size: usize, bytes: &[u8]) {
        let Some(bytes) = self.complete(size, bytes) else { return };
        if self.begun_length != 0 {
            let element = self.begun.get(..size).unwrap_or_default();
            numbers::take_in(&mut self.values, datatype, element);
        }
        let partial = bytes.len().checked_rem(size).unwrap_or_default();
        let (whole, partial) =
            bytes.split_at_checked(bytes.len().saturating_sub(partial)).unwrap_or_default();
        numbers::take_in(&mut self.values, datatype, whole);
        self.begun_length = 0;
        // Leaves nothing behind: an element has more bytes than that.
        let _ = self.complete(size, partial);
    }

    /// Adds to what has begun until it is whole, and gives the bytes behind it.
    /// `None` if more must come. If nothing has begun and there are enough bytes
    /// to begin with, all of them are behind it.
    fn complete<'a>(&mut self, size: usize, bytes: &'a [u8]) -> Option<&'a [u8]> {
        if self.begun_length == 0 && bytes.len() >= size {
            return Some(bytes);
        }
        let wanted = size.saturating_sub(self.begun_length).min(bytes.len());
        let (taken, rest) = bytes.split_at_checked(wanted).unwrap_or_default();
        for (place, byte) in self.begun.iter_mut().skip(self.begun_length).zip(taken) {
            *place = *byte;
        }
        self.begun_length = self.begun_length.saturating_add(taken.len());
        (self.begun_length >= size).then_some(rest)
    }

    fn strings(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let here = usize::try_from(self.missing).unwrap_or(usize::MAX).min(bytes.len());
            bytes = bytes.get(here..).unwrap_or_default();
            self.missing = self.missing.saturating_sub(crate::wide(here));
            if bytes.is_empty() {
                return;
            }
            let Some(rest) = self.length(bytes) else { return };
            bytes = rest;
        }
    }

    /// Reads the length of a string, and gives the bytes behind it.
    fn length<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (length, rest) = match bytes.split_first_chunk::<LENGTH_BYTES>() {
            Some((length, rest)) if self.begun_length == 0 => (*length, rest),
            _ => {
                let rest = self.complete(LENGTH_BYTES, bytes)?;
                self.begun_length = 0;
                (*self.begun.first_chunk()?, rest)
            }
        };
        self.missing = u64::from(u32::from_le_bytes(length));
        self.strings = self.strings.saturating_add(1);
        if self.depth == Depth::Valued {
            self.values.string(self.missing);
        }
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::same_however_cut;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(datatype: Datatype, depth: Depth, bytes: &[u8]) -> (Option<u64>, Values) {
        same_however_cut(bytes, |chunks| {
            let mut raw = RawValues::new(Some(datatype), depth);
            chunks.iter().for_each(|chunk| raw.push(chunk));
            assert_eq!(raw.bytes(), crate::wide(bytes.len()));
            (raw.elements(), raw.values())
        })
    }

    /// Bytes one by one are the hardest cuts.
    fn range(datatype: Datatype, bytes: &[u8]) -> (f64, f64) {
        let (elements, values) = read(datatype, Depth::Valued, bytes);
        let mut raw = RawValues::new(Some(datatype), Depth::Valued);
        bytes.iter().for_each(|byte| raw.push(&[*byte]));
        assert_eq!((raw.elements(), raw.values()), (elements, values));
        (values.least, values.largest)
    }

    #[test]
    fn the_range_of_whole_numbers_is_that_of_their_own_type() {
        let low_high = [&[0; 8][..], &[0xff; 8], &[1; 8]].concat();
        for (datatype, expected) in [
            (Datatype::Uint8, (0.0, 255.0)),
            (Datatype::Int8, (-1.0, 1.0)),
            (Datatype::Uint16, (0.0, 65_535.0)),
            (Datatype::Int16, (-1.0, 257.0)),
            (Datatype::Uint32, (0.0, 4_294_967_295.0)),
            (Datatype::Int32, (-1.0, 16_843_009.0)),
            (Datatype::Uint64, (0.0, 18_446_744_073_709_551_615.0)),
            (Datatype::Int64, (-1.0, 72_340_172_838_076_673.0)),
        ] {
            assert_eq!(range(datatype, &low_high), expected, "{datatype:?}");
        }
    }

    #[test]
    fn the_range_of_floats_is_that_of_the_finite_ones() {
        let floats = [1.5_f32, -0.25, f32::NAN, 3e38, f32::NEG_INFINITY, -7.0];
        let bytes: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
        assert_eq!(range(Datatype::Fp32, &bytes), (-7.0, f64::from(3e38_f32)));
        let floats = [1.5, -0.25, f64::NAN, 1e300, f64::NEG_INFINITY, -7.0];
        let bytes: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
        assert_eq!(range(Datatype::Fp64, &bytes), (-7.0, 1e300));
        assert!(read(Datatype::Fp64, Depth::Valued, &bytes).1.has_non_finite);
        let halves = [0x00, 0x3c, 0x00, 0xc0, 0x01, 0xfc, 0x00, 0x7c];
        assert_eq!(range(Datatype::Fp16, &halves), (-2.0, 1.0));
        let halves = [0x80, 0x3f, 0x00, 0xc0, 0x81, 0xff, 0x80, 0x7f];
        assert_eq!(range(Datatype::Bf16, &halves), (-2.0, 1.0));
    }

    #[test]
    fn elements_that_are_not_whole_can_not_be_counted() {
        for datatype in Datatype::ALL {
            let Some(size) = datatype.element_bytes() else { continue };
            for depth in [Depth::Counted, Depth::Valued] {
                for length in 0..20_u8 {
                    let bytes = vec![1; usize::from(length)];
                    let length = u64::from(length);
                    let expected = (length % size == 0).then(|| length.div_ceil(size));
                    assert_eq!(read(datatype, depth, &bytes).0, expected, "{datatype:?} {length}");
                }
            }
        }
    }

    #[test]
    fn byte_strings_stand_behind_their_lengths() {
        let bytes = b"\x03\0\0\0abc\0\0\0\0\x05\0\0\0\xff\0\0\0\0";
        let (elements, values) = read(Datatype::Bytes, Depth::Valued, bytes);
        assert_eq!((elements, values.longest_string), (Some(3), 5));
        assert!(values.has_strings && !values.has_numbers);
        assert_eq!(read(Datatype::Bytes, Depth::Counted, bytes), (Some(3), Values::default()));
        assert_eq!(read(Datatype::Bytes, Depth::Valued, b""), (Some(0), Values::default()));
    }

    #[test]
    fn byte_strings_that_do_not_end_where_the_data_ends_can_not_be_counted() {
        let broken = [
            &b"\x03"[..],
            b"\0\0\0",
            b"\x03\0\0\0ab",
            b"\0\0\0\0\x01",
            b"\xff\xff\xff\xffabc",
            b"\x01\0\0\0a\x01\0\0\0",
        ];
        for bytes in broken {
            assert_eq!(read(Datatype::Bytes, Depth::Counted, bytes).0, None, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_counted_or_of_no_known_datatype_is_not_looked_at() {
        let counted = read(Datatype::Fp32, Depth::Counted, &[0xff; 8]);
        assert_eq!(counted, (Some(2), Values::default()));
        let mut raw = RawValues::new(None, Depth::Valued);
        raw.push(&[0xff; 8]);
        assert_eq!((raw.bytes(), raw.elements()), (8, None));
        assert_eq!(raw.values(), Values::default());
    }
}
