//! What became of a request.

use filter_kit::ResponseFlags;

/// What became of a request. Exactly one of these holds for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename_all = "snake_case"))]
pub enum Outcome {
    /// It was answered.
    Ok,
    /// The client's fault: a status of 400 to 499, what gRPC has for that, or a breach of
    /// the protocol.
    ClientError,
    /// A filter of the gateway refused it.
    Refused,
    /// The model server's fault, or there was none: a status of 500 and above, what gRPC
    /// has for that, or an error in an answer that had begun.
    UpstreamError,
    /// Nobody waited any longer: the client's deadline, a route's or a listener's.
    Timeout,
    /// The client went away before its answer was complete.
    ClientLeft,
    /// The answer broke off in the middle.
    Cut,
}

/// The values of the label `outcome`, in the order of [`Outcome`].
pub(crate) const OUTCOMES: &[&str] =
    &["ok", "client_error", "refused", "upstream_error", "timeout", "client_left", "cut"];

/// The values of the label `grpc_status`: codes in words, in their order.
///
/// Source: grpc/grpc, `doc/statuscodes.md`.
pub(crate) const GRPC_STATUSES: &[&str] = &[
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
    OTHER,
];

/// The values of the label `finish_reason`: `OpenAI`'s of completions and of responses,
/// then Anthropic's.
pub(crate) const FINISH_REASONS: &[&str] = &[
    "stop",
    "length",
    "tool_calls",
    "function_call",
    "content_filter",
    "completed",
    "incomplete",
    "failed",
    "cancelled",
    "max_output_tokens",
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
    OTHER,
];

/// What stands in a label for everything that has no value of its own.
pub(crate) const OTHER: &str = "other";

/// The status of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// The HTTP status; 0 if there was no answer.
    pub(crate) http: u16,
    /// The gRPC status, if it had one.
    pub(crate) grpc: Option<u8>,
}

/// How far an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It never began.
    Awaited,
    /// It began.
    Begun,
    /// It is complete.
    Complete,
    /// It is complete as a message, but its content stops in the middle.
    Truncated,
    /// It says in its content that it failed.
    Failed,
    /// Envoy follows where it points to, which is another exchange.
    Redirected,
}

impl Outcome {
    /// What became of a request that no filter refused.
    pub(crate) fn of(progress: Progress, status: Status, flags: ResponseFlags) -> Self {
        match progress {
            // It was known by then.
            Progress::Complete | Progress::Truncated | Progress::Failed if flags.timed_out() => {
                Self::Timeout
            }
            Progress::Complete => Self::of_status(status),
            Progress::Redirected => Self::Ok,
            Progress::Failed => Self::UpstreamError,
            Progress::Truncated => Self::Cut,
            _ if flags.client_left() => Self::ClientLeft,
            _ if flags.client_erred() => Self::ClientError,
            _ if flags.timed_out() => Self::Timeout,
            Progress::Begun => Self::Cut,
            Progress::Awaited => Self::UpstreamError,
        }
    }

    /// By status alone.
    ///
    /// Source: OpenTelemetry's semantic conventions v1.41.1, "gRPC": which codes are
    /// the server's fault.
    fn of_status(status: Status) -> Self {
        // Who says that all is well has not said why it is not.
        match (status.http, status.grpc.filter(|code| *code != 0)) {
            (_, Some(1)) | (499, None) => Self::ClientLeft,
            (_, Some(4)) | (408 | 504, None) => Self::Timeout,
            (100..=399, None) => Self::Ok,
            (_, Some(3 | 5..=11 | 16)) | (400..=499, None) => Self::ClientError,
            _ => Self::UpstreamError,
        }
    }

    /// Its place in [`OUTCOMES`].
    pub(crate) const fn position(self) -> usize {
        match self {
            Self::Ok => 0,
            Self::ClientError => 1,
            Self::Refused => 2,
            Self::UpstreamError => 3,
            Self::Timeout => 4,
            Self::ClientLeft => 5,
            Self::Cut => 6,
        }
    }

    /// The value of the label.
    pub(crate) fn name(self) -> &'static str {
        OUTCOMES.get(self.position()).copied().unwrap_or(OTHER)
    }
}

/// The value of the label `grpc_status` for a code, by its place.
pub(crate) fn grpc_status(code: u8) -> usize {
    let last = GRPC_STATUSES.len().saturating_sub(1);
    usize::from(code).min(last)
}

/// A finish reason, if it is one that is known: servers are not trusted with labels.
pub(crate) fn finish_reason(said: &str) -> &'static str {
    FINISH_REASONS.get(finish_reason_position(said)).copied().unwrap_or(OTHER)
}

/// Its place in [`FINISH_REASONS`].
pub(crate) fn finish_reason_position(said: &str) -> usize {
    let last = FINISH_REASONS.len().saturating_sub(1);
    FINISH_REASONS.iter().position(|known| *known == said).unwrap_or(last)
}
