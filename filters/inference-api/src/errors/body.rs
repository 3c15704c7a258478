use serde_json::{Value, json};

use super::{ErrorKind, ErrorReport, Violation, bounded};
use crate::dialect::Dialect;

const JSON: &str = "application/json";

/// The content type and the body of an answer that refuses a request.
///
/// For gRPC the body is the message as plain text: it becomes `grpc-message`.
///
/// A violation stands in the error object as `violation`, a member that no client
/// library looks for.
///
/// Sources: OpenAI's OpenAPI file, `Error`; Anthropic's API, "Errors"; Open
/// Inference Protocol, `inference_rest.md`; TensorFlow Serving, `api_rest.md`.
pub fn error_body(dialect: Dialect, report: &ErrorReport<'_>) -> (&'static str, Vec<u8>) {
    let message = bounded(report.message);
    let mut body = match dialect {
        Dialect::OpenAi => json!({ "error": {
            "message": message,
            "type": openai_type(report.kind),
            "param": report.param,
            "code": report.code,
        } }),
        Dialect::Anthropic => json!({ "type": "error", "error": {
            "type": anthropic_type(report.kind),
            "message": message,
        } }),
        Dialect::OpenInferenceRest | Dialect::TensorFlowServingRest | Dialect::Http => {
            json!({ "error": message })
        }
        Dialect::OpenInferenceGrpc | Dialect::TensorFlowServingGrpc | Dialect::Grpc => {
            return ("application/grpc", message.into_bytes());
        }
    };
    if let Some(Violation { rule, field, found, allowed }) = report.violation {
        let violation = json!({ "rule": rule, "field": field, "found": found, "allowed": allowed });
        // Where the error is an object it stands there, else beside the sentence.
        let inner = body.pointer_mut("/error").and_then(Value::as_object_mut).is_some();
        let object = if inner { body.pointer_mut("/error") } else { Some(&mut body) };
        if let Some(object) = object.and_then(Value::as_object_mut) {
            object.insert("violation".to_owned(), violation);
        }
    }
    (JSON, body.to_string().into_bytes())
}

const fn openai_type(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidArgument
        | ErrorKind::NotFound
        | ErrorKind::TooLarge
        | ErrorKind::UnsupportedMedia
        | ErrorKind::Unprocessable
        | ErrorKind::Unimplemented => "invalid_request_error",
        ErrorKind::Unauthenticated => "authentication_error",
        ErrorKind::PermissionDenied => "permission_error",
        ErrorKind::QuotaExceeded => "rate_limit_error",
        ErrorKind::Overloaded | ErrorKind::DeadlineExceeded | ErrorKind::Internal => "server_error",
    }
}

