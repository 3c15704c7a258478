//! One request and its response, in one filter.

use crate::host::{self, HostError, LocalReply};
use crate::message::{Deed, Message, Part};
use crate::meters;
use crate::splicing::{corrected, length, spliced};
use filter_kit::{
    Arrival, BodyChunk, Edits, Exchange, Filter, GrpcCode, HeaderBlock, HeaderEdit, Headers, Notes,
    Reply, ReplyKind, Splice, Timestamp, Trailers,
};
use log::Level;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType, LogLevel, MapType};
use std::rc::Rc;

/// How many bytes of a body are taken over at once. Small enough to stay in the
/// processor's cache and to keep the VM's memory small, which it never gives
/// back; large enough that the hostcall doesn't count.
const PIECE_BYTES: usize = 64 * 1024;

/// The header that says how long a body is.
const CONTENT_LENGTH: &str = "content-length";

pub(crate) struct Stream<F: Filter> {
    filter: Rc<F>,
    /// A number drawn for it.
    chance: u64,
    /// Begins with the request's headers, and is gone when it has finished.
    exchange: Option<F::Exchange>,
    notes: Notes,
    request: Message,
    response: Message,
    /// This filter gave the answer itself. Envoy shows that to it as well.
    answered: bool,
}

/// Which of the two messages a callback is about.
#[derive(Clone, Copy)]
enum Direction {
    Request,
    Response,
}

impl Direction {
    const fn headers(self) -> MapType {
        match self {
            Self::Request => MapType::HttpRequestHeaders,
            Self::Response => MapType::HttpResponseHeaders,
        }
    }

    const fn trailers(self) -> MapType {
        match self {
            Self::Request => MapType::HttpRequestTrailers,
            Self::Response => MapType::HttpResponseTrailers,
        }
    }

    /// One whose headers just came in.
    fn message(self, headers: &Headers) -> Message {
        match self {
            Self::Request => Message::request(headers.first(CONTENT_LENGTH).and_then(length)),
            Self::Response => Message::response(),
        }
    }

    const fn body(self) -> BufferType {
        match self {
            Self::Request => BufferType::HttpRequestBody,
            Self::Response => BufferType::HttpResponseBody,
        }
    }
}

impl<F: Filter> Context for Stream<F> {}

impl<F: Filter> HttpContext for Stream<F> {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        self.headers(Direction::Request, end_of_stream)
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.body(Direction::Request, size, end_of_stream)
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.trailers(Direction::Request)
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        self.headers(Direction::Response, end_of_stream)
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.body(Direction::Response, size, end_of_stream)
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.trailers(Direction::Response)
    }

    fn on_log(&mut self) {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.finished(&mut self.notes);
            self.publish();
        }
    }
}

impl<F: Filter> Stream<F> {
    pub(crate) fn new(filter: Rc<F>, chance: u64) -> Self {
        Self {
            filter,
            chance,
            exchange: None,
            notes: Notes::default(),
            request: Message::default(),
            response: Message::default(),
            answered: false,
        }
    }

    fn headers(&mut self, direction: Direction, end_of_stream: bool) -> Action {
        if self.answered {
            return Action::Continue;
        }
        if let Direction::Request = direction {
            self.exchange = Some(self.filter.exchange(self.arrival()));
        }
        let Some(exchange) = &mut self.exchange else { return Action::Continue };
        // Without them nothing can be decided, and nothing may pass undecided.
        let Ok(headers) = host::headers(direction.headers()) else {
            return self.fail("the host did not give the headers");
        };
        let block = HeaderBlock { headers: &headers, end_of_message: end_of_stream };
        let verdict = match direction {
            Direction::Request => exchange.request_headers(block, &mut self.notes),
            Direction::Response => exchange.response_headers(block, &mut self.notes),
        };
        *self.message(direction) = direction.message(&headers);
        let decided = self.message(direction).decide(verdict, Part::last_if(end_of_stream));
        self.obey(direction, decided)
    }

    fn body(&mut self, direction: Direction, size: usize, end_of_stream: bool) -> Action {
        let Some(unseen) = self.message(direction).arrive(size) else { return Action::Continue };
        let mut start = unseen.start;
        loop {
            let wanted = unseen.end.saturating_sub(start).min(PIECE_BYTES);
            let Ok(bytes) = piece(direction.body(), start, wanted) else {
                return self.fail("the host did not give the body");
            };
            start = start.saturating_add(wanted);
            let last_piece = start >= unseen.end;
            let part = Part::last_if(end_of_stream && last_piece);
            let chunk = BodyChunk { bytes: &bytes, end_of_message: part == Part::Last };
            let Some(exchange) = &mut self.exchange else { return Action::Continue };
            let verdict = match direction {
                Direction::Request => exchange.request_body(chunk, &mut self.notes),
                Direction::Response => exchange.response_body(chunk, &mut self.notes),
            };
            // What is decided on a piece is done when all of them were shown:
            // they lie in one buffer, and go on together.
            let message = self.message(direction);
            let decided = message.decide_up_to(start, verdict, part);
            if last_piece || decided.is_err() || !message.is_shown() {
                return self.obey(direction, decided);
            }
        }
    }

