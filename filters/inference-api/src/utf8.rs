//! UTF-8, checked as it comes.

/// Checks a text whose bytes come in pieces that may be cut inside a character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Utf8 {
    /// The first bytes of a character whose rest has not come yet.
    pending: [u8; 4],
    pending_length: usize,
}

impl Utf8 {
    /// Checks the next bytes, which stand at `offset`, and hands over whatever
    /// is whole characters by now.
    ///
    /// # Errors
    /// The offset at which the first malformed sequence begins.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        mut offset: u64,
        mut text: impl FnMut(&str),
    ) -> Result<(), u64> {
        while !self.is_complete() {
            let Some((&byte, rest)) = bytes.split_first() else { return Ok(()) };
            self.complete(byte, offset, &mut text)?;
            bytes = rest;
            offset = offset.saturating_add(1);
        }
        match str::from_utf8(bytes) {
            Ok(whole) => text(whole),
            Err(error) => {
                let (valid, rest) = bytes.split_at_checked(error.valid_up_to()).unwrap_or_default();
                let rest_offset = offset.saturating_add(crate::wide(valid.len()));
                if error.error_len().is_some() {
                    return Err(rest_offset);
                }
                text(str::from_utf8(valid).unwrap_or_default());
                for (place, byte) in self.pending.iter_mut().zip(rest) {
                    *place = *byte;
                }
                self.pending_length = rest.len();
            }
        }
        Ok(())
    }

    /// Whether the text may end here: no character is cut.
    pub(crate) const fn is_complete(&self) -> bool {
        self.pending_length == 0
    }

    /// The offset at which the cut character began, given where the text is now.
    pub(crate) fn pending_since(&self, offset: u64) -> u64 {
        offset.saturating_sub(crate::wide(self.pending_length))
    }

    fn complete(&mut self, byte: u8, at: u64, text: &mut impl FnMut(&str)) -> Result<(), u64> {
        let start = self.pending_since(at);
        if let Some(place) = self.pending.get_mut(self.pending_length) {
            *place = byte;
        }
        self.pending_length = self.pending_length.saturating_add(1);
        match str::from_utf8(self.pending.get(..self.pending_length).unwrap_or_default()) {
            Ok(character) => {
                text(character);
                self.pending_length = 0;
                Ok(())
            }
            Err(error) if error.error_len().is_none() => Ok(()),
            Err(_) => Err(start),
        }
    }
}

/// How long the sequence at the start is, if it is a whole and well-formed one
/// beyond ASCII.
///
/// Source: Unicode 16.0, table 3-7.
#[inline]
pub(crate) const fn sequence_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0xc2..=0xdf, 0x80..=0xbf, ..] => Some(2),
        [0xe0, 0xa0..=0xbf, 0x80..=0xbf, ..]
        | [0xe1..=0xec | 0xee..=0xef, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xed, 0x80..=0x9f, 0x80..=0xbf, ..] => Some(3),
        [0xf0, 0x90..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xf1..=0xf3, 0x80..=0xbf, 0x80..=0xbf, 0x80..=0xbf, ..]
        | [0xf4, 0x80..=0x8f, 0x80..=0xbf, 0x80..=0xbf, ..] => Some(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn check(pieces: &[&[u8]]) -> Result<String, u64> {
        let mut utf8 = Utf8::default();
        let mut text = String::new();
        let mut offset = 0;
        for piece in pieces {
            utf8.push(piece, offset, |part| text.push_str(part))?;
            offset = offset.saturating_add(crate::wide(piece.len()));
        }
        if utf8.is_complete() { Ok(text) } else { Err(utf8.pending_since(offset)) }
    }

    #[test]
    fn a_text_is_the_same_however_it_is_cut() {
        let whole = "aé€😀z".as_bytes();
        for first in 0..=whole.len() {
            for second in first..=whole.len() {
                let pieces = [&whole[..first], &whole[first..second], &whole[second..]];
                assert_eq!(check(&pieces).as_deref(), Ok("aé€😀z"), "{first} {second}");
            }
        }
    }

    #[test]
    fn a_malformed_sequence_is_found_where_it_begins_however_it_is_cut() {
        for bad in [
            &b"ab\xe2\x82"[..],
            b"ab\xe2\x82z",
            b"ab\xff",
            b"ab\x80",
            b"ab\xed\xa0\x80",
            b"ab\xc0\xaf",
            b"ab\xf4\x90\x80\x80",
        ] {
            for cut in 0..=bad.len() {
                assert_eq!(check(&[&bad[..cut], &bad[cut..]]), Err(2), "{bad:x?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_sequence_is_what_the_standard_library_takes_for_one() {
        // Every value at the edges of the table's ranges, in every place.
        let edges = [
            0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
            0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
        ];
        for first in 0x80..=u8::MAX {
            for second in edges {
                for third in edges {
                    for fourth in edges {
                        let bytes = [first, second, third, fourth];
                        let valid = |length: &usize| str::from_utf8(&bytes[..*length]).is_ok();
                        let expected = (2..=4).find(valid);
                        assert_eq!(sequence_length(&bytes), expected, "{bytes:x?}");
                        if let Some(length) = expected {
                            assert_eq!(sequence_length(&bytes[..length - 1]), None, "{bytes:x?}");
                        }
                    }
                }
            }
        }
    }
}
