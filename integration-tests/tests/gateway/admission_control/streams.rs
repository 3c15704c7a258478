//! Streamed answers: what they used, and what the client sees of them.

use super::{Stand, chat, chat_of};
use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use integration_tests::{Answer, Client, Received, Reply, Steps};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const USAGE: &str = "data: {\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\
    \"completion_tokens\":5,\"total_tokens\":15}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn config(include_usage: &str) -> Value {
    json!({
        "limits": [{"name": "budget", "tokens": {"count": 1_000_000, "window_ms": 864_000_000}}],
        "cost": {"bytes_per_token": 1, "include_usage": include_usage},
    })
}

fn token(text: &str) -> String {
    format!(
        "data: {{\"id\": \"1\", \"choices\": [{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"
    )
}

/// Five tokens, after a role and with a comment in between, as servers write it.
fn content() -> String {
    let role = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n";
    let tokens: Vec<String> = ["a", "b", "c", "d", "e"].map(token).into();
    format!("{role}: keep alive\n\n{}", tokens.concat())
}

pub(super) fn streamed() -> Value {
    let mut body = chat_of(100, 700);
    body["stream"] = true.into();
    body
}

pub(super) fn events(body: impl Into<Bytes>) -> Answer {
    Answer::status(200).header("content-type", "text/event-stream").body(body)
}

/// A server that answers each request with the next of these.
pub(super) async fn stand(include_usage: &str, replies: Vec<Reply>) -> Stand {
    let replies = Arc::new(Mutex::new(replies.into_iter()));
    Stand::new(&config(include_usage), 1, move |_| {
        replies.lock().unwrap().next().expect("as many replies as requests")
    })
    .await
}

async fn both(stand: &Stand) -> [Client; 2] {
    [stand.gateway.http1().await, stand.gateway.http2().await]
}

/// What the last of so many requests was settled with.
pub(super) async fn used(stand: &Stand, requests: usize) -> String {
    let log = stand.gateway.access_log();
    log.wait_for("the request", |_| log.entries().len() == requests).await;
    let entry = log.entries().pop().expect("an entry");
    assert_eq!(entry["reserved"], "800");
    entry["used"].as_str().unwrap_or("nothing").to_owned()
}

fn asks_for_usage(received: &Received) -> bool {
    let body: Value = serde_json::from_slice(&received.body).expect("JSON");
    body["stream_options"]["include_usage"] == true
}

/// Two answers, of which the test gives what it wants when it wants.
fn stepwise() -> (Vec<Reply>, Vec<Steps>) {
    (0..2).map(|_| Reply::stepwise(events(""))).unzip()
}

/// Gives three tokens and waits until the client has them.
async fn three_tokens(answer: &mut Response<Incoming>, steps: &mut Steps) {
    let mut seen = Vec::new();
    for text in ["a", "b", "c"] {
        steps.send_data(token(text).into()).await.expect("a reader");
    }
    let whole = ["a", "b", "c"].map(token).concat();
    while seen.len() < whole.len() {
        let frame = answer.body_mut().frame().await.expect("more").expect("no error");
        seen.extend_from_slice(frame.data_ref().expect("data"));
    }
    assert_eq!(seen, whole.as_bytes());
}

#[tokio::test]
async fn a_client_that_cuts_its_stream_pays_for_what_it_got() {
    for include_usage in ["inject", "off"] {
        let (replies, servers) = stepwise();
        let stand = stand(include_usage, replies).await;
        let clients = both(&stand).await;
        for (turn, (mut client, mut steps)) in clients.into_iter().zip(servers).enumerate() {
            let mut answer = client.begin(chat(&streamed())).await;
            three_tokens(&mut answer, &mut steps).await;
            client.leave();
            assert_eq!(used(&stand, turn + 1).await, "103", "{include_usage}");
            // Only now: it is the client that ended it.
            drop(steps);
        }
        stand.wait_for("tokens_used_total", &[("limit", "budget")], 206).await;
        stand.wait_for("tokens_refunded_total", &[("limit", "budget")], 1600 - 206).await;
    }
}

#[tokio::test]
async fn a_server_that_breaks_its_stream_off_is_paid_for_what_it_gave() {
    let (replies, servers) = stepwise();
    let stand = stand("inject", replies).await;
    let clients = both(&stand).await;
    for (turn, (mut client, mut steps)) in clients.into_iter().zip(servers).enumerate() {
        let mut answer = client.begin(chat(&streamed())).await;
        three_tokens(&mut answer, &mut steps).await;
        steps.abort("broken off by the test".into());
        assert!(integration_tests::whole(answer).await.is_err());
        assert_eq!(used(&stand, turn + 1).await, "103");
    }
}

#[tokio::test]
async fn without_usage_it_is_what_was_streamed() {
    let body = content() + DONE;
    let stand = stand("inject", vec![Reply::whole(events(body.clone())); 2]).await;
    for (turn, mut client) in both(&stand).await.into_iter().enumerate() {
        assert_eq!(client.send(chat(&streamed())).await.text_body(), body);
        assert_eq!(used(&stand, turn + 1).await, "105");
        assert!(asks_for_usage(&stand.server.last()), "the server was asked and did not say");
    }
}

