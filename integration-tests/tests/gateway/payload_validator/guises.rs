//! The same bad payload in other clothes: however a request says what it is, the
//! model server never has a payload that breaks its contract.

use super::requests::{INFER, infer, iris, predict, rest_tensor, scores, tensorflow_rest, typed};
use super::{Call, Stand, chat, json};

async fn stand() -> Stand {
    Stand::new(&json!({"contracts": [iris(), scores(), {"generative": {"max_tokens": 100}}]})).await
}

/// The call under another content type, or without one.
fn under(call: &Call, path: &str, content_type: Option<&str>) -> Call {
    let mut other = Call::post(path).body(call.body_bytes());
    if let Some(content_type) = content_type {
        other = other.header("content-type", content_type);
    }
    match call.header_text("x-model-name") {
        Some(model) => other.header("x-model-name", model),
        None => other,
    }
}

const CONTENT_TYPES: [Option<&str>; 13] = [
    None,
    Some(""),
    Some("text/plain"),
    Some("application/json; charset=utf-16"),
    Some("APPLICATION/JSON"),
    Some("application/octet-stream"),
    Some("application/x-www-form-urlencoded"),
    Some("multipart/form-data; boundary=x"),
    Some("application/grpc"),
    Some("application/grpc+json"),
    Some("Application/gRPC; x=y"),
    Some("application/grpc-web+proto"),
    Some("application/grpc-web-text"),
];

#[tokio::test]
async fn a_content_type_does_not_hide_a_body() {
    let stand = stand().await;
    let bad = [
        chat(&json!({"max_tokens": 101})),
        rest_tensor(&json!({"data": [1, 2, 3, 11]})),
        tensorflow_rest(r#"{"instances": [{"features": [1, 2, 3, 11]}]}"#),
        infer(vec![typed(&[1, 4], &[11.0; 4])]),
        predict(&[11.0; 4]),
    ];
    for mut client in stand.clients().await {
        for call in &bad {
            for content_type in CONTENT_TYPES {
                let disguised = under(call, call.path(), content_type);
                let answer = stand.refused(&mut client, disguised).await;
                let reason = answer.header_text("x-inference-rejected").unwrap_or_default();
                assert!(
                    reason.starts_with("payload-validator;"),
                    "{} as {content_type:?}: {answer:?}",
                    call.path()
                );
            }
        }
    }
}

#[tokio::test]
async fn a_path_written_otherwise_does_not_hide_a_model() {
    let stand = stand().await;
    let bad = rest_tensor(&json!({"data": [1, 2, 3, 11]}));
    for mut client in stand.clients().await {
        for path in [
            "/v2/models/iris/infer?x=/v2/health/live",
            "/v2/models/iris/infer#x",
            "/v2/models/%69ris/infer",
            "/v2/models/iris/versions/1/infer",
            "/v2/models/iris/versions/%31/infer",
            "/v2/models/iris/infe%72",
        ] {
            let call = under(&bad, path, Some("application/json"));
            stand.server.forget();
            let answer = client.send(call).await;
            // Envoy itself refuses a fragment.
            assert!(answer.status.is_client_error(), "{path}: {answer:?}");
            assert!(stand.server.received().is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn a_method_of_grpc_is_one_whatever_a_request_says() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        for (path, rule) in [
            (INFER, "unreadable"),
            ("/inference.GRPCInferenceService/RepositoryModelLoad", "access"),
        ] {
            for method in ["POST", "PUT", "GET"] {
                let call = Call::new(method, path).header("x-model-name", "iris").body("x");
                let call = call.header("content-type", "application/json");
                let refusal = stand.refusal(&mut client, call).await;
                assert_eq!(refusal.rule, rule, "{method} {path}");
            }
        }
    }
}
