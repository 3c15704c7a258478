//! Bodies from nothing to 100 MB, through a router that needs none of them to
//! know the model: they arrive as they were sent, and nothing keeps them.

use super::config;
use bytes::Bytes;
use fastrand::Rng;
use http::Version;
use integration_tests::{Call, Client, Digest, Gateway, Reply, Upstream, in_time};
use prost::Message;
use proto::inference::{ModelInferRequest, ModelInferResponse};
use serde_json::json;
use std::env;
use std::sync::LazyLock;
use tokio::task::JoinSet;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

const LARGEST: usize = 100_000_000;

/// Around what Envoy and HTTP/2 read at once, and far beyond.
const SIZES: [usize; 9] = [0, 1, 1_000, 16_384, 65_535, 65_537, (1 << 20) + 1, 10_000_000, LARGEST];

/// A call with a body of so many bytes, whose model stands where no body has to
/// be held for it.
type Way = fn(usize) -> Call;

const WAYS: [Way; 4] =
    [named_by_a_header, named_by_the_path, named_first_in_json, named_first_in_a_message];

fn named_by_a_header(bytes: usize) -> Call {
    let call = Call::post("/own/upload").header("content-type", "application/octet-stream");
    call.header("x-model-name", "demo").body(filler(bytes))
}

fn named_by_the_path(bytes: usize) -> Call {
    let call = Call::post("/v2/models/demo/infer").header("content-type", "application/json");
    call.body(filler(bytes))
}

fn named_first_in_json(bytes: usize) -> Call {
    let call = Call::post("/v1/chat/completions").header("content-type", "application/json");
    let mut body = Vec::with_capacity(bytes + 50);
    body.extend_from_slice(br#"{"model":"demo","messages":[""#);
    body.resize(body.len() + bytes, b'm');
    body.extend_from_slice(br#""]}"#);
    call.body(body)
}

fn named_first_in_a_message(bytes: usize) -> Call {
    let message = ModelInferRequest {
        model_name: "demo".to_owned(),
        raw_input_contents: vec![filler(bytes).into()],
        ..ModelInferRequest::default()
    };
    Call::grpc("/inference.GRPCInferenceService/ModelInfer", &message)
}

/// Bytes that are the same for everybody, so that 100 MB of them are there once.
fn filler(bytes: usize) -> Bytes {
    static FILLER: LazyLock<Bytes> = LazyLock::new(|| {
        let mut bytes = vec![0; LARGEST];
        Rng::with_seed(0x5eed).fill(&mut bytes);
        bytes.into()
    });
    FILLER.slice(..bytes)
}

async fn stand() -> (Upstream, Gateway) {
    let server = Upstream::scripted(|_| Reply::Digest).await;
    let gateway = Gateway::builder()
        .filter("model-router", &config(json!({})))
        // Gets what has not been placed, and can't answer it.
        .cluster("nobody", &[])
        .cluster("demo-v1", &[server.address()])
        .route_by_header("x-model-cluster")
        .start()
        .await;
    (server, gateway)
}

async fn assert_arrives(client: &mut Client, call: Call) {
    let sent = call.body_bytes();
    let answer = client.send(call).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(Digest::told_by(&answer.headers) == Digest::of(&sent), "{} bytes", sent.len());
}

/// The same by a generated client's means.
async fn assert_message_arrives(channel: Channel, bytes: usize) {
    let mut client = Grpc::new(channel)
        .max_encoding_message_size(2 * LARGEST)
        .max_decoding_message_size(2 * LARGEST);
    client.ready().await.expect("a connection");
    let message = ModelInferRequest {
        raw_input_contents: vec![filler(bytes).into()],
        ..ModelInferRequest::default()
    };
    let expected = Digest::of(&integration_tests::grpc_frame(&message.encode_to_vec()));
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-model-name", "demo".parse().unwrap());
    let path = PathAndQuery::from_static("/own.Service/Upload");
    let codec = ProstCodec::<ModelInferRequest, ModelInferResponse>::default();
    let answer =
        in_time("the answer", client.unary(request, path, codec)).await.expect("an answer");
    let told = Digest::told_by(&answer.metadata().clone().into_headers());
    assert!(told == expected, "{bytes} bytes");
}

/// Cuts it into pieces of any length up to 1 MiB, short ones as likely as long
/// ones.
fn cut(mut body: Bytes, random: &mut Rng) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    while !body.is_empty() {
        let most = 1 << random.usize(0..=20);
        pieces.push(body.split_to(random.usize(1..=most).min(body.len())));
    }
    pieces
}

/// Chance that can be repeated: with `SEED` as it was printed.
fn random() -> Rng {
    let seed = env::var("SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("to repeat this: SEED={seed}");
    Rng::with_seed(seed)
}

async fn bodies_of_every_size_arrive(version: Version) {
    let (_server, gateway) = stand().await;
    let mut client = match version {
        Version::HTTP_2 => gateway.http2().await,
        _ => gateway.http1().await,
    };
    let mut random = random();
    for size in SIZES {
        for way in WAYS {
            let call = way(size);
            let pieces = cut(call.body_bytes(), &mut random);
            assert_arrives(&mut client, call.clone().pieces(pieces)).await;
            if size < LARGEST {
                assert_arrives(&mut client, call).await;
            }
        }
    }
}

#[tokio::test]
async fn bodies_of_every_size_arrive_over_http1() {
    bodies_of_every_size_arrive(Version::HTTP_11).await;
}

#[tokio::test]
async fn bodies_of_every_size_arrive_over_http2() {
    bodies_of_every_size_arrive(Version::HTTP_2).await;
}

#[tokio::test]
async fn messages_of_every_size_arrive_over_grpc() {
    let (_server, gateway) = stand().await;
    for size in SIZES {
        assert_message_arrives(gateway.grpc().await, size).await;
    }
}

#[tokio::test]
async fn envoy_needs_little_memory_for_large_bodies() {
    let (_server, gateway) = stand().await;
    let [mut http1, mut http2] = [gateway.http1().await, gateway.http2().await];
    for client in [&mut http1, &mut http2] {
        assert_arrives(client, named_by_the_path(1_000)).await;
    }
    let before = gateway.memory();
    for client in [&mut http1, &mut http2] {
        assert_arrives(client, named_by_the_path(LARGEST)).await;
    }
    assert_message_arrives(gateway.grpc().await, LARGEST).await;
    let one_by_one = gateway.memory();
    let mut callers = JoinSet::new();
    for _ in 0..3 {
        for mut client in [gateway.http1().await, gateway.http2().await] {
            callers.spawn(async move {
                assert_arrives(&mut client, named_by_the_path(LARGEST)).await;
            });
        }
    }
    for _ in 0..2 {
        let channel = gateway.grpc().await;
        callers.spawn(assert_message_arrives(channel, LARGEST));
    }
    callers.join_all().await;
    let at_once = gateway.memory();
    println!("before: {before}; one by one: {one_by_one}; eight at once: {at_once}");
    // Of 100 MB and of 800 MB. What there is, are Envoy's own buffers.
    assert!(one_by_one.peak - before.resident < 64 << 20, "{before}; then {one_by_one}");
    assert!(at_once.peak - before.resident < 256 << 20, "{before}; then {at_once}");
}