#[tokio::test]
async fn the_event_that_was_asked_for_is_taken_out_and_nothing_else() {
    let without = content() + DONE;
    let with = content() + USAGE + DONE;
    let announced =
        |body: &str| events(body.to_owned()).header("content-length", body.len().to_string());
    let replies = vec![
        Reply::whole(events(with.clone())),
        Reply::whole(announced(&with)),
        Reply::whole(events(content() + USAGE)),
        Reply::whole(events(USAGE.to_owned() + &content() + DONE)),
    ];
    let expected = [&without, &without, &content(), &without];
    let stand = stand("inject", [replies.clone(), replies].concat()).await;
    let mut turn = 0;
    for mut client in both(&stand).await {
        for expected in expected {
            let answer = client.send(chat(&streamed())).await;
            assert_eq!(answer.text_body(), *expected);
            turn += 1;
            assert_eq!(used(&stand, turn).await, "15");
            let received = stand.server.last();
            assert!(asks_for_usage(&received));
            let length = received.header_text("content-length").expect("a length");
            assert_eq!(length, received.body.len().to_string());
        }
    }
}

#[tokio::test]
async fn wherever_a_stream_is_cut_its_client_sees_the_same() {
    let whole = token("a") + USAGE + DONE;
    let expected = token("a") + DONE;
    let cuts: Vec<usize> = (1..whole.len()).collect();
    let (replies, servers): (Vec<_>, Vec<_>) =
        cuts.iter().map(|_| Reply::stepwise(events(""))).unzip();
    let stand = stand("inject", replies).await;
    let [mut one, mut two] = both(&stand).await;
    for ((turn, cut), mut steps) in cuts.into_iter().enumerate().zip(servers) {
        let client = if turn % 2 == 0 { &mut one } else { &mut two };
        let answer = client.begin(chat(&streamed())).await;
        let (first, rest) = whole.as_bytes().split_at(cut);
        steps.send_data(Bytes::copy_from_slice(first)).await.expect("a reader");
        steps.send_data(Bytes::copy_from_slice(rest)).await.expect("a reader");
        drop(steps);
        let answer = integration_tests::whole(answer).await.expect("its end");
        assert_eq!(answer.text_body(), expected, "cut at {cut}");
    }
}

#[tokio::test]
async fn byte_by_byte_its_client_sees_the_same() {
    let whole = content() + USAGE + DONE;
    let (first, one) = Reply::stepwise(events(""));
    let (second, two) = Reply::stepwise(events(""));
    let stand = stand("inject", vec![first, second]).await;
    for (mut client, mut steps) in both(&stand).await.into_iter().zip([one, two]) {
        let answer = client.begin(chat(&streamed())).await;
        let reading = tokio::spawn(integration_tests::whole(answer));
        for byte in whole.as_bytes().chunks(1) {
            steps.send_data(Bytes::copy_from_slice(byte)).await.expect("a reader");
        }
        drop(steps);
        let answer = reading.await.unwrap().expect("its end");
        assert_eq!(answer.text_body(), content() + DONE);
    }
    assert_eq!(used(&stand, 2).await, "15");
}

#[tokio::test]
async fn an_event_goes_on_as_soon_as_it_is_there() {
    let (reply, mut steps) = Reply::stepwise(events(""));
    let stand = stand("inject", vec![reply]).await;
    let mut client = stand.gateway.http2().await;
    let mut answer = client.begin(chat(&streamed())).await;
    for text in ["a", "b", "c"] {
        steps.send_data(token(text).into()).await.expect("a reader");
        let frame = answer.body_mut().frame().await.expect("more").expect("no error");
        assert_eq!(frame.data_ref().expect("data"), &token(text));
    }
}

#[tokio::test]
async fn a_client_that_asked_keeps_the_event() {
    let with = content() + USAGE + DONE;
    let stand = stand("inject", vec![Reply::whole(events(with.clone())); 2]).await;
    for (turn, mut client) in both(&stand).await.into_iter().enumerate() {
        let mut body = streamed();
        body["stream_options"] = json!({"include_usage": true});
        assert_eq!(client.send(chat(&body)).await.text_body(), with);
        assert_eq!(stand.server.last().body, body.to_string(), "unchanged");
        assert_eq!(used(&stand, turn + 1).await, "15");
    }
}

#[tokio::test]
async fn with_off_nothing_is_changed() {
    let with = content() + USAGE + DONE;
    let stand = stand("off", vec![Reply::whole(events(with.clone())); 2]).await;
    for (turn, mut client) in both(&stand).await.into_iter().enumerate() {
        assert_eq!(client.send(chat(&streamed())).await.text_body(), with);
        assert_eq!(stand.server.last().body, streamed().to_string(), "unchanged");
        assert_eq!(used(&stand, turn + 1).await, "15");
    }
}
