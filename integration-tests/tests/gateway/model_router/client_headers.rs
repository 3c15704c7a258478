//! What the router tells the model server, and what a client can't tell it.

use super::{Stand, chat, server_of};
use integration_tests::Call;

const OURS: [&str; 4] = ["x-model-name", "x-model-version", "x-model-cluster", "x-model-shadow"];

#[tokio::test]
async fn the_model_server_learns_what_was_decided() {
    let stand = Stand::new().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        server_of(&mut client, chat("demo@v2")).await;
        let received = stand.server("demo-v2").last();
        let said = OURS.map(|name| received.header_text(name));
        let expected = [Some("demo".into()), Some("v2".into()), Some("demo-v2".into()), None];
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn a_client_can_not_choose_the_cluster() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http2().await;
    let call = chat("demo")
        .header("x-model-cluster", "iris")
        .header("x-model-cluster", "nobody")
        .header("x-model-shadow", "iris");
    assert_eq!(server_of(&mut client, call).await, "demo-v1");
    let received = stand.server("demo-v1").last();
    assert_eq!(received.header_values("x-model-cluster"), [b"demo-v1"]);
    assert_eq!(received.header_text("x-model-shadow"), None);
}

#[tokio::test]
async fn what_the_router_leaves_alone_does_not_carry_its_headers_either() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http1().await;
    let call =
        OURS[1..].iter().fold(Call::get("/v1/models"), |call, name| call.header(name, "demo-v1"));
    assert_eq!(server_of(&mut client, call).await, "nobody");
    let received = stand.server("nobody").last();
    assert_eq!(OURS.map(|name| received.header_text(name)), [None, None, None, None]);
}

#[tokio::test]
async fn a_wish_that_contradicts_the_body_is_refused() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http1().await;
    let answer = client.send(chat("demo").header("x-model-name", "iris")).await;
    assert_eq!(answer.status, 400);
    let reason = answer.header_text("x-inference-rejected");
    assert_eq!(reason.as_deref(), Some("model-router;contradiction"));
}
