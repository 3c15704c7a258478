//! Which requests are written: every one that does not end well, and of the others a part.

use super::recipe::{Stand, chat, chat_with};
use crate::prediction::{predict, predict_from};
use integration_tests::{Call, Client, eventually};
use serde_json::json;

#[tokio::test]
async fn what_does_not_end_well_is_written_and_says_how() {
    let stand = Stand::sampling(0).await;
    for (call, outcome) in [
        (chat_with(json!({"model": "unicorn"})), "refused"),
        (chat_with(json!({"max_tokens": 5000})), "refused"),
        (predict_from(5), "refused"),
        (chat().header("x-wanted", "failure"), "upstream_error"),
        (predict().header("x-wanted", "grpc failure"), "upstream_error"),
        (chat_with(json!({"stream": true})).header("x-wanted", "error event"), "upstream_error"),
        (chat_with(json!({"stream": true})).header("x-wanted", "cut"), "cut"),
    ] {
        let entry = stand.entry_of(call).await;
        assert_eq!(entry["outcome"], outcome, "{entry}");
    }
}

#[tokio::test]
async fn what_is_not_measured_is_written_by_its_status() {
    let stand = Stand::sampling(0).await;
    let entry = stand.entry_of(Call::get("/favicon.ico")).await;
    assert_eq!((&entry["status"], &entry["outcome"]), (&json!(404), &json!(null)), "{entry}");
}

#[tokio::test]
async fn of_what_goes_well_a_part_is_written() {
    let stand = Stand::sampling(50).await;
    let mut client = stand.gateway.http2().await;
    for _ in 0..200 {
        assert_eq!(client.send(chat()).await.status, 200);
    }
    // Lines are written in order: what is there before this one is all.
    let log = stand.gateway.access_log();
    _ = client.send(chat_with(json!({"model": "unicorn"}))).await;
    log.wait_for("the last one", |entry| entry["outcome"] == "refused").await;
    let written = log.entries().len() - 1;
    assert!((60..140).contains(&written), "{written} of 200");
}

#[tokio::test]
async fn the_part_can_be_changed_while_envoy_runs() {
    let stand = Stand::sampling(0).await;
    let mut client = stand.gateway.http2().await;
    assert_eq!(client.send(chat()).await.status, 200);
    let mut admin = Client::http1(stand.gateway.admin().address()).await;
    let change = Call::post("/runtime_modify?access_log.sampled=100").body("");
    assert_eq!(admin.send(change).await.status, 200);
    eventually("a line", async || {
        assert_eq!(client.send(chat()).await.status, 200);
        stand.gateway.access_log().entries().pop()
    })
    .await;
}
