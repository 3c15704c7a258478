use crate::json::Kind;
use core::fmt;
use core::mem::discriminant;

/// Something by which a message is none of its API's, though it is JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901) such as `/inputs/1/shape`, empty for the
    /// whole message. Keys that the client made up stand in it as `*`.
    pub place: String,
    /// What.
    pub kind: FaultKind,
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The member stands twice in its object; servers differ in which one counts.
    Duplicate,
    /// The member is missing.
    Missing,
    /// The value is of another type.
    WrongType {
        /// What it is.
        found: Kind,
        /// What it should be.
        expected: Expected,
    },
    /// The name is longer than [`MAX_NAME_BYTES`](crate::tensor::MAX_NAME_BYTES).
    NameTooLong,
    /// There are more tensors than [`JsonLimits`](super::JsonLimits) allow;
    /// the further ones were not read.
    TooManyTensors,
    /// Neither `instances` nor `inputs` is there, or `predictions` nor `outputs`.
    NeitherForm,
    /// Both are there.
    BothForms,
    /// An instance has other inputs than the first one.
    KeySetsDiffer,
    /// Some instances are objects of named inputs, and some are not.
    MixedInstances,
    /// The JSON should be longer than the body is.
    HeaderBeyondBody {
        /// `Inference-Header-Content-Length`, in bytes.
        header: u64,
        /// The body's length in bytes.
        body: u64,
    },
    /// The binary data behind the JSON is not as long as its tensors together.
    BinaryBytes {
        /// How many bytes there are.
        found: u64,
        /// The sum of all `binary_data_size`.
        expected: u64,
    },
}

/// What a value should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// An object.
    Object,
    /// A list.
    List,
    /// A string.
    String,
    /// A whole number from 0 to 2^63 - 1, written without fraction and exponent.
    WholeNumber,
    /// A list of whole numbers of 64 bits with a sign, written like that.
    WholeNumbers,
}

/// So many faults of each kind are kept: one kind can't hide another one.
pub const MAX_FAULTS_OF_A_KIND: usize = 4;

impl fmt::Display for Expected {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Object => "an object",
            Self::List => "a list",
            Self::String => "a string",
            Self::WholeNumber => "a whole number",
            Self::WholeNumbers => "a list of whole numbers",
        })
    }
}

/// The faults of a message, as many as are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    kept: Vec<Fault>,
}

impl Faults {
    /// Writes a fault down. Its place is only made if it is kept.
    pub(super) fn add(&mut self, kind: FaultKind, place: impl FnOnce() -> String) {
        let is_same = |fault: &&Fault| discriminant(&fault.kind) == discriminant(&kind);
        if self.kept.iter().filter(is_same).count() < MAX_FAULTS_OF_A_KIND {
            self.kept.push(Fault { place: place(), kind });
        }
    }

    pub(super) fn kept(&self) -> &[Fault] {
        &self.kept
    }
}
