//! A response that is changed while it goes by, chunk by chunk.

use super::{around, told};
use bytes::Bytes;
use fastrand::Rng;
use http_body_util::BodyExt;
use integration_tests::{Answer, Call, Listening, Reply, Upstream, whole};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Mutex;

fn dropping() -> Value {
    json!({"drop_lines": true, "response": {"watch": "everything"}})
}

/// Lines of any length, some of which go, and what is left of them.
fn any_lines(rng: &mut Rng, most: usize) -> (Bytes, String) {
    let (mut lines, mut left) = (String::new(), String::new());
    for number in 0..rng.usize(1..40) {
        let is_dropped = rng.bool();
        let word = if is_dropped { "drop" } else { "keep" };
        let text = format!("{word} {number} {}\n", "x".repeat(rng.usize(0..most)));
        lines.push_str(&text);
        if !is_dropped {
            left.push_str(&text);
        }
    }
    (lines.into(), left)
}

fn cuts(rng: &mut Rng, bytes: &Bytes) -> Vec<Bytes> {
    let mut rest = bytes.clone();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let most = [2, 50, 5_000, 200_000][rng.usize(0..4)].min(rest.len());
        pieces.push(rest.split_to(rng.usize(1..=most)));
    }
    pieces
}

#[tokio::test]
async fn lines_go_while_the_rest_streams() {
    let answer = || Answer::status(200).header("content-type", "text/event-stream");
    for version in [1, 2] {
        let (reply, mut steps) = Reply::stepwise(answer());
        let upstream = Upstream::scripted(move |_| reply.clone()).await;
        let gateway = around(&upstream, &json!({})).start().await;
        let mut client = if version == 1 { gateway.http1().await } else { gateway.http2().await };
        let mut response = client.begin(told(Call::get("/"), &dropping())).await;
        let mut got = String::new();
        for (sent, expected) in [
            ("keep 1\ndrop 1\n", "keep 1\n"),
            ("drop 2\nke", ""),
            ("ep 2\ndr", "keep 2\n"),
            ("op 3\nkeep 3\n", "keep 3\n"),
        ] {
            steps.send_data(sent.into()).await.expect("somebody who reads");
            let before = got.len();
            while got.len() - before < expected.len() {
                let frame = response.body_mut().frame().await.unwrap().unwrap();
                got.push_str(str::from_utf8(&frame.into_data().unwrap()).unwrap());
            }
            assert_eq!(&got[before..], expected, "as soon as it is certain");
        }
        steps.send_data("keep the end".into()).await.unwrap();
        drop(steps);
        assert_eq!(whole(response).await.expect("its end").text_body(), "keep the end");
    }
}

#[tokio::test]
async fn long_chunks_become_shorter_and_longer() {
    let mut rng = Rng::with_seed(11);
    let bodies: Vec<(Bytes, String)> =
        (0..30).map(|number| any_lines(&mut rng, [10, 3_000, 90_000][number % 3])).collect();
    for version in [1, 2] {
        let sent: VecDeque<Bytes> = bodies.iter().map(|(body, _)| body.clone()).collect();
        let sent = Mutex::new(sent);
        let upstream = Upstream::scripted(move |_| {
            Reply::whole(Answer::text(sent.lock().unwrap().pop_front().unwrap()))
        })
        .await;
        let gateway = around(&upstream, &json!({})).start().await;
        let mut client = if version == 1 { gateway.http1().await } else { gateway.http2().await };
        for (_, left) in &bodies {
            let answer = client.send(told(Call::get("/"), &dropping())).await;
            assert!(answer.text_body() == *left, "HTTP/{version}");
        }
    }
}

#[tokio::test]
async fn however_it_is_cut() {
    let mut rng = Rng::with_seed(12);
    let upstream = Upstream::scripted(|_| Reply::EchoAtOnce).await;
    let gateway = around(&upstream, &json!({})).start().await;
    for mut client in [gateway.http1().await, gateway.http2().await] {
        for _ in 0..20 {
            let (body, left) = any_lines(&mut rng, 20_000);
            let call = Call::post("/").pieces(cuts(&mut rng, &body));
            let answer = client.send(told(call, &dropping())).await;
            assert!(answer.text_body() == left);
        }
    }
}

#[tokio::test]
async fn a_chunk_may_become_longer_than_what_envoy_holds() {
    let mut rng = Rng::with_seed(13);
    let upstream = Upstream::scripted(|_| Reply::EchoAtOnce).await;
    let listening =
        Listening { buffer_bytes: 65_536, stream_window_bytes: 65_536, ..Listening::default() };
    let gateway = around(&upstream, &json!({})).listening(listening).start().await;
    for mut client in [gateway.http1().await, gateway.http2().await] {
        for _ in 0..5 {
            let (body, left) = any_lines(&mut rng, 400_000);
            let call = Call::post("/").pieces(cuts(&mut rng, &body));
            let answer = client.send(told(call, &dropping())).await;
            assert!(answer.text_body() == left);
        }
    }
}
