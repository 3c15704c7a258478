//! Every rule by which a payload can be refused.

use filter_kit::GrpcCode;
use inference_api::errors::ErrorKind;
use serde::Deserialize;

/// A rule: what the client finds in `x-inference-rejected`, and the operator in
/// the metrics and in the configuration's `rules`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The path or gRPC method is not open to clients.
    Access,
    /// The request has too many headers, or too many bytes of them.
    HeaderCount,
    /// The content type is not accepted.
    ContentType,
    /// The content encoding is not accepted.
    ContentEncoding,
    /// The body is too large.
    BodyBytes,
    /// A gRPC message is too large.
    MessageBytes,
    /// Objects and arrays stand too deep inside each other.
    JsonDepth,
    /// A string is too long.
    StringBytes,
    /// The body is not what its content type or its API says.
    Malformed,
    /// The payload can't be checked: it is compressed, or written in a way that
    /// its contract can't be held against. What happens then is `on_fault`.
    Unreadable,
    /// A field that decides what a tensor is stands twice.
    DuplicateField,
    /// A tensor breaks the rules of its own protocol.
    TensorProtocol,
    /// A `*_val` field of TensorFlow's has another number of elements than the
    /// shape. TensorFlow pads and cuts, so this is off by default.
    TensorPadding,
    /// A tensor is missing that the contract requires.
    TensorMissing,
    /// A tensor is none of the contract's.
    TensorUnknown,
    /// A tensor is there twice.
    TensorDuplicate,
    /// There are more tensors than allowed.
    TensorCount,
    /// A tensor has another datatype.
    TensorDatatype,
    /// A tensor has another shape.
    TensorShape,
    /// The batch is too large.
    TensorBatch,
    /// A value is infinite or not a number.
    TensorFinite,
    /// A value is below the minimum or above the maximum.
    TensorRange,
    /// A byte string of a tensor is too long.
    TensorStringBytes,
    /// A required field is missing.
    Required,
    /// A field has another type, or is none of the values that it may have.
    FieldValue,
    /// A number is out of its range.
    FieldRange,
    /// A message has a role that its API does not have.
    Role,
    /// A message's content, or a part of it, is not made as its API says.
    Content,
    /// A tool, or a call of one, is not made as its API says.
    Tools,
    /// There are more messages than allowed.
    MessageCount,
    /// There are more tools than allowed.
    ToolCount,
    /// There are more inputs than allowed.
    InputCount,
    /// There are more images than allowed.
    ImageCount,
    /// There is more text than allowed.
    Characters,
    /// More tokens may be asked for than allowed.
    MaxTokens,
    /// Prompt and answer are estimated to go beyond the context window.
    ContextWindow,
    /// The body does not fit the JSON Schema.
    JsonSchema,
    /// A patch closes this to clients.
    Patch,
}

/// What becomes of a payload that breaks a rule.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is refused.
    Enforce,
    /// It goes on; this is counted.
    ReportOnly,
    /// It goes on.
    Off,
}

