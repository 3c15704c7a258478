//! Bodies that are longer than may be held: refused, or let by and cut off where
//! they break a rule. Then the model server never has all of them.

use super::refusal::refused;
use super::requests::{iris, predict, rest_binary, scores};
use super::{Call, Client, Gateway, Received, Stand, Upstream, json, validator};
use integration_tests::{Ending, eventually, in_time, whole};
use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many bytes are held.
const HELD: usize = 4096;

/// Longer than that and than Envoy shows at once.
const LONG: usize = 3 << 20;

fn config(beyond_hold: &str) -> Value {
    json!({
        "hold_up_to_bytes": HELD,
        "beyond_hold": beyond_hold,
        "contracts": [
            {"generative": {"max_tokens": 100}},
            iris_of_any_length(),
            scores_of_any_length(),
        ],
    })
}

fn iris_of_any_length() -> Value {
    let mut contract = iris();
    contract["tensors"].as_object_mut().unwrap().remove("max_batch");
    contract
}

fn scores_of_any_length() -> Value {
    let mut contract = scores();
    contract["tensors"]["inputs"][0]["shape"] = json!([-1]);
    contract
}

/// A chat of about that length that says at its end how many tokens it wants.
fn long_chat(content: usize, max_tokens: u32) -> Call {
    let content = "x".repeat(content);
    Call::post("/v1/chat/completions").header("content-type", "application/json").body(format!(
        r#"{{"messages": [{{"role": "user", "content": "{content}"}}], "max_tokens": {max_tokens}}}"#
    ))
}

/// A chat of about that length that does not end.
fn endless_chat(content: usize) -> Call {
    let call = long_chat(content, 1);
    let body = call.body_bytes();
    call.body(body.slice(..body.len() - 1))
}

/// Many values, the last of which is this one.
fn long_values(last: f32) -> Vec<f32> {
    let mut values = vec![0.5; LONG / 4];
    *values.last_mut().unwrap() = last;
    values
}

fn long_binary(last: f32) -> Call {
    let values = long_values(last);
    let rows = i64::try_from(values.len() / 4).unwrap();
    rest_binary(&[rows, 4], &values, values.len() * 4)
}

/// The same over HTTP/1.1 without a content-length.
fn chunked(call: &Call) -> Call {
    let body = call.body_bytes();
    call.clone().pieces([body.slice(..body.len() / 2), body.slice(body.len() / 2..)])
}

/// Sends a call of which the model server gets a part at most, checks why, and gives what
/// it got.
async fn check_cut(stand: &Stand, client: &mut Client, call: Call, rule: &str) -> Vec<Received> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    stand.server.forget();
    let number = CALLS.fetch_add(1, Ordering::Relaxed).to_string();
    let call = call.header("x-call", &number);
    let is_grpc = call.header_text("content-type").is_some_and(|it| it == "application/grpc");
    let sent = call.body_bytes();
    let answer = client.send(call).await;
    let reason = answer.header_text("x-inference-rejected");
    assert_eq!(reason, Some(format!("payload-validator;{rule}")), "{answer:?}");
    assert_eq!(answer.grpc_status().is_some(), is_grpc);
    // A fast client may be through before Envoy is connected with the server, which may
    // then get a part of it during the next call.
    let seen = eventually("the break", async || {
        let mut seen = stand.server.received();
        seen.retain(|request| request.header_text("x-call").as_ref() == Some(&number));
        seen.iter().all(|request| request.ending != Ending::Open).then_some(seen)
    })
    .await;
    for request in &seen {
        assert_eq!(request.ending, Ending::Broken, "the model server has all of it");
        assert!(sent.starts_with(&request.body), "what it got was changed");
    }
    seen
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    let stand = Stand::new(&config("refuse")).await;
    let limit = format!("at most {HELD} bytes");
    let found = format!("a body of more than {HELD} bytes");
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, long_chat(HELD / 2, 1)).await;
        for content in [HELD, LONG] {
            let expected = refused(413, "body_bytes", ["", &found, &limit]);
            stand.check(&mut client, long_chat(content, 1), expected.as_ref()).await;
            let call = chunked(&long_chat(content, 1));
            stand.check(&mut client, call, expected.as_ref()).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    let expected = refused(8, "body_bytes", ["", &found, &limit]);
    stand.check(&mut client, predict(&long_values(0.5)), expected.as_ref()).await;
}

