//! A model server that costs as little as possible.

use crate::cases::ANSWER;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use integration_tests::grpc_frame;
use prost::Message;
use proto::prediction::PredictResponse;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What a chat completion looks like.
const COMPLETION: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"demo","choices":[{"index":0,"message":{"role":"assistant","content":"Least request."},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":2,"total_tokens":22}}"#;

/// What an event of a chat completion looks like.
const EVENT: &str = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"demo","choices":[{"index":0,"delta":{"content":" request"},"finish_reason":null}]}"#;

/// The last one but `[DONE]`.
const LAST_EVENT: &str = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"demo","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

/// A model server that reads requests and forgets them.
pub(crate) struct Server {
    address: SocketAddr,
    acceptor: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        Self { address, acceptor: tokio::spawn(accept(listener)) }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

async fn accept(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("a TCP socket");
        tokio::spawn(async move {
            let mut server = auto::Builder::new(TokioExecutor::new());
            server.http2().initial_stream_window_size(4 << 20);
            _ = server.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

/// A completion of 1 KB.
fn long_completion() -> Bytes {
    let sentence = "Least request: it draws two servers and takes the one with fewer. ";
    let missing = 1024 - COMPLETION.len();
    let text: String = sentence.chars().cycle().take(missing).collect();
    COMPLETION.replacen("Least request.", &format!("Least request.{text}"), 1).into()
}

/// 98 tokens, why it ended, and the end, a millisecond apart: so that each of them comes
/// by itself.
fn events() -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
    let data = std::iter::repeat_n(EVENT, 98).chain([LAST_EVENT, "[DONE]"]);
    stream::iter(data).then(|data| async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(Frame::data(Bytes::from(format!("data: {data}\n\n"))))
    })
}

async fn answer(
    request: Request<Incoming>,
) -> hyper::Result<Response<UnsyncBoxBody<Bytes, Infallible>>> {
    let is_grpc = request.headers().get("content-type").is_some_and(|it| it == "application/grpc");
    let form = request.headers().get(ANSWER).cloned();
    let mut body = request.into_body();
    while !body.is_end_stream() {
        match body.frame().await {
            Some(frame) => drop(frame?),
            None => break,
        }
    }
    let (content_type, body) = if is_grpc {
        let ok = HeaderMap::from_iter([(
            http::HeaderName::from_static("grpc-status"),
            HeaderValue::from_static("0"),
        )]);
        let response =
            PredictResponse { predictions: vec![1.0], model_name: "demo".into(), latency_ms: 0.1 };
        let message = Full::new(grpc_frame(&response.encode_to_vec()));
        ("application/grpc", message.with_trailers(async { Some(Ok(ok)) }).boxed_unsync())
    } else {
        match form.as_ref().map(HeaderValue::as_bytes) {
            Some(b"events") => ("text/event-stream", StreamBody::new(events()).boxed_unsync()),
            Some(b"long") => ("application/json", Full::new(long_completion()).boxed_unsync()),
            _ => ("application/json", Full::new(COMPLETION.into()).boxed_unsync()),
        }
    };
    let mut response = Response::new(body);
    response.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
    Ok(response)
}
