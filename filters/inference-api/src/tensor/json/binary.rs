//! The binary data behind a JSON text, tensor by tensor.

use super::FaultKind;
use crate::tensor::{DeclaredDatatype, Depth, RawValues, Tensor};
use std::collections::VecDeque;

/// Hears the bytes behind the JSON text.
///
/// Source: Triton, `extension_binary_data.md`.
#[derive(Clone, Debug, Default)]
pub(super) struct BinaryTensors {
    /// Those that are to come, in order.
    sections: VecDeque<Section>,
    current: Option<Current>,
    found: u64,
    expected: u64,
    /// There are tensors whose sizes are not known.
    is_incomplete: bool,
}

#[derive(Clone, Copy, Debug)]
struct Section {
    /// The place among the tensors.
    tensor: usize,
    bytes: u64,
}

#[derive(Clone, Debug)]
struct Current {
    tensor: usize,
    missing: u64,
    values: RawValues,
}

impl BinaryTensors {
    /// The tensor in this place has so many bytes behind those of the others.
    pub(super) fn expect(&mut self, tensor: usize, bytes: u64) {
        self.sections.push_back(Section { tensor, bytes });
        self.expected = self.expected.saturating_add(bytes);
    }

    /// There is a tensor of which nothing is known.
    pub(super) fn expect_anything(&mut self) {
        self.is_incomplete = true;
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], tensors: &mut [Tensor], depth: Depth) {
        self.found = self.found.saturating_add(crate::wide(bytes.len()));
        while !bytes.is_empty() {
            let Some(mut current) = self.current.take().or_else(|| self.begin(tensors, depth))
            else {
                return;
            };
            let length = usize::try_from(current.missing).unwrap_or(usize::MAX).min(bytes.len());
            let (data, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
            current.push(data, tensors);
            bytes = rest;
            if current.missing == 0 {
                current.end(tensors);
            } else {
                self.current = Some(current);
            }
        }
    }

    /// Says that the body ends here.
    pub(super) fn end(&mut self, tensors: &mut [Tensor], depth: Depth) -> Option<FaultKind> {
        while let Some(current) = self.current.take().or_else(|| self.begin(tensors, depth)) {
            current.end(tensors);
        }
        let Self { found, expected, .. } = *self;
        (found != expected && !self.is_incomplete)
            .then_some(FaultKind::BinaryBytes { found, expected })
    }

    fn begin(&mut self, tensors: &[Tensor], depth: Depth) -> Option<Current> {
        let Section { tensor, bytes } = self.sections.pop_front()?;
        let datatype = tensors.get(tensor).and_then(|tensor| tensor.datatype);
        let known = match datatype {
            Some(DeclaredDatatype::Known(datatype)) => Some(datatype),
            _ => None,
        };
        Some(Current { tensor, missing: bytes, values: RawValues::new(known, depth) })
    }
}

impl Current {
    fn push(&mut self, data: &[u8], tensors: &mut [Tensor]) {
        let length = crate::wide(data.len());
        self.missing = self.missing.saturating_sub(length);
        self.values.push(data);
        if let Some(tensor) = tensors.get_mut(self.tensor) {
            tensor.data.bytes = tensor.data.bytes.saturating_add(length);
        }
    }

    fn end(self, tensors: &mut [Tensor]) {
        let Some(tensor) = tensors.get_mut(self.tensor) else { return };
        tensor.data.elements = self.values.elements();
        tensor.data.values = tensor.data.values.and(self.values.values());
    }
}