const fn anthropic_type(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidArgument
        | ErrorKind::UnsupportedMedia
        | ErrorKind::Unprocessable
        | ErrorKind::Unimplemented => "invalid_request_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::Unauthenticated => "authentication_error",
        ErrorKind::PermissionDenied => "permission_error",
        ErrorKind::QuotaExceeded => "rate_limit_error",
        ErrorKind::Overloaded => "overloaded_error",
        ErrorKind::DeadlineExceeded => "timeout_error",
        ErrorKind::Internal => "api_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const MESSAGE: &str = "the model `x\"y` does not exist";

    fn body(dialect: Dialect) -> serde_json::Value {
        let mut report = ErrorKind::NotFound.report(dialect, MESSAGE);
        report.param = Some("model");
        report.code = Some("model_not_found");
        let (content_type, body) = error_body(dialect, &report);
        assert_eq!(content_type, "application/json");
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn openai_clients_get_an_error_object() {
        let error = json!({
            "message": MESSAGE,
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        });
        assert_eq!(body(Dialect::OpenAi), json!({ "error": error }));
    }

    #[test]
    fn a_violation_is_told_for_programs_in_every_dialect() {
        let mut report = ErrorKind::Unprocessable.report(Dialect::Http, "too many");
        let (rule, field) = ("tensor_shape", "/inputs/0/shape");
        let violation = Violation { rule, field, found: "[2]", allowed: "[1]" };
        report.violation = Some(violation);
        let expected = json!({ "rule": rule, "field": field, "found": "[2]", "allowed": "[1]" });
        for (dialect, place) in [
            (Dialect::OpenAi, "/error/violation"),
            (Dialect::Anthropic, "/error/violation"),
            (Dialect::OpenInferenceRest, "/violation"),
            (Dialect::TensorFlowServingRest, "/violation"),
            (Dialect::Http, "/violation"),
        ] {
            let body: Value = serde_json::from_slice(&error_body(dialect, &report).1).unwrap();
            assert_eq!(body.pointer(place), Some(&expected), "{dialect:?}");
        }
    }

    #[test]
    fn openai_clients_get_null_where_nothing_is_known() {
        let report = ErrorKind::Internal.report(Dialect::OpenAi, "x");
        let (_, body) = error_body(Dialect::OpenAi, &report);
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(body["error"]["param"].is_null() && body["error"]["code"].is_null());
        assert_eq!(body["error"].as_object().unwrap().len(), 4);
    }

    #[test]
    fn anthropic_clients_get_a_typed_error() {
        let error = json!({ "type": "not_found_error", "message": MESSAGE });
        assert_eq!(body(Dialect::Anthropic), json!({ "type": "error", "error": error }));
    }

    #[test]
    fn predictive_servers_clients_get_a_sentence() {
        for dialect in [Dialect::OpenInferenceRest, Dialect::TensorFlowServingRest, Dialect::Http] {
            assert_eq!(body(dialect), json!({ "error": MESSAGE }));
        }
    }

    #[test]
    fn grpc_clients_get_plain_text() {
        for dialect in [Dialect::OpenInferenceGrpc, Dialect::TensorFlowServingGrpc, Dialect::Grpc] {
            let report = ErrorKind::NotFound.report(dialect, MESSAGE);
            let expected = ("application/grpc", MESSAGE.as_bytes().to_vec());
            assert_eq!(error_body(dialect, &report), expected);
        }
    }

    #[test]
    fn an_overloaded_gateway_answers_as_the_api_does() {
        let status = |dialect| ErrorKind::Overloaded.report(dialect, "").http_status;
        assert_eq!(status(Dialect::Anthropic), 529);
        assert_eq!(status(Dialect::OpenAi), 503);
    }

    #[test]
    fn every_api_tells_the_kind_of_an_error_in_its_own_words() {
        for (kind, openai, anthropic) in [
            (ErrorKind::NotFound, "invalid_request_error", "not_found_error"),
            (ErrorKind::PermissionDenied, "permission_error", "permission_error"),
            (ErrorKind::Unauthenticated, "authentication_error", "authentication_error"),
            (ErrorKind::QuotaExceeded, "rate_limit_error", "rate_limit_error"),
            (ErrorKind::TooLarge, "invalid_request_error", "request_too_large"),
            (ErrorKind::DeadlineExceeded, "server_error", "timeout_error"),
            (ErrorKind::Internal, "server_error", "api_error"),
        ] {
            for (dialect, word) in [(Dialect::OpenAi, openai), (Dialect::Anthropic, anthropic)] {
                let (_, body) = error_body(dialect, &kind.report(dialect, MESSAGE));
                let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(body["error"]["type"], word, "{kind:?} to {dialect:?}");
            }
        }
    }

    #[test]
    fn a_status_is_that_of_the_apis_own_servers() {
        for (kind, http, grpc) in [
            (ErrorKind::InvalidArgument, 400, 3),
            (ErrorKind::Unauthenticated, 401, 16),
            (ErrorKind::PermissionDenied, 403, 7),
            (ErrorKind::NotFound, 404, 5),
            (ErrorKind::QuotaExceeded, 429, 8),
            (ErrorKind::Unimplemented, 501, 12),
            (ErrorKind::DeadlineExceeded, 504, 4),
        ] {
            for dialect in [
                Dialect::OpenAi,
                Dialect::Anthropic,
                Dialect::OpenInferenceRest,
                Dialect::TensorFlowServingRest,
                Dialect::Grpc,
            ] {
                let report = kind.report(dialect, "");
                assert_eq!((report.http_status, report.grpc_code), (http, grpc), "{kind:?}");
            }
        }
    }
}
