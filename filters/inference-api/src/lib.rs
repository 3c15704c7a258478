//! Every wire API of model servers that the gateway reads, incrementally.
//!
//! A body is never kept. Readers are state machines: they are pushed the bytes
//! as Envoy has them, hold a few hundred bytes whatever the body's size is, and
//! give the same answer however the bytes are cut. Nothing in here calls the
//! host.
//!
//! From the bytes up:
//!
//! | module | reads | oracle in the tests |
//! |---|---|---|
//! | [`json`] | JSON texts, and wanted fields of their top-level object | `serde_json` |
//! | [`protobuf`] | the wire format, and wanted fields by path of numbers | `prost` |
//! | [`grpc`] | length-prefixed messages; content type, timeout, message | a naive reader |
//! | [`multipart`] | forms, and the one field that is wanted | a naive reader, `multer` |
//! | [`sse`] | the events of a streamed answer | a naive reader |
//! | [`dialect`] | (method, path, content type): which API, which operation | tables |
//! | [`identity`] | the model and version that a body names | the above |
//! | [`demand`] | what a generative request asks for | `serde_json` |
//! | [`workload`] | what a request brings: a prompt's demand, or rows and elements of tensors | `serde_json`, `prost` |
//! | [`usage`] | what an answer says it used, what was streamed of it | `serde_json` |
//! | [`orca`] | how busy a server says it is, in its answer's headers | `prost`, `serde_json` |
//! | [`errors`] | writes a refusal in the client's dialect | clients' schemas |
//!
//! A filter goes through it in this order: [`dialect::classify`] a request's
//! head; push the body through an [`identity::BodyReader`] made from what the
//! [`dialect::Call`] says of the body; refuse with [`errors::error_body`].

mod cursor;
#[cfg(test)]
mod cuts;
pub mod demand;
pub mod dialect;
pub mod errors;
pub mod grpc;
pub mod identity;
pub mod json;
pub mod multipart;
pub mod orca;
mod places;
pub mod protobuf;
pub mod sse;
pub mod tensor;
pub mod usage;
mod utf8;
pub mod workload;

/// A length in memory as a length on the wire; they are not the same type,
/// because a body can be longer than what a 32-bit `usize` counts.
fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
