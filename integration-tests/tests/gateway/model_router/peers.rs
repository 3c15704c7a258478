//! What other gateways' filters were seen to get wrong, in this same Envoy: a
//! forbidden model that reaches its server, a client that hangs, a filter that
//! dies. Here the forbidden model is one that the configuration doesn't have.

use super::refusals::{assert_refused, refusal};
use super::{Stand, chat, server_of};
use bytes::Bytes;
use integration_tests::{Admin, Call};
use proto::prediction::PredictRequest;
use serde_json::json;
use std::collections::BTreeSet;

/// `{"model":"iris"}`, compressed by gzip.
const COMPRESSED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabV\xca\xcdOI\xcdQ\xb2R\xca,\
    \xca,V\xaa\x05\x00- \xb3O\x10\x00\x00\x00";

/// A chat with this body, whatever it is.
fn chat_of(body: impl Into<Bytes>) -> Call {
    Call::post("/v1/chat/completions").header("content-type", "application/json").body(body)
}

#[tokio::test]
async fn a_model_in_a_later_chunk_counts() {
    let stand = Stand::new().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for position in 0..=chat("forbidden").body_bytes().len() {
            let answer = refusal(&stand, &mut client, chat("forbidden").cut_at(position)).await;
            assert_refused(&answer, 404, "unknown_model");
        }
    }
}

#[tokio::test]
async fn a_body_with_trailers_is_read() {
    let stand = Stand::new().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for position in [0, 20, chat("forbidden").body_bytes().len()] {
            let with_trailers = |model| chat(model).cut_at(position).trailer("x-end", "of it");
            let answer = refusal(&stand, &mut client, with_trailers("forbidden")).await;
            assert_refused(&answer, 404, "unknown_model");
        }
        let call = chat("demo@v2").trailer("x-end", "of it");
        assert_eq!(server_of(&mut client, call).await, "demo-v2");
        stand.server("demo-v2").forget();
    }
}

#[tokio::test]
async fn a_name_counts_however_it_is_spelled() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http2().await;
    for body in [r#"{"model":"forb\u0069dden"}"#, r#"{"mod\u0065l":"forbidden"}"#] {
        let answer = refusal(&stand, &mut client, chat_of(body)).await;
        assert_refused(&answer, 404, "unknown_model");
        assert_eq!(answer.json()["error"]["message"], "the model `forbidden` does not exist");
    }
    assert_eq!(server_of(&mut client, chat_of(r#"{"mod\u0065l":"ir\u0069s"}"#)).await, "iris");
}

#[tokio::test]
async fn a_body_that_names_two_models_names_none() {
    let stand = Stand::new().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for body in [
            r#"{"model":"demo","model":"forbidden"}"#,
            r#"{"model":"demo","mod\u0065l":"iris"}"#,
            r#"{"model":"demo","messages":[{"model":"demo"}],"model":"iris"}"#,
        ] {
            let answer = refusal(&stand, &mut client, chat_of(body)).await;
            assert_refused(&answer, 400, "duplicate_model");
        }
        // The first one decides at once.
        let body = r#"{"model":"forbidden","model":"demo"}"#;
        let answer = refusal(&stand, &mut client, chat_of(body)).await;
        assert_refused(&answer, 404, "unknown_model");
    }
}

#[tokio::test]
async fn a_byte_order_mark_does_not_hide_the_model() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http1().await;
    let call = chat_of("\u{feff}{\"model\":\"forbidden\"}");
    let answer = refusal(&stand, &mut client, call).await;
    assert_refused(&answer, 400, "byte_order_mark");
}

#[tokio::test]
async fn a_compressed_body_does_not_hide_the_model() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http1().await;
    let said = chat_of(COMPRESSED).header("content-encoding", "gzip");
    assert_refused(&refusal(&stand, &mut client, said).await, 415, "compressed_body");
    let unsaid = chat_of(COMPRESSED);
    assert_refused(&refusal(&stand, &mut client, unsaid).await, 400, "malformed_body");
}

#[tokio::test]
async fn a_content_type_does_not_hide_the_model() {
    let stand = Stand::new().await;
    let of_type = |content_type: Option<&str>, model: &str| {
        let call = Call::post("/v1/chat/completions");
        let call = content_type.into_iter().fold(call, |it, kind| it.header("content-type", kind));
        call.body(json!({"model": model}).to_string())
    };
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let missing = refusal(&stand, &mut client, of_type(None, "forbidden")).await;
        assert_refused(&missing, 404, "unknown_model");
        assert_eq!(server_of(&mut client, of_type(None, "iris")).await, "iris");
        stand.server("iris").forget();
        for lying in ["text/plain", "application/xml", "nonsense"] {
            for model in ["forbidden", "iris"] {
                let answer = refusal(&stand, &mut client, of_type(Some(lying), model)).await;
                assert_refused(&answer, 415, "wrong_content_type");
            }
        }
    }
}

