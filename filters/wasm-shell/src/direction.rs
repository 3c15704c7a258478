//! Which of an exchange's two messages is meant, and what Envoy lets be read
//! and written of it.

use crate::host::{self, HostError};
use crate::message::Message;
use crate::splicing::{Window, corrected, length, spliced};
use filter_kit::{Edits, HeaderEdit, Headers, Splice};
use proxy_wasm::types::{BufferType, MapType};
use std::borrow::Cow;

/// How many bytes of a body are taken over at once. Small enough to stay in the
/// processor's cache and to keep the VM's memory small, which it never gives
/// back; large enough that the hostcall doesn't count.
const PIECE_BYTES: usize = 64 * 1024;

/// The header that says how long a body is.
const CONTENT_LENGTH: &str = "content-length";

/// Which of the two messages a callback is about.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Request,
    Response,
}

impl Direction {
    /// One whose headers just came in.
    pub(crate) fn message(self, headers: &Headers) -> Message {
        match self {
            Self::Request => Message::request(headers.first(CONTENT_LENGTH).and_then(length)),
            Self::Response => Message::response(),
        }
    }

    pub(crate) fn headers(self) -> host::Result<Headers> {
        host::headers(self.header_map())
    }

    pub(crate) fn trailers(self) -> host::Result<Headers> {
        host::headers(self.trailer_map())
    }

    /// The next piece of what is held of the body up to there, whole.
    pub(crate) fn piece(self, start: usize, end: usize) -> host::Result<Window> {
        let wanted = end.saturating_sub(start).min(PIECE_BYTES);
        if wanted == 0 {
            return Ok(Window { start, bytes: Vec::new() });
        }
        let bytes = host::buffer(self.buffer(), start, wanted)?;
        if bytes.len() == wanted { Ok(Window { start, bytes }) } else { Err(HostError::NOT_FOUND) }
    }

    /// Makes these changes, to the headers and to what is held of the body.
    /// `read` is what was read of it last.
    pub(crate) fn edit(self, edits: &Edits, held: usize, read: Window) -> host::Result<()> {
        let map = self.header_map();
        for edit in edits.headers() {
            match edit {
                HeaderEdit::Set(name, value) => host::set_header(map, name, value)?,
                HeaderEdit::Remove(name) => host::remove_header(map, name)?,
            }
        }
        match edits.splices() {
            [] => Ok(()),
            splices => self.splice(splices, held, read),
        }
    }

    /// Writes what is held of the body anew. Beside the new one this takes no
    /// more memory than two pieces.
    fn splice(self, splices: &[Splice], held: usize, read: Window) -> host::Result<()> {
        let now = self.rewrite(splices, held, read)?;
        if now == held {
            return Ok(());
        }
        let map = self.header_map();
        let Some(value) = host::header(map, CONTENT_LENGTH)? else { return Ok(()) };
        let corrected = length(&value).and_then(|length| corrected(length, held, now));
        let now = corrected.ok_or(HostError::NOT_FOUND)?;
        host::set_header(map, CONTENT_LENGTH, now.to_string().as_bytes())
    }

    /// The same for a chunk that goes by, whose headers are gone. How long it is
    /// then.
    pub(crate) fn rewrite(
        self,
        splices: &[Splice],
        held: usize,
        read: Window,
    ) -> host::Result<usize> {
        let body = spliced(splices, held, read, |start| self.piece(start, held).ok())
            .ok_or(HostError::NOT_FOUND)?;
        host::replace_buffer(self.buffer(), held, &body)?;
        Ok(body.len())
    }

    /// Removes these trailers.
    pub(crate) fn remove_trailers(self, names: &[Cow<'static, str>]) -> host::Result<()> {
        let map = self.trailer_map();
        names.iter().try_for_each(|name| host::remove_header(map, name))
    }

    const fn trailer_map(self) -> MapType {
        match self {
            Self::Request => MapType::HttpRequestTrailers,
            Self::Response => MapType::HttpResponseTrailers,
        }
    }

    const fn header_map(self) -> MapType {
        match self {
            Self::Request => MapType::HttpRequestHeaders,
            Self::Response => MapType::HttpResponseHeaders,
        }
    }

    const fn buffer(self) -> BufferType {
        match self {
            Self::Request => BufferType::HttpRequestBody,
            Self::Response => BufferType::HttpResponseBody,
        }
    }
}
