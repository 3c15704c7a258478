//! A request that is answered with an error after a part of it went on: the
//! model server never sees its end, and the client hears why.

use super::{END, Splice, around, edited, with_plan};
use bytes::Bytes;
use http::Response;
use http_body_util::channel::Sender;
use hyper::body::Incoming;
use integration_tests::{
    Answer, Broken, Call, Client, Ending, Gateway, RawHttp1, Received, Reply, Upstream, WasmFilter,
    in_time, whole,
};
use serde_json::{Value, json};
use std::convert::Infallible;
use tokio::task::JoinHandle;

const FIRST: &str = "first ";
const SECOND: &str = "second";

/// How a request shows where its body ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Framing {
    /// Over HTTP/1.1.
    Length,
    /// Over HTTP/1.1.
    Chunked,
    /// Over HTTP/2.
    Frames,
    Grpc,
}

const FRAMINGS: [Framing; 4] = [Framing::Length, Framing::Chunked, Framing::Frames, Framing::Grpc];

impl Framing {
    fn call(self) -> Call {
        match self {
            Self::Length => {
                Call::post("/").header("content-length", (FIRST.len() + SECOND.len()).to_string())
            }
            Self::Chunked | Self::Frames => Call::post("/"),
            Self::Grpc => Call::post("/service/Method")
                .header("content-type", "application/grpc")
                .header("te", "trailers"),
        }
    }

    async fn client(self, gateway: &Gateway) -> Client {
        match self {
            Self::Length | Self::Chunked => gateway.http1().await,
            Self::Frames | Self::Grpc => gateway.http2().await,
        }
    }

    fn check(self, answer: &Answer) {
        let reason = answer.header_text("x-inference-rejected");
        assert_eq!(reason.as_deref(), Some("rewriting;planned"), "{answer:?}");
        match self {
            Self::Grpc => {
                assert_eq!((answer.status.as_u16(), answer.grpc_status()), (200, Some(3)));
                assert_eq!(answer.grpc_text().as_deref(), Some("broken off"));
            }
            _ => {
                assert_eq!((answer.status.as_u16(), &*answer.text_body()), (422, "broken off"));
            }
        }
    }
}

/// Everything goes on at once, and is watched until so many bytes were seen.
fn watched_until(place: u64) -> Value {
    json!({"watch": true, "reply_after": place})
}

/// A request that is being sent.
struct Sending {
    framing: Framing,
    // Dropping it closes the connection.
    _client: Client,
    body: Option<Sender<Bytes, Infallible>>,
    answer: JoinHandle<Result<Response<Incoming>, Broken>>,
}

impl Sending {
    /// Sends what goes on.
    async fn begin(framing: Framing, sides: &Sides, request: &Value, response: &Value) -> Self {
        sides.upstream.forget();
        let mut client = framing.client(&sides.gateway).await;
        let (mut body, answer) = client.open(with_plan(framing.call(), request, response));
        let answer = tokio::spawn(answer);
        body.send_data(FIRST.into()).await.expect("somebody who reads");
        sides.upstream.wait_for("the first piece", |request| request.body == FIRST).await;
        Self { framing, _client: client, body: Some(body), answer }
    }

    async fn send_second(&mut self) {
        let body = self.body.as_mut().expect("an open body");
        body.send_data(SECOND.into()).await.expect("somebody who reads");
    }

    async fn head(&mut self) -> Response<Incoming> {
        in_time("the answer", &mut self.answer).await.unwrap().expect("an answer")
    }

    /// The client hears why, and the model server does not get all of it.
    async fn check(mut self, sides: &Sides) -> Received {
        let answer = whole(self.head().await).await.expect("a whole answer");
        self.framing.check(&answer);
        let broken = |request: &Received| request.ending == Ending::Broken;
        sides.upstream.wait_for("the break", broken).await
    }
}

struct Sides {
    upstream: Upstream,
    gateway: Gateway,
}

impl Sides {
    async fn with(reply: Reply) -> Self {
        let upstream = Upstream::scripted(move |_| reply.clone()).await;
        let gateway = around(&upstream).start().await;
        Self { upstream, gateway }
    }

