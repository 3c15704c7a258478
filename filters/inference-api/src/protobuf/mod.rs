//! Protobuf's wire format, read as it comes.
//!
//! [`Reader`] walks over one message piece by piece and asks a [`Sink`] about
//! each field: skip it, take it, or enter it as a message. [`fields`] is the
//! sink for "what stands in field 2 of field 1?"; an [`ElementCounter`] helps a
//! sink that asks "how many numbers are in it?".
//!
//! What is accepted and what is read equals prost's `decode` of a message type
//! that declares the wanted fields: unknown fields and groups are skipped, the
//! last value wins, repeated occurrences of a sub-message merge, the members of
//! a oneof displace each other, 100 levels of nesting at most.
//!
//! Source: protobuf.dev, "Encoding".

mod elements;
mod error;
pub mod fields;
mod path;
mod reader;
mod sink;

pub use elements::{ElementCounter, ElementType};
pub use error::{ProtobufError, ProtobufErrorKind};
pub(crate) use fields::Fields;
pub use fields::{Field, FieldReader, Found, FoundValue, MAX_PLACES, OneOf, Shape, WantedField};
pub use path::{FieldPath, FieldPathError};
pub use reader::Reader;
pub use sink::{Extent, Interest, Key, Sink, WireType};

#[cfg(test)]
mod tests;
