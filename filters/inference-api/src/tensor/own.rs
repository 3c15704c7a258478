use super::packed::{Scalar, TypedValues};
use super::{Datatype, DeclaredDatatype, Depth, Form, Tensor, TensorData, TypedField};
use crate::protobuf::{Extent, FieldPath, Interest, Key, ProtobufErrorKind, Sink};

/// A repeated field of a message of one's own, which is a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnField {
    /// Where it stands.
    pub path: FieldPath,
    /// What its elements are.
    pub datatype: Datatype,
    /// How they are written.
    pub encoding: OwnEncoding,
}

/// How the elements of a field are written, where its datatype leaves a choice.
///
/// | datatype | `Plain` | `Zigzag` | `Fixed` | `Text` |
/// |---|---|---|---|---|
/// | `BOOL` | `bool` | | | |
/// | `INT8`, `INT16`, `INT32` | `int32` | `sint32` | `sfixed32` | |
/// | `INT64` | `int64` | `sint64` | `sfixed64` | |
/// | `UINT8`, `UINT16`, `UINT32` | `uint32` | | `fixed32` | |
/// | `UINT64` | `uint64` | | `fixed64` | |
/// | `FP16`, `BF16` | the lower bits of an `int32` | | | |
/// | `FP32`, `FP64` | `float`, `double` | | | |
/// | `BYTES` | `bytes` | | | `string` |
///
/// Where a cell is empty, it means the same as `Plain`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnEncoding {
    /// Integers are varints, byte strings any bytes.
    #[default]
    Plain,
    /// Integers are varints with the sign in the lowest bit.
    Zigzag,
    /// Integers have four or eight bytes.
    Fixed,
    /// Byte strings are UTF-8.
    Text,
}

/// Hears a message of one's own.
#[derive(Clone, Debug)]
pub(super) struct OwnFields {
    fields: Vec<(OwnField, TypedValues)>,
    /// Where the reader is: the entered messages.
    path: FieldPath,
    /// The last field that was taken in this message, by number and place.
    latest: Option<(u32, usize)>,
    /// The field that is being taken.
    taken: Option<usize>,
    tensors: Vec<Tensor>,
    is_finished: bool,
}

impl OwnFields {
    pub(super) fn new(fields: &[OwnField], depth: Depth) -> Self {
        let values = |field: &OwnField| TypedValues::new(field.scalar(), depth);
        let tensor = |(position, field): (usize, &OwnField)| Tensor {
            name: field.path.to_string(),
            position,
            datatype: Some(DeclaredDatatype::Known(field.datatype)),
            data: TensorData {
                form: Form::Typed(TypedField::Own),
                elements: Some(0),
                ..TensorData::default()
            },
            ..Tensor::default()
        };
        Self {
            fields: fields.iter().map(|field| (*field, values(field))).collect(),
            path: FieldPath::new(&[]),
            latest: None,
            taken: None,
            tensors: fields.iter().enumerate().map(tensor).collect(),
            is_finished: false,
        }
    }

    pub(super) fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    pub(super) const fn complete(&self) -> usize {
        if self.is_finished { self.tensors.len() } else { 0 }
    }

    /// Any of the fields may have come again until here.
    pub(super) fn finish(&mut self) {
        self.is_finished = true;
        for (tensor, (field, values)) in self.tensors.iter_mut().zip(&self.fields) {
            tensor.data.elements = Some(values.count());
            tensor.data.values = values.values(Some(field.datatype));
        }
    }

    fn take(&mut self, place: usize, key: Key) -> Result<Interest, ProtobufErrorKind> {
        self.taken = Some(place);
        self.taken().map_or(Ok(()), |values| values.begin(key.wire_type))?;
        Ok(Interest::Take)
    }

    fn enter(&mut self, path: FieldPath) {
        self.path = path;
        self.latest = None;
    }

    fn taken(&mut self) -> Option<&mut TypedValues> {
        self.fields.get_mut(self.taken?).map(|(_, values)| values)
    }
}

impl Sink for OwnFields {
    fn field(&mut self, key: Key, _at: u64) -> Result<Interest, ProtobufErrorKind> {
        // What is not packed stands in long rows.
        if let Some((number, place)) = self.latest
            && number == key.number
        {
            return self.take(place, key);
        }
        let leads_on = |field: &OwnField| field.path.continues(&self.path, key.number);
        if !self.fields.iter().any(|(field, _)| leads_on(field)) {
            return Ok(Interest::Skip);
        }
        let Some(path) = self.path.then(key.number) else { return Ok(Interest::Skip) };
        if let Some(place) = self.fields.iter().position(|(field, _)| field.path == path) {
            self.latest = Some((key.number, place));
            return self.take(place, key);
        }
        if !self.fields.iter().any(|(field, _)| path.is_prefix_of(&field.path)) {
            return Ok(Interest::Skip);
        }
        self.enter(path);
        Ok(Interest::Enter)
    }

    fn number(&mut self, value: u64) {
        if let Some(values) = self.taken() {
            values.number(value);
        }
    }

    fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        self.taken().map_or(Ok(()), |values| values.bytes(fragment))
    }

    fn end(&mut self, _extent: Extent) -> Result<(), ProtobufErrorKind> {
        if let Some(values) = self.taken() {
            values.end()?;
            self.taken = None;
        } else {
            self.enter(self.path.outer());
        }
        Ok(())
    }
}

impl OwnField {
    const fn scalar(&self) -> Scalar {
        match (self.datatype, self.encoding) {
            (Datatype::Bool, _) => Scalar::Bool,
            (Datatype::Int8 | Datatype::Int16 | Datatype::Int32, OwnEncoding::Zigzag) => {
                Scalar::Sint32
            }
            (Datatype::Int8 | Datatype::Int16 | Datatype::Int32, OwnEncoding::Fixed) => {
                Scalar::Sfixed32
            }
            (Datatype::Int8 | Datatype::Int16 | Datatype::Int32, _) => Scalar::Int32,
            (Datatype::Int64, OwnEncoding::Zigzag) => Scalar::Sint64,
            (Datatype::Int64, OwnEncoding::Fixed) => Scalar::Sfixed64,
            (Datatype::Int64, _) => Scalar::Int64,
            (Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32, OwnEncoding::Fixed) => {
                Scalar::Fixed32
            }
            (Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32, _) => Scalar::Uint32,
            (Datatype::Uint64, OwnEncoding::Fixed) => Scalar::Fixed64,
            (Datatype::Uint64, _) => Scalar::Uint64,
            (Datatype::Fp16 | Datatype::Bf16, _) => Scalar::Half,
            (Datatype::Fp32, _) => Scalar::Float,
            (Datatype::Fp64, _) => Scalar::Double,
            (Datatype::Bytes, OwnEncoding::Text) => Scalar::String,
            (Datatype::Bytes, _) => Scalar::Bytes,
        }
    }
}

#[cfg(test)]
mod tests;