    /// Why the request ended, and with which status.
    async fn logged(&self) -> (u64, String) {
        let entry = self.gateway.access_log().wait_for("the request", |_| true).await;
        (entry["code"].as_u64().unwrap_or(0), entry["details"].as_str().unwrap_or("").to_owned())
    }
}

#[tokio::test]
async fn what_is_seen_in_the_middle_breaks_the_request_off() {
    let sides = Sides::with(Reply::Echo).await;
    for framing in FRAMINGS {
        let mut sending = Sending::begin(framing, &sides, &watched_until(7), &json!({})).await;
        sending.send_second().await;
        assert_eq!(sending.check(&sides).await.body, FIRST);
    }
}

#[tokio::test]
async fn what_is_seen_behind_an_edited_beginning_breaks_the_request_off() {
    let sides = Sides::with(Reply::Echo).await;
    let splices = [Splice::of(0..1, "F")];
    let request = json!({
        "hold": 1, "splices": [splices[0].in_plan()], "watch": true, "reply_after": 7,
    });
    for framing in FRAMINGS {
        sides.upstream.forget();
        let mut client = framing.client(&sides.gateway).await;
        let (mut body, answer) = client.open(with_plan(framing.call(), &request, &json!({})));
        let answer = tokio::spawn(answer);
        body.send_data(FIRST.into()).await.unwrap();
        let edited = edited(FIRST.as_bytes(), &splices);
        sides.upstream.wait_for("the edited beginning", |request| request.body == edited).await;
        body.send_data(SECOND.into()).await.unwrap();
        let answer = in_time("the answer", answer).await.unwrap().expect("an answer");
        framing.check(&whole(answer).await.expect("a whole answer"));
        let broken = |request: &Received| request.ending == Ending::Broken;
        assert_eq!(sides.upstream.wait_for("the break", broken).await.body, edited);
    }
}

#[tokio::test]
async fn what_is_seen_at_the_end_breaks_the_request_off() {
    let sides = Sides::with(Reply::Echo).await;
    for framing in FRAMINGS {
        let mut sending = Sending::begin(framing, &sides, &watched_until(END), &json!({})).await;
        sending.send_second().await;
        // The end of the body, in a frame or a chunk of its own.
        sending.body = None;
        sending.check(&sides).await;
    }
}

#[tokio::test]
async fn all_that_was_announced_does_not_go_on_before_the_end_is_seen() {
    // The model server would take the request for whole without its end.
    let upstream = Upstream::echo().await;
    let gateway = Gateway::builder()
        .wasm(&WasmFilter::named("rewriting").configured(&json!({})))
        .http1_cluster("server", &[upstream.address()])
        .start()
        .await;
    let mut client = gateway.http2().await;
    let call = with_plan(Framing::Length.call(), &watched_until(END), &json!({}));
    let (mut body, answer) = client.open(call);
    let answer = tokio::spawn(answer);
    body.send_data(FIRST.into()).await.unwrap();
    upstream.wait_for("the first piece", |request| request.body == FIRST).await;
    let read = "http.gateway.downstream_cx_rx_bytes_total";
    let before = gateway.admin().stat(read).await.unwrap();
    body.send_data(SECOND.into()).await.unwrap();
    let all = before + u64::try_from(SECOND.len()).unwrap();
    gateway.wait_for_stat(read, |bytes| bytes >= all).await;
    drop(body);
    let answer = in_time("the answer", answer).await.unwrap().expect("an answer");
    assert_eq!(whole(answer).await.expect("a whole answer").status, 422);
    let broken = |request: &Received| request.ending == Ending::Broken;
    assert_eq!(upstream.wait_for("the break", broken).await.body, FIRST);
}

#[tokio::test]
async fn the_last_piece_does_not_go_on_when_it_breaks_the_request_off() {
    let sides = Sides::with(Reply::Echo).await;
    let request = watched_until(7);
    let mut http1 = RawHttp1::connect(sides.gateway.address()).await;
    let call = with_plan(Call::post("/").body(FIRST.to_owned() + SECOND), &request, &json!({}));
    let bytes = call.http1_bytes();
    let (first, second) = bytes.split_at(bytes.len() - SECOND.len());
    http1.write(first).await;
    sides.upstream.wait_for("the first piece", |request| request.body == FIRST).await;
    http1.write(second).await;
    let answer = http1.read_answer().await;
    assert_eq!((answer.status.as_u16(), &*answer.text_body()), (422, "broken off"));
    let broken = |request: &Received| request.ending == Ending::Broken;
    assert_eq!(sides.upstream.wait_for("the break", broken).await.body, FIRST);
}

