//! A filter on trial: shown one exchange, in any way that a host may show it.
//!
//! For the tests of filters, behind the feature `trial`. It panics where a filter
//! gives a verdict that can't be obeyed: holds what went on, or changes what it
//! was not shown or what it can't change any more.

#![expect(clippy::panic, reason = "a test that sees a wrong verdict fails")]

mod cells;
mod message;
mod passage;

pub use cells::local_cells;
pub use message::Message;
pub use passage::{Forwarded, Outcome};

use crate::{
    Arrival, Asks, BodyChunk, Cells, Change, Exchange, Filter, HeaderBlock, Headers, Notes,
    Timestamp, Told, Trailers, Upcoming, Watching,
};
use message::chunks;
use passage::{GoingBy, Passage};
use serde_json::Value;
use std::rc::Rc;

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Trial {
    request: Message,
    answer: Option<Message>,
    arrival: Arrival,
    /// What Envoy knows of it.
    known: Told,
    /// When it is over, if not with its last message.
    over: Option<Timestamp>,
}

/// What became of an exchange.
#[derive(Debug)]
pub struct Record {
    /// What became of the request.
    pub request: Outcome,
    /// What became of the answer, if there was one and the request went on.
    pub answer: Option<Outcome>,
    /// What the filter said.
    pub notes: Notes,
    /// How many of the facts it stated before the exchange was over.
    pub facts_before_end: usize,
}

impl Trial {
    /// A request for this path.
    pub fn of(method: &str, path: &str) -> Self {
        Self {
            request: Message::new([(":method", method), (":path", path)]),
            answer: None,
            arrival: Arrival::default(),
            known: Told::default(),
            over: None,
        }
    }

    /// A chat request of OpenAI's API.
    pub fn chat(body: &Value) -> Self {
        Self::of("POST", "/v1/chat/completions").body(body.to_string())
    }

    /// A call of a gRPC method with one message.
    pub fn grpc(path: &str, message: &[u8]) -> Self {
        Self::of("POST", path).header("content-type", "application/grpc").body(grpc_frame(message))
    }

    /// With this header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.request.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request.body = body.into();
        self
    }

    /// Shown in pieces of so many bytes, the request and its answer.
    #[must_use]
    pub fn cut_at_every(mut self, chunk: usize) -> Self {
        for message in [&mut self.request].into_iter().chain(&mut self.answer) {
            message.chunk = chunk;
        }
        self
    }

    /// Shown cut at these places, in ascending order: the request, and its answer.
    #[must_use]
    pub fn cut_at(mut self, request: &[usize], answer: &[usize]) -> Self {
        self.request.cut_at(request);
        if let Some(message) = &mut self.answer {
            message.cut_at(answer);
        }
        self
    }

    /// With trailers behind the request's body, so that no chunk is its last.
    #[must_use]
    pub fn with_trailers(mut self) -> Self {
        self.request.trailers = Some(Vec::new());
        self
    }

    /// With this number drawn for it.
    #[must_use]
    pub fn drawing(mut self, chance: u64) -> Self {
        self.arrival.chance = chance;
        self
    }

    /// Sent from there.
    #[must_use]
    pub fn from(mut self, source: [u8; 4]) -> Self {
        self.arrival.source = Some(source.into());
        self
    }

    /// Sharing this state with others.
    #[must_use]
    pub fn sharing(mut self, cells: Cells) -> Self {
        self.arrival.cells = cells;
        self
    }

    /// Sent at this time.
    #[must_use]
    pub fn sent_at(mut self, at: Timestamp) -> Self {
        self.arrival.at = at;
        self.request.at = at;
        self
    }

    /// Envoy knows this of it, and tells what is asked for.
    #[must_use]
    pub fn known(mut self, known: Told) -> Self {
        self.known = known;
        self
    }

    /// Its answer comes in at this time.
    #[must_use]
    pub fn answered_at(mut self, at: Timestamp) -> Self {
        if let Some(answer) = &mut self.answer {
            answer.at = at;
        }
        self
    }

    /// With this trailer behind the answer.
    #[must_use]
    pub fn answer_trailer(mut self, name: &str, value: &str) -> Self {
        if let Some(answer) = &mut self.answer {
            let trailers = answer.trailers.get_or_insert_default();
            trailers.push((name.to_owned(), value.into()));
        }
        self
    }

    /// Answered with this status and this body.
    #[must_use]
    pub fn answered(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = [(":status", "200"), ("content-type", content_type)];
        let answer = Message { body: body.into(), ..Message::new(headers) };
        self.answer = Some(Message { chunk: self.request.chunk, at: self.request.at, ..answer });
        self
    }

    /// Answered with a body whose pieces come in at these times.
    #[must_use]
    pub fn answered_in_pieces(self, content_type: &str, pieces: &[(Timestamp, &[u8])]) -> Self {
        let body: Vec<&[u8]> = pieces.iter().map(|(_, bytes)| *bytes).collect();
        let mut trial = self.answered(content_type, body.concat());
        if let Some(answer) = &mut trial.answer {
            answer.pieces = pieces.iter().map(|(at, bytes)| (bytes.len(), *at)).collect();
        }
        trial
    }

    /// The answer breaks off: nothing says that it ends.
    #[must_use]
    pub fn broken_off(mut self) -> Self {
        if let Some(answer) = &mut self.answer {
            answer.is_broken_off = true;
            answer.trailers = None;
        }
        self
    }

    /// It is over at this time.
    #[must_use]
    pub fn over_at(mut self, at: Timestamp) -> Self {
        self.over = Some(at);
        self
    }

    /// Answered over gRPC with these messages, and trailers.
    #[must_use]
    pub fn answered_by_grpc(self, messages: &[&[u8]]) -> Self {
        let frames: Vec<Vec<u8>> = messages.iter().map(|message| grpc_frame(message)).collect();
        let mut trial = self.answered("application/grpc", frames.concat());
        if let Some(answer) = &mut trial.answer {
            answer.trailers = Some(Vec::new());
        }
        trial
    }

    /// With another status or header of the answer.
    #[must_use]
    pub fn answer_header(mut self, name: &str, value: &str) -> Self {
        if let Some(answer) = &mut self.answer {
            answer.headers.retain(|(known, _)| known != name);
            answer.headers.push((name.to_owned(), value.into()));
        }
        self
    }

    /// The path of the request.
    pub fn path(&self) -> &[u8] {
        let path = self.request.headers.iter().find(|(name, _)| name == ":path");
        path.map(|(_, value)| value.as_slice()).unwrap_or_default()
    }

    /// The body of the request.
    pub fn body_bytes(&self) -> &[u8] {
        &self.request.body
    }

    /// Shows the request to the filter until there is a decision.
    pub fn through<F: Filter>(&self, filter: &Rc<F>) -> Outcome {
        self.recorded(filter).request
    }

    /// The same with what the filter said.
    pub fn noting<F: Filter>(&self, filter: &Rc<F>) -> (Outcome, Notes) {
        let record = self.recorded(filter);
        (record.request, record.notes)
    }

    /// Shows the whole exchange to the filter.
    pub fn recorded<F: Filter>(&self, filter: &Rc<F>) -> Record {
        let mut notes = Notes::default();
        let mut exchange = filter.exchange(self.arrival);
        let request = show_request(&self.request, &mut exchange, &mut notes);
        let answer = match (&self.answer, &request) {
            (Some(answer), Outcome::Forwarded(_)) => {
                tell(&mut exchange, Upcoming::ResponseHeaders, &self.known);
                Some(show_answer(answer, &mut exchange, &mut notes))
            }
            _ => None,
        };
        let end = self.answer.as_ref().unwrap_or(&self.request).ends_at();
        let facts_before_end = notes.facts().len();
        tell(&mut exchange, Upcoming::End, &self.known);
        exchange.finished(self.over.unwrap_or(end), &mut notes);
        Record { request, answer, notes, facts_before_end }
    }
}

