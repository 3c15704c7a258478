use core::fmt;

use crate::grpc::FrameError;
use crate::json::{JsonError, Kind};
use crate::multipart::{BoundaryError, MultipartError};
use crate::protobuf::ProtobufError;

/// Why a body does not say which model it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// There is no body, or no gRPC message in it.
    Empty,
    /// It should be JSON and is not.
    Json(JsonError),
    /// It is JSON but no object.
    NotAnObject(Kind),
    /// `model` is not a string.
    ModelNotText(Kind),
    /// It should be a form, and its content type does not say where the parts
    /// end.
    NotAForm(BoundaryError),
    /// It is no form that all servers read alike.
    Form(MultipartError),
    /// The model's name or the version is longer than this many bytes.
    NameTooLong {
        /// The limit.
        limit: usize,
    },
    /// It is named more than once, with different values or where even the same
    /// may not be repeated.
    Repeated(NamePart),
    /// The first gRPC message is compressed: it is not read.
    Compressed,
    /// It is not a sequence of gRPC messages.
    Frame(FrameError),
    /// The first gRPC message is not the message it should be.
    Protobuf(ProtobufError),
}

/// Part of what a body names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePart {
    /// The model.
    Model,
    /// The version or its label.
    Version,
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => out.write_str("the request has no body"),
            Self::Json(error) => write!(out, "the request body is not valid JSON: {error}"),
            Self::NotAnObject(kind) => {
                write!(out, "the request body must be a JSON object, not {}", name_of(*kind))
            }
            Self::ModelNotText(kind) => {
                write!(out, "`model` must be a string, not {}", name_of(*kind))
            }
            Self::NotAForm(error) => write!(out, "the request must be a form: {error}"),
            Self::Form(error) => write!(out, "the request body is not a valid form: {error}"),
            Self::NameTooLong { limit } => {
                write!(out, "the model's name is longer than {limit} bytes")
            }
            Self::Repeated(NamePart::Model) => {
                out.write_str("the request body names its model more than once")
            }
            Self::Repeated(NamePart::Version) => {
                out.write_str("the request body names its model's version more than once")
            }
            Self::Compressed => out.write_str("compressed gRPC messages are not accepted"),
            Self::Frame(error) => write!(out, "malformed gRPC body: {error}"),
            Self::Protobuf(error) => write!(out, "malformed request message: {error}"),
        }
    }
}

impl core::error::Error for Malformed {}

const fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Object => "an object",
        Kind::Array => "an array",
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::Boolean(_) => "a boolean",
        Kind::Null => "null",
    }
}

impl From<JsonError> for Malformed {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl From<MultipartError> for Malformed {
    fn from(error: MultipartError) -> Self {
        Self::Form(error)
    }
}

impl From<FrameError> for Malformed {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

impl From<ProtobufError> for Malformed {
    fn from(error: ProtobufError) -> Self {
        Self::Protobuf(error)
    }
}
