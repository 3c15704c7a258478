//! For tests: messages written by hand, and read however they are cut.

use core::fmt::Debug;

use prost::encoding::encode_varint;

use super::{Depth, MessageKind, MessageReader, TensorError, TensorLimits};
use crate::cuts::same_however_cut;

/// Enough for all tests but those of the limit.
pub(super) const LIMITS: TensorLimits = TensorLimits { max_tensors: 8, depth: Depth::Valued };

/// The message, read to its end: whole, cut at every byte, and with its length
/// known.
pub(super) fn read(
    kind: &MessageKind,
    limits: TensorLimits,
    message: &[u8],
) -> Result<MessageReader, TensorError> {
    let (tensors, facts) = same_however_cut(message, |chunks| {
        let mut reader = MessageReader::new(kind, limits).with_length(crate::wide(message.len()));
        read_to_end(&mut reader, chunks)?;
        equal(reader.complete(), reader.tensors().len());
        Ok::<_, TensorError>((reader.tensors().to_vec(), reader.facts()))
    })?;
    let mut reader = MessageReader::new(kind, limits);
    read_to_end(&mut reader, &[message])?;
    equal((reader.tensors(), reader.facts()), (tensors.as_slice(), facts));
    Ok(reader)
}

fn equal<T: Debug + PartialEq>(one: T, other: T) {
    assert_eq!(one, other);
}

fn read_to_end(reader: &mut MessageReader, chunks: &[&[u8]]) -> Result<(), TensorError> {
    for chunk in chunks {
        reader.push(chunk)?;
    }
    reader.finish()
}

/// A length-delimited field.
pub(super) fn delimited(number: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = varints(&[number << 3 | 2, crate::wide(payload.len())]);
    bytes.extend_from_slice(payload);
    bytes
}

/// A varint field.
pub(super) fn integer(number: u64, value: u64) -> Vec<u8> {
    varints(&[number << 3, value])
}

/// A message field.
pub(super) fn message(number: u64, fields: &[&[u8]]) -> Vec<u8> {
    delimited(number, &fields.concat())
}

/// Varints behind each other.
pub(super) fn varints(values: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| encode_varint(*value, &mut bytes));
    bytes
}

/// Floats behind each other.
pub(super) fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
