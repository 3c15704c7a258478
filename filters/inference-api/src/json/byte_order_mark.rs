//! What may stand before a text.

use super::JsonErrorKind;
use super::reader::{Outcome, Reader, State};

/// What a UTF-8 byte order mark before the text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByteOrderMark {
    /// The text is refused, as by `serde_json`. RFC 8259 (section 8.1) forbids
    /// to send one.
    #[default]
    Refused,
    /// One is passed over, as the same section allows. Offsets count it.
    Skipped,
}

/// U+FEFF in UTF-8.
pub(super) const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

impl Reader {
    /// A byte before everything that may belong to a byte order mark.
    pub(super) fn byte_order_mark(&mut self, byte: u8) -> Outcome {
        self.state = State::ByteOrderMark;
        match self.expected.split_first() {
            Some((&first, rest)) if first == byte => self.expected = rest,
            _ => return self.fail(JsonErrorKind::ExpectedValue, 0),
        }
        match self.options.byte_order_mark {
            _ if !self.expected.is_empty() => Ok(()),
            ByteOrderMark::Refused => self.fail(JsonErrorKind::ByteOrderMark, 0),
            ByteOrderMark::Skipped => {
                self.state = State::Value;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::same_however_cut;
    use crate::json::{FieldLimits, FieldReader, JsonError, Options};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Where the value of `a` stands.
    fn read(
        text: &[u8],
        byte_order_mark: ByteOrderMark,
    ) -> Result<Option<core::ops::Range<u64>>, JsonError> {
        let options = Options { byte_order_mark, ..Options::default() };
        same_however_cut(text, |chunks| {
            let mut reader = FieldReader::new(&["a"], FieldLimits::default(), options);
            chunks.iter().try_for_each(|chunk| reader.push(chunk))?;
            reader.finish()?;
            Ok(reader.take_field("a").map(|field| field.last.span))
        })
    }

    #[test]
    fn one_is_passed_over_where_it_is_allowed_and_counted() {
        let text = b"\xef\xbb\xbf{\"a\":1}";
        assert_eq!(read(text, ByteOrderMark::Skipped), Ok(Some(8..9)));
        let refused = JsonError { kind: JsonErrorKind::ByteOrderMark, offset: 0 };
        assert_eq!(read(text, ByteOrderMark::Refused), Err(refused));
        for byte_order_mark in [ByteOrderMark::Skipped, ByteOrderMark::Refused] {
            assert_eq!(read(b"{\"a\":1}", byte_order_mark), Ok(Some(5..6)));
        }
    }

    #[test]
    fn behind_it_everything_is_as_without_it() {
        let texts: [&[u8]; 9] =
            [b"", b" ", b"{", b"[1", b"{} x", b"x", b" {\"a\":\"\xff\"}", b"1e999", b"[1,2]"];
        for text in texts {
            let later = |error: JsonError| JsonError { offset: error.offset + 3, ..error };
            let without = read(text, ByteOrderMark::Refused).map_err(later);
            let with = [UTF_8_MARK, text].concat();
            assert_eq!(read(&with, ByteOrderMark::Skipped), without, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn only_a_whole_one_and_only_at_the_start_is_passed_over() {
        let texts: [(&[u8], u64); 6] = [
            (b"\xef", 0),
            (b"\xef\xbb", 0),
            (b"\xef\xbb{}", 0),
            (b"\xfe\xff{}", 0),
            (b" \xef\xbb\xbf{}", 1),
            (b"\xef\xbb\xbf\xef\xbb\xbf{}", 3),
        ];
        for (text, offset) in texts {
            let error = JsonError { kind: JsonErrorKind::ExpectedValue, offset };
            assert_eq!(read(text, ByteOrderMark::Skipped), Err(error), "{}", text.escape_ascii());
        }
    }
}
