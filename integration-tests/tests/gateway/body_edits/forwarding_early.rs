//! A request of which only the beginning is edited: that goes on while the rest
//! still comes, and the rest flows by.

use super::{Splice, echoing, edited, plan, with_plan};
use integration_tests::{Call, Client, Gateway, Upstream, in_time, whole};
use serde_json::{Value, json};

const FIRST: &str = r#"{"model":"alias","messages":["#;
const REST: [&str; 2] = [r#"{"role":"user"}"#, "]}"];

fn alias() -> Splice {
    Splice::of(10..15, "demo-v2")
}

fn request() -> Value {
    plan(u64::try_from(FIRST.len()).unwrap(), &[alias()])
}

async fn sent_step_by_step(mut client: Client, upstream: &Upstream, call: Call) -> String {
    let (mut sender, answer) = client.open(with_plan(call, &request(), &json!({})));
    let answer = tokio::spawn(answer);
    let mut expected = String::from_utf8(edited(FIRST.as_bytes(), &[alias()])).unwrap();
    sender.send_data(FIRST.into()).await.unwrap();
    for piece in REST {
        upstream.wait_for("what was sent by now", |request| request.body == expected).await;
        sender.send_data(piece.into()).await.unwrap();
        expected.push_str(piece);
    }
    drop(sender);
    let answer = in_time("the answer", answer).await.unwrap().expect("an answer");
    assert_eq!(whole(answer).await.expect("its end").text_body(), expected);
    expected
}

async fn clients(gateway: &Gateway) -> [Client; 2] {
    [gateway.http1().await, gateway.http2().await]
}

#[tokio::test]
async fn the_edited_beginning_goes_on_before_the_rest_has_come() {
    let (upstream, gateway) = echoing().await;
    for client in clients(&gateway).await {
        sent_step_by_step(client, &upstream, Call::post("/")).await;
        assert_eq!(upstream.last().header_text("content-length"), None);
        upstream.forget();
    }
}

#[tokio::test]
async fn a_content_length_is_that_of_the_whole_body() {
    let (upstream, gateway) = echoing().await;
    let length = FIRST.len() + REST.concat().len();
    for client in clients(&gateway).await {
        let call = Call::post("/").header("content-length", length.to_string());
        let arrived = sent_step_by_step(client, &upstream, call).await;
        let stated = upstream.last().header_text("content-length");
        assert_eq!(stated, Some(arrived.len().to_string()));
        upstream.forget();
    }
}
