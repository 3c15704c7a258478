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
use filter_kit::trial::{Forwarded, Outcome, Trial, counted};
use filter_kit::{
    Arrival, BodyChunk, Change, Edits, Exchange, Filter, GrpcCode, HeaderBlock, Headers, Notes,
    Problem, Timestamp, Verdict, parse_config,
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
    let mut headers = outcome.forwarded().headers;
    headers.remove(":path");
    headers
}

fn refusal(outcome: Outcome) -> (u16, GrpcCode, String) {
    let reply = outcome.replied();
    (reply.status, reply.grpc, reply.reason)
}

fn refused_by(outcome: Outcome) -> String {
    refusal(outcome).2
}
