//! What happens when there is too much of something.

use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use model_server::RunningServer;
use proto::prediction::PredictRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use serde_json::json;
use tokio::task::JoinHandle;
use tonic::{Code, Request, Response, Status};

use crate::caller::{channel, post, send, serve, serve_as, soon};

/// A server's place, taken by a request that takes as long as requests may.
pub(crate) struct Occupied {
    request: JoinHandle<()>,
}

impl Occupied {
    pub(crate) async fn by_one_request(server: &RunningServer) -> Self {
        Self::as_number(1, server).await
    }

    /// When others are there.
    async fn as_number(number: usize, server: &RunningServer) -> Self {
        let mut client = PredictionServiceClient::new(channel(server).await);
        let mut request =
            Request::new(PredictRequest { features: vec![0.5; 4], ..Default::default() });
        request.metadata_mut().insert("x-demo-delay-ms", "10000".parse().expect("ASCII"));
        let request = tokio::spawn(async move { drop(client.predict(request).await) });
        until(|| server.in_flight() == number).await;
        Self { request }
    }

    /// The client goes away.
    pub(crate) async fn give_up(self) {
        self.request.abort();
        drop(self.request.await);
    }
}

/// Waits for what another task is about to bring about.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A client with a streamed answer of which the head came. It ends when that is dropped.
async fn begin_stream(server: &RunningServer) -> impl Sized + use<> {
    let request = json!({ "model": "demo", "prompt": "Alice", "stream": true }).to_string();
    let uri = format!("http://{}/v1/completions", server.http_address());
    let request = http::Request::post(uri).body(Full::new(Bytes::from(request)));
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.expect("a request")).await;
    (client, response.expect("the head of an answer"))
}

async fn predict(server: &RunningServer) -> Result<(), Status> {
    let mut client = PredictionServiceClient::new(channel(server).await);
    let request = PredictRequest { features: vec![0.5; 4], ..Default::default() };
    client.predict(request).await.map(|_: Response<_>| ())
}

#[tokio::test]
async fn a_full_server_is_unavailable_in_every_api() {
    let server = serve_as(|settings| settings.max_concurrency = NonZeroUsize::new(1)).await;
    let _occupied = Occupied::by_one_request(&server).await;

    let status = predict(&server).await.expect_err("full");
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.message(), "This server is full: it answers 1 requests at a time");

    let instances = json!({ "instances": [[0, 0, 0, 0]] });
    let tensor = json!({ "name": "features", "datatype": "FP32", "shape": [0, 4], "data": [] });
    let chat = json!({ "model": "demo", "messages": [{ "role": "user", "content": "Hi" }] });
    for (path, request) in [
        ("/v1/models/demo:predict", instances),
        ("/v2/models/demo/infer", json!({ "inputs": [tensor] })),
        ("/v1/chat/completions", chat),
        ("/v1/completions", json!({ "model": "demo", "prompt": "Hi" })),
        ("/v1/embeddings", json!({ "model": "demo", "input": "Hi" })),
    ] {
        let answer = post(&server, path, &request).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
}

#[tokio::test]
async fn whoever_finds_no_slot_waits_for_one_and_is_answered() {
    let server = serve_as(|settings| {
        settings.slots = NonZeroUsize::new(1);
        settings.token_latency = Duration::from_secs(60);
    })
    .await;
    let stream = begin_stream(&server).await;
    let channel = channel(&server).await;
    let next = tokio::spawn(async move {
        let request = PredictRequest { features: vec![0.5; 4], ..Default::default() };
        PredictionServiceClient::new(channel).predict(request).await
    });
    until(|| server.in_flight() == 2).await;
    assert!(!next.is_finished(), "the stream is in the only slot");
    drop(stream);
    soon(next).await.expect("no panic").expect("an answer");
}

#[tokio::test]
async fn a_line_can_be_bounded() {
    let server = serve_as(|settings| {
        settings.slots = NonZeroUsize::new(1);
        settings.max_concurrency = NonZeroUsize::new(2);
        settings.token_latency = Duration::from_secs(60);
    })
    .await;
    let _stream = begin_stream(&server).await;
    let _waits = Occupied::as_number(2, &server).await;
    assert_eq!(predict(&server).await.expect_err("full").code(), Code::Unavailable);
}

#[tokio::test]
async fn openai_clients_are_told_when_to_try_a_full_server_again() {
    let server = serve_as(|settings| settings.max_concurrency = NonZeroUsize::new(1)).await;
    let _occupied = Occupied::by_one_request(&server).await;
    let request = json!({ "model": "demo", "input": "Hi" });
    let answer = post(&server, "/v1/embeddings", &request).await;
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.json()["error"]["code"], "model_overloaded");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_its_place() {
    let server = serve_as(|settings| settings.max_concurrency = NonZeroUsize::new(1)).await;
    Occupied::by_one_request(&server).await.give_up().await;
    until(|| server.in_flight() == 0).await;
    predict(&server).await.expect("there is room again");
}

#[tokio::test]
async fn a_stream_holds_its_place_until_its_end() {
    let server = serve_as(|settings| settings.token_latency = Duration::from_secs(60)).await;
    let stream = begin_stream(&server).await;
    assert_eq!(server.in_flight(), 1);
    drop(stream);
    until(|| server.in_flight() == 0).await;
}

#[tokio::test]
async fn a_delay_that_is_too_long_is_refused_in_grpc_and_http() {
    let server = serve().await;
    let mut client = PredictionServiceClient::new(channel(&server).await);
    let mut request = Request::new(PredictRequest { features: vec![0.5; 4], ..Default::default() });
    request.metadata_mut().insert("x-demo-delay-ms", "10001".parse().expect("ASCII"));
    let status = client.predict(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "x-demo-delay-ms: must be a whole number from 0 to 10000");

    let headers = HeaderMap::from_iter([(
        "x-demo-delay-ms".parse().expect("a name"),
        HeaderValue::from_static("soon"),
    )]);
    let body = Bytes::from_static(br#"{"instances": [[0, 0, 0, 0]]}"#);
    let answer = send(&server, Method::POST, "/v1/models/demo:predict", headers, body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_refused() {
    let rows = vec![[0; 4]; 1025];
    let server = serve().await;
    let answer = post(&server, "/v1/models/demo:predict", &json!({ "instances": rows })).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer.json(),
        json!({ "error": "instances: may hold at most 1024 rows, has 1025" })
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = serve().await;
    let body = Bytes::from(vec![b' '; (64 << 20) + 1]);
    let answer = send(&server, Method::POST, "/v1/embeddings", HeaderMap::new(), body).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn compressed_bodies_and_binary_tensors_are_refused_by_name() {
    let server = serve().await;
    let header = |name: &str, value| {
        HeaderMap::from_iter([(name.parse().expect("a name"), HeaderValue::from_static(value))])
    };
    let path = "/v2/models/demo/infer";
    let gzip = header("content-encoding", "gzip");
    let gzip = send(&server, Method::POST, path, gzip, Bytes::from_static(b"x")).await;
    assert_eq!(gzip.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let binary = header("inference-header-content-length", "10");
    let binary = send(&server, Method::POST, path, binary, Bytes::from_static(b"x")).await;
    assert_eq!(binary.status, StatusCode::BAD_REQUEST);
}
