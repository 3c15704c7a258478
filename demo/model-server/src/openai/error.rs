//! OpenAI's error object.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use crate::http::json_response;
use crate::refusal::Refusal;

/// `{"error": {"message", "type", "param", "code"}}`; a full server adds `retry-after`, because
/// OpenAI's own clients try again by themselves.
pub(super) fn response(refusal: &Refusal) -> Response {
    let status = refusal.http_status();
    let (param, code) = match refusal {
        Refusal::UnknownModel { .. } | Refusal::UnknownVersion { .. } => {
            (Some("model"), Some("model_not_found"))
        }
        Refusal::Malformed { place, .. } if !place.is_empty() => (Some(place.as_str()), None),
        Refusal::Full { .. } => (None, Some("model_overloaded")),
        _ => (None, None),
    };
    let kind = match status {
        StatusCode::SERVICE_UNAVAILABLE => "server_error",
        _ => "invalid_request_error",
    };
    let message = refusal.to_string();
    let error =
        json!({ "error": { "message": message, "type": kind, "param": param, "code": code } });
    let mut response = json_response(status, &error);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
