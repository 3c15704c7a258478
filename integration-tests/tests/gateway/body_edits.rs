//! What Envoy does when a filter edits a body or breaks a message off: the
//! shell's promises to a filter.
//!
//! The filter `rewriting` does what a request's header `x-plan` says.

mod arriving;
mod breaking_off;
mod edits;
mod forwarding_early;
mod misplaced;

use bytes::Bytes;
use fastrand::Rng;
use integration_tests::{Call, EnvoyConfig, Gateway, Reply, Upstream, WasmFilter};
use serde_json::{Value, json};
use std::ops::Range;

const PLAN: &str = "x-plan";

/// With this header a body comes back while it comes.
const AT_ONCE: &str = "x-at-once";

/// A position behind every body: its end.
const END: u64 = u64::MAX;

fn around(upstream: &Upstream) -> EnvoyConfig {
    Gateway::builder()
        .wasm(&WasmFilter::named("rewriting").configured(&json!({})))
        .cluster("server", &[upstream.address()])
}

async fn echoing() -> (Upstream, Gateway) {
    let upstream = Upstream::scripted(|head| {
        if head.headers.contains_key(AT_ONCE) { Reply::EchoAtOnce } else { Reply::Echo }
    })
    .await;
    let gateway = around(&upstream).start().await;
    (upstream, gateway)
}

/// Bytes to put in the place of others: a text, so many times.
#[derive(Clone, Debug)]
struct Splice {
    range: Range<usize>,
    text: &'static str,
    times: usize,
}

impl Splice {
    fn of(range: Range<usize>, text: &'static str) -> Self {
        Self { range, text, times: 1 }
    }

    fn grows_by(&self) -> i64 {
        let length = |count: usize| i64::try_from(count).unwrap();
        length(self.text.len() * self.times) - length(self.range.len())
    }

    fn in_plan(&self) -> Value {
        json!([self.range.start, self.range.end, self.text, self.times])
    }
}

/// Some splices within the first bytes of a body.
fn any_splices(rng: &mut Rng, within: usize) -> Vec<Splice> {
    let mut places: Vec<usize> = (0..rng.usize(0..4) * 2).map(|_| rng.usize(0..=within)).collect();
    places.sort_unstable();
    places
        .chunks_exact(2)
        .map(|pair| Splice {
            range: pair[0]..pair[1],
            text: ["", "x", "a longer text"][rng.usize(0..3)],
            times: rng.usize(1..4),
        })
        .collect()
}

/// The naive way: from the last to the first.
fn edited(body: &[u8], splices: &[Splice]) -> Vec<u8> {
    let mut body = body.to_vec();
    for splice in splices.iter().rev() {
        body.splice(splice.range.clone(), splice.text.repeat(splice.times).into_bytes());
    }
    body
}

/// A plan for one message: hold so many bytes, then make these splices.
fn plan(hold: u64, splices: &[Splice]) -> Value {
    json!({"hold": hold, "splices": splices.iter().map(Splice::in_plan).collect::<Vec<_>>()})
}

fn with_plan(call: Call, request: &Value, response: &Value) -> Call {
    call.header(PLAN, json!({"request": request, "response": response}).to_string())
}

fn any_bytes(rng: &mut Rng, length: usize) -> Bytes {
    (0..length).map(|_| rng.u8(..)).collect()
}

/// The bytes in random pieces, most of them short.
fn any_cuts(rng: &mut Rng, bytes: &Bytes) -> Vec<Bytes> {
    let mut rest = bytes.clone();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let most = [1, 9, 1_000, 100_000][rng.usize(0..4)].min(rest.len());
        pieces.push(rest.split_to(rng.usize(1..=most)));
    }
    pieces
}
