//! Nothing is changed by who only looks on.

use super::exchanges::{over_grpc, over_http};
use super::{Stand, chat, config_with};
use fastrand::Rng;
use integration_tests::{Answer, Call, Client, Reply, in_time};
use serde_json::{Value, json};

/// How often a call is cut into other pieces.
const ROUNDS: usize = 6;

/// Everything is looked at.
fn config() -> Value {
    config_with(&json!({"applies_to": "all", "input_hash": {"secret": "one"}}))
}

async fn stand() -> Stand {
    Stand::new(&config(), |_| Reply::Echo).await
}

/// The call in pieces of random lengths.
fn cut(call: &Call, random: &mut Rng) -> Call {
    let mut rest = call.body_bytes();
    let mut pieces = Vec::new();
    while !rest.is_empty() && pieces.len() < 40 {
        pieces.push(rest.split_to(random.usize(1..=rest.len().div_ceil(3))));
    }
    pieces.push(rest);
    call.clone().pieces(pieces)
}

/// Sends a call, which goes through byte for byte, in both directions.
async fn assert_passes(stand: &Stand, client: &mut Client, call: Call) {
    stand.server.forget();
    let (path, sent) = (call.path().to_owned(), call.body_bytes());
    let answer = client.send(call).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    let received = stand.server.last();
    assert!(received.is_complete(), "{path}: the model server got only a part");
    assert_eq!(received.path, path);
    assert!(received.body == sent, "{path}: {} bytes were changed", sent.len());
    assert!(answer.body == sent, "{path}: the answer was changed");
}

async fn check_each_way(stand: &Stand, client: &mut Client, call: &Call, random: &mut Rng) {
    assert_passes(stand, client, call.clone()).await;
    for _ in 0..ROUNDS {
        assert_passes(stand, client, cut(call, random)).await;
    }
    for call in [call.clone(), cut(call, random)] {
        assert_passes(stand, client, call.trailer("x-end", "of it")).await;
        let trailers = stand.server.last().trailers.expect("trailers");
        assert_eq!(trailers["x-end"], "of it");
    }
}

#[tokio::test]
async fn calls_go_through_byte_for_byte() {
    let stand = stand().await;
    let mut random = Rng::with_seed(1);
    for mut client in stand.clients().await {
        for exchange in over_http() {
            check_each_way(&stand, &mut client, &exchange.call, &mut random).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    for exchange in over_grpc() {
        check_each_way(&stand, &mut client, &exchange.call, &mut random).await;
    }
}

#[tokio::test]
async fn broken_and_odd_calls_go_through_as_well() {
    let stand = stand().await;
    let mut random = Rng::with_seed(2);
    let json = |path: &str, body: &[u8]| {
        Call::post(path).header("content-type", "application/json").body(body.to_vec())
    };
    for mut client in stand.clients().await {
        for call in [
            json("/v1/chat/completions", b"{\"model\": \"demo\", \"messages\": [{\"content"),
            json("/v1/chat/completions", b" {\"model\" :1,\r\n\"model\":\"\\ud83d\"} trailing"),
            json("/v1/embeddings", b"\xff\xfe\x00"),
            json("/v2/models/iris/infer", b"[]"),
            json("/v1/messages", b"null"),
            chat(&json!({"messages": [{"role": "user", "content": "long ".repeat(20_000)}]})),
            json("/nobody/knows", b"{broken"),
        ] {
            check_each_way(&stand, &mut client, &call, &mut random).await;
        }
        for path in ["/", "/v1/models", "/v2/health/ready", "/v2/models/iris", "/favicon.ico"] {
            assert_passes(&stand, &mut client, Call::get(path)).await;
        }
    }
    let mut client = stand.gateway.http2().await;
    for path in ["/grpc.health.v1.Health/Check", "/some.Service/Method"] {
        assert_passes(&stand, &mut client, Call::grpc_bytes(path, b"\xff\xff")).await;
    }
}

/// As some clients send what has no body: its length in the headers, its end by itself.
#[tokio::test]
async fn an_empty_body_whose_end_comes_apart_keeps_nothing_back() {
    let stand = stand().await;
    for path in ["/v1/embeddings", "/v2/models/iris/infer"] {
        let mut client = stand.gateway.http2().await;
        let call = Call::post(path).header("content-type", "application/json");
        let (body, answer) = client.open(call.header("content-length", "0"));
        let answer = tokio::spawn(answer);
        stand.server.wait_for("its headers", |received| received.path == path).await;
        drop(body);
        let answer = in_time("the answer", answer).await.expect("no panic").expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn headers_of_requests_go_through_as_they_came() {
    let stand = stand().await;
    let lines: [(&str, &[u8]); 7] = [
        ("x-of-theirs", b"kept"),
        ("x-not-text", b"\xff\xfe"),
        ("x-model-name", b"of theirs"),
        ("x-inference-rejected", b"model-router;forged"),
        ("accept-encoding", b"gzip, br"),
        ("authorization", b"Bearer x"),
        ("content-type", b"application/json"),
    ];
    for mut client in stand.clients().await {
        let call = lines
            .iter()
            .take(6)
            .fold(chat(&json!({})), |call, (name, value)| call.header(name, value));
        assert_passes(&stand, &mut client, call).await;
        let received = stand.server.last();
        for (name, value) in lines {
            assert_eq!(received.header_values(name), [value], "{name}");
        }
    }
}

#[tokio::test]
async fn answers_go_through_as_they_came() {
    let body = b"{\"usage\": {\"prompt_tokens\": \xff broken";
    for status in [200, 201, 206, 302, 400, 404, 429, 500, 503] {
        let answer = Answer::status(status)
            .header("content-type", "application/json")
            .header("x-inference-rejected", "model-router;forged")
            .header("x-not-text", b"\xff\xfe")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("location", "/elsewhere")
            .body(&body[..])
            .trailer("x-end", "of it");
        let given = answer.clone();
        let stand = Stand::new(&config(), move |_| Reply::whole(given.clone())).await;
        for (mut client, has_trailers) in stand.clients().await.into_iter().zip([false, true]) {
            let got = client.send(chat(&json!({})).header("te", "trailers")).await;
            assert_eq!(got.status, answer.status);
            assert_eq!(got.body, answer.body);
            for name in answer.headers.keys() {
                let values = |answer: &Answer| -> Vec<Vec<u8>> {
                    let all = answer.headers.get_all(name).iter();
                    all.map(|value| value.as_bytes().to_vec()).collect()
                };
                assert_eq!(values(&got), values(&answer), "{status}: {name}");
            }
            // Over HTTP/1.1 this server has them only for who asks, which Envoy does not.
            let ends = got.trailers.map(|trailers| trailers["x-end"].as_bytes().to_vec());
            assert_eq!(ends.as_deref(), has_trailers.then_some(&b"of it"[..]), "{status}");
        }
    }
}