    fn trailers(&mut self, direction: Direction) -> Action {
        if !self.message(direction).is_shown() {
            return Action::Continue;
        }
        let Ok(trailers) = host::headers(direction.trailers()) else {
            return self.fail("the host did not give the trailers");
        };
        let trailers = Trailers { trailers: &trailers };
        let Some(exchange) = &mut self.exchange else { return Action::Continue };
        let verdict = match direction {
            Direction::Request => exchange.request_trailers(trailers, &mut self.notes),
            Direction::Response => exchange.response_trailers(trailers, &mut self.notes),
        };
        let decided = self.message(direction).decide(verdict, Part::Last);
        self.obey(direction, decided)
    }

    fn arrival(&self) -> Arrival {
        let at = if F::CLOCK { host::now().unwrap_or_default() } else { Timestamp::default() };
        let source = if self.filter.wants_source() { host::source().ok().flatten() } else { None };
        Arrival { at, chance: self.chance, source }
    }

    fn message(&mut self, direction: Direction) -> &mut Message {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    /// Ends a callback with what was decided in it.
    fn obey(&mut self, direction: Direction, decided: Result<(), Deed>) -> Action {
        self.publish();
        let deed = decided.err().unwrap_or_else(|| self.message(direction).deed());
        match deed {
            Deed::Continue => Action::Continue,
            Deed::Pause => Action::Pause,
            Deed::Reply(reply) => self.answer(&reply),
            Deed::Fault(fault) => self.fail(fault.sentence()),
            Deed::Edit { edits, held } => match edit(direction, &edits, held) {
                Ok(()) => Action::Continue,
                Err(_) => self.fail("the host did not take the edits"),
            },
        }
    }

    fn answer(&mut self, reply: &Reply) -> Action {
        // The exchange is over: nothing of either message is shown any more.
        self.answered = true;
        self.request = Message::default();
        self.response = Message::default();
        let reason = match reply.kind {
            ReplyKind::Refusal => Some((Reply::REASON_HEADER, reply.reason.as_bytes())),
            ReplyKind::Answer => None,
        };
        let headers: Vec<(&str, &[u8])> = reply
            .headers
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_slice()))
            .chain(reason)
            .collect();
        let sent = host::send_local_reply(LocalReply {
            status: reply.status,
            grpc_status: reply.grpc.number(),
            details: &reply.reason,
            headers: &headers,
            body: &reply.body,
        });
        if sent.is_err() {
            host::log(LogLevel::Error, &format!("{}: the host did not take a reply", F::NAME));
        }
        Action::Pause
    }

    /// Something that must hold did not: the client gets a plain 500 and the
    /// operator a line in the log.
    fn fail(&mut self, what: &str) -> Action {
        host::log(LogLevel::Error, &format!("{}: fault: {what}", F::NAME));
        self.answer(&Reply {
            kind: ReplyKind::Refusal,
            status: 500,
            grpc: GrpcCode::Internal,
            headers: Vec::new(),
            body: b"internal error of the gateway".to_vec(),
            reason: format!("{};fault", F::NAME),
        })
    }

    fn publish(&mut self) {
        self.notes.changes().iter().for_each(meters::apply);
        for fact in self.notes.facts() {
            let _ = host::set_property(fact.name, fact.value.as_bytes());
        }
        for line in self.notes.logs() {
            if line.level <= log::max_level() {
                host::log(log_level(line.level), &format!("{}: {}", F::NAME, line.text));
            }
        }
        self.notes.clear();
    }
}

/// These bytes of a buffer, all of them.
fn piece(kind: BufferType, start: usize, length: usize) -> host::Result<Vec<u8>> {
    if length == 0 {
        return Ok(Vec::new());
    }
    let bytes = host::buffer(kind, start, length)?;
    if bytes.len() == length { Ok(bytes) } else { Err(HostError::NOT_FOUND) }
}

fn edit(direction: Direction, edits: &Edits, held: usize) -> host::Result<()> {
    let map = direction.headers();
    for edit in edits.headers() {
        match edit {
            HeaderEdit::Set(name, value) => host::set_header(map, name, value)?,
            HeaderEdit::Remove(name) => host::remove_header(map, name)?,
        }
    }
    match edits.splices() {
        [] => Ok(()),
        splices => splice(direction, splices, held),
    }
}

/// Writes what is held of a body anew. Beside the new body itself this takes no
/// more memory than a piece.
fn splice(direction: Direction, splices: &[Splice], held: usize) -> host::Result<()> {
    let kind = direction.body();
    let body = spliced(splices, held, |range, body| {
        for start in range.clone().step_by(PIECE_BYTES) {
            let wanted = range.end.saturating_sub(start).min(PIECE_BYTES);
            body.extend_from_slice(&piece(kind, start, wanted)?);
        }
        Ok(())
    })?;
    host::replace_buffer(kind, held, &body)?;
    if body.len() == held {
        return Ok(());
    }
    let map = direction.headers();
    let Some(value) = host::header(map, CONTENT_LENGTH)? else { return Ok(()) };
    let now = length(&value).and_then(|length| corrected(length, held, body.len()));
    let now = now.ok_or(HostError::NOT_FOUND)?;
    host::set_header(map, CONTENT_LENGTH, now.to_string().as_bytes())
}

const fn log_level(level: Level) -> LogLevel {
    match level {
        Level::Error => LogLevel::Error,
        Level::Warn => LogLevel::Warn,
        Level::Info => LogLevel::Info,
        Level::Debug => LogLevel::Debug,
        Level::Trace => LogLevel::Trace,
    }
}
