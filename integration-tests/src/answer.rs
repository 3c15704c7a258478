use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

/// An HTTP answer as a whole: what a scripted model server gives, and what a
/// client got.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, complete.
    pub body: Bytes,
    /// The trailers. None if there were none.
    pub trailers: Option<HeaderMap>,
}

impl Answer {
    /// An answer with this status and neither headers nor body.
    ///
    /// # Panics
    /// When it is no HTTP status.
    pub fn status(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).expect("an HTTP status"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            trailers: None,
        }
    }

    /// 200 with a text.
    pub fn text(text: impl Into<Bytes>) -> Self {
        Self::status(200).header("content-type", "text/plain").body(text)
    }

    /// 200 with a JSON value.
    pub fn json_value(value: &Value) -> Self {
        Self::status(200).header("content-type", "application/json").body(value.to_string())
    }

    /// A gRPC answer with one message.
    pub fn grpc(message: &impl prost::Message) -> Self {
        Self::status(200)
            .header("content-type", "application/grpc")
            .body(crate::grpc_frame(&message.encode_to_vec()))
            .trailer("grpc-status", "0")
    }

    /// The same with a header more.
    ///
    /// # Panics
    /// When it can't stand in HTTP.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let (name, value) = line(name, value.as_ref());
        self.headers.append(name, value);
        self
    }

    /// The same with this body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with a trailer more.
    ///
    /// # Panics
    /// When it can't stand in HTTP.
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let (name, value) = line(name, value.as_ref());
        self.trailers.get_or_insert_default().append(name, value);
        self
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it isn't.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON: {error}: {}", self.text_body()))
    }

    /// The body as text, whatever it is.
    pub fn text_body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header, the first of that name.
    pub fn header_text(&self, name: &str) -> Option<String> {
        text_of(&self.headers, name)
    }

    /// The gRPC status: from the trailers, or from the headers of an answer
    /// that has nothing else.
    pub fn grpc_status(&self) -> Option<i32> {
        let trailers = self.trailers.as_ref().and_then(|trailers| text_of(trailers, "grpc-status"));
        trailers.or_else(|| self.header_text("grpc-status"))?.parse().ok()
    }

    /// The gRPC message that goes with the status, as it goes over the wire:
    /// percent-encoded.
    pub fn grpc_text(&self) -> Option<String> {
        let trailers =
            self.trailers.as_ref().and_then(|trailers| text_of(trailers, "grpc-message"));
        trailers.or_else(|| self.header_text("grpc-message"))
    }

    /// The one gRPC message that the body is.
    ///
    /// # Panics
    /// When it is not exactly one of this type.
    pub fn grpc_message<M: prost::Message + Default>(&self) -> M {
        let [0, a, b, c, d, message @ ..] = &self.body[..] else {
            panic!("no gRPC message: {self:?}");
        };
        let length = u32::from_be_bytes([*a, *b, *c, *d]);
        assert_eq!(message.len(), usize::try_from(length).expect("32 bits"), "one message");
        M::decode(message).expect("a message of this type")
    }
}

pub(crate) fn line(name: &str, value: &[u8]) -> (HeaderName, HeaderValue) {
    (
        HeaderName::from_bytes(name.as_bytes()).expect("a header's name"),
        HeaderValue::from_bytes(value).expect("a header's value"),
    )
}

pub(crate) fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
