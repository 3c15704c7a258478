//! Why a request was refused, and how the client is told.

use crate::differentials::Differential;
use crate::identity::Source;
use crate::router::ModelRouter;
use core::fmt;
use filter_kit::{Filter, GrpcCode, Reply, ReplyKind};
use inference_api::dialect::{Dialect, PathError, QueryError};
use inference_api::errors::{ErrorKind, error_body, quoted, status_details};
use inference_api::identity::Malformed;
use inference_api::json::JsonErrorKind;

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// Nothing in it names a model, and there is no default.
    NoModel,
    /// It names a model that isn't served here.
    UnknownModel { model: String },
    /// It names a version that the model doesn't have.
    UnknownVersion { model: String, version: String },
    /// It names two different ones.
    Contradiction { what: &'static str, first: (Source, String), second: (Source, String) },
    /// It comes from a tenant that isn't known.
    UnknownTenant,
    /// Its tenant may not use this model, or this version of it.
    Forbidden { model: String },
    /// A header that must be one word is not.
    Header { name: String },
    /// Its path names a model in a way that can't be read.
    Path(PathError),
    /// Its query string names a model in a way that can't be read.
    Query(QueryError),
    /// Its body can't be read, so it is not known what it means.
    Body(Malformed),
    /// A server may read its body differently.
    Differential(Differential),
    /// Its model did not show within the bytes that are held back.
    TooLarge { limit: u32 },
}

/// The rule that refused a request: what the client finds in
/// `x-inference-rejected` and the operator in the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    NoModel,
    UnknownModel,
    UnknownVersion,
    Contradiction,
    UnknownTenant,
    ForbiddenModel,
    BadHeader,
    BadPath,
    BadQuery,
    MalformedBody,
    Differential(Differential),
    BodyTooLarge,
}

impl Rule {
    pub(crate) const ALL: [Self; 17] = [
        Self::NoModel,
        Self::UnknownModel,
        Self::UnknownVersion,
        Self::Contradiction,
        Self::UnknownTenant,
        Self::ForbiddenModel,
        Self::BadHeader,
        Self::BadPath,
        Self::BadQuery,
        Self::MalformedBody,
        Self::Differential(Differential::DuplicateModel),
        Self::Differential(Differential::EscapedModel),
        Self::Differential(Differential::ByteOrderMark),
        Self::Differential(Differential::CompressedBody),
        Self::Differential(Differential::MissingContentType),
        Self::Differential(Differential::WrongContentType),
        Self::BodyTooLarge,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoModel => "no_model",
            Self::UnknownModel => "unknown_model",
            Self::UnknownVersion => "unknown_version",
            Self::Contradiction => "contradiction",
            Self::UnknownTenant => "unknown_tenant",
            Self::ForbiddenModel => "forbidden_model",
            Self::BadHeader => "bad_header",
            Self::BadPath => "bad_path",
            Self::BadQuery => "bad_query",
            Self::MalformedBody => "malformed_body",
            Self::Differential(differential) => differential.name(),
            Self::BodyTooLarge => "body_too_large",
        }
    }
}

impl From<Malformed> for Rejection {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Repeated(_) => Self::Differential(Differential::DuplicateModel),
            Malformed::Compressed => Self::Differential(Differential::CompressedBody),
            Malformed::Json(error) if error.kind == JsonErrorKind::ByteOrderMark => {
                Self::Differential(Differential::ByteOrderMark)
            }
            other => Self::Body(other),
        }
    }
}

impl Rejection {
    /// The case of two readings that this is about, if it is.
    pub(crate) const fn differential(&self) -> Option<Differential> {
        match self {
            Self::Differential(differential) => Some(*differential),
            _ => None,
        }
    }

    pub(crate) const fn rule(&self) -> Rule {
        match self {
            Self::NoModel => Rule::NoModel,
            Self::UnknownModel { .. } => Rule::UnknownModel,
            Self::UnknownVersion { .. } => Rule::UnknownVersion,
            Self::Contradiction { .. } => Rule::Contradiction,
            Self::UnknownTenant => Rule::UnknownTenant,
            Self::Forbidden { .. } => Rule::ForbiddenModel,
            Self::Header { .. } => Rule::BadHeader,
            Self::Path(_) => Rule::BadPath,
            Self::Query(_) => Rule::BadQuery,
            Self::Differential(differential) => Rule::Differential(*differential),
            Self::Body(_) => Rule::MalformedBody,
            Self::TooLarge { .. } => Rule::BodyTooLarge,
        }
    }

    /// The answer, in the dialect that the client speaks.
    pub(crate) fn reply(&self, dialect: Dialect) -> Reply {
        let message = self.to_string();
        let mut report = self.kind().report(dialect, &message);
        report.param = self.param();
        report.code = Some(self.code());
        let mut headers = Vec::new();
        let body = if dialect.is_grpc() {
            headers.push(("grpc-status-details-bin".into(), status_details(&report).into_bytes()));
            message.clone().into_bytes()
        } else {
            let (content_type, body) = error_body(dialect, &report);
            headers.push(("content-type".into(), content_type.into()));
            body
        };
        Reply {
            status: report.http_status,
            grpc: self.grpc(),
            headers,
            body,
            kind: ReplyKind::Refusal,
            reason: format!("{};{}", ModelRouter::NAME, self.rule().name()),
        }
    }

