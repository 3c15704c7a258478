//! One request and its response, on their way through one filter.

use crate::direction::Direction;
use crate::host::{self, LocalReply};
use crate::message::{Deed, Message, Part, Then};
use crate::splicing::Window;
use crate::waking::Plugin;
use crate::{asking, cells, publishing};
use filter_kit::{
    Arrival, BodyChunk, Exchange, Filter, GrpcCode, HeaderBlock, Notes, Reply, ReplyKind, Ticket,
    Timestamp, Trailers, Upcoming, Verdict,
};
use proxy_wasm::types::{Action, LogLevel};
use std::rc::Rc;

pub(crate) struct Passage<F: Filter> {
    plugin: Rc<Plugin<F>>,
    context: u32,
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

impl<F: Filter> Passage<F> {
    pub(crate) fn new(plugin: Rc<Plugin<F>>, context: u32, chance: u64) -> Self {
        Self {
            plugin,
            context,
            chance,
            exchange: None,
            notes: Notes::default(),
            request: Message::default(),
            response: Message::default(),
            answered: false,
        }
    }

    /// Whether its request stays here until it is woken.
    pub(crate) fn waits(&self) -> bool {
        self.request.waits()
    }

    /// Somebody wakes it, while it waits: whether its request goes on then.
    pub(crate) fn woken(&mut self) -> Action {
        let Some(exchange) = &mut self.exchange else { return Action::Pause };
        let verdict = exchange.woken(now::<F>(), &mut self.notes);
        let decided = self.request.decide(verdict, Part::Open);
        self.obey(Direction::Request, decided, Window::default())
    }

    /// It is over.
    pub(crate) fn finish(&mut self) {
        self.request = Message::default();
        if let Some(mut exchange) = self.exchange.take() {
            asking::tell(&mut exchange, Upcoming::End);
            exchange.finished(now::<F>(), &mut self.notes);
            self.publish();
        }
    }

    pub(crate) fn headers(&mut self, direction: Direction, end_of_stream: bool) -> Action {
        if self.answered {
            return Action::Continue;
        }
        let at = now::<F>();
        if let Direction::Request = direction {
            self.exchange = Some(self.plugin.filter.exchange(self.arrival(at)));
        }
        let Some(exchange) = &mut self.exchange else { return Action::Continue };
        // Without them nothing can be decided, and nothing may pass undecided.
        let Ok(headers) = direction.headers() else {
            return self.fail("the host did not give the headers");
        };
        let block = HeaderBlock { headers: &headers, end_of_message: end_of_stream, at };
        let verdict = match direction {
            Direction::Request => exchange.request_headers(block, &mut self.notes),
            Direction::Response => {
                asking::tell(exchange, Upcoming::ResponseHeaders);
                exchange.response_headers(block, &mut self.notes)
            }
        };
        *self.message(direction) = direction.message(&headers);
        let decided = self.message(direction).decide(verdict, Part::last_if(end_of_stream));
        self.obey(direction, decided, Window::default())
    }

    pub(crate) fn body(
        &mut self,
        direction: Direction,
        size: usize,
        end_of_stream: bool,
    ) -> Action {
        let Some(unseen) = self.message(direction).arrive(size) else {
            return self.unshown(direction);
        };
        let at = now::<F>();
        let mut start = unseen.start;
        loop {
            let Ok(window) = direction.piece(start, unseen.end) else {
                return self.fail("the host did not give the body");
            };
            start = start.saturating_add(window.bytes.len());
            let last_piece = start >= unseen.end;
            let part = Part::last_if(end_of_stream && last_piece);
            let chunk = BodyChunk { bytes: &window.bytes, end_of_message: part == Part::Last, at };
            let Some(exchange) = &mut self.exchange else { return Action::Continue };
            let verdict = match direction {
                Direction::Request => exchange.request_body(chunk, &mut self.notes),
                Direction::Response => exchange.response_body(chunk, &mut self.notes),
            };
            // What is decided on a piece is done when all of them were shown:
            // they lie in one buffer, and go on together.
            let message = self.message(direction);
            let decided = message.decide_up_to(start, verdict, part);
            if last_piece || decided.is_err() || !message.shows_body() {
                return self.obey(direction, decided, window);
            }
        }
    }

    pub(crate) fn trailers(&mut self, direction: Direction) -> Action {
        if !self.message(direction).shows_trailers() {
            return self.unshown(direction);
        }
        let Ok(trailers) = direction.trailers() else {
            return self.fail("the host did not give the trailers");
        };
        let trailers = Trailers { trailers: &trailers, at: now::<F>() };
        let Some(exchange) = &mut self.exchange else { return Action::Continue };
        let verdict = match direction {
            Direction::Request => exchange.request_trailers(trailers, &mut self.notes),
            Direction::Response => exchange.response_trailers(trailers, &mut self.notes),
        };
        if let Verdict::Forward(edits) | Verdict::Wait(edits) = &verdict
            && direction.remove_trailers(edits.trailers()).is_err()
        {
            return self.fail("the host did not take trailers away");
        }
        let decided = self.message(direction).decide_at_trailers(verdict);
        self.obey(direction, decided, Window::default())
    }

    /// What becomes of a part that is not shown.
    fn unshown(&mut self, direction: Direction) -> Action {
        if self.message(direction).waits() { Action::Pause } else { Action::Continue }
    }

    fn arrival(&self, at: Timestamp) -> Arrival {
        let wants_source = self.plugin.filter.wants_source();
        let source = if wants_source { host::source().ok().flatten() } else { None };
        let ticket = Ticket(self.context);
        Arrival { at, chance: self.chance, ticket, cells: cells::SHARED, source }
    }

    fn message(&mut self, direction: Direction) -> &mut Message {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    /// Ends a callback with what was decided in it. `read` is what was read of
    /// the body last.
    fn obey(&mut self, direction: Direction, decided: Result<(), Deed>, read: Window) -> Action {
        self.publish();
        let deed = decided.err().unwrap_or_else(|| self.message(direction).deed());
        match deed {
            Deed::Continue => Action::Continue,
            Deed::Pause => Action::Pause,
            Deed::Reply(reply) => self.answer(&reply),
            Deed::Fault(fault) => self.fail(fault.sentence()),
            Deed::Edit { edits, held, then } => match direction.edit(&edits, held, read) {
                Ok(()) => action(then),
                Err(_) => self.fail("the host did not take the edits"),
            },
            Deed::Rewrite { splices, held } => match direction.rewrite(&splices, held, read) {
                Ok(_) => Action::Continue,
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
        self.plugin.call(self.notes.wakes());
        publishing::publish::<F>(&mut self.notes);
    }
}

const fn action(then: Then) -> Action {
    match then {
        Then::Continue => Action::Continue,
        Then::Pause => Action::Pause,
    }
}

/// What time it is, for a filter that needs to know.
fn now<F: Filter>() -> Timestamp {
    if F::CLOCK { host::now().unwrap_or_default() } else { Timestamp::default() }
}
