//! Workers that share their state, in time that a test sets.
//!
//! A worker does what the shell does: it shows the filter one event after the other,
//! and when an event is over it wakes whoever was called, and whom those call.

#![allow(dead_code, reason = "each test uses a part of it")]

use crate::{Admission, AdmissionControl};
use filter_kit::{
    Arrival, BodyChunk, Cells, Change, Edits, Exchange, Filter, HeaderBlock, Headers, Notes, Reply,
    Tick, Ticket, Timestamp, Trailers, Verdict, parse_config,
};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// So many milliseconds after the simulation began.
pub(crate) fn at(milliseconds: u64) -> Timestamp {
    Timestamp::from_nanos((1_700_000_000_000 + milliseconds) * 1_000_000)
}

/// The filter with this configuration.
pub(crate) fn control(config: &Value) -> Rc<AdmissionControl> {
    let parsed = parse_config(config.clone());
    let problems: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{problems:?}");
    Rc::new(AdmissionControl::configure(parsed.config.unwrap()).unwrap())
}

/// So many workers with the same configuration and the same state.
pub(crate) fn workers(count: usize, config: &Value, cells: Cells) -> Vec<Worker> {
    (0..count).map(|_| Worker::new(config, cells)).collect()
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Ask {
    pub(crate) fn of(path: &str) -> Self {
        let headers = [(":method", "POST"), (":path", path)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { headers, body: None }
    }

    pub(crate) fn chat(body: &Value) -> Self {
        Self::of("/v1/chat/completions").with_body(body)
    }

    #[must_use]
    pub(crate) fn with_body(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// How a request stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage {
    /// More of its body is wanted.
    Held,
    Waits,
    Goes,
    Refused(Reply),
}

/// One request in a worker.
#[derive(Debug)]
pub(crate) struct Passage {
    exchange: Admission,
    pub(crate) stage: Stage,
    /// What was said of it; the last word counts.
    pub(crate) facts: BTreeMap<&'static str, String>,
    /// The changes that were made to it.
    pub(crate) edits: Vec<Edits>,
    /// The changes that were made to its answer.
    pub(crate) answered: Vec<Edits>,
}

/// One of Envoy's workers.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) filter: Rc<AdmissionControl>,
    cells: Cells,
    pub(crate) passages: BTreeMap<u32, Passage>,
    pub(crate) counted: BTreeMap<String, i64>,
    pub(crate) gauges: BTreeMap<String, u64>,
    called: VecDeque<Ticket>,
    /// Whose state changed in an event that was somebody else's.
    pub(crate) woken: Vec<u32>,
}

impl Worker {
    pub(crate) fn new(config: &Value, cells: Cells) -> Self {
        Self {
            filter: control(config),
            cells,
            passages: BTreeMap::new(),
            counted: BTreeMap::new(),
            gauges: BTreeMap::new(),
            called: VecDeque::new(),
            woken: Vec::new(),
        }
    }

    /// A request comes in, with all of its body at once. How it stands then.
    pub(crate) fn send(&mut self, ticket: u32, now: Timestamp, ask: &Ask) -> Stage {
        let arrival =
            Arrival { at: now, ticket: Ticket(ticket), cells: self.cells, ..Arrival::default() };
        let headers: Headers = ask.headers.iter().map(|(name, value)| (name, value)).collect();
        let mut notes = Notes::default();
        let mut exchange = self.filter.exchange(arrival);
        let block = HeaderBlock { headers: &headers, end_of_message: ask.body.is_none(), at: now };
        let mut verdict = exchange.request_headers(block, &mut notes);
        if let (Verdict::Hold, Some(body)) = (&verdict, &ask.body) {
            let chunk = BodyChunk { bytes: body, end_of_message: true, at: now };
            verdict = exchange.request_body(chunk, &mut notes);
        }
        let (facts, edits, answered) = Default::default();
        let passage = Passage { exchange, stage: Stage::Held, facts, edits, answered };
        let before = self.passages.insert(ticket, passage);
        assert!(before.is_none(), "two requests with the ticket {ticket}");
        self.take(ticket, verdict, &mut notes, now);
        self.wake_all(now);
        self.stage(ticket)
    }

    /// How a request stands.
    pub(crate) fn stage(&self, ticket: u32) -> Stage {
        self.passages[&ticket].stage.clone()
    }

    /// The rule that refused it; nothing if none did.
    pub(crate) fn refused_by(&self, ticket: u32) -> Option<String> {
        match self.stage(ticket) {
            Stage::Refused(reply) => {
                Some(reply.reason.strip_prefix("admission-control;").unwrap().to_owned())
            }
            _ => None,
        }
    }

    pub(crate) fn fact(&self, ticket: u32, name: &str) -> Option<&str> {
        self.passages[&ticket].facts.get(name).map(String::as_str)
    }

    pub(crate) fn answer_headers(&mut self, ticket: u32, now: Timestamp, headers: &[(&str, &str)]) {
        let headers: Headers = headers.iter().copied().collect();
        let block = HeaderBlock { headers: &headers, end_of_message: false, at: now };
        self.answered(ticket, now, |exchange, notes| exchange.response_headers(block, notes));
    }

    pub(crate) fn answer_body(&mut self, ticket: u32, now: Timestamp, bytes: &[u8], last: bool) {
        let chunk = BodyChunk { bytes, end_of_message: last, at: now };
        self.answered(ticket, now, |exchange, notes| exchange.response_body(chunk, notes));
    }

    pub(crate) fn answer_trailers(
        &mut self,
        ticket: u32,
        now: Timestamp,
        trailers: &[(&str, &str)],
    ) {
        let trailers: Headers = trailers.iter().copied().collect();
        let trailers = Trailers { trailers: &trailers, at: now };
        self.answered(ticket, now, |exchange, notes| exchange.response_trailers(trailers, notes));
    }

    /// It is over, however it ended.
    pub(crate) fn finish(&mut self, ticket: u32, now: Timestamp) -> Passage {
        let mut passage = self.passages.remove(&ticket).unwrap();
        let mut notes = Notes::default();
        passage.exchange.finished(now, &mut notes);
        for fact in notes.facts() {
            passage.facts.insert(fact.name, fact.value.clone());
        }
        self.publish(&notes);
        self.wake_all(now);
        passage
    }

    /// Answers with 200 and no word on what it used, and ends.
    pub(crate) fn answer(&mut self, ticket: u32, now: Timestamp) -> Passage {
        let headers = [(":status", "200"), ("content-type", "application/json")];
        self.answer_headers(ticket, now, &headers);
        self.finish(ticket, now)
    }

    pub(crate) fn tick(&mut self, now: Timestamp) {
        let mut notes = Notes::default();
        self.filter.tick(Tick { at: now, cells: self.cells }, &mut notes);
        self.publish(&notes);
        self.wake_all(now);
    }

    fn answered(
        &mut self,
        ticket: u32,
        now: Timestamp,
        event: impl FnOnce(&mut Admission, &mut Notes) -> Verdict,
    ) {
        let mut notes = Notes::default();
        let passage = self.passages.get_mut(&ticket).unwrap();
        let verdict = event(&mut passage.exchange, &mut notes);
        match verdict {
            Verdict::Forward(edits) => passage.answered.push(edits),
            other => panic!("{other:?} for an answer"),
        }
        self.publish(&notes);
        self.wake_all(now);
    }

    /// Does what was decided of a request.
    fn take(&mut self, ticket: u32, verdict: Verdict, notes: &mut Notes, now: Timestamp) {
        self.publish(notes);
        let passage = self.passages.get_mut(&ticket).unwrap();
        for fact in notes.facts() {
            passage.facts.insert(fact.name, fact.value.clone());
        }
        passage.stage = match verdict {
            Verdict::Hold => Stage::Held,
            Verdict::Wait(edits) => {
                passage.edits.push(edits);
                Stage::Waits
            }
            Verdict::Forward(edits) => {
                passage.edits.push(edits);
                Stage::Goes
            }
            Verdict::Reply(reply) => {
                let mut notes = Notes::default();
                passage.exchange.finished(now, &mut notes);
                passage.stage = Stage::Refused(reply);
                self.publish(&notes);
                return;
            }
        };
    }

    fn publish(&mut self, notes: &Notes) {
        self.called.extend(notes.wakes());
        for change in notes.changes() {
            match change {
                Change::Add(series, amount) => {
                    *self.counted.entry(series.stat_name().to_owned()).or_default() += amount;
                }
                Change::Set(series, value) => {
                    self.gauges.insert(series.stat_name().to_owned(), *value);
                }
                Change::Record(..) => {}
            }
        }
    }

    fn wake_all(&mut self, now: Timestamp) {
        let waits = |passage: &&Passage| passage.stage == Stage::Waits;
        let mut left = 4 * self.passages.values().filter(waits).count();
        while let Some(Ticket(ticket)) = self.called.pop_front() {
            let Some(passage) = self.passages.get_mut(&ticket) else { continue };
            if passage.stage != Stage::Waits {
                continue;
            }
            let mut notes = Notes::default();
            let verdict = passage.exchange.woken(now, &mut notes);
            self.take(ticket, verdict, &mut notes, now);
            self.woken.push(ticket);
            left = left.saturating_sub(1);
            if left == 0 {
                self.called.clear();
            }
        }
    }
}