/// Tells an exchange what it asks for, and nothing else.
fn tell(exchange: &mut impl Exchange, upcoming: Upcoming, known: &Told) {
    let asks = exchange.asks(upcoming);
    if asks == Asks::NOTHING {
        return;
    }
    let facts = known.facts.iter().filter(|(name, _)| asks.facts.contains(name));
    exchange.told(Told {
        facts: facts.cloned().collect(),
        flags: known.flags.filter(|_| asks.flags),
        details: known.details.clone().filter(|_| asks.details),
        upstream_time: known.upstream_time.filter(|_| asks.upstream_time),
        request_bytes: known.request_bytes.filter(|_| asks.request_bytes),
        response_bytes: known.response_bytes.filter(|_| asks.response_bytes),
    });
}

fn show_request(message: &Message, exchange: &mut impl Exchange, notes: &mut Notes) -> Outcome {
    let headers = message.headers();
    let end_of_message = message.is_only_headers();
    let at = message.at;
    let block = HeaderBlock { headers: &headers, end_of_message, at };
    let mut passage = Passage::of(&message.body, GoingBy::Unchanged);
    let mut shown = passage.take(exchange.request_headers(block, notes));
    for (bytes, end_of_message, at) in chunks(message) {
        if shown == Watching::Everything {
            passage.show(bytes.len());
            let chunk = BodyChunk { bytes, end_of_message, at };
            shown = passage.take(exchange.request_body(chunk, notes));
        }
    }
    if let (Some(trailers), true) = (&message.trailers, shown != Watching::Nothing) {
        passage.show_trailers();
        let trailers: Headers = trailers.iter().map(|(name, value)| (name, value)).collect();
        passage.take(exchange.request_trailers(Trailers { trailers: &trailers, at }, notes));
    }
    passage.outcome()
}

fn show_answer(message: &Message, exchange: &mut impl Exchange, notes: &mut Notes) -> Outcome {
    let headers = message.headers();
    let end_of_message = message.is_only_headers();
    let at = message.at;
    let block = HeaderBlock { headers: &headers, end_of_message, at };
    let mut passage = Passage::of(&message.body, GoingBy::Changeable);
    let mut shown = passage.take(exchange.response_headers(block, notes));
    for (bytes, end_of_message, at) in chunks(message) {
        if shown == Watching::Everything {
            passage.show(bytes.len());
            let chunk = BodyChunk { bytes, end_of_message, at };
            shown = passage.take(exchange.response_body(chunk, notes));
        }
    }
    if let (Some(trailers), true) = (&message.trailers, shown != Watching::Nothing) {
        passage.show_trailers();
        let trailers: Headers = trailers.iter().map(|(name, value)| (name, value)).collect();
        let trailers = Trailers { trailers: &trailers, at: message.ends_at() };
        passage.take(exchange.response_trailers(trailers, notes));
    }
    passage.outcome()
}

/// A message behind the prefix that gRPC puts there.
pub fn grpc_frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[0], &length[..], message].concat()
}

/// How often a series was counted.
pub fn counted(notes: &Notes, stat_name: &str) -> usize {
    let is_it = |change: &&Change| match change {
        Change::Add(series, 1) => series.stat_name() == stat_name,
        _ => false,
    };
    notes.changes().iter().filter(is_it).count()
}
