use super::{Extent, Interest, Key, ProtobufError, ProtobufErrorKind, Sink, WireType};

/// Walks over one message from pieces and asks a [`Sink`] about each field.
///
/// Holds a few words per message and group that is open (100 at most) and
/// nothing of the bytes.
#[derive(Clone, Debug)]
pub struct Reader {
    state: State,
    open: Vec<Level>,
    /// The offset at which the innermost message ends.
    limit: u64,
    offset: u64,
    varint: Varint,
    /// The current field, as far as it was read.
    extent: Extent,
    interest: Interest,
    failed: Option<ProtobufError>,
}

/// How many messages and groups may be open, as in prost.
const MAX_DEPTH: usize = 100;

/// An unknown length of the whole message.
const UNKNOWN: u64 = u64::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Key,
    Number,
    Length,
    Fixed { missing: u32, shift: u32 },
    Payload { end: u64 },
}

#[derive(Clone, Copy, Debug)]
enum Level {
    Message { extent: Extent, outer_limit: u64 },
    Group { number: u32 },
}

/// A varint that is being read.
#[derive(Clone, Copy, Debug, Default)]
struct Varint {
    value: u64,
    shift: u32,
}

impl Reader {
    /// Ready for the first byte of a message.
    pub fn new() -> Self {
        Self {
            state: State::Key,
            open: Vec::new(),
            limit: UNKNOWN,
            offset: 0,
            varint: Varint::default(),
            extent: Extent::default(),
            interest: Interest::Skip,
            failed: None,
        }
    }

