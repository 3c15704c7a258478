use core::ops::Range;

use super::{FieldPath, ProtobufErrorKind};

/// What stands before a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The field's number, from 1.
    pub number: u32,
    /// How its value is written.
    pub wire_type: WireType,
}

/// Where a field stands, in bytes from the start of the message.
///
/// Its key, its length and its value follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub(super) key: u64,
    pub(super) length: u64,
    pub(super) value: u64,
    pub(super) end: u64,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireType {
    /// Integers, booleans, enums.
    Varint,
    /// Eight bytes.
    Fixed64,
    /// A length and so many bytes: strings, bytes, messages, packed numbers.
    LengthDelimited,
    /// The start of a group.
    StartGroup,
    /// The end of a group; a [`Sink`] never sees it.
    EndGroup,
    /// Four bytes.
    Fixed32,
}

/// What the sink wants with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Go past it. Groups are always skipped.
    Skip,
    /// Tell its value.
    Take,
    /// Walk over it as a message. Only for [`WireType::LengthDelimited`]; other
    /// fields are then an error.
    Enter,
}

/// Hears what a message is made of, in order. Offsets count bytes from the
/// start of the message.
pub trait Sink {
    /// A field of the innermost entered message begins; its key stands at
    /// `at`.
    ///
    /// # Errors
    /// When the field is not what it must be.
    fn field(&mut self, key: Key, at: u64) -> Result<Interest, ProtobufErrorKind>;

    /// The value of a taken field that is a varint, or four or eight bytes
    /// (little-endian).
    fn number(&mut self, value: u64);

    /// More bytes of a taken field that is length-delimited.
    ///
    /// # Errors
    /// When the bytes are not what they must be.
    fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind>;

    /// A taken field or an entered message ended.
    ///
    /// # Errors
    /// When the value is not what it must be.
    fn end(&mut self, extent: Extent) -> Result<(), ProtobufErrorKind>;
}

impl Extent {
    /// All of it.
    pub const fn whole(&self) -> Range<u64> {
        self.key..self.end
    }

    /// Its length, a varint; empty where the wire type has none.
    pub const fn length(&self) -> Range<u64> {
        self.length..self.value
    }

    /// Its value.
    pub const fn value(&self) -> Range<u64> {
        self.value..self.end
    }
}

impl Key {
    pub(super) fn parse(varint: u64) -> Result<Self, ProtobufErrorKind> {
        let key = u32::try_from(varint).map_err(|_| ProtobufErrorKind::KeyTooLarge)?;
        let wire_type = match key & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::LengthDelimited,
            3 => WireType::StartGroup,
            4 => WireType::EndGroup,
            5 => WireType::Fixed32,
            _ => return Err(ProtobufErrorKind::UnknownWireType),
        };
        let number = key >> 3;
        debug_assert!(number <= FieldPath::MAX_NUMBER, "a 32-bit key leaves 29 bits");
        if number == 0 {
            Err(ProtobufErrorKind::FieldNumberZero)
        } else {
            Ok(Self { number, wire_type })
        }
    }
}
