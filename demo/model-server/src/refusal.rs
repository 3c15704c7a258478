//! Why a request is not answered: the facts once, for every API to put in its own shape.

use std::fmt;

use axum::http::StatusCode;
use tonic::{Code, Status};

/// Why a request is not answered. `Display` is the sentence that the client reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownModel {
        asked: String,
        served: String,
    },
    UnknownVersion {
        model: String,
        asked: String,
        served: String,
    },
    UnknownPath {
        path: String,
    },
    /// `place` is the path of the field in the client's own terms; empty for the whole body.
    Malformed {
        place: String,
        problem: String,
    },
    BodyTooLarge {
        limit_bytes: usize,
    },
    BodyCutOff,
    EncodedBody {
        encoding: String,
    },
    Full {
        limit: usize,
    },
}

impl Refusal {
    pub(crate) fn malformed(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Malformed { place: place.into(), problem: problem.into() }
    }

    pub(crate) fn http_status(&self) -> StatusCode {
        match self {
            Self::UnknownModel { .. } | Self::UnknownVersion { .. } | Self::UnknownPath { .. } => {
                StatusCode::NOT_FOUND
            }
            Self::Malformed { .. } | Self::BodyCutOff => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::EncodedBody { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Full { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn grpc_code(&self) -> Code {
        match self {
            Self::UnknownModel { .. } | Self::UnknownVersion { .. } => Code::NotFound,
            Self::UnknownPath { .. } => Code::Unimplemented,
            Self::Malformed { .. } | Self::BodyCutOff | Self::EncodedBody { .. } => {
                Code::InvalidArgument
            }
            Self::BodyTooLarge { .. } => Code::OutOfRange,
            Self::Full { .. } => Code::Unavailable,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownModel { asked, served } => {
                write!(f, "The model `{asked}` does not exist here; this server has `{served}`")
            }
            Self::UnknownVersion { model, asked, served } => write!(
                f,
                "The version `{asked}` of model `{model}` does not exist here; this server has `{served}`"
            ),
            Self::UnknownPath { path } => write!(f, "Nothing is served at {path}"),
            Self::Malformed { place, problem } if place.is_empty() => f.write_str(problem),
            Self::Malformed { place, problem } => write!(f, "{place}: {problem}"),
            Self::BodyTooLarge { limit_bytes } => {
                write!(f, "The body is larger than {limit_bytes} bytes")
            }
            Self::BodyCutOff => f.write_str("The body ended before its time"),
            Self::EncodedBody { encoding } => {
                write!(f, "This server reads plain bodies only, not content-encoding {encoding}")
            }
            Self::Full { limit } => {
                write!(f, "This server is full: it answers {limit} requests at a time")
            }
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.grpc_code(), refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_server_asks_grpc_and_http_clients_alike_to_try_elsewhere() {
        let full = Refusal::Full { limit: 2 };
        assert_eq!(full.http_status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(Status::from(full).code(), Code::Unavailable);
    }

    #[test]
    fn says_where_in_the_request_the_problem_is() {
        let refusal = Refusal::malformed("features", "must hold 4 numbers, has 3");
        assert_eq!(refusal.to_string(), "features: must hold 4 numbers, has 3");
    }

    #[test]
    fn a_problem_of_the_whole_body_names_no_place() {
        assert_eq!(Refusal::malformed("", "not JSON").to_string(), "not JSON");
    }
}
