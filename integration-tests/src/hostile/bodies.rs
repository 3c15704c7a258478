//! Bodies that are empty, endless, torn to pieces or nonsense.

use super::{BEHAVIOUR, Case, Subject, Trial};
use crate::{Call, RawHttp1};
use bytes::Bytes;
use http::Version;

/// Every way in which a request can have no body.
pub async fn empty_bodies(subject: Subject) {
    let trial = Trial::of(subject).await;
    let [mut http1, mut http2] = trial.clients().await;
    for client in [&mut http1, &mut http2] {
        for call in without_body(&trial.subject.json, "application/json") {
            trial.check(client, Case::NoJson, call).await;
        }
    }
    for call in without_body(&trial.subject.grpc, "application/grpc") {
        trial.check(&mut http2, Case::NoGrpc, call).await;
    }
    trial.finish().await;
}

/// Bodies in two DATA frames, cut at every position.
pub async fn bodies_cut_at_every_byte(subject: Subject) {
    let trial = Trial::of(subject).await;
    let mut http2 = trial.gateway.http2().await;
    for call in [&trial.subject.json, &trial.subject.grpc] {
        for position in 0..=call.body_bytes().len() {
            let answer = http2.send(call.clone().cut_at(position)).await;
            trial.assert_passed(call, &answer);
            trial.upstream.forget();
        }
    }
    trial.finish().await;
}

/// A body in two writes, cut at every position. The second one is sent when
/// Envoy has read the first.
pub async fn bodies_cut_at_every_byte_over_http1(subject: Subject) {
    let trial = Trial::of(subject).await;
    let call = &trial.subject.json;
    let bytes = call.http1_bytes();
    let mut connection = RawHttp1::connect(trial.gateway.address()).await;
    let mut read = 0;
    for position in bytes.len() - call.body_bytes().len()..bytes.len() {
        let (first, second) = bytes.split_at(position);
        connection.write(first).await;
        wait_until_read(&trial, read + first.len()).await;
        connection.write(second).await;
        let answer = connection.read_answer().await;
        trial.assert_passed(call, &answer);
        trial.upstream.forget();
        read += bytes.len();
    }
    trial.finish().await;
}

/// Bodies of which every byte comes in a frame or a chunk of its own.
pub async fn bodies_that_come_byte_by_byte(subject: Subject) {
    let trial = Trial::of(subject).await;
    let [mut http1, mut http2] = trial.clients().await;
    let in_bytes = |call: &Call| {
        let body = call.body_bytes();
        call.clone().pieces((0..body.len()).map(|at| body.slice(at..=at)))
    };
    for (version, call) in good_calls(&trial.subject) {
        let client = if version == Version::HTTP_2 { &mut http2 } else { &mut http1 };
        let answer = client.send(in_bytes(call)).await;
        trial.assert_passed(call, &answer);
    }
    trial.finish().await;
}

/// Bodies of more than 10 MB.
pub async fn ten_megabytes(subject: Subject) {
    let trial = Trial::of(subject).await;
    // Connections of their own: one may be closed on a request that is refused
    // while it is still being sent.
    let [mut http1, mut http2] = trial.clients().await;
    trial.check(&mut http1, Case::LongJson, trial.subject.long_json.clone()).await;
    trial.check(&mut http2, Case::LongJson, trial.subject.long_json.clone()).await;
    let mut http2 = trial.gateway.http2().await;
    trial.check(&mut http2, Case::LongGrpc, trial.subject.long_grpc.clone()).await;
    trial.finish().await;
}

/// Trailers behind a body and without one: then no filter sees a body that ends.
pub async fn trailers(subject: Subject) {
    let trial = Trial::of(subject).await;
    let [mut http1, mut http2] = trial.clients().await;
    for (version, call) in good_calls(&trial.subject) {
        let client = if version == Version::HTTP_2 { &mut http2 } else { &mut http1 };
        let answer = client.send(call.clone().trailer("x-end", "of it")).await;
        trial.assert_passed(call, &answer);
        let trailers = trial.upstream.last().trailers.expect("trailers at the model server");
        assert_eq!(trailers["x-end"], "of it");
        let bodiless = call.clone().pieces([]).trailer("x-end", "of it");
        let is_grpc = call.path() == trial.subject.grpc.path();
        let case = if is_grpc { Case::NoGrpc } else { Case::NoJson };
        trial.check(client, case, bodiless).await;
    }
    trial.finish().await;
}

/// Random bytes, which are neither JSON nor gRPC frames, but for their beginning.
pub async fn random_bytes(subject: Subject) {
    let trial = Trial::of(subject).await;
    let [mut http1, mut http2] = trial.clients().await;
    let mut random = Random(0x5eed);
    for round in 0..40_usize {
        let bytes = random.bytes(1 + round * 37);
        for start in [&b""[..], b"{", b"{\"model\":\"", b"[[[[", b"{\"a\":{\"a\":", b"\"\\ud800"] {
            let body = Bytes::from([start, &bytes].concat());
            let call = trial.subject.json.clone().body(body);
            trial.check(&mut http1, Case::RandomJson, call.clone()).await;
            trial.check(&mut http2, Case::RandomJson, call).await;
        }
        let length = u32::try_from(bytes.len()).expect("short").to_be_bytes();
        let starts = [
            Vec::new(),
            vec![0],
            vec![1],
            [&[0][..], &length].concat(),
            vec![0, 255, 255, 255, 255],
        ];
        for start in starts {
            let body = Bytes::from([&start[..], &bytes].concat());
            let call = trial.subject.grpc.clone().body(body);
            trial.check(&mut http2, Case::RandomGrpc, call).await;
        }
    }
    trial.finish().await;
}

/// HEAD: a request that looks like a GET and an answer with the headers of a
/// body that never comes.
pub async fn head_requests(subject: Subject) {
    let trial = Trial::of(subject).await;
    let [mut http1, mut http2] = trial.clients().await;
    let path = trial.subject.json.path().to_owned();
    for client in [&mut http1, &mut http2] {
        trial.check(client, Case::Head, Call::new("HEAD", &path)).await;
        // The connection is still in step.
        let answer = client.send(trial.subject.json.clone()).await;
        trial.assert_passed(&trial.subject.json, &answer);
        let reset = Call::new("HEAD", &path).header(BEHAVIOUR, "reset");
        assert!(client.send(reset).await.body.is_empty());
    }
    trial.finish().await;
}

fn without_body(call: &Call, content_type: &str) -> [Call; 4] {
    let bare = |method| Call::new(method, call.path()).header("content-type", content_type);
    [
        bare("GET"),
        bare("POST").header("content-length", "0"),
        bare("POST").pieces([]),
        bare("POST").pieces([Bytes::new()]),
    ]
}

/// The good calls and the version of HTTP they go over.
fn good_calls(subject: &Subject) -> [(Version, &Call); 3] {
    [
        (Version::HTTP_11, &subject.json),
        (Version::HTTP_2, &subject.json),
        (Version::HTTP_2, &subject.grpc),
    ]
}

async fn wait_until_read(trial: &Trial, bytes: usize) {
    let bytes = u64::try_from(bytes).expect("64 bits");
    trial
        .gateway
        .wait_for_stat("http.gateway.downstream_cx_rx_bytes_total", |read| read >= bytes)
        .await;
}

/// Bytes that are the same in every run: `SplitMix64`.
struct Random(u64);

impl Random {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_be_bytes()[0]).collect()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
