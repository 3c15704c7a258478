//! A request of which only the beginning is edited: that goes on while the rest
//! still comes, and the rest flows by.

use super::{Splice, any_bytes, around, echoing, edited, plan, with_plan};
use fastrand::Rng;
use integration_tests::{Call, Client, Gateway, Listening, Upstream, in_time, whole};
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

#[tokio::test]
async fn a_watched_request_may_be_longer_than_what_envoy_holds() {
    let upstream = Upstream::echo().await;
    let small =
        Listening { buffer_bytes: 65_536, stream_window_bytes: 65_536, ..Listening::default() };
    let gateway = around(&upstream).listening(small).start().await;
    for mut client in clients(&gateway).await {
        for length in [65_535, 65_536, 65_537, 200_000, 3_000_000] {
            let body = any_bytes(&mut Rng::with_seed(7), length);
            for request in [json!({"watch": true}), json!({"hold": 9, "watch": true})] {
                let call = Call::post("/").header("content-length", length.to_string());
                let call = with_plan(call.body(body.clone()), &request, &json!({}));
                let answer = client.send(call).await;
                assert_eq!(answer.status, 200, "{length} bytes: {}", answer.text_body());
                assert!(upstream.last().body == body, "{length} bytes");
                upstream.forget();
            }
        }
    }
}
