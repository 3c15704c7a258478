//! Request bodies read as JSON, within bounds, and answers written as JSON.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// As large as Triton takes them by default.
pub(crate) const LARGEST_BODY_BYTES: usize = 64 << 20;

/// Triton's binary tensors follow the JSON, which this header bounds; they are not served here.
const BINARY_TENSORS_HEADER: HeaderName =
    HeaderName::from_static("inference-header-content-length");

/// A request's headers, and its body as far as it could be had; the handler words the refusal.
pub(crate) struct JsonBody {
    pub(crate) headers: HeaderMap,
    body: Result<Bytes, Refusal>,
}

impl JsonBody {
    pub(crate) async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let body = match readable(&parts.headers) {
            Ok(()) => collect(body).await,
            Err(refusal) => Err(refusal),
        };
        Self { headers: parts.headers, body }
    }

    /// # Errors
    /// A body that did not arrive, is no JSON or has other fields than `T`; the place is the path
    /// of the field.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let bytes = self.body.as_ref().map_err(Refusal::clone)?;
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let parsed = serde_path_to_error::deserialize(&mut json).map_err(|problem| {
            let place = problem.path().to_string();
            let place = if place == "." { String::new() } else { place };
            Refusal::malformed(place, problem.inner().to_string())
        })?;
        json.end().map_err(|problem| Refusal::malformed("", problem.to_string()))?;
        Ok(parsed)
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::read(request).await)
    }
}

pub(crate) fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).expect("answers have text keys and finite numbers");
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn readable(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(BINARY_TENSORS_HEADER) {
        let problem = "binary tensors are not served here; send JSON, or raw contents over gRPC";
        return Err(Refusal::malformed(BINARY_TENSORS_HEADER.as_str(), problem));
    }
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(Refusal::EncodedBody {
            encoding: String::from_utf8_lossy(encoding.as_bytes()).into_owned(),
        }),
        _ => Ok(()),
    }
}

async fn collect(body: Body) -> Result<Bytes, Refusal> {
    match Limited::new(body, LARGEST_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(problem) if problem.is::<LengthLimitError>() => {
            Err(Refusal::BodyTooLarge { limit_bytes: LARGEST_BODY_BYTES })
        }
        Err(_) => Err(Refusal::BodyCutOff),
    }
}
