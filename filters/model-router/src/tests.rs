//! What the router decides, shown the same request in every possible way.

mod configuring;
mod placing;
mod refusing;

use crate::ModelRouter;
use filter_kit::{
    Arrival, BodyChunk, Edits, Exchange, Filter, GrpcCode, HeaderBlock, HeaderEdit, Headers, Notes,
    Problem, Reply, Trailers, Verdict, parse_config,
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
    chance: u64,
}

/// What became of it.
#[derive(Debug, PartialEq)]
enum Outcome {
    Forwarded(BTreeMap<String, Option<String>>),
    Replied(Reply),
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
        self.chance = chance;
        self
    }

    /// Shows it to the router until there is a decision.
    fn through(&self, router: &Rc<ModelRouter>) -> Outcome {
        self.noting(router).0
    }

    fn noting(&self, router: &Rc<ModelRouter>) -> (Outcome, Notes) {
        let mut notes = Notes::default();
        let arrival = Arrival { chance: self.chance, ..Arrival::default() };
        let mut exchange = router.exchange(arrival);
        let headers: Headers = self.headers.iter().map(|(name, value)| (name, value)).collect();
        let last = self.body.is_empty() && !self.trailers;
        let block = HeaderBlock { headers: &headers, end_of_message: last };
        let mut verdict = exchange.request_headers(block, &mut notes);
        let mut chunks = self.body.chunks(self.chunk.max(1)).peekable();
        while let (Verdict::Hold, Some(bytes)) = (&verdict, chunks.next()) {
            let end_of_message = chunks.peek().is_none() && !self.trailers;
            verdict = exchange.request_body(BodyChunk { bytes, end_of_message }, &mut notes);
        }
        if verdict == Verdict::Hold {
            assert!(self.trailers, "held at the end of the message");
            let trailers = Trailers { trailers: &Headers::default() };
            verdict = exchange.request_trailers(trailers, &mut notes);
        }
        let outcome = match verdict {
            Verdict::Forward(edits) => Outcome::Forwarded(edited(&edits)),
            Verdict::Reply(reply) => Outcome::Replied(reply),
            Verdict::Hold => panic!("held for ever"),
        };
        (outcome, notes)
    }
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

fn placed(model: &str, version: &str, cluster: &str) -> Outcome {
    let set = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    Outcome::Forwarded(BTreeMap::from([
        set("x-model-name", model),
        set("x-model-version", version),
        set("x-model-cluster", cluster),
    ]))
}

fn refusal(outcome: Outcome) -> (u16, GrpcCode, String) {
    match outcome {
        Outcome::Replied(reply) => (reply.status, reply.grpc, reply.reason),
        Outcome::Forwarded(edits) => panic!("forwarded with {edits:?}"),
    }
}

fn refused_by(outcome: Outcome) -> String {
    refusal(outcome).2
}
