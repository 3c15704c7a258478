use filter_kit::Headers;

/// How a request fared, as headers or trailers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was answered.
    Good,
    /// It was refused, or could not be served.
    Failed,
    /// Nobody waited for its end any more; its server may have worked on it.
    Abandoned,
}

impl Outcome {
    pub(super) fn of(headers: &Headers) -> Self {
        let status = headers.first(":status").unwrap_or_default();
        match (headers.first("grpc-status"), status) {
            // CANCELLED and DEADLINE_EXCEEDED.
            (Some(b"1" | b"4"), _) | (_, b"408" | b"499" | b"504") => Self::Abandoned,
            (Some(b"0") | None, [b'1'..=b'3', ..] | []) => Self::Good,
            _ => Self::Failed,
        }
    }
}
