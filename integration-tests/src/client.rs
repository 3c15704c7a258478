use crate::answer::Answer;
use crate::call::{Call, CallBody};
use crate::waiting::in_time;
use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::BodyExt;
use http_body_util::channel::Sender;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A client with one connection at a time: it makes a new one only when the
/// other side has closed it, as Envoy does over HTTP/1.1 when it refuses a
/// request before it has all of it. Dropping the client closes the connection,
/// whatever is under way on it.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    sender: RequestSender,
    driver: JoinHandle<()>,
}

#[derive(Debug)]
enum RequestSender {
    Http1(http1::SendRequest<CallBody>),
    Http2(http2::SendRequest<CallBody>),
}

/// Why a client got no answer, or not a whole one.
pub type Broken = hyper::Error;

impl Client {
    /// Connects with HTTP/1.1.
    ///
    /// # Panics
    /// When nobody listens there.
    pub async fn http1(address: SocketAddr) -> Self {
        Self::connected(address, Self::try_http1(address).await)
    }

    /// Connects with HTTP/2, without TLS and without asking.
    ///
    /// # Panics
    /// When nobody listens there.
    pub async fn http2(address: SocketAddr) -> Self {
        Self::connected(address, Self::try_http2(address).await)
    }

    /// Connects with HTTP/1.1, if somebody listens there.
    ///
    /// # Errors
    /// When nobody does.
    pub(crate) async fn try_http1(address: SocketAddr) -> io::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            .max_headers(1_000)
            .handshake(connect(address).await?)
            .await
            .map_err(io::Error::other)?;
        let driver = tokio::spawn(async { _ = connection.await });
        Ok(Self { address, sender: RequestSender::Http1(sender), driver })
    }

    async fn try_http2(address: SocketAddr) -> io::Result<Self> {
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .max_header_list_size(1 << 20)
            .handshake(connect(address).await?)
            .await
            .map_err(io::Error::other)?;
        let driver = tokio::spawn(async { _ = connection.await });
        Ok(Self { address, sender: RequestSender::Http2(sender), driver })
    }

    fn connected(address: SocketAddr, tried: io::Result<Self>) -> Self {
        tried.unwrap_or_else(|error| panic!("can't connect to {address}: {error}"))
    }

    /// The whole answer to a call.
    ///
    /// # Panics
    /// When there is none in time, or only part of one.
    pub async fn send(&mut self, call: Call) -> Answer {
        let what = format!("the answer from {}", call.path());
        self.try_send(call).await.unwrap_or_else(|error| panic!("{what} broke off: {error:?}"))
    }

    /// The whole answer to a call, or why there is none.
    ///
    /// # Errors
    /// When the connection or the stream breaks.
    ///
    /// # Panics
    /// When nothing happens in time.
    pub async fn try_send(&mut self, call: Call) -> Result<Answer, Broken> {
        let what = format!("the answer from {}", call.path());
        let request = call.into_request(self.version(), &self.address.to_string());
        in_time(&what, async { whole(self.dispatch(request).await?).await }).await
    }

    /// The head of an answer, whose body the test reads as it likes.
    ///
    /// # Panics
    /// When there is none in time.
    pub async fn begin(&mut self, call: Call) -> Response<Incoming> {
        let what = format!("the answer from {}", call.path());
        let request = call.into_request(self.version(), &self.address.to_string());
        in_time(&what, self.dispatch(request))
            .await
            .unwrap_or_else(|error| panic!("{what} broke off: {error:?}"))
    }

    /// Begins a call whose body the test sends as it likes. The answer comes
    /// from the second value.
    pub fn open(
        &mut self,
        call: Call,
    ) -> (Sender<Bytes, Infallible>, impl Future<Output = Result<Response<Incoming>, Broken>> + use<>)
    {
        let (request, body) = call.into_open_request(self.version(), &self.address.to_string());
        let answer: std::pin::Pin<Box<dyn Future<Output = _> + Send>> = match &mut self.sender {
            RequestSender::Http1(sender) => Box::pin(sender.send_request(request)),
            RequestSender::Http2(sender) => Box::pin(sender.send_request(request)),
        };
        (body, answer)
    }

    /// Breaks the connection off.
    pub fn leave(self) {}

    const fn version(&self) -> Version {
        match self.sender {
            RequestSender::Http1(_) => Version::HTTP_11,
            RequestSender::Http2(_) => Version::HTTP_2,
        }
    }

    async fn dispatch(&mut self, request: Request<CallBody>) -> Result<Response<Incoming>, Broken> {
        let is_open = match &mut self.sender {
            RequestSender::Http1(sender) => sender.ready().await.is_ok(),
            RequestSender::Http2(sender) => sender.ready().await.is_ok(),
        };
        if !is_open {
            *self = match self.sender {
                RequestSender::Http1(_) => Self::http1(self.address).await,
                RequestSender::Http2(_) => Self::http2(self.address).await,
            };
        }
        match &mut self.sender {
            RequestSender::Http1(sender) => sender.send_request(request).await,
            RequestSender::Http2(sender) => sender.send_request(request).await,
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Collects an answer.
///
/// # Errors
/// When it breaks off.
pub async fn whole(response: Response<Incoming>) -> Result<Answer, Broken> {
    let (head, body) = response.into_parts();
    let body = body.collect().await?;
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        trailers: body.trailers().cloned(),
        body: body.to_bytes(),
    })
}

async fn connect(address: SocketAddr) -> io::Result<TokioIo<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(TokioIo::new(stream))
}
