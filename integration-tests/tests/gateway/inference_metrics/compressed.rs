//! Answers in which nothing can be read.

use super::{Stand, answered, chat, config, config_with};
use integration_tests::{Answer, Reply};
use serde_json::json;

/// What a server may send: nobody here looks into it.
const PACKED: &[u8] =
    b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x02\x03 {\"usage\": {\"prompt_tokens\": 99}}";

/// A server that compresses for those who can read it.
fn script(parts: &http::request::Parts) -> Reply {
    let packed = Answer::status(200)
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(PACKED);
    Reply::whole(if parts.headers.contains_key("accept-encoding") { packed } else { answered() })
}

#[tokio::test]
async fn they_are_left_as_they_are_and_estimated() {
    let stand = Stand::new(&config(), script).await;
    for mut client in stand.clients().await {
        let answer = client.send(chat(&json!({})).header("accept-encoding", "gzip, br")).await;
        assert_eq!(answer.body, PACKED);
        assert_eq!(answer.header_text("content-encoding").as_deref(), Some("gzip"));
        let received = stand.server.last();
        assert_eq!(received.header_text("accept-encoding").as_deref(), Some("gzip, br"));
    }
    let demo = [("model", "demo"), ("operation", "chat_completions")];
    stand.wait_for("inference_unread_answers_total", &demo, 2).await;
    stand.wait_for("inference_tokens_total", &[], 0).await;
    // "Hello" is taken for two tokens.
    stand.wait_for("inference_estimated_tokens_total", &[("token_type", "input")], 4).await;
    stand.wait_for("inference_estimated_cost_microunits_total", &[], 8).await;
    stand.wait_for("inference_response_bytes_count", &demo, 2).await;
    let outcomes = stand.outcomes(2).await;
    assert_eq!(outcomes.get("ok"), Some(&2), "{outcomes:?}");
}

#[tokio::test]
async fn servers_can_be_asked_not_to_compress() {
    let stand = Stand::new(&config_with(&json!({"compressed_answers": "ask_plain"})), script).await;
    for mut client in stand.clients().await {
        let call = chat(&json!({})).header("accept-encoding", "gzip").header("accept", "*/*");
        let answer = client.send(call.clone()).await;
        assert_eq!(answer.body, answered().body);
        let received = stand.server.last();
        assert_eq!(received.header_text("accept-encoding"), None);
        assert_eq!(received.header_text("accept").as_deref(), Some("*/*"));
        assert_eq!(received.body, call.body_bytes());
    }
    stand.wait_for("inference_tokens_total", &[("token_type", "input")], 16).await;
    stand.wait_for("inference_unread_answers_total", &[], 0).await;
}
