use super::counts::Usage;
use super::event::{AnswerEvent, EventKind};
use super::facts::Facts;
use super::shape::Shape;
use crate::dialect::{Dialect, Operation};
use crate::json::Options;
use crate::places::Walk;
use crate::sse;

/// Reads an answer for what it used and how much of it there is.
///
/// Memory: of a whole answer a few hundred bytes; of events what [`sse::Limits`]
/// allow, three times at most.
#[derive(Clone, Debug)]
pub struct AnswerReader {
    shape: Option<Shape>,
    body: Body,
    answer: Answer,
}

#[derive(Clone, Debug)]
enum Body {
    /// Nobody knows what it is, or it was read.
    Unread,
    Whole(Box<(Walk, Facts)>),
    Events(Box<sse::Reader>),
}

/// What is known of the answer.
#[derive(Clone, Debug, Default)]
struct Answer {
    /// The counts as they were said, last ones.
    said: Option<Usage>,
    finish_reason: Option<String>,
    has_error: bool,
    content_events: u64,
    content_bytes: u64,
}

impl AnswerReader {
    /// Reads the whole answer, a JSON text, to such a request. Of requests that
    /// the table in [`usage`](super) does not have, nothing is read.
    pub fn json(dialect: Dialect, operation: Operation) -> Self {
        let shape = Shape::of(dialect, operation);
        let walk = |shape: Shape| Walk::new(shape.whole(), Options::default());
        let body = shape
            .map_or(Body::Unread, |shape| Body::Whole(Box::new((walk(shape), Facts::default()))));
        Self { shape, body, answer: Answer::default() }
    }

    /// Reads the answer to such a request from server-sent events. Of requests
    /// that the table does not have, each event is told as
    /// [`EventKind::Other`], the last one possibly as [`EventKind::Done`].
    ///
    /// The limit must hold the event with the usage. That of `OpenAI`'s responses
    /// repeats all of the answer and of its request's tools.
    pub fn events(dialect: Dialect, operation: Operation, limits: sse::Limits) -> Self {
        Self {
            shape: Shape::of(dialect, operation),
            body: Body::Events(Box::new(sse::Reader::new(limits))),
            answer: Answer::default(),
        }
    }

    /// Whether it knows what answers to such a request look like: else nothing but
    /// where events begin and end can be told.
    pub const fn understands(&self) -> bool {
        self.shape.is_some()
    }

    /// Reads the next bytes up to the end of an event, and takes them off the
    /// front of `bytes`. `None` when it takes more bytes to tell one, or when the
    /// answer is read as a whole; `bytes` is empty then.
    ///
    /// An event whose blank line ends with a CR is told with the byte behind it.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<AnswerEvent> {
        match &mut self.body {
            Body::Unread => {}
            Body::Whole(whole) => {
                let (walk, facts) = whole.as_mut();
                if walk.push(bytes, facts).is_err() {
                    self.body = Body::Unread;
                }
            }
            Body::Events(events) => {
                let event = events.next(bytes)?;
                return Some(self.answer.add_event(self.shape, &event));
            }
        }
        *bytes = &[];
        None
    }

    /// Reads the next bytes, whatever events there are in them.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while self.next(&mut bytes).is_some() {}
    }

    /// Says that the answer ends here. What a whole answer says is known only
    /// now. Of a stream one event may come out of it, see [`Self::next`].
    pub fn finish(&mut self) -> Option<AnswerEvent> {
        match &mut self.body {
            Body::Unread => None,
            Body::Whole(whole) => {
                let (walk, facts) = whole.as_mut();
                if walk.finish(facts).is_ok() {
                    self.answer.add(facts);
                    self.answer.content_bytes = facts.content_bytes();
                }
                self.body = Body::Unread;
                None
            }
            Body::Events(events) => {
                let event = events.finish()?;
                Some(self.answer.add_event(self.shape, &event))
            }
        }
    }

    /// What the answer says it used, so far; `None` if it says nothing.
    pub fn usage(&self) -> Option<Usage> {
        let said = self.answer.said.filter(|said| *said != Usage::default())?;
        Some(match self.shape {
            Some(Shape::Messages) => said.with_cache_in_input(),
            _ => said,
        })
    }

    /// Why the answer ended, in the API's own word of at most 64 bytes, if it
    /// says: `stop`, `length`, `end_turn`. Of several choices the last one's. Of
    /// `OpenAI`'s responses, why it is incomplete, or else its status.
    pub fn finish_reason(&self) -> Option<&str> {
        self.answer.finish_reason.as_deref()
    }

    /// Whether it is, or an event of it was, an error.
    pub const fn has_error(&self) -> bool {
        self.answer.has_error
    }

    /// How many events brought content. Servers send about one for each token.
    pub const fn content_events(&self) -> u64 {
        self.answer.content_events
    }

    /// How long the text is that the model generated, in bytes, decoded: the
    /// answer, reasoning, refusals, names and arguments of calls. (Arguments that
    /// are an object count as they are written.)
    pub const fn content_bytes(&self) -> u64 {
        self.answer.content_bytes
    }
}

/// What an event brings that is too long to be read, as far as its name tells.
fn oversized(shape: Shape, name: &[u8]) -> EventKind {
    match (shape, name) {
        (_, b"error") | (Shape::Responses, b"response.failed") => EventKind::Error,
        (Shape::Responses, b"response.completed" | b"response.incomplete") => EventKind::Done,
        _ => EventKind::Other,
    }
}

impl Answer {
    fn add_event(&mut self, shape: Option<Shape>, event: &sse::Event<'_>) -> AnswerEvent {
        let (kind, content_bytes) = match (event.data, shape) {
            (sse::Data::Whole(data), _) if sse::is_done(data) => (EventKind::Done, 0),
            (_, None) => (EventKind::Other, 0),
            (sse::Data::Oversized { .. }, Some(shape)) => (oversized(shape, event.kind), 0),
            (sse::Data::Whole(data), Some(shape)) => self.read(shape, event.kind, data),
        };
        self.has_error |= kind == EventKind::Error;
        if kind == EventKind::Content {
            self.content_events = self.content_events.saturating_add(1);
            self.content_bytes = self.content_bytes.saturating_add(content_bytes);
        }
        AnswerEvent { kind, span: event.span.clone(), content_bytes }
    }

    fn read(&mut self, shape: Shape, name: &[u8], data: &[u8]) -> (EventKind, u64) {
        let mut facts = Facts::default();
        let mut walk = Walk::new(shape.event(), Options::default());
        let read = walk.push(data, &mut facts).and_then(|()| walk.finish(&mut facts));
        if read.is_err() {
            let kind = if name == b"error" { EventKind::Error } else { EventKind::Other };
            return (kind, 0);
        }
        self.add(&facts);
        let kind = facts.event_kind(shape, name);
        let has_text = kind == EventKind::Content && !facts.is_audio();
        (kind, if has_text { facts.content_bytes() } else { 0 })
    }

    fn add(&mut self, facts: &Facts) {
        if let Some(usage) = facts.usage() {
            self.said.get_or_insert_default().merge(usage);
        }
        if let Some(reason) = facts.reason() {
            self.finish_reason = Some(reason.to_owned());
        }
        self.has_error |= facts.is_error();
    }
}