impl Rule {
    /// All of them, in the order of the documents.
    pub const ALL: [Self; 38] = [
        Self::Access,
        Self::HeaderCount,
        Self::ContentType,
        Self::ContentEncoding,
        Self::BodyBytes,
        Self::MessageBytes,
        Self::JsonDepth,
        Self::StringBytes,
        Self::Malformed,
        Self::Unreadable,
        Self::DuplicateField,
        Self::TensorProtocol,
        Self::TensorPadding,
        Self::TensorMissing,
        Self::TensorUnknown,
        Self::TensorDuplicate,
        Self::TensorCount,
        Self::TensorDatatype,
        Self::TensorShape,
        Self::TensorBatch,
        Self::TensorFinite,
        Self::TensorRange,
        Self::TensorStringBytes,
        Self::Required,
        Self::FieldValue,
        Self::FieldRange,
        Self::Role,
        Self::Content,
        Self::Tools,
        Self::MessageCount,
        Self::ToolCount,
        Self::InputCount,
        Self::ImageCount,
        Self::Characters,
        Self::MaxTokens,
        Self::ContextWindow,
        Self::JsonSchema,
        Self::Patch,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::HeaderCount => "header_count",
            Self::ContentType => "content_type",
            Self::ContentEncoding => "content_encoding",
            Self::BodyBytes => "body_bytes",
            Self::MessageBytes => "message_bytes",
            Self::JsonDepth => "json_depth",
            Self::StringBytes => "string_bytes",
            Self::Malformed => "malformed",
            Self::Unreadable => "unreadable",
            Self::DuplicateField => "duplicate_field",
            Self::TensorProtocol => "tensor_protocol",
            Self::TensorPadding => "tensor_padding",
            Self::TensorMissing => "tensor_missing",
            Self::TensorUnknown => "tensor_unknown",
            Self::TensorDuplicate => "tensor_duplicate",
            Self::TensorCount => "tensor_count",
            Self::TensorDatatype => "tensor_datatype",
            Self::TensorShape => "tensor_shape",
            Self::TensorBatch => "tensor_batch",
            Self::TensorFinite => "tensor_finite",
            Self::TensorRange => "tensor_range",
            Self::TensorStringBytes => "tensor_string_bytes",
            Self::Required => "required",
            Self::FieldValue => "field_value",
            Self::FieldRange => "field_range",
            Self::Role => "role",
            Self::Content => "content",
            Self::Tools => "tools",
            Self::MessageCount => "message_count",
            Self::ToolCount => "tool_count",
            Self::InputCount => "input_count",
            Self::ImageCount => "image_count",
            Self::Characters => "characters",
            Self::MaxTokens => "max_tokens",
            Self::ContextWindow => "context_window",
            Self::JsonSchema => "json_schema",
            Self::Patch => "patch",
        }
    }

    /// What sort of error it is to the client.
    pub const fn kind(self) -> ErrorKind {
        match self {
            Self::Access => ErrorKind::PermissionDenied,
            Self::ContentType | Self::ContentEncoding | Self::Unreadable => {
                ErrorKind::UnsupportedMedia
            }
            Self::BodyBytes | Self::MessageBytes => ErrorKind::TooLarge,
            Self::HeaderCount
            | Self::JsonDepth
            | Self::Malformed
            | Self::DuplicateField
            | Self::TensorProtocol
            | Self::TensorPadding
            | Self::Required
            | Self::FieldValue
            | Self::Role
            | Self::Content
            | Self::Tools => ErrorKind::InvalidArgument,
            Self::StringBytes
            | Self::TensorMissing
            | Self::TensorUnknown
            | Self::TensorDuplicate
            | Self::TensorCount
            | Self::TensorDatatype
            | Self::TensorShape
            | Self::TensorBatch
            | Self::TensorFinite
            | Self::TensorRange
            | Self::TensorStringBytes
            | Self::FieldRange
            | Self::MessageCount
            | Self::ToolCount
            | Self::InputCount
            | Self::ImageCount
            | Self::Characters
            | Self::MaxTokens
            | Self::ContextWindow
            | Self::JsonSchema
            | Self::Patch => ErrorKind::Unprocessable,
        }
    }

    /// The gRPC status that the client gets.
    pub const fn grpc(self) -> GrpcCode {
        match self.kind() {
            ErrorKind::TooLarge => GrpcCode::ResourceExhausted,
            ErrorKind::PermissionDenied => GrpcCode::PermissionDenied,
            // A client library takes this one to mean: send it uncompressed.
            ErrorKind::UnsupportedMedia if matches!(self, Self::ContentEncoding) => {
                GrpcCode::Unimplemented
            }
            _ => GrpcCode::InvalidArgument,
        }
    }

    /// What happens where the configuration doesn't say.
    pub const fn default_mode(self) -> Mode {
        match self {
            Self::TensorPadding => Mode::Off,
            _ => Mode::Enforce,
        }
    }
}