    /// The same for a message that is known to have so many bytes: a length
    /// beyond its end is found when it is read and not at the end.
    pub fn with_length(length: u64) -> Self {
        Self { limit: length, ..Self::new() }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When they can't go on a message, or the sink said so. The reader stays
    /// in that state: it answers everything else with the same error.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), ProtobufError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.run(bytes, sink).map_err(|kind| {
            // Where in a value is not the reader's to know: the value's start.
            let in_value = matches!(self.state, State::Payload { .. });
            ProtobufError { kind, offset: if in_value { self.extent.value } else { self.offset } }
        });
        self.failed = result.err();
        result
    }

    /// Says that the message ends here.
    ///
    /// # Errors
    /// When it can't.
    pub fn finish(&mut self) -> Result<(), ProtobufError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let is_whole = self.state == State::Key && self.varint.shift == 0 && self.open.is_empty();
        let is_as_long_as_said = self.limit == UNKNOWN || self.limit == self.offset;
        if is_whole && is_as_long_as_said {
            return Ok(());
        }
        let error = ProtobufError { kind: ProtobufErrorKind::UnexpectedEnd, offset: self.offset };
        self.failed = Some(error);
        Err(error)
    }

    /// How many bytes were read.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    fn run(&mut self, mut rest: &[u8], sink: &mut impl Sink) -> Result<(), ProtobufErrorKind> {
        while let Some((&byte, after)) = rest.split_first() {
            if let State::Payload { end } = self.state {
                let missing = end.saturating_sub(self.offset);
                let here = usize::try_from(missing).unwrap_or(usize::MAX).min(rest.len());
                let (payload, after) = rest.split_at_checked(here).unwrap_or_default();
                if self.interest == Interest::Take {
                    sink.bytes(payload)?;
                }
                rest = after;
                self.offset = self.offset.saturating_add(crate::wide(here));
                if self.offset == end {
                    self.value_ended(sink)?;
                }
                continue;
            }
            if self.offset >= self.limit {
                return Err(ProtobufErrorKind::BeyondMessage);
            }
            self.byte(byte, sink)?;
            rest = after;
        }
        Ok(())
    }

    /// One byte that is not payload.
    fn byte(&mut self, byte: u8, sink: &mut impl Sink) -> Result<(), ProtobufErrorKind> {
        let next = self.offset.saturating_add(1);
        match self.state {
            State::Key => {
                if self.varint.shift == 0 {
                    self.extent.key = self.offset;
                }
                if let Some(key) = self.varint.push(byte)? {
                    let key = Key::parse(key)?;
                    self.offset = next;
                    return self.field(key, sink);
                }
            }
            State::Number => {
                if let Some(value) = self.varint.push(byte)? {
                    if self.interest == Interest::Take {
                        sink.number(value);
                    }
                    self.offset = next;
                    return self.value_ended(sink);
                }
            }
            State::Length => {
                if let Some(length) = self.varint.push(byte)? {
                    self.offset = next;
                    return self.payload(length, sink);
                }
            }
            State::Fixed { missing, shift } => {
                self.varint.value |= u64::from(byte).wrapping_shl(shift);
                let missing = missing.saturating_sub(1);
                self.offset = next;
                if missing == 0 {
                    let Varint { value, .. } = core::mem::take(&mut self.varint);
                    if self.interest == Interest::Take {
                        sink.number(value);
                    }
                    return self.value_ended(sink);
                }
                self.state = State::Fixed { missing, shift: shift.saturating_add(8) };
                return Ok(());
            }
            State::Payload { .. } => {}
        }
        self.offset = next;
        Ok(())
    }

    fn field(&mut self, key: Key, sink: &mut impl Sink) -> Result<(), ProtobufErrorKind> {
        if key.wire_type == WireType::EndGroup {
            return match self.open.pop() {
                Some(Level::Group { number }) if number == key.number => self.boundary(sink),
                _ => Err(ProtobufErrorKind::UnexpectedEndGroup),
            };
        }
        self.interest = match self.open.last() {
            Some(Level::Group { .. }) => Interest::Skip,
            _ => sink.field(key, self.extent.key)?,
        };
        let is_a_leaf = self.interest == Interest::Take && key.wire_type != WireType::StartGroup;
        if !is_a_leaf && self.open.len() >= MAX_DEPTH {
            return Err(ProtobufErrorKind::TooDeep);
        }
        if self.interest == Interest::Enter && key.wire_type != WireType::LengthDelimited {
            return Err(ProtobufErrorKind::WrongWireType);
        }
        self.extent.length = self.offset;
        self.extent.value = self.offset;
        self.state = match key.wire_type {
            WireType::Varint => State::Number,
            WireType::Fixed64 => return self.fixed(8, sink),
            WireType::Fixed32 => return self.fixed(4, sink),
            WireType::LengthDelimited => State::Length,
            WireType::StartGroup | WireType::EndGroup => {
                self.open.push(Level::Group { number: key.number });
                return self.boundary(sink);
            }
        };
        Ok(())
    }

    /// A field of four or eight bytes begins.
    fn fixed(&mut self, missing: u32, sink: &mut impl Sink) -> Result<(), ProtobufErrorKind> {
        if self.interest != Interest::Take {
            return self.payload(u64::from(missing), sink);
        }
        self.state = State::Fixed { missing, shift: 0 };
        Ok(())
    }

    /// The length of what is to be skipped, taken or entered is known.
    fn payload(&mut self, length: u64, sink: &mut impl Sink) -> Result<(), ProtobufErrorKind> {
        let end = self.offset.checked_add(length).filter(|end| *end <= self.limit);
        let end = end.ok_or(ProtobufErrorKind::BeyondMessage)?;
        self.extent.value = self.offset;
        if self.interest == Interest::Enter {
            let extent = Extent { end, ..self.extent };
            self.open.push(Level::Message { extent, outer_limit: self.limit });
            self.limit = end;
            return self.boundary(sink);
        }
        self.state = State::Payload { end };
        if length == 0 { self.value_ended(sink) } else { Ok(()) }
    }

    fn value_ended(&mut self, sink: &mut impl Sink) -> Result<(), ProtobufErrorKind> {
        if self.interest == Interest::Take {
            sink.end(Extent { end: self.offset, ..self.extent })?;
        }
        self.boundary(sink)
    }

    /// Between two fields: closes the messages that end here.
    fn boundary(&mut self, sink: &mut impl Sink) -> Result<(), ProtobufErrorKind> {
        self.state = State::Key;
        while self.offset == self.limit {
            match self.open.last() {
                Some(Level::Message { extent, outer_limit }) => {
                    let extent = *extent;
                    self.limit = *outer_limit;
                    self.open.pop();
                    sink.end(extent)?;
                }
                Some(Level::Group { .. }) => return Err(ProtobufErrorKind::BeyondMessage),
                None => break,
            }
        }
        Ok(())
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Varint {
    /// Adds a byte; gives the value with the last one and is empty again.
    fn push(&mut self, byte: u8) -> Result<Option<u64>, ProtobufErrorKind> {
        // The tenth byte has room for one bit, and no other may follow.
        if self.shift == 63 && byte > 1 {
            return Err(ProtobufErrorKind::VarintTooLong);
        }
        self.value |= u64::from(byte & 0x7f).wrapping_shl(self.shift);
        if byte & 0x80 != 0 {
            self.shift = self.shift.saturating_add(7);
            return Ok(None);
        }
        Ok(Some(core::mem::take(self).value))
    }
}
