//! JSON, read as it comes.
//!
//! [`Reader`] checks a JSON text piece by piece and tells a [`Sink`] what it is
//! made of; the sink says for each value whether it wants to hear of its
//! inside. [`fields`] is the sink for "what is this request's `model`?". Of arrays
//! of numbers, [`Survey`] says what they are like without their being told.
//!
//! What is accepted is what `serde_json` accepts for its `Value`: RFC 8259
//! without a byte order mark, UTF-8 and surrogate pairs checked, 127 containers
//! inside each other at most, and no number beyond a 64-bit float (`1e999` is an
//! error, `1e-999` is zero). Duplicate keys are not an error here.

mod blocks;
mod byte_order_mark;
mod decimal;
mod decoded;
mod error;
mod escapes;
pub mod fields;
mod number;
mod reader;
mod scalars;
mod scan;
mod sink;
mod skim;
mod skip;
mod strings;
mod survey;
mod surveyed;
mod tally;

pub use byte_order_mark::ByteOrderMark;
pub use error::{JsonError, JsonErrorKind};
pub use fields::{Field, FieldLimits, FieldReader, Found, FoundValue};
pub use reader::{NotedLimits, NumberWords, Options, Reader};
pub use scan::{plain_run, text_run};
pub use sink::{Interest, Kind, Sink, Spelling};
pub use survey::Survey;

#[cfg(test)]
mod tests;
