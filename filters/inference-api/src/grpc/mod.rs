//! gRPC as it goes over HTTP/2.
//!
//! Source: grpc/grpc, `doc/PROTOCOL-HTTP2.md`.

mod frames;
mod headers;

pub(crate) use frames::PREFIX_BYTES;
pub use frames::{FrameError, FrameReader, Part};
pub use headers::{TimeoutError, encode_message, is_grpc, parse_timeout};