#[tokio::test]
async fn a_long_body_within_its_contract_goes_by_unchanged() {
    let stand = Stand::new(&config("stream")).await;
    for mut client in stand.clients().await {
        for call in [long_chat(LONG, 100), long_binary(0.5)] {
            stand.assert_passes(&mut client, call.clone()).await;
            stand.assert_passes(&mut client, chunked(&call)).await;
            stand.assert_passes(&mut client, call.trailer("x-end", "of it")).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    stand.assert_passes(&mut client, predict(&long_values(0.5))).await;
}

#[tokio::test]
async fn a_long_body_is_cut_off_where_it_breaks_a_rule() {
    let stand = Stand::new(&config("stream")).await;
    for mut client in stand.clients().await {
        for (call, rule) in [
            (long_chat(LONG, 101), "max_tokens"),
            (endless_chat(LONG), "malformed"),
            (long_binary(f32::NAN), "tensor_finite"),
            (long_binary(11.0), "tensor_range"),
        ] {
            check_cut(&stand, &mut client, call.clone(), rule).await;
            check_cut(&stand, &mut client, chunked(&call), rule).await;
            check_cut(&stand, &mut client, call.trailer("x-end", "of it"), rule).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    let bad = predict(&long_values(f32::NAN));
    check_cut(&stand, &mut client, bad.clone(), "tensor_finite").await;
    check_cut(&stand, &mut client, bad.trailer("x-end", "of it"), "tensor_finite").await;
    let counter = "inference_validator_cut_total";
    let labels = [("model", "other"), ("version", "other"), ("rule", "max_tokens")];
    stand.gateway.wait_for_metric(counter, &labels, |count| count == 6.0).await;
    let labels = [("model", "scores"), ("version", "other"), ("rule", "tensor_finite")];
    stand.gateway.wait_for_metric(counter, &labels, |count| count == 2.0).await;
}

#[tokio::test]
async fn a_server_that_counts_bytes_does_not_get_the_last_ones() {
    // Over HTTP/1.1 with a content-length, it would take the request for whole.
    let server = Upstream::echo().await;
    let gateway = Gateway::builder()
        .wasm(&validator(&config("stream")))
        .http1_cluster("server", &[server.address()])
        .start()
        .await;
    let stand = Stand { gateway, server };
    for mut client in stand.clients().await {
        let with_length = |call: Call| {
            let length = call.body_bytes().len().to_string();
            chunked(&call).header("content-length", length)
        };
        for (call, rule) in [
            (endless_chat(LONG), "malformed"),
            (long_chat(LONG, 101), "max_tokens"),
            (long_binary(f32::NAN), "tensor_finite"),
        ] {
            let length = call.body_bytes().len();
            let received = check_cut(&stand, &mut client, with_length(call), rule).await;
            assert!(received.iter().all(|request| request.body.len() < length), "every byte");
        }
        stand.assert_passes(&mut client, with_length(long_chat(LONG, 100))).await;
    }
}

#[tokio::test]
async fn what_was_cut_off_within_what_is_held_never_arrives() {
    let stand = Stand::new(&config("stream")).await;
    for mut client in stand.clients().await {
        let expected = refused(422, "max_tokens", ["/max_tokens", "101 tokens", "at most 100"]);
        let call = Call::post("/v1/chat/completions")
            .body(format!(r#"{{"max_tokens": 101, "messages": [], "x": "{}"}}"#, "x".repeat(LONG)));
        stand.check(&mut client, call, expected.as_ref()).await;
        stand.check(&mut client, long_chat(100, 101), expected.as_ref()).await;
    }
}

#[tokio::test]
async fn a_beginning_goes_on_before_the_end_is_sent() {
    let stand = Stand::new(&config("stream")).await;
    for mut client in stand.clients().await {
        stand.server.forget();
        let body = long_chat(2 * HELD, 101).body_bytes();
        let (first, second) = (body.slice(..HELD + 10), body.slice(HELD + 10..));
        let (mut sender, answer) = client.open(Call::post("/v1/chat/completions"));
        let answer = tokio::spawn(answer);
        sender.send_data(first.clone()).await.unwrap();
        stand.server.wait_for("the beginning", |request| request.body == first).await;
        sender.send_data(second).await.unwrap();
        drop(sender);
        let head = in_time("the answer", answer).await.unwrap().expect("an answer");
        let answer = whole(head).await.expect("a whole answer");
        assert_eq!(answer.status, 422, "{answer:?}");
        let broken = |request: &Received| request.ending == Ending::Broken;
        assert_eq!(stand.server.wait_for("the break", broken).await.body, first);
    }
}