    const fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownModel { .. } | Self::UnknownVersion { .. } => ErrorKind::NotFound,
            Self::UnknownTenant | Self::Forbidden { .. } => ErrorKind::PermissionDenied,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Differential(
                Differential::CompressedBody
                | Differential::MissingContentType
                | Differential::WrongContentType,
            ) => ErrorKind::UnsupportedMedia,
            Self::NoModel
            | Self::Contradiction { .. }
            | Self::Header { .. }
            | Self::Path(_)
            | Self::Query(_)
            | Self::Differential(_)
            | Self::Body(_) => ErrorKind::InvalidArgument,
        }
    }

    const fn grpc(&self) -> GrpcCode {
        match self {
            Self::UnknownModel { .. } | Self::UnknownVersion { .. } => GrpcCode::NotFound,
            Self::UnknownTenant | Self::Forbidden { .. } => GrpcCode::PermissionDenied,
            Self::TooLarge { .. } => GrpcCode::ResourceExhausted,
            // A client library takes this one to mean: send it uncompressed.
            Self::Differential(Differential::CompressedBody) => GrpcCode::Unimplemented,
            _ => GrpcCode::InvalidArgument,
        }
    }

    /// The field that is wrong, where one is.
    fn param(&self) -> Option<&str> {
        match self {
            Self::NoModel
            | Self::UnknownModel { .. }
            | Self::UnknownVersion { .. }
            | Self::Contradiction { .. }
            | Self::Forbidden { .. }
            | Self::Differential(Differential::DuplicateModel | Differential::EscapedModel)
            | Self::Body(Malformed::ModelNotText(_) | Malformed::NameTooLong { .. }) => {
                Some("model")
            }
            Self::Header { name } => Some(name),
            _ => None,
        }
    }

    /// OpenAI's own word where it has one: its client libraries know it.
    const fn code(&self) -> &'static str {
        match self {
            Self::UnknownModel { .. } => "model_not_found",
            _ => self.rule().name(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModel => out.write_str("the request names no model"),
            Self::UnknownModel { model } => {
                write!(out, "the model {} does not exist", quoted(model))
            }
            Self::UnknownVersion { model, version } => {
                write!(out, "the model {} has no version {}", quoted(model), quoted(version))
            }
            Self::Contradiction { what, first, second } => write!(
                out,
                "{} name the {what} {}, but {} name {}",
                first.0,
                quoted(&first.1),
                second.0,
                quoted(&second.1)
            ),
            Self::UnknownTenant => out.write_str("the request names no tenant that is known here"),
            Self::Forbidden { model } => {
                write!(out, "this tenant may not use the model {}", quoted(model))
            }
            Self::Header { name } => write!(out, "the header `{name}` must stand once and be text"),
            Self::Path(error) => error.fmt(out),
            Self::Query(error) => error.fmt(out),
            Self::Body(malformed) => malformed.fmt(out),
            Self::Differential(differential) => out.write_str(match differential {
                Differential::DuplicateModel => "the body names several different models",
                Differential::EscapedModel => "`model` must be written without escapes",
                Differential::ByteOrderMark => "the body must not begin with a byte order mark",
                Differential::CompressedBody => {
                    "compressed request bodies are not accepted: send it uncompressed"
                }
                Differential::MissingContentType | Differential::WrongContentType => {
                    "the content type must be application/json"
                }
            }),
            Self::TooLarge { limit } => {
                write!(out, "the request is larger than the {limit} bytes that are accepted")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn unknown() -> Rejection {
        Rejection::UnknownModel { model: "no\"such".to_owned() }
    }

    fn json(reply: &Reply) -> serde_json::Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn an_openai_client_gets_an_openai_error() {
        let reply = unknown().reply(Dialect::OpenAi);
        assert_eq!((reply.status, reply.reason.as_str()), (404, "model-router;unknown_model"));
        let error = json(&reply)["error"].clone();
        assert_eq!(error["code"], "model_not_found");
        assert_eq!(error["param"], "model");
        assert_eq!(error["message"], "the model `no\"such` does not exist");
    }

    #[test]
    fn other_http_clients_get_a_sentence() {
        for dialect in [Dialect::OpenInferenceRest, Dialect::TensorFlowServingRest, Dialect::Http] {
            let reply = unknown().reply(dialect);
            assert_eq!(json(&reply)["error"], "the model `no\"such` does not exist");
        }
    }

    #[test]
    fn a_grpc_client_gets_a_status_with_details() {
        let reply = Rejection::NoModel.reply(Dialect::Grpc);
        assert_eq!(reply.grpc, GrpcCode::InvalidArgument);
        assert_eq!(reply.body, b"the request names no model");
        assert!(reply.headers.iter().any(|(name, _)| name == "grpc-status-details-bin"));
        assert!(reply.headers.iter().all(|(name, _)| name != "content-type"));
    }

    #[test]
    fn both_statuses_say_the_same() {
        let rejections = [
            (Rejection::NoModel, 400, GrpcCode::InvalidArgument),
            (unknown(), 404, GrpcCode::NotFound),
            (Rejection::TooLarge { limit: 1 }, 413, GrpcCode::ResourceExhausted),
            (Rejection::from(Malformed::Compressed), 415, GrpcCode::Unimplemented),
            (Rejection::Forbidden { model: "demo".into() }, 403, GrpcCode::PermissionDenied),
        ];
        for (rejection, status, grpc) in rejections {
            let reply = rejection.reply(Dialect::Grpc);
            assert_eq!((reply.status, reply.grpc), (status, grpc), "{rejection:?}");
        }
    }
}
