//! What the router decides, shown the same request in every possible way.

mod ambiguous;
mod answering;
mod choosing;
mod configuring;
mod placing;
mod refusing;
mod rewriting;
mod streaming;
mod tenants;

use crate::ModelRouter;
use filter_kit::{
    Arrival, BodyChunk, Change, Edits, Exchange, Filter, GrpcCode, HeaderBlock, HeaderEdit,
    Headers, Notes, Problem, Reply, Timestamp, Trailers, Verdict, parse_config,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;

fn router(changes: Value) -> Rc<ModelRouter> {
    let mut config = json!({
        "models": [
            {"name": "demo", "versions": [
                {"name": "v1", "cluster": "demo-v1", "weight": 90},
                {"name": "v2", "cluster": "demo-v2", "weight": 10},
            ]},
            {"name": "iris", "versions": [{"name": "3", "cluster": "iris"}]},
        ],
        "sticky_by": [{"header": "X-Session-Id"}, {"cookie": "session"}],
    });
    config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Rc::new(ModelRouter::configure(parse_config(config).config.unwrap()).unwrap())
}

fn problems(config: Value) -> Vec<String> {
    let parsed = parse_config(config);
    let error = ModelRouter::configure(parsed.config.expect("well-formed")).unwrap_err();
    error.problems().iter().map(Problem::to_string).collect()
}

/// A request, and how it is shown to the router.
#[derive(Clone, Default)]
struct Request {
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    chunk: usize,
    trailers: bool,
    arrival: Arrival,
}

/// What became of it.
#[derive(Debug, PartialEq)]
enum Outcome {
    Forwarded(Forwarded),
    Replied(Reply),
}

/// A request that went on.
#[derive(Debug, Default, PartialEq)]
struct Forwarded {
    /// The changes to its headers.
    headers: BTreeMap<String, Option<String>>,
    /// Its body, if that was changed.
    body: Option<Vec<u8>>,
}

impl Request {
    fn new(method: &str, path: &str) -> Self {
        let headers = vec![(":method".into(), method.into()), (":path".into(), path.into())];
        Self { headers, chunk: usize::MAX, ..Self::default() }
    }

    fn chat(body: &Value) -> Self {
        Self::new("POST", "/v1/chat/completions").body(body.to_string())
    }

    fn grpc(path: &str, message: &[u8]) -> Self {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let frame = [&[0], &length[..], message].concat();
        Self::new("POST", path).header("content-type", "application/grpc").body(frame)
    }

    fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn cut_at_every(mut self, chunk: usize) -> Self {
        self.chunk = chunk;
        self
    }

    fn with_trailers(mut self) -> Self {
        self.trailers = true;
        self
    }

    fn drawing(mut self, chance: u64) -> Self {
        self.arrival.chance = chance;
        self
    }

    fn from(mut self, source: [u8; 4]) -> Self {
        self.arrival.source = Some(source.into());
        self
    }

    /// Shows it to the router until there is a decision.
    fn through(&self, router: &Rc<ModelRouter>) -> Outcome {
        self.noting(router).0
    }

    fn noting(&self, router: &Rc<ModelRouter>) -> (Outcome, Notes) {
        let mut notes = Notes::default();
        let mut exchange = router.exchange(self.arrival);
        let headers: Headers = self.headers.iter().map(|(name, value)| (name, value)).collect();
        let last = self.body.is_empty() && !self.trailers;
        let block =
            HeaderBlock { headers: &headers, end_of_message: last, at: Timestamp::default() };
        let mut passage =
            Passage { body: &self.body, unseen: self.body.len(), forwarded: None, reply: None };
        let mut open = passage.take(exchange.request_headers(block, &mut notes));
        let mut chunks = self.body.chunks(self.chunk.max(1)).peekable();
        while open && let Some(bytes) = chunks.next() {
            passage.unseen = passage.unseen.saturating_sub(bytes.len());
            let end_of_message = chunks.peek().is_none() && !self.trailers;
            let chunk = BodyChunk { bytes, end_of_message, at: Timestamp::default() };
            open = passage.take(exchange.request_body(chunk, &mut notes));
        }
        if open && self.trailers {
            let trailers = Trailers { trailers: &Headers::default(), at: Timestamp::default() };
            passage.take(exchange.request_trailers(trailers, &mut notes));
        }
        (passage.outcome(), notes)
    }
}

/// A request while it is shown to the router.
struct Passage<'b> {
    body: &'b [u8],
    /// How many of its bytes were not shown yet.
    unseen: usize,
    forwarded: Option<Forwarded>,
    reply: Option<Reply>,
}

