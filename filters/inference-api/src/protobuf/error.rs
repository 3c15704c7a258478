use core::fmt;

/// Why bytes are not the message they should be, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtobufError {
    /// What is wrong.
    pub kind: ProtobufErrorKind,
    /// At which byte of the message.
    pub offset: u64,
}

/// What makes bytes not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtobufErrorKind {
    /// A varint of more than ten bytes, or of more than 64 bits.
    VarintTooLong,
    /// A field's key of more than 32 bits.
    KeyTooLarge,
    /// Field number 0.
    FieldNumberZero,
    /// Wire type 6 or 7.
    UnknownWireType,
    /// A field that we know, in another wire type than its own.
    WrongWireType,
    /// The end of a group that was not begun, or not here.
    UnexpectedEndGroup,
    /// Something that goes on beyond the end of the message around it.
    BeyondMessage,
    /// More than 100 messages and groups inside each other.
    TooDeep,
    /// A string that is not UTF-8.
    InvalidUtf8,
    /// A packed field that ends inside an element.
    PartialElement,
    /// The message ends inside a field or group.
    UnexpectedEnd,
}

impl fmt::Display for ProtobufError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self.kind {
            ProtobufErrorKind::VarintTooLong => "varint of more than 64 bits",
            ProtobufErrorKind::KeyTooLarge => "field key of more than 32 bits",
            ProtobufErrorKind::FieldNumberZero => "field number 0",
            ProtobufErrorKind::UnknownWireType => "unknown wire type",
            ProtobufErrorKind::WrongWireType => "field of another wire type than its own",
            ProtobufErrorKind::UnexpectedEndGroup => "end of a group that was not begun",
            ProtobufErrorKind::BeyondMessage => "field goes beyond the message around it",
            ProtobufErrorKind::TooDeep => "too many nested messages and groups",
            ProtobufErrorKind::InvalidUtf8 => "string that is not UTF-8",
            ProtobufErrorKind::PartialElement => "packed field that ends inside an element",
            ProtobufErrorKind::UnexpectedEnd => "the message ends inside a field",
        };
        write!(out, "{sentence} at byte {} of the message", self.offset)
    }
}

impl core::error::Error for ProtobufError {}
