mod draft;

use std::collections::VecDeque;

use draft::{Draft, SHARED_MEMORY, Source, contents_field};

use super::text::Text;
use super::{Datatype, Depth, Form, MessageFacts, RawValues, Tensor, TensorLimits};
use crate::protobuf::{Extent, Interest, Key, ProtobufErrorKind, Sink, WireType};

/// Hears a `ModelInferRequest` or `ModelInferResponse`.
///
/// Raw entries belong, in order, to the tensors that are not in shared memory,
/// whether they have typed contents or not. One that comes before its tensor is
/// measured, and read as byte strings, which it may turn out to be; its numbers
/// are not known then.
///
/// Sources: Open Inference Protocol, `open_inference_grpc.proto`; Triton,
/// `infer_handler.cc`.
#[derive(Clone, Debug)]
pub(super) struct OpenInference {
    numbers: Numbers,
    limits: TensorLimits,
    place: Place,
    /// The field that is being taken.
    taken: Option<Taken>,
    /// The tensor that is being read.
    draft: Draft,
    /// The raw entry that is being read, and whose it is.
    raw: RawValues,
    owner: Option<usize>,
    tensors: Vec<Tensor>,
    sources: Vec<Source>,
    /// Those before this one have their raw entry, or will never have one.
    next: usize,
    /// Raw entries that came before their tensors.
    early: VecDeque<RawValues>,
    /// Raw entries for which there can't be a tensor.
    surplus: u64,
    raw_entries: u64,
    has_contents: bool,
    is_beyond_limit: bool,
    is_finished: bool,
}

/// Under which numbers the message has them.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    tensors: u32,
    raw: u32,
}

/// Inside of which message the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Envelope,
    Message,
    Tensor,
    Parameter,
    Contents,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Name,
    Datatype,
    Dimensions,
    ParameterKey,
    Elements,
    Raw,
}

impl OpenInference {
    pub(super) fn request(limits: TensorLimits) -> Self {
        Self::new(Numbers { tensors: 5, raw: 7 }, Place::Message, limits)
    }

    pub(super) fn response(limits: TensorLimits) -> Self {
        Self::new(Numbers { tensors: 5, raw: 6 }, Place::Message, limits)
    }

    pub(super) fn in_stream(limits: TensorLimits) -> Self {
        Self { place: Place::Envelope, ..Self::response(limits) }
    }

    fn new(numbers: Numbers, place: Place, limits: TensorLimits) -> Self {
        Self {
            numbers,
            limits,
            place,
            taken: None,
            draft: Draft::new(limits.depth),
            raw: RawValues::new(None, limits.depth),
            owner: None,
            tensors: Vec::new(),
            sources: Vec::new(),
            next: 0,
            early: VecDeque::new(),
            surplus: 0,
            raw_entries: 0,
            has_contents: false,
            is_beyond_limit: false,
            is_finished: false,
        }
    }

    pub(super) fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    pub(super) const fn complete(&self) -> usize {
        if self.is_finished { self.tensors.len() } else { self.next }
    }

    pub(super) const fn finish(&mut self) {
        self.is_finished = true;
    }

    pub(super) fn exceeded_limit(&self) -> Option<usize> {
        self.is_beyond_limit.then_some(self.limits.max_tensors)
    }

    pub(super) fn facts(&self) -> MessageFacts {
        let unpaired = self.sources.get(self.next..).unwrap_or_default();
        MessageFacts {
            tensors: self.tensors.len(),
            raw_entries: self.raw_entries,
            surplus_raw_entries: self.surplus.saturating_add(crate::wide(self.early.len())),
            tensors_without_data: unpaired.iter().filter(|source| **source == Source::Raw).count(),
            has_contents_beside_raw: self.has_contents && self.raw_entries > 0,
        }
    }

    fn tensor_begins(&mut self) -> Interest {
        if self.tensors.len() >= self.limits.max_tensors {
            self.is_beyond_limit = true;
            return Interest::Skip;
        }
        self.place = Place::Tensor;
        self.draft = Draft::new(self.limits.depth);
        Interest::Enter
    }

    fn tensor_ends(&mut self) {
        let (tensor, source) = self.draft.take(self.tensors.len());
        self.has_contents |= self.draft.has_contents && source != Source::SharedMemory;
        self.tensors.push(tensor);
        self.sources.push(source);
        self.pass_over_shared();
        if source != Source::SharedMemory
            && let Some(raw) = self.early.pop_front()
        {
            self.give(&raw, self.next);
            self.next = self.next.saturating_add(1);
        }
    }

    fn raw_begins(&mut self, wire_type: WireType) -> Result<Interest, ProtobufErrorKind> {
        if wire_type != WireType::LengthDelimited {
            return Err(ProtobufErrorKind::WrongWireType);
        }
        let owner = self.tensors.get(self.next);
        let datatype = owner.map_or(Some(Datatype::Bytes), Tensor::known_datatype);
        self.owner = owner.map(|_| self.next);
        self.raw = RawValues::new(datatype, self.limits.depth);
        self.taken = Some(Taken::Raw);
        Ok(Interest::Take)
    }