impl Passage<'_> {
    /// Takes a verdict down. Whether the rest of the request is to be shown.
    fn take(&mut self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Hold => {
                assert_eq!(self.forwarded, None, "held after it went on");
                true
            }
            Verdict::Reply(reply) => {
                self.reply = Some(reply);
                false
            }
            Verdict::Forward(edits) if self.forwarded.is_some() => {
                assert!(edits.is_empty(), "{edits:?} after it went on");
                edits.watching()
            }
            Verdict::Forward(edits) => {
                let shown = self.body.len().saturating_sub(self.unseen);
                let body = spliced(self.body, shown, &edits);
                self.forwarded = Some(Forwarded { headers: edited(&edits), body });
                edits.watching()
            }
        }
    }

    fn outcome(self) -> Outcome {
        match (self.reply, self.forwarded) {
            (Some(reply), _) => Outcome::Replied(reply),
            (None, Some(forwarded)) => Outcome::Forwarded(forwarded),
            (None, None) => panic!("held for ever"),
        }
    }
}

/// The body with its splices, which must lie within what was shown.
fn spliced(body: &[u8], shown: usize, edits: &Edits) -> Option<Vec<u8>> {
    if edits.splices().is_empty() {
        return None;
    }
    let mut spliced = Vec::new();
    let mut at = 0;
    for splice in edits.splices() {
        let [start, end] =
            [splice.range.start, splice.range.end].map(|at| usize::try_from(at).unwrap());
        assert!(at <= start && start <= end && end <= shown, "{splice:?} of {shown} shown");
        spliced.extend_from_slice(&body[at..start]);
        spliced.extend_from_slice(&splice.bytes);
        at = end;
    }
    spliced.extend_from_slice(&body[at..]);
    Some(spliced)
}

fn edited(edits: &Edits) -> BTreeMap<String, Option<String>> {
    let text = |value: &Vec<u8>| String::from_utf8(value.clone()).unwrap();
    edits
        .headers()
        .iter()
        .map(|edit| match edit {
            HeaderEdit::Set(name, value) => (name.to_string(), Some(text(value))),
            HeaderEdit::Remove(name) => (name.to_string(), None),
        })
        .collect()
}

/// Its headers, when it was placed there.
fn placed(model: &str, version: &str, cluster: &str) -> BTreeMap<String, Option<String>> {
    let set = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    BTreeMap::from([
        set("x-model-name", model),
        set("x-model-version", version),
        set("x-model-cluster", cluster),
    ])
}

/// The headers that were set or removed, but for the path.
fn placement(outcome: Outcome) -> BTreeMap<String, Option<String>> {
    let mut headers = forwarded(outcome).headers;
    headers.remove(":path");
    headers
}

fn forwarded(outcome: Outcome) -> Forwarded {
    match outcome {
        Outcome::Forwarded(forwarded) => forwarded,
        Outcome::Replied(reply) => {
            panic!("{}: {}", reply.reason, String::from_utf8_lossy(&reply.body))
        }
    }
}

/// How often a series was counted.
fn counted(notes: &Notes, stat_name: &str) -> usize {
    let is_it = |change: &&Change| match change {
        Change::Add(series, 1) => series.stat_name() == stat_name,
        _ => false,
    };
    notes.changes().iter().filter(is_it).count()
}

fn refusal(outcome: Outcome) -> (u16, GrpcCode, String) {
    match outcome {
        Outcome::Replied(reply) => (reply.status, reply.grpc, reply.reason),
        Outcome::Forwarded(forwarded) => panic!("{forwarded:?}"),
    }
}

fn refused_by(outcome: Outcome) -> String {
    refusal(outcome).2
}
