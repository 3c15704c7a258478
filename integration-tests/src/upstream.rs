//! A model server that does what a test tells it to, and remembers what it was
//! sent.

mod crowd;
mod digest;
mod failure;
mod journal;
mod reply;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tonic::service::Routes;

use crate::waiting::eventually;
pub use crowd::Crowd;
pub use digest::Digest;
pub use failure::Failure;
use journal::Journal;
use journal::RecordedBody;
pub use journal::{Ending, Received};
pub use reply::{Reply, Steps, StepwiseBody};

pub(crate) type ReplyBody = UnsyncBoxBody<Bytes, Failure>;
type Answering =
    Pin<Box<dyn Future<Output = Result<Response<ReplyBody>, Failure>> + Send + 'static>>;
type Behaviour = dyn Fn(Request<RecordedBody>) -> Answering + Send + Sync;

/// A model server in this process, on a port of its own. It speaks HTTP/1.1 and
/// HTTP/2 without TLS, whichever the other side begins with. Dropping it breaks
/// its connections off.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    journal: Journal,
    acceptor: JoinHandle<()>,
}

impl Upstream {
    /// A server that does with each request what `script` says about its head.
    pub async fn scripted(
        script: impl Fn(&http::request::Parts) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let script = Arc::new(script);
        Self::behaving(move |request| {
            let reply = script(&head_of(&request));
            Box::pin(reply.perform(request))
        })
        .await
    }

    /// A server that answers everything with 200 and this text.
    pub async fn saying(text: &'static str) -> Self {
        Self::scripted(move |_| Reply::whole(crate::Answer::text(text))).await
    }

    /// A server that sends back what it gets, as it gets it.
    pub async fn echo() -> Self {
        Self::scripted(|_| Reply::Echo).await
    }

    /// A server with real gRPC services.
    pub async fn grpc(services: Routes) -> Self {
        Self::behaving(move |request| {
            let mut services = services.clone();
            Box::pin(async move {
                let response = tonic::codegen::Service::call(&mut services, request).await?;
                Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
            })
        })
        .await
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, in order of arrival, whether they are complete or
    /// not.
    pub fn received(&self) -> Vec<Received> {
        self.journal.entries()
    }

    /// The last request.
    ///
    /// # Panics
    /// When there was none.
    pub fn last(&self) -> Received {
        self.received().pop().expect("a request that reached the model server")
    }

    /// Waits for a request of this kind.
    ///
    /// # Panics
    /// With `what`, when none comes in time.
    pub async fn wait_for(&self, what: &str, kind: impl Fn(&Received) -> bool) -> Received {
        eventually(what, async || self.received().into_iter().find(|request| kind(request))).await
    }

    /// Forgets what it received.
    pub fn forget(&self) {
        self.journal.forget();
    }

    async fn behaving(
        behaviour: impl Fn(Request<RecordedBody>) -> Answering + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let journal = Journal::default();
        let acceptor = tokio::spawn(accept(listener, journal.clone(), Arc::new(behaviour)));
        Self { address, journal, acceptor }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

async fn accept(listener: TcpListener, journal: Journal, behaviour: Arc<Behaviour>) {
    // Lives in this task: when it ends, so do the connections.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        _ = stream.set_nodelay(true);
        let journal = journal.clone();
        let behaviour = Arc::clone(&behaviour);
        connections.spawn(async move {
            let service = service_fn(move |request| behaviour(journal.record(request)));
            let mut server = auto::Builder::new(TokioExecutor::new());
            server.http1().max_headers(1_000);
            server.http2().max_header_list_size(1 << 20);
            // A connection that breaks is a scripted one, or one that Envoy closed.
            _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn head_of(request: &Request<RecordedBody>) -> http::request::Parts {
    let mut head = Request::new(()).into_parts().0;
    head.method = request.method().clone();
    head.uri = request.uri().clone();
    head.version = request.version();
    head.headers = request.headers().clone();
    head
}
