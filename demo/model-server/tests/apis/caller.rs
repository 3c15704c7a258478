//! Starting servers and calling them.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use model_server::{RunningServer, Settings};
use serde_json::Value;
use tonic::transport::{Channel, Endpoint};

/// A default server on a free port.
pub(crate) async fn serve() -> RunningServer {
    serve_as(|_| {}).await
}

/// A server on a free port, its settings changed.
pub(crate) async fn serve_as(change: impl FnOnce(&mut Settings)) -> RunningServer {
    let mut settings = Settings::on_a_free_port();
    change(&mut settings);
    model_server::start(settings).await.expect("the server starts")
}

pub(crate) async fn channel(server: &RunningServer) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.grpc_address()));
    endpoint.expect("an address").connect().await.expect("the server accepts")
}

/// Fails a test that would otherwise wait for ever.
pub(crate) async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), event).await.expect("it comes about in time")
}

/// A whole HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|problem| panic!("{problem}: {self:?}"))
    }

    /// The JSON of an answer that must be a success.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"));
        value.to_str().expect("text")
    }
}

pub(crate) async fn get(server: &RunningServer, path: &str) -> Answer {
    send(server, Method::GET, path, HeaderMap::new(), Bytes::new()).await
}

pub(crate) async fn post(server: &RunningServer, path: &str, body: &Value) -> Answer {
    post_bytes(server, path, body.to_string()).await
}

pub(crate) async fn post_bytes(
    server: &RunningServer,
    path: &str,
    body: impl Into<Bytes>,
) -> Answer {
    let json = header::HeaderValue::from_static("application/json");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
    send(server, Method::POST, path, headers, body.into()).await
}

pub(crate) async fn send(
    server: &RunningServer,
    method: Method,
    path: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let uri = format!("http://{}{path}", server.http_address());
    let mut request =
        Request::builder().method(method).uri(uri).body(Full::new(body)).expect("a request");
    request.headers_mut().extend(headers);
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}