#[tokio::test]
async fn what_is_seen_in_the_trailers_breaks_the_request_off() {
    let sides = Sides::with(Reply::Echo).await;
    for framing in [Framing::Chunked, Framing::Frames, Framing::Grpc] {
        let call = framing.call().header("trailer", "x-end");
        sides.upstream.forget();
        let mut client = framing.client(&sides.gateway).await;
        let (mut body, answer) = client.open(with_plan(call, &watched_until(END), &json!({})));
        let answer = tokio::spawn(answer);
        body.send_data(FIRST.into()).await.unwrap();
        sides.upstream.wait_for("the first piece", |request| request.body == FIRST).await;
        let trailers = http::HeaderMap::from_iter([(
            "x-end".parse::<http::HeaderName>().unwrap(),
            "of it".parse().unwrap(),
        )]);
        body.send_trailers(trailers).await.unwrap();
        let answer = in_time("the answer", answer).await.unwrap().expect("an answer");
        framing.check(&whole(answer).await.expect("a whole answer"));
        let broken = |request: &Received| request.ending == Ending::Broken;
        assert_eq!(sides.upstream.wait_for("the break", broken).await.trailers, None);
    }
}

#[tokio::test]
async fn a_response_that_has_begun_is_broken_off_with_its_request() {
    for framing in FRAMINGS {
        let (reply, mut steps) = Reply::stepwise(Answer::status(200));
        let sides = Sides::with(reply).await;
        let mut sending = Sending::begin(framing, &sides, &watched_until(7), &json!({})).await;
        let answer = sending.head().await;
        assert_eq!(answer.status(), 200);
        steps.send_data("begun".into()).await.unwrap();
        sending.send_second().await;
        let broken = in_time("the break", whole(answer)).await;
        assert!(broken.is_err(), "an answer that is only a part looks whole: {broken:?}");
        let broken = |request: &Received| request.ending == Ending::Broken;
        assert_eq!(sides.upstream.wait_for("the break", broken).await.body, FIRST);
        assert_eq!(sides.logged().await, (200, "rewriting;planned".to_owned()), "{framing:?}");
    }
}

#[tokio::test]
async fn a_response_that_is_held_gives_way_to_the_reply() {
    for framing in FRAMINGS {
        let (reply, mut steps) = Reply::stepwise(Answer::status(200));
        let sides = Sides::with(reply).await;
        let request = watched_until(7);
        let mut sending = Sending::begin(framing, &sides, &request, &json!({"hold": END})).await;
        steps.send_data("begun".into()).await.unwrap();
        let stat = "cluster.server.upstream_cx_rx_bytes_total";
        sides.gateway.wait_for_stat(stat, |bytes| bytes > 0).await;
        sending.send_second().await;
        assert_eq!(sending.check(&sides).await.body, FIRST);
        assert_eq!(sides.logged().await.1, "rewriting;planned", "{framing:?}");
    }
}

#[tokio::test]
async fn a_response_that_is_over_is_not_broken_off() {
    for framing in FRAMINGS {
        let sides = Sides::with(Reply::early(Answer::text("early"))).await;
        sides.upstream.forget();
        let mut client = framing.client(&sides.gateway).await;
        let call = with_plan(framing.call(), &watched_until(7), &json!({}));
        let (mut body, answer) = client.open(call);
        let answer = tokio::spawn(answer);
        body.send_data(FIRST.into()).await.unwrap();
        let answer = in_time("the answer", answer).await.unwrap().expect("an answer");
        assert_eq!(whole(answer).await.expect("a whole answer").text_body(), "early");
        // Envoy may have closed it by now.
        _ = body.send_data(SECOND.into()).await;
        assert_eq!(sides.logged().await.0, 200, "{framing:?}");
    }
}