    fn raw_ends(&mut self) {
        self.raw_entries = self.raw_entries.saturating_add(1);
        if let Some(owner) = self.owner {
            let raw = self.raw.clone();
            self.give(&raw, owner);
            self.next = self.next.saturating_add(1);
            self.pass_over_shared();
        } else if self.early.len() < self.limits.max_tensors {
            self.early.push_back(self.raw.clone());
        } else {
            self.surplus = self.surplus.saturating_add(1);
        }
    }

    /// Tensors in shared memory get no raw entry.
    fn pass_over_shared(&mut self) {
        while self.sources.get(self.next) == Some(&Source::SharedMemory) {
            self.next = self.next.saturating_add(1);
        }
    }

    fn message_ends(&mut self) {
        self.place = match self.place {
            Place::Envelope | Place::Message => Place::Envelope,
            Place::Tensor => {
                self.tensor_ends();
                Place::Message
            }
            Place::Parameter => {
                self.draft.is_shared |= self.draft.parameter_key.is(SHARED_MEMORY);
                Place::Tensor
            }
            Place::Contents => Place::Tensor,
        };
    }

    /// Gives a tensor its raw data.
    fn give(&mut self, raw: &RawValues, owner: usize) {
        let depth = self.limits.depth;
        let Some(tensor) = self.tensors.get_mut(owner) else { return };
        let datatype = tensor.known_datatype();
        let data = &mut tensor.data;
        data.form = if data.form == Form::Absent { Form::Raw } else { Form::Several };
        data.bytes = raw.bytes();
        data.elements = datatype
            .filter(|_| data.form == Form::Raw)
            .and_then(|datatype| raw.elements_of(datatype));
        if raw.datatype() == datatype {
            data.values = data.values.and(raw.values());
        } else {
            data.is_early = depth == Depth::Valued && datatype.is_some() && raw.bytes() > 0;
        }
    }
}

impl Sink for OpenInference {
    fn field(&mut self, key: Key, _at: u64) -> Result<Interest, ProtobufErrorKind> {
        let wire_type = key.wire_type;
        let draft = &mut self.draft;
        let taken = match (self.place, key.number) {
            (Place::Envelope, 2) => {
                self.place = Place::Message;
                return Ok(Interest::Enter);
            }
            (Place::Message, number) if number == self.numbers.tensors => {
                return Ok(self.tensor_begins());
            }
            (Place::Message, number) if number == self.numbers.raw => {
                return self.raw_begins(wire_type);
            }
            (Place::Tensor, 1) => {
                draft.name.begin(wire_type)?;
                Taken::Name
            }
            (Place::Tensor, 2) => {
                draft.datatype.begin(wire_type)?;
                Taken::Datatype
            }
            (Place::Tensor, 3) => {
                draft.dimensions.begin(wire_type)?;
                Taken::Dimensions
            }
            (Place::Tensor, 4) => {
                self.place = Place::Parameter;
                draft.parameter_key = Text::new(SHARED_MEMORY.len());
                return Ok(Interest::Enter);
            }
            (Place::Tensor, 5) => {
                self.place = Place::Contents;
                draft.has_contents = true;
                return Ok(Interest::Enter);
            }
            (Place::Parameter, 1) => {
                draft.parameter_key.begin(wire_type)?;
                Taken::ParameterKey
            }
            (Place::Contents, number) => {
                let Some(field) = contents_field(number) else { return Ok(Interest::Skip) };
                draft.contents.begin(field, wire_type)?;
                Taken::Elements
            }
            _ => return Ok(Interest::Skip),
        };
        self.taken = Some(taken);
        Ok(Interest::Take)
    }

    fn number(&mut self, value: u64) {
        match self.taken {
            Some(Taken::Dimensions) => self.draft.shape.push(value.cast_signed()),
            Some(Taken::Elements) => {
                if let Some(values) = self.draft.contents.current() {
                    values.number(value);
                }
            }
            _ => {}
        }
    }

    fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        let draft = &mut self.draft;
        match self.taken {
            Some(Taken::Raw) => {
                self.raw.push(fragment);
                Ok(())
            }
            Some(Taken::Elements) => {
                draft.contents.current().map_or(Ok(()), |values| values.bytes(fragment))
            }
            Some(Taken::Name) => draft.name.bytes(fragment),
            Some(Taken::Datatype) => draft.datatype.bytes(fragment),
            Some(Taken::ParameterKey) => draft.parameter_key.bytes(fragment),
            Some(Taken::Dimensions) => {
                draft.dimensions.bytes(fragment)?;
                draft.dimension.push(fragment, |length| draft.shape.push(length.cast_signed()));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn end(&mut self, _extent: Extent) -> Result<(), ProtobufErrorKind> {
        let draft = &mut self.draft;
        match self.taken.take() {
            Some(Taken::Raw) => {
                self.raw_ends();
                Ok(())
            }
            Some(Taken::Elements) => draft.contents.current().map_or(Ok(()), |field| field.end()),
            Some(Taken::Name) => draft.name.end(),
            Some(Taken::Datatype) => draft.datatype.end(),
            Some(Taken::ParameterKey) => draft.parameter_key.end(),
            Some(Taken::Dimensions) => draft.dimensions.end(),
            None => {
                self.message_ends();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
