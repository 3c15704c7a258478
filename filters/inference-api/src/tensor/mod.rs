//! Tensors, as they stand in requests and answers, read while they go by.
//!
//! A reader makes a [`Tensor`] of each one: what it is said to be (name,
//! datatype, shape) and what its data turned out to be (how many elements and
//! bytes, how they are nested, how large its values are). The data itself is
//! never kept. What that means is for others to judge; [`Tensor::defects`] is
//! what the protocols themselves say.
//!
//! Sources: Open Inference Protocol, `inference_rest.md` and
//! `open_inference_grpc.proto`; Triton, `extension_binary_data.md`; TensorFlow,
//! `tensor.proto`; TensorFlow Serving, `api_rest.md`.

mod conversion;
mod datatype;
mod defects;
pub mod json;
mod message;
mod numbers;
mod open_inference;
mod own;
mod packed;
mod raw;
mod shape;
mod string_list;
mod tensorflow;
mod text;
mod typed_fields;
mod values;
mod varints;
#[cfg(test)]
mod wire;

pub use datatype::{Datatype, DeclaredDatatype};
pub use defects::Defect;
pub use message::{MessageFacts, MessageKind, MessageReader, TensorError, TensorLimits};
pub use own::{OwnEncoding, OwnField};
pub use raw::RawValues;
pub use shape::{Elements, MAX_RANK, Shape};
pub use values::Values;

/// One tensor of a message, after all of it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// Its name; empty where it has none. Cut after [`MAX_NAME_BYTES`].
    pub name: String,
    /// Whether the name is longer than what is kept of it.
    pub name_is_cut: bool,
    /// Of which message part it is the how-manieth, from 0: `inputs[1]` is 1.
    pub position: usize,
    /// What it is said to be made of, if that is said.
    pub datatype: Option<DeclaredDatatype>,
    /// The shape that it is said to have, if that is said.
    pub shape: Option<Shape>,
    /// What its data turned out to be.
    pub data: TensorData,
}

/// The longest name that is kept whole, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

impl Tensor {
    /// Whether this is its name. A name that was cut is none.
    pub fn is_named(&self, name: &str) -> bool {
        !self.name_is_cut && self.name == name
    }
}

/// What a tensor's data turned out to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TensorData {
    /// How it is written.
    pub form: Form,
    /// How many elements it has. `None` where they can't be counted: raw bytes
    /// of an unknown datatype, data that is elsewhere, binary data that ends
    /// inside an element.
    pub elements: Option<u64>,
    /// How many bytes raw data has; 0 for other forms.
    pub bytes: u64,
    /// Of JSON: the shape that its nesting shows; `None` where it is ragged, that
    /// is where lists beside each other differ in length or depth.
    pub nesting: Option<Shape>,
    /// What its values are like, as far as that was asked for.
    pub values: Values,
    /// Whether it came before what says how to read it, so that `values` are
    /// not known though they were asked for, or the `elements` of byte strings.
    /// No client writes a message like that, but it is a legal one.
    pub is_early: bool,
    /// Whether its server makes it fit its shape: TensorFlow repeats the last
    /// element, or cuts.
    pub may_be_padded: bool,
}

/// How a tensor's data is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// There is none.
    #[default]
    Absent,
    /// Bytes, little-endian and row-major: `raw_input_contents`,
    /// `tensor_content`, the binary tensor extension.
    Raw,
    /// A typed field of a protobuf message, such as `fp32_contents`,
    /// `float_val`, or a repeated field of one's own.
    Typed(TypedField),
    /// JSON, nested or flat.
    Json,
    /// Two of these at once.
    Several,
    /// In shared memory of the server.
    SharedMemory,
}

/// Which typed field holds the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypedField {
    /// `bool_contents`, `bool_val`
    Bool,
    /// `int_contents`: 32 bits and less.
    Int32,
    /// TensorFlow's `int_val`, which holds short unsigned numbers, too.
    IntVal,
    /// `int64_contents`, `int64_val`
    Int64,
    /// `uint_contents`: 32 bits and less.
    Uint32,
    /// TensorFlow's `uint32_val`: 32 bits.
    Uint32Val,
    /// `uint64_contents`, `uint64_val`
    Uint64,
    /// `fp32_contents`, `float_val`
    Fp32,
    /// `fp64_contents`, `double_val`
    Fp64,
    /// `bytes_contents`, `string_val`
    Bytes,
    /// `half_val`: 16 bits of a float in an integer.
    Half,
    /// A field of a message of one's own, which holds whatever it is said to hold.
    Own,
}

/// What of a tensor's data is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Elements and bytes are counted. Numbers are passed over where that goes.
    #[default]
    Counted,
    /// Each value is looked at as well: [`TensorData::values`].
    Valued,
}
