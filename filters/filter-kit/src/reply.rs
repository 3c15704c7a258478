use std::borrow::Cow;

/// An answer that the gateway gives in the model server's place.
///
/// One reply serves both kinds of client. Over HTTP: status, headers and body.
/// Over gRPC: Envoy turns it into a trailers-only answer in which
/// `grpc-status` is [`grpc`](Self::grpc) and `grpc-message` is the body, so for
/// a gRPC client the body is a plain sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it means that the gateway answers.
    pub kind: ReplyKind,
    /// The HTTP status, such as 404.
    pub status: u16,
    /// The gRPC status.
    pub grpc: GrpcCode,
    /// Further headers; over gRPC they become trailing metadata.
    pub headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
    /// Who answered and why, as `filter;rule`. Stands in the access log as
    /// `%RESPONSE_CODE_DETAILS%`; a refusal shows it to the client as well.
    pub reason: String,
}

/// What it means that the gateway answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// The request is refused. The client finds why in
    /// [`Reply::REASON_HEADER`].
    Refusal,
    /// The request is answered: the gateway knows what was asked for.
    Answer,
}

impl Reply {
    /// The header in which a client finds the [`reason`](Self::reason) of a
    /// refusal.
    pub const REASON_HEADER: &'static str = "x-inference-rejected";
}

/// A gRPC status code.
///
/// Source: grpc/grpc, `doc/statuscodes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcCode {
    /// The client's fault, whatever state the system is in.
    InvalidArgument,
    /// The deadline expired before the operation was complete.
    DeadlineExceeded,
    /// The requested entity was not found.
    NotFound,
    /// The caller may not do this.
    PermissionDenied,
    /// A quota is used up, or a message is too large.
    ResourceExhausted,
    /// The system is not in the state that the operation needs.
    FailedPrecondition,
    /// The operation is not implemented or not enabled.
    Unimplemented,
    /// Something that should hold did not.
    Internal,
    /// The service can't answer now; trying again may help.
    Unavailable,
    /// No valid credentials.
    Unauthenticated,
}

impl GrpcCode {
    /// The number that goes over the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::InvalidArgument => 3,
            Self::DeadlineExceeded => 4,
            Self::NotFound => 5,
            Self::PermissionDenied => 7,
            Self::ResourceExhausted => 8,
            Self::FailedPrecondition => 9,
            Self::Unimplemented => 12,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }
}
