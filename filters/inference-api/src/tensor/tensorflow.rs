mod draft;

use draft::{Draft, val_field};

use super::{Tensor, TensorLimits};
use crate::protobuf::{Extent, Interest, Key, ProtobufErrorKind, Sink, WireType};

/// Hears a `PredictRequest` or `PredictResponse`: a map of tensors.
///
/// A `tensor_content` counts before all `*_val` fields, and of these the one that
/// belongs to the datatype; data in two of them has [`Form::Several`], and is
/// described by the one that counts. Each entry of the map is a tensor, also one
/// whose key is there already.
///
/// Sources: TensorFlow, `tensor.proto`, `tensor_shape.proto`, and `tensor.cc`,
/// `Tensor::FromProto`.
#[derive(Clone, Debug)]
pub(super) struct TensorFlow {
    /// The number of the map.
    number: u32,
    limits: TensorLimits,
    place: Place,
    /// The field that is being taken.
    taken: Option<Taken>,
    /// The tensor that is being read.
    draft: Draft,
    tensors: Vec<Tensor>,
    is_beyond_limit: bool,
}

/// Inside of which message the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Message,
    Entry,
    Tensor,
    Shape,
    Dimension,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Key,
    Datatype,
    UnknownRank,
    Length,
    Content,
    Elements,
}

impl TensorFlow {
    pub(super) fn request(limits: TensorLimits) -> Self {
        Self::new(2, limits)
    }

    pub(super) fn response(limits: TensorLimits) -> Self {
        Self::new(1, limits)
    }

    fn new(number: u32, limits: TensorLimits) -> Self {
        Self {
            number,
            limits,
            place: Place::Message,
            taken: None,
            draft: Draft::new(limits.depth),
            tensors: Vec::new(),
            is_beyond_limit: false,
        }
    }

    pub(super) fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    pub(super) fn exceeded_limit(&self) -> Option<usize> {
        self.is_beyond_limit.then_some(self.limits.max_tensors)
    }

    fn entry_begins(&mut self) -> Interest {
        if self.tensors.len() >= self.limits.max_tensors {
            self.is_beyond_limit = true;
            return Interest::Skip;
        }
        self.place = Place::Entry;
        self.draft = Draft::new(self.limits.depth);
        Interest::Enter
    }

    fn message_ends(&mut self) {
        self.place = match self.place {
            Place::Message => Place::Message,
            Place::Entry => {
                let tensor = self.draft.take(self.tensors.len(), self.limits.depth);
                self.tensors.push(tensor);
                Place::Message
            }
            Place::Tensor => Place::Entry,
            Place::Shape => Place::Tensor,
            Place::Dimension => {
                self.draft.shape.push(self.draft.length);
                Place::Shape
            }
        };
    }
}

impl Sink for TensorFlow {
    fn field(&mut self, key: Key, _at: u64) -> Result<Interest, ProtobufErrorKind> {
        let wire_type = key.wire_type;
        let draft = &mut self.draft;
        let (taken, expected) = match (self.place, key.number) {
            (Place::Message, number) if number == self.number => return Ok(self.entry_begins()),
            (Place::Entry, 1) => {
                draft.key.begin(wire_type)?;
                (Taken::Key, WireType::LengthDelimited)
            }
            (Place::Entry, 2) => {
                self.place = Place::Tensor;
                return Ok(Interest::Enter);
            }
            (Place::Tensor, 1) => (Taken::Datatype, WireType::Varint),
            (Place::Tensor, 2) => {
                self.place = Place::Shape;
                return Ok(Interest::Enter);
            }
            (Place::Tensor, 4) => {
                draft.content = draft.empty_content(self.limits.depth);
                (Taken::Content, WireType::LengthDelimited)
            }
            (Place::Tensor, number) => {
                let Some(field) = val_field(number) else { return Ok(Interest::Skip) };
                draft.fields.begin(field, wire_type)?;
                (Taken::Elements, wire_type)
            }
            (Place::Shape, 2) => {
                self.place = Place::Dimension;
                draft.length = 0;
                return Ok(Interest::Enter);
            }
            (Place::Shape, 3) => (Taken::UnknownRank, WireType::Varint),
            (Place::Dimension, 1) => (Taken::Length, WireType::Varint),
            _ => return Ok(Interest::Skip),
        };
        if wire_type != expected {
            return Err(ProtobufErrorKind::WrongWireType);
        }
        self.taken = Some(taken);
        Ok(Interest::Take)
    }

    fn number(&mut self, value: u64) {
        let draft = &mut self.draft;
        match self.taken {
            // An enum has 32 bits.
            Some(Taken::Datatype) => draft.datatype = value & 0xffff_ffff,
            Some(Taken::UnknownRank) => draft.shape.set_rank_unknown(value != 0),
            Some(Taken::Length) => draft.length = value.cast_signed(),
            Some(Taken::Elements) => {
                if let Some(values) = draft.fields.current() {
                    values.number(value);
                }
            }
            _ => {}
        }
    }

    fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        let draft = &mut self.draft;
        match self.taken {
            Some(Taken::Content) => draft.content.push(fragment),
            Some(Taken::Key) => draft.key.bytes(fragment)?,
            Some(Taken::Elements) => {
                if let Some(values) = draft.fields.current() {
                    values.bytes(fragment)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, _extent: Extent) -> Result<(), ProtobufErrorKind> {
        let draft = &mut self.draft;
        match self.taken.take() {
            Some(Taken::Key) => draft.key.end()?,
            Some(Taken::Elements) => {
                if let Some(values) = draft.fields.current() {
                    values.end()?;
                }
            }
            Some(_) => {}
            None => self.message_ends(),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
