use crate::answer::{line, text_of};
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Version};
use http_body_util::channel::{Channel, Sender};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as HttpBody, Frame};
use serde_json::Value;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

pub(crate) type CallBody = UnsyncBoxBody<Bytes, Infallible>;

/// A request that a client is about to make.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
    trailers: Option<HeaderMap>,
}

/// How a call's body goes over the wire.
#[derive(Clone, Debug)]
enum Body {
    None,
    /// HTTP/1.1: with a content-length.
    Whole(Bytes),
    /// HTTP/1.1: chunked, unless the call has a content-length. HTTP/2: one
    /// DATA frame for each.
    Pieces(Vec<Bytes>),
}

impl Call {
    /// A call without a body.
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: Method::from_bytes(method.as_bytes()).expect("a method"),
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Body::None,
            trailers: None,
        }
    }

    /// A GET.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST, of nothing yet.
    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    /// A gRPC call with one message.
    pub fn grpc(path: &str, message: &impl prost::Message) -> Self {
        Self::grpc_bytes(path, &message.encode_to_vec())
    }

    /// A gRPC call with one message, given as bytes.
    pub fn grpc_bytes(path: &str, message: &[u8]) -> Self {
        Self::post(path)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(grpc_frame(message))
    }

    /// The same with a header more. The value may be any bytes that HTTP allows,
    /// text or not.
    ///
    /// # Panics
    /// When it can't stand in HTTP.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let (name, value) = line(name, value.as_ref());
        self.headers.append(name, value);
        self
    }

    /// The same with a JSON body.
    pub fn json(self, value: &Value) -> Self {
        self.header("content-type", "application/json").body(value.to_string())
    }

    /// The same with this body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Body::Whole(body.into());
        self
    }

    /// The same with this body, piece by piece.
    pub fn pieces(mut self, pieces: impl IntoIterator<Item = Bytes>) -> Self {
        self.body = Body::Pieces(pieces.into_iter().collect());
        self
    }

    /// The same with its body cut in two. No bytes are sent as a piece of their
    /// own.
    pub fn cut_at(mut self, position: usize) -> Self {
        let mut body = self.body_bytes();
        let first = body.split_to(position);
        self.body = Body::Pieces(vec![first, body]);
        self
    }

    /// The same with a trailer more.
    ///
    /// # Panics
    /// When it can't stand in HTTP.
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let (name, value) = line(name, value.as_ref());
        // Over HTTP/1.1 trailers have to be announced.
        self.headers.append("trailer", name.as_str().parse().expect("a header's name"));
        self.trailers.get_or_insert_default().append(name, value);
        self
    }

    /// The body, as a whole.
    pub fn body_bytes(&self) -> Bytes {
        match &self.body {
            Body::None => Bytes::new(),
            Body::Whole(bytes) => bytes.clone(),
            Body::Pieces(pieces) => pieces.concat().into(),
        }
    }

    /// The path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of a header, the first of that name.
    pub fn header_text(&self, name: &str) -> Option<String> {
        text_of(&self.headers, name)
    }

    pub(crate) fn into_request(self, version: Version, authority: &str) -> Request<CallBody> {
        let body = match (self.body.clone(), self.trailers.clone()) {
            (Body::None, None) => Full::default().boxed_unsync(),
            (Body::Whole(bytes), None) => Full::new(bytes).boxed_unsync(),
            (body, trailers) => {
                let pieces = match body {
                    Body::None => Vec::new(),
                    Body::Whole(bytes) => vec![bytes],
                    Body::Pieces(pieces) => pieces,
                };
                let trailers = trailers.map(Frame::trailers);
                Frames(pieces.into_iter().map(Frame::data).chain(trailers).collect()).boxed_unsync()
            }
        };
        self.head(version, authority).body(body).expect("a request")
    }

    /// The request with a body that the test sends as it likes.
    pub(crate) fn into_open_request(
        self,
        version: Version,
        authority: &str,
    ) -> (Request<CallBody>, Sender<Bytes, Infallible>) {
        let (sender, channel) = Channel::<Bytes, Infallible>::new(1);
        let body = channel.boxed_unsync();
        (self.head(version, authority).body(body).expect("a request"), sender)
    }

    fn head(self, version: Version, authority: &str) -> http::request::Builder {
        let uri = match version {
            Version::HTTP_2 => format!("http://{authority}{}", self.path),
            _ => self.path,
        };
        let mut builder = Request::builder().method(self.method).uri(uri);
        let headers = builder.headers_mut().expect("a valid path");
        headers.extend(self.headers);
        if version != Version::HTTP_2 && !headers.contains_key("host") {
            headers.insert("host", authority.parse().expect("an authority"));
        }
        builder
    }
}

/// A gRPC message as it stands in a body: not compressed, with its length.
pub fn grpc_frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).expect("below 4 GiB"));
    frame.put_slice(message);
    frame.freeze()
}

/// A body of these frames, one after the other.
struct Frames(VecDeque<Frame<Bytes>>);

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}
