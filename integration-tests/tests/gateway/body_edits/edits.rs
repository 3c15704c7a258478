//! Edits at the end of a body, or as soon as enough of it is here.

use super::{AT_ONCE, END, any_bytes, any_cuts, any_splices, echoing, edited, plan, with_plan};
use bytes::Bytes;
use fastrand::Rng;
use http::Version;
use integration_tests::{Answer, Call, Received, grpc_frame};
use serde_json::json;

/// How many requests there are of each kind and length.
const ROUNDS: u64 = 6;

const LENGTHS: [usize; 6] = [0, 1, 2, 500, 70_000, 300_000];

/// How a message shows where its body ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Framing {
    /// Over HTTP/1.1.
    Length,
    /// Over HTTP/1.1.
    Chunked,
    /// Over HTTP/1.1.
    ChunkedWithTrailers,
    /// Over HTTP/2.
    Frames,
    /// Over HTTP/2.
    FramesAndLength,
    /// Over HTTP/2.
    FramesAndTrailers,
    Grpc,
    GrpcWithTrailers,
}

const FRAMINGS: [Framing; 8] = [
    Framing::Length,
    Framing::Chunked,
    Framing::ChunkedWithTrailers,
    Framing::Frames,
    Framing::FramesAndLength,
    Framing::FramesAndTrailers,
    Framing::Grpc,
    Framing::GrpcWithTrailers,
];

impl Framing {
    const fn version(self) -> Version {
        match self {
            Self::Length | Self::Chunked | Self::ChunkedWithTrailers => Version::HTTP_11,
            _ => Version::HTTP_2,
        }
    }

    const fn has_length(self) -> bool {
        matches!(self, Self::Length | Self::FramesAndLength)
    }

    const fn has_trailers(self) -> bool {
        matches!(self, Self::ChunkedWithTrailers | Self::FramesAndTrailers | Self::GrpcWithTrailers)
    }

    fn call(self, rng: &mut Rng, body: &Bytes) -> Call {
        let call = match self {
            Self::Grpc | Self::GrpcWithTrailers => Call::post("/service/Method")
                .header("content-type", "application/grpc")
                .header("te", "trailers"),
            _ => Call::post("/").header("content-type", "application/octet-stream"),
        };
        let call = call.pieces(any_cuts(rng, body));
        let call = if self.has_length() {
            call.header("content-length", body.len().to_string())
        } else {
            call
        };
        if self.has_trailers() { call.trailer("x-end", "of it") } else { call }
    }

    fn body(self, rng: &mut Rng, length: usize) -> Bytes {
        let bytes = any_bytes(rng, length);
        match self {
            Self::Grpc | Self::GrpcWithTrailers => grpc_frame(&bytes),
            _ => bytes,
        }
    }

    /// Whether Envoy shows a body, if only an empty one.
    const fn shows(self, body: &Bytes) -> bool {
        !body.is_empty()
            || !matches!(self, Self::Length | Self::ChunkedWithTrailers | Self::FramesAndTrailers)
    }
}

/// What was sent must have become what arrived.
fn check(expected: &[u8], body: &Bytes, length: Option<String>) {
    let difference = body.iter().zip(expected).position(|(is, should)| is != should);
    assert_eq!((difference, body.len()), (None, expected.len()));
    if let Some(length) = length {
        assert_eq!(length, expected.len().to_string());
    }
}

async fn each_kind(test: impl AsyncFn(&mut Sides, Framing, &mut Rng, usize)) {
    let (upstream, gateway) = echoing().await;
    let http1 = gateway.http1().await;
    let http2 = gateway.http2().await;
    let mut sides = Sides { upstream, http1, http2 };
    for framing in FRAMINGS {
        for length in LENGTHS {
            for seed in 0..ROUNDS {
                println!("{framing:?}, {length} bytes, seed {seed}");
                sides.upstream.forget();
                test(&mut sides, framing, &mut Rng::with_seed(seed), length).await;
            }
        }
    }
    assert!(gateway.stop().is_empty());
}

struct Sides {
    upstream: integration_tests::Upstream,
    http1: integration_tests::Client,
    http2: integration_tests::Client,
}

impl Sides {
    async fn send(&mut self, framing: Framing, call: Call) -> (Answer, Received) {
        let client =
            if framing.version() == Version::HTTP_2 { &mut self.http2 } else { &mut self.http1 };
        let answer = client.send(call).await;
        assert_eq!(answer.status, 200, "{:?}", answer.text_body());
        let received = self.upstream.last();
        assert!(received.is_complete());
        assert_eq!(received.trailers.is_some(), framing.has_trailers());
        (answer, received)
    }
}

#[tokio::test]
async fn a_request_is_edited_at_its_end() {
    each_kind(async |sides, framing, rng, length| {
        let body = framing.body(rng, length);
        let splices = if framing.shows(&body) { any_splices(rng, body.len()) } else { Vec::new() };
        let call = with_plan(framing.call(rng, &body), &plan(END, &splices), &json!({}));
        let (_, received) = sides.send(framing, call).await;
        let length = received.header_text("content-length");
        assert_eq!(length.is_some(), framing.has_length());
        check(&edited(&body, &splices), &received.body, length);
    })
    .await;
}

#[tokio::test]
async fn a_request_is_edited_while_it_comes() {
    each_kind(async |sides, framing, rng, length| {
        let body = framing.body(rng, length);
        // So much will have been shown then, whatever comes with it.
        let hold = rng.usize(0..=body.len());
        let is_shown = hold > 0 && framing.shows(&body);
        let splices = if is_shown { any_splices(rng, hold) } else { Vec::new() };
        let request = plan(u64::try_from(hold).unwrap(), &splices);
        let call = with_plan(framing.call(rng, &body), &request, &json!({}));
        let (_, received) = sides.send(framing, call).await;
        let length = received.header_text("content-length");
        assert_eq!(length.is_some(), framing.has_length());
        check(&edited(&body, &splices), &received.body, length);
    })
    .await;
}

#[tokio::test]
async fn a_response_is_edited_at_its_end() {
    each_kind(async |sides, framing, rng, length| {
        let body = framing.body(rng, length);
        let mut splices = if body.is_empty() { Vec::new() } else { any_splices(rng, body.len()) };
        // A response may not become longer.
        splices.retain(|splice| splice.grows_by() <= 0);
        let call = with_plan(framing.call(rng, &body), &json!({}), &plan(END, &splices));
        // Without a content-length, or with one.
        let at_once = rng.bool();
        let call = if at_once { call.header(AT_ONCE, "yes") } else { call };
        let (answer, _) = sides.send(framing, call).await;
        let length = answer.header_text("content-length");
        let with_length = framing == Framing::Length && !at_once && !body.is_empty();
        assert!(length.is_some() || !with_length);
        check(&edited(&body, &splices), &answer.body, length);
    })
    .await;
}
