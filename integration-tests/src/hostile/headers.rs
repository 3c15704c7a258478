//! Headers that no well-behaved client sends.

use super::{Case, Subject, Trial};
use crate::RawHttp1;

/// Bytes that HTTP allows in a header's value and that are not UTF-8.
const NOT_TEXT: &[u8] = b"\xff\xfe\x80caf\xe9";

/// A header that no filter reads.
const UNREAD: &str = "x-hostile";

/// Header values that are not UTF-8: in headers that the filter reads and in one
/// that it doesn't.
pub async fn header_values_that_are_not_text(subject: Subject) {
    let trial = Trial::of(subject).await;
    let [mut http1, mut http2] = trial.clients().await;
    for name in all(&trial) {
        let case = Case::HeaderNotText(name);
        let json = trial.subject.json.clone().header(name, NOT_TEXT);
        trial.check(&mut http1, case, json.clone()).await;
        trial.check(&mut http2, case, json).await;
        let grpc = trial.subject.grpc.clone().header(name, NOT_TEXT);
        trial.check(&mut http2, case, grpc).await;
    }
    let unread = trial.subject.json.clone().header(UNREAD, NOT_TEXT);
    http1.send(unread).await;
    assert_eq!(trial.upstream.last().header_values(UNREAD), [NOT_TEXT]);
    trial.finish().await;
}

/// Headers that stand there twice, with different values.
pub async fn headers_that_stand_there_twice(subject: Subject) {
    let trial = Trial::of(subject).await;
    let [mut http1, mut http2] = trial.clients().await;
    for name in all(&trial) {
        for client in [&mut http1, &mut http2] {
            let call = trial.subject.json.clone().header(name, "one").header(name, "two");
            trial.check(client, Case::HeaderTwice(name), call).await;
        }
    }
    let call = trial.subject.json.clone().header(UNREAD, "one").header(UNREAD, "two");
    http2.send(call).await;
    assert_eq!(trial.upstream.last().header_values(UNREAD), [b"one", b"two"]);
    trial.finish().await;
}

/// Headers of 50 KB: Envoy allows 60 KB for all of them. Beyond that it answers
/// by itself.
pub async fn long_headers(subject: Subject) {
    let trial = Trial::of(subject).await;
    let [mut http1, mut http2] = trial.clients().await;
    for name in all(&trial) {
        for client in [&mut http1, &mut http2] {
            let call = trial.subject.json.clone().header(name, "x".repeat(50_000));
            trial.check(client, Case::LongHeader(name), call).await;
        }
    }
    let [mut http1, mut http2] = trial.clients().await;
    for client in [&mut http1, &mut http2] {
        let call = trial.subject.json.clone().header(UNREAD, "x".repeat(70_000));
        // Over HTTP/2, Envoy resets the stream.
        if let Ok(answer) = client.try_send(call).await {
            assert_eq!(answer.status, 431);
        }
    }
    trial.finish().await;
}

/// As many headers as Envoy lets through, and more.
pub async fn many_headers(subject: Subject) {
    let trial = Trial::of(subject).await;
    let with = |count| {
        (0..count).fold(trial.subject.json.clone(), |call, number| {
            call.header(&format!("x-many-{number}"), "y")
        })
    };
    let [mut http1, mut http2] = trial.clients().await;
    for client in [&mut http1, &mut http2] {
        let many = with(85);
        let answer = client.send(many.clone()).await;
        trial.assert_passed(&many, &answer);
        assert_eq!(trial.upstream.last().header_text("x-many-84").as_deref(), Some("y"));
    }
    for client in [&mut http1, &mut http2] {
        if let Ok(answer) = client.try_send(with(200)).await {
            assert_eq!(answer.status, 431);
        }
    }
    trial.finish().await;
}

/// Bytes that are no HTTP. No filter sees them, but its last callback may come.
pub async fn requests_that_are_no_http(subject: Subject) {
    let trial = Trial::of(subject).await;
    let requests: [&[u8]; 6] = [
        b"\r\n\r\nnonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nhost: test\r\nbad name: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nno frame, but long enough to be looked at as one",
    ];
    let mut connections = Vec::new();
    for request in requests {
        let mut connection = RawHttp1::connect(trial.gateway.address()).await;
        connection.write(request).await;
        connections.push(connection);
    }
    // Envoy takes its time to close a connection: all of them at once.
    for connection in connections {
        let answer = connection.read_to_end().await;
        assert!(!answer.starts_with(b"HTTP/1.1 5"), "{}", String::from_utf8_lossy(&answer));
    }
    trial.finish().await;
}

fn all(trial: &Trial) -> Vec<&'static str> {
    trial.subject.headers.iter().copied().chain([UNREAD]).collect()
}
