//! What is within its contract goes through byte for byte, however it is sent.

use super::requests::{
    INFER, ROW, STREAM, bare, infer, infer_request, iris, predict, raw, rest_binary, rest_tensor,
    scores, tensor_proto, tensorflow, tensorflow_rest, typed,
};
use super::{Call, Client, Stand, chat, json};
use bytes::Bytes;
use fastrand::Rng;
use integration_tests::grpc_frame;
use prost::Message;
use proto::tensorflow::TensorProto;

/// How often each call is cut in another way.
const ROUNDS: usize = 12;

async fn stand() -> Stand {
    let everyone = json!({
        "generative": {"max_tokens": 100, "max_characters": 1_000_000},
        "json_schema": {"type": "object"},
        "limits": {"max_body_bytes": 1_000_000, "max_string_bytes": 500_000},
    });
    Stand::new(&json!({"contracts": [iris(), scores(), everyone]})).await
}

/// One of each dialect over HTTP, written as no library of ours would.
fn http_calls() -> Vec<Call> {
    let spaced = "{ \"messages\" :[ {\"content\": \"\\u00e9 \\/ \\ud83d\\ude42\", \"role\":\"user\"}\n]\
                  ,\"n\":1.0, \"x\" : -0.0e+3}\r\n ";
    let json = |path: &str, body: &str| {
        Call::post(path).header("content-type", "application/json").body(body.to_owned())
    };
    vec![
        json("/v1/chat/completions", spaced),
        chat(&json!({"messages": [{"role": "user", "content": "long ".repeat(20_000)}]})),
        json("/v1/completions", r#"{"prompt": ["a", "b"], "model": "m"}"#),
        json("/v1/embeddings", r#"{"input": [[1, 2], [3]], "model": "m"}"#),
        json("/v1/responses", r#"{"input": [{"role": "user", "content": "hi"}]}"#),
        json(
            "/v1/messages",
            r#"{"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9, "model": "m"}"#,
        ),
        rest_tensor(&json!({})),
        rest_binary(&[1, 4], &ROW, 16),
        tensorflow_rest(
            r#"{"instances": [{"features": [1, 2, 3, 4]}, {"features": [4, 3, 2, 1]}]}"#,
        ),
        tensorflow_rest(r#"{"inputs": {"features": [[1, 2, 3, 4.50]]}}"#),
    ]
}

fn grpc_calls() -> Vec<Call> {
    let tensor = TensorProto { float_val: ROW.to_vec(), ..tensor_proto(&[1, 4]) };
    let message = grpc_frame(&infer_request(vec![typed(&[1, 4], &ROW)]).encode_to_vec());
    let stream = Call::post(STREAM)
        .header("content-type", "application/grpc")
        .header("x-model-name", "iris")
        .body([&message[..], &message[..], &message[..]].concat());
    // Fields that this gateway knows nothing of.
    let unknown =
        [&infer_request(vec![typed(&[1, 4], &ROW)]).encode_to_vec()[..], b"\xfa\x7f\x03abc"];
    let unknown = Call::grpc_bytes(INFER, &unknown.concat()).header("x-model-name", "iris");
    vec![
        infer(vec![typed(&[1, 4], &ROW)]),
        raw(vec![bare(&[1, 4])], &[&ROW]),
        unknown,
        stream,
        tensorflow("features", tensor),
        predict(&ROW),
    ]
}

/// The call in pieces of random lengths. Envoy takes several empty ones for an
/// attack.
fn cut(call: &Call, random: &mut Rng) -> Call {
    let mut rest = call.body_bytes();
    let mut pieces = Vec::new();
    while !rest.is_empty() && pieces.len() < 40 {
        pieces.push(rest.split_to(random.usize(1..=rest.len().div_ceil(3))));
    }
    pieces.push(rest);
    call.clone().pieces(pieces)
}

async fn check_each_way(stand: &Stand, client: &mut Client, call: &Call, random: &mut Rng) {
    stand.assert_passes(client, call.clone()).await;
    for _ in 0..ROUNDS {
        stand.assert_passes(client, cut(call, random)).await;
    }
    let one_chunk: [Bytes; 1] = [call.body_bytes()];
    stand.assert_passes(client, call.clone().pieces(one_chunk)).await;
    for call in [call.clone(), cut(call, random)] {
        stand.assert_passes(client, call.trailer("x-end", "of it")).await;
        let trailers = stand.server.last().trailers.expect("trailers");
        assert_eq!(trailers["x-end"], "of it");
    }
}

#[tokio::test]
async fn calls_over_http_go_through_byte_for_byte() {
    let stand = stand().await;
    let mut random = Rng::with_seed(1);
    for mut client in stand.clients().await {
        for call in http_calls() {
            check_each_way(&stand, &mut client, &call, &mut random).await;
        }
    }
}

#[tokio::test]
async fn calls_over_grpc_go_through_byte_for_byte() {
    let stand = stand().await;
    let mut random = Rng::with_seed(2);
    let mut client = stand.gateway.http2().await;
    for call in grpc_calls() {
        check_each_way(&stand, &mut client, &call, &mut random).await;
    }
}

#[tokio::test]
async fn headers_go_through_as_they_came() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        let call = rest_tensor(&json!({}))
            .header("x-request-of-theirs", "kept")
            .header("x-not-text", b"\xff\xfe")
            .header("x-model-name", "iris");
        stand.assert_passes(&mut client, call).await;
        let received = stand.server.last();
        for (name, value) in [
            ("x-request-of-theirs", &b"kept"[..]),
            ("x-not-text", b"\xff\xfe"),
            ("x-model-name", b"iris"),
            ("content-type", b"application/json"),
        ] {
            assert_eq!(received.header_values(name), [value], "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_no_inference_passes() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        for path in
            ["/", "/v1/models", "/v2", "/v2/health/ready", "/v2/models/iris", "/favicon.ico"]
        {
            stand.assert_passes(&mut client, Call::get(path)).await;
        }
        let upload = Call::post("/upload").header("content-type", "text/plain").body("{broken");
        stand.assert_passes(&mut client, upload).await;
    }
    let mut client = stand.gateway.http2().await;
    for path in ["/grpc.health.v1.Health/Check", "/some.Service/Method"] {
        stand.assert_passes(&mut client, Call::grpc_bytes(path, b"\xff\xff")).await;
    }
}
