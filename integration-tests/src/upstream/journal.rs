use super::Failure;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Version};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

/// A request as it arrived at a model server.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: String,
    /// HTTP/1.1 or HTTP/2.
    pub version: Version,
    /// The headers, in order of arrival.
    pub headers: HeaderMap,
    /// As much of the body as has arrived.
    pub body: Bytes,
    /// The trailers. None if there were none, or not yet.
    pub trailers: Option<HeaderMap>,
    /// How it goes on.
    pub ending: Ending,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// More may come.
    Open,
    /// It is complete.
    Complete,
    /// It broke off.
    Broken,
}

impl Received {
    /// The value of a header, the first of that name.
    pub fn header_text(&self, name: &str) -> Option<String> {
        crate::answer::text_of(&self.headers, name)
    }

    /// Every value of a header, in order.
    pub fn header_values(&self, name: &str) -> Vec<&[u8]> {
        self.headers.get_all(name).into_iter().map(http::HeaderValue::as_bytes).collect()
    }

    /// Whether it has come to its proper end.
    pub fn is_complete(&self) -> bool {
        self.ending == Ending::Complete
    }
}

/// What a model server has received.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<Arc<Mutex<Entry>>>>>);

#[derive(Debug)]
struct Entry {
    received: Received,
    body: BytesMut,
}

impl Journal {
    pub(crate) fn entries(&self) -> Vec<Received> {
        let entries = lock(&self.0);
        entries
            .iter()
            .map(|entry| {
                let entry = lock(entry);
                Received { body: entry.body.clone().freeze(), ..entry.received.clone() }
            })
            .collect()
    }

    pub(crate) fn forget(&self) {
        lock(&self.0).clear();
    }

    /// Writes the request down and everything of its body that is read.
    pub(crate) fn record(&self, request: Request<Incoming>) -> Request<RecordedBody> {
        let (head, body) = request.into_parts();
        let received = Received {
            method: head.method.clone(),
            path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            version: head.version,
            headers: head.headers.clone(),
            body: Bytes::new(),
            trailers: None,
            ending: if body.is_end_stream() { Ending::Complete } else { Ending::Open },
        };
        let entry = Arc::new(Mutex::new(Entry { received, body: BytesMut::new() }));
        lock(&self.0).push(Arc::clone(&entry));
        Request::from_parts(head, RecordedBody { body, entry, keeping: Keeping::Everything })
    }
}

/// A request's body, written down while it is read.
#[derive(Debug)]
pub(crate) struct RecordedBody {
    body: Incoming,
    entry: Arc<Mutex<Entry>>,
    keeping: Keeping,
}

/// What of a body is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    Everything,
    /// All but its bytes.
    NoBytes,
}

impl RecordedBody {
    /// From here on its bytes are not kept.
    pub(super) const fn keep_nothing(&mut self) {
        self.keeping = Keeping::NoBytes;
    }
}

impl Body for RecordedBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let Self { body, entry, keeping } = self.get_mut();
        let polled = Pin::new(&mut *body).poll_frame(context);
        let mut entry = lock(entry);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => entry.received.ending = Ending::Complete,
            Poll::Ready(Some(Err(_))) => entry.received.ending = Ending::Broken,
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(bytes) = frame.data_ref()
                    && *keeping == Keeping::Everything
                {
                    entry.body.extend_from_slice(bytes);
                }
                entry.received.trailers = frame.trailers_ref().cloned();
                if frame.is_trailers() || body.is_end_stream() {
                    entry.received.ending = Ending::Complete;
                }
            }
        }
        polled.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panicked while writing")
}