#[tokio::test]
async fn the_content_type_of_another_api_leads_to_no_server_unseen() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http2().await;
    let chat = Call::post("/v1/chat/completions").header("content-type", "application/grpc");
    let chat = chat.body(json!({"model": "iris"}).to_string());
    let answer = refusal(&stand, &mut client, chat).await;
    assert_refused(&answer, 200, "wrong_content_type");
    // Without a gRPC client there is no gRPC method: it is not placed at all.
    let path = "/prediction.PredictionService/Predict";
    let message = PredictRequest { features: vec![0.5; 4], model_name: "iris".into() };
    let call = Call::post(path)
        .header("content-type", "application/json")
        .header("x-model-cluster", "iris")
        .body(Call::grpc(path, &message).body_bytes());
    assert_eq!(server_of(&mut client, call).await, "nobody");
    assert_eq!(stand.server("nobody").last().header_text("x-model-cluster"), None);
}

#[tokio::test]
async fn a_routing_header_does_not_help_a_broken_body_through() {
    let stand = Stand::new().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for body in ["{broken", r#"["array"]"#, r#"{"model":"iris""#, ""] {
            let call =
                chat_of(body).header("x-model-cluster", "iris").header("x-model-name", "iris");
            let answer = refusal(&stand, &mut client, call).await;
            assert_refused(&answer, 400, "malformed_body");
        }
    }
}

#[tokio::test]
async fn a_body_above_1_mib_is_refused_in_the_clients_own_dialect() {
    let stand = Stand::new().await;
    let long = "x".repeat(2 << 20);
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for path in ["/v1/chat/completions", "/v1/messages"] {
            let call = Call::post(path).json(&json!({"a": long, "model": "demo"}));
            let answer = refusal(&stand, &mut client, call).await;
            assert_refused(&answer, 413, "body_too_large");
            assert!(answer.json()["error"]["message"].is_string(), "{path}: {answer:?}");
        }
    }
    let message = PredictRequest { features: vec![0.5; 1 << 19], model_name: "demo".into() };
    let call = Call::grpc("/prediction.PredictionService/Predict", &message);
    let answer = refusal(&stand, &mut stand.gateway.http2().await, call).await;
    assert_refused(&answer, 200, "body_too_large");
    assert_eq!(answer.grpc_status(), Some(8));
}

#[tokio::test]
async fn odd_bodies_are_answered_and_kill_nothing() {
    let stand = Stand::new().await;
    let deep = "[".repeat(100_000);
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for body in [
            r#"{"messages":[]}"#,
            r#"{"messages":null,"max_tokens":0}"#,
            "{}",
            r#"{"model":null}"#,
            r#"{"model":""}"#,
            r#"{"model":"@"}"#,
            r#"{"model":{"model":"demo"}}"#,
            r#"{"model":["demo"]}"#,
            r#"{"model":1e999999}"#,
            r#"{"model":"\ud800"}"#,
            r#"{"model":"de\u0000mo"}"#,
            r#"{"":"demo"}"#,
            "null",
            "0",
            "-",
            "\"demo\"",
            "\0",
            &deep,
        ] {
            let answer = refusal(&stand, &mut client, chat_of(body.to_owned())).await;
            let shown = &body[..body.len().min(40)];
            assert!([400, 404].contains(&answer.status.as_u16()), "{shown}: {answer:?}");
            assert!(answer.header_text("x-inference-rejected").is_some(), "{shown}: {answer:?}");
            assert_eq!(server_of(&mut client, chat("demo")).await, "demo-v1", "after {shown}");
            stand.server("demo-v1").forget();
        }
    }
}

#[tokio::test]
async fn made_up_models_make_no_statistics() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http2().await;
    // What the first call of each kind makes.
    server_of(&mut client, chat("demo")).await;
    client.send(chat("made-up")).await;
    let names = statistics(stand.gateway.admin()).await;
    for number in 0..50 {
        client.send(chat(&format!("made-up-{number}"))).await;
        client.send(chat(&format!("demo@made-up-{number}"))).await;
    }
    let (metric, rule) = ("inference_router_refused_total", [("rule", "unknown_version")]);
    stand.gateway.wait_for_metric(metric, &rule, |count| count == 50.0).await;
    assert_eq!(statistics(stand.gateway.admin()).await, names);
}

/// The names of all of Envoy's statistics.
async fn statistics(admin: Admin) -> BTreeSet<String> {
    let listing = admin.get_json("/stats?format=json").await;
    let stats = listing["stats"].as_array().expect("a list");
    let names: BTreeSet<String> =
        stats.iter().filter_map(|stat| stat["name"].as_str().map(str::to_owned)).collect();
    assert!(names.contains("http.gateway.downstream_rq_4xx"), "{names:?}");
    names
}
