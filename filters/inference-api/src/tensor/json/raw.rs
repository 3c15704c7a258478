//! Stands in for the reader of raw data.

use crate::tensor::{Datatype, Depth, Values};

/// Counts elements of a fixed size.
#[derive(Clone, Debug)]
pub(super) struct RawValues {
    datatype: Datatype,
    bytes: u64,
}

impl RawValues {
    pub(super) const fn new(datatype: Datatype, _depth: Depth) -> Self {
        Self { datatype, bytes: 0 }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(crate::wide(bytes.len()));
    }

    pub(super) fn finish(self) -> (Option<u64>, u64, Values) {
        let size = self.datatype.element_bytes();
        let elements = size.filter(|size| self.bytes.is_multiple_of(*size));
        let elements = elements.and_then(|size| self.bytes.checked_div(size));
        (elements, self.bytes, Values::default())
    }
}
