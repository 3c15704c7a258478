use core::ops::Range;

use super::{MultipartError, MultipartErrorKind};
use crate::utf8::Utf8;

/// A wanted name that stood in the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The one that stands first.
    pub first: Found,
    /// The one that stands last.
    pub last: Found,
    /// How often it stands there.
    pub count: u64,
    /// Whether any two of them have different values. Too long ones count as
    /// different.
    pub is_contradictory: bool,
}

/// One field as it stood in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its value.
    pub value: FoundValue,
    /// Where the value stands, in bytes from the start of the body, without the
    /// line breaks around it.
    pub span: Range<u64>,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundValue {
    /// The text.
    Text(String),
    /// A text that is longer than the limit.
    TooLong,
}

impl Found {
    /// The text, if it is within the limit.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            FoundValue::Text(text) => Some(text),
            FoundValue::TooLong => None,
        }
    }
}

impl Field {
    pub(super) fn new(found: Found) -> Self {
        Self { first: found.clone(), last: found, count: 1, is_contradictory: false }
    }

    pub(super) fn repeat(&mut self, found: Found) {
        self.count = self.count.saturating_add(1);
        self.is_contradictory |=
            found.value != self.first.value || found.value == FoundValue::TooLong;
        self.last = found;
    }
}

/// The value that is being read.
#[derive(Clone, Debug)]
pub(super) struct OpenValue {
    start: u64,
    /// Behind its last byte so far.
    end: u64,
    utf8: Utf8,
    text: String,
    limit: usize,
    is_too_long: bool,
}

impl OpenValue {
    pub(super) fn new(start: u64, limit: usize) -> Self {
        Self {
            start,
            end: start,
            utf8: Utf8::default(),
            text: String::new(),
            limit,
            is_too_long: false,
        }
    }

    /// The next bytes of the value.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), MultipartError> {
        let Self { text, limit, is_too_long, .. } = self;
        let keep = |piece: &str| {
            *is_too_long |= text.len().saturating_add(piece.len()) > *limit;
            if !*is_too_long {
                text.push_str(piece);
            }
        };
        self.utf8
            .push(bytes, self.end, keep)
            .map_err(|offset| MultipartErrorKind::InvalidUtf8.at(offset))?;
        self.end = self.end.saturating_add(crate::wide(bytes.len()));
        Ok(())
    }

    /// The value ends here.
    pub(super) fn finish(self) -> Result<Found, MultipartError> {
        if !self.utf8.is_complete() {
            let offset = self.utf8.pending_since(self.end);
            return Err(MultipartErrorKind::InvalidUtf8.at(offset));
        }
        let value =
            if self.is_too_long { FoundValue::TooLong } else { FoundValue::Text(self.text) };
        Ok(Found { value, span: self.start..self.end })
    }
}
