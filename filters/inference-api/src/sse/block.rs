//! The lines of an event that have come so far.

use core::ops::Range;

use super::{Data, Event};

/// The fields that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Kind,
    Data,
    Id,
    Retry,
}

impl Field {
    /// As many bytes as the longest name has.
    pub(super) const LONGEST_NAME: usize = 5;

    /// Nearly every line, without going over its name byte by byte: the field
    /// whose name and colon begin these bytes, and what is behind the colon.
    #[inline]
    pub(super) const fn at_start(bytes: &[u8]) -> Option<(Self, &[u8])> {
        match bytes {
            [b'd', b'a', b't', b'a', b':', value @ ..] => Some((Self::Data, value)),
            [b'e', b'v', b'e', b'n', b't', b':', value @ ..] => Some((Self::Kind, value)),
            [b'i', b'd', b':', value @ ..] => Some((Self::Id, value)),
            _ => None,
        }
    }

    pub(super) const fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"event" => Some(Self::Kind),
            b"data" => Some(Self::Data),
            b"id" => Some(Self::Id),
            b"retry" => Some(Self::Retry),
            _ => None,
        }
    }
}

/// What is kept of an event.
///
/// Its type and id are kept if both of them are within the limit, its data if all
/// three are. What is not makes the event oversized.
#[derive(Clone, Debug)]
pub(super) struct Block {
    limit: usize,
    start: u64,
    kind: Vec<u8>,
    id: Option<Vec<u8>>,
    retry_ms: Option<u64>,
    data: Vec<u8>,
    /// How long the data is, kept or not, copied or not.
    data_bytes: usize,
    has_data: bool,
    is_oversized: bool,
    /// The beginning of a value other than data whose end has not come.
    cut_value: Vec<u8>,
}

impl Block {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            start: 0,
            kind: Vec::new(),
            id: None,
            retry_ms: None,
            data: Vec::new(),
            data_bytes: 0,
            has_data: false,
            is_oversized: false,
            cut_value: Vec::new(),
        }
    }

    /// Forgets everything for what begins at `start`.
    pub(super) fn begin(&mut self, start: u64) {
        self.start = start;
        self.kind.clear();
        self.id = None;
        self.retry_ms = None;
        self.data.clear();
        self.data_bytes = 0;
        self.has_data = false;
        self.is_oversized = false;
    }

    pub(super) const fn has_data(&self) -> bool {
        self.has_data
    }

    /// The event that ends at `end`. Its data is `uncopied` if that is given.
    pub(super) fn event<'a>(&'a self, uncopied: Option<&'a [u8]>, end: u64) -> Event<'a> {
        Event {
            kind: if self.kind.is_empty() { b"message" } else { &self.kind },
            data: if self.is_oversized {
                Data::Oversized { bytes: crate::wide(self.data_bytes) }
            } else {
                Data::Whole(uncopied.unwrap_or(&self.data))
            },
            id: self.id.as_deref(),
            retry_ms: self.retry_ms,
            span: Range { start: self.start, end },
        }
    }

    pub(super) fn begin_data_line(&mut self) {
        if self.has_data {
            self.append_data(b"\n");
        }
        self.has_data = true;
    }

    pub(super) fn append_data(&mut self, piece: &[u8]) {
        self.count_data(piece);
        self.copy_data(piece);
    }

    /// For data that is not copied, or not yet.
    pub(super) fn count_data(&mut self, piece: &[u8]) {
        self.data_bytes = self.data_bytes.saturating_add(piece.len());
        if !self.fits(self.kind.len(), self.id_length()) {
            self.is_oversized = true;
        }
    }

    /// For data that was counted before.
    pub(super) fn copy_data(&mut self, piece: &[u8]) {
        if self.is_oversized {
            self.data.clear();
        } else {
            self.data.extend_from_slice(piece);
        }
    }

    /// Some of the value of a field other than data.
    pub(super) fn append_value(&mut self, piece: &[u8]) {
        // One byte more than the limit is enough to be too long.
        let room = self.limit.saturating_add(1).saturating_sub(self.cut_value.len());
        self.cut_value.extend(piece.iter().take(room));
    }

    /// The value that was appended piece by piece is complete.
    pub(super) fn end_value(&mut self, field: Field) {
        let mut value = core::mem::take(&mut self.cut_value);
        self.set(field, &value);
        value.clear();
        self.cut_value = value;
    }

    /// A field other than data.
    pub(super) fn set(&mut self, field: Field, value: &[u8]) {
        if value.len() > self.limit {
            self.is_oversized = true;
            return;
        }
        match field {
            Field::Kind if self.makes_room(value.len(), self.id_length()) => {
                self.kind.clear();
                self.kind.extend_from_slice(value);
            }
            Field::Id if !value.contains(&0) && self.makes_room(self.kind.len(), value.len()) => {
                self.id = Some(value.to_vec());
            }
            Field::Retry => self.retry_ms = milliseconds(value).or(self.retry_ms),
            Field::Kind | Field::Id | Field::Data => {}
        }
    }

    /// Whether a type and an id of these lengths are within the limit, if need be
    /// at the cost of the data.
    fn makes_room(&mut self, kind: usize, id: usize) -> bool {
        self.is_oversized |= !self.fits(kind, id);
        self.fits(kind, id)
    }

    const fn fits(&self, kind: usize, id: usize) -> bool {
        let data = if self.is_oversized { 0 } else { self.data_bytes };
        kind.saturating_add(id).saturating_add(data) <= self.limit
    }

    fn id_length(&self) -> usize {
        self.id.as_ref().map_or(0, Vec::len)
    }
}

/// A number of digits only; one that is too large is the largest.
fn milliseconds(value: &[u8]) -> Option<u64> {
    let digits = || value.iter().map(|byte| byte.checked_sub(b'0').filter(|digit| *digit < 10));
    let number = digits().try_fold(0_u64, |number, digit| {
        digit.map(|digit| number.saturating_mul(10).saturating_add(u64::from(digit)))
    });
    number.filter(|_| !value.is_empty())
}
