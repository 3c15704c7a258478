//! Ten thousand requests of all kinds, of which many end badly: each is counted once.

use super::{
    REQUESTS, STARTED, Stand, answered, chat, config_with, events, measuring, predict, streamed,
    token, transcript, values_of,
};
use fastrand::Rng;
use integration_tests::{Answer, Call, Client, Gateway, Reply};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const REQUESTS_IN_ALL: u32 = 10_000;

/// Connections at a time, half of them of HTTP/1.1.
const CALLERS: u32 = 16;

/// How long a client that leaves waits before it does, at most.
const PATIENCE: Duration = Duration::from_millis(4);

/// With this the random numbers begin; another one may be given as `SEED`.
const SEED: u64 = 0x5eed;

/// What callers know of their requests.
#[derive(Default)]
struct Tally {
    /// That reached Envoy for certain: they were answered or broke off.
    ended: AtomicU32,
    /// That were left: they may not have reached it.
    left: AtomicU32,
    by_kind: [AtomicU32; KINDS.len()],
}

/// Kinds of requests, and what becomes of those that nobody leaves. Of a request over
/// HTTP/1.1 that is gRPC there is none.
const KINDS: [(&str, &str); 8] = [
    ("json", "ok"),
    ("stream", "ok"),
    ("grpc", "ok"),
    ("refused", "refused"),
    ("broken", "client_error"),
    ("server error", "upstream_error"),
    ("grpc unavailable", "upstream_error"),
    ("cut", "cut"),
];

fn call(kind: usize) -> Call {
    match KINDS[kind].0 {
        "json" => chat(&json!({})),
        "stream" => streamed().header("x-server", "stream"),
        "grpc" => predict(),
        "refused" => chat(&json!({"max_tokens": 1_000_000})).header("x-model-name", "strict"),
        "broken" => chat(&json!({})).header("x-server", "400"),
        "server error" => chat(&json!({})).header("x-server", "503"),
        "grpc unavailable" => predict().header("x-server", "unavailable"),
        _ => streamed().header("x-server", "cut"),
    }
}

fn script(parts: &http::request::Parts) -> Reply {
    let grpc = || Answer::status(200).header("content-type", "application/grpc");
    Reply::whole(match parts.headers.get("x-server").map(|value| value.as_bytes()) {
        None if parts.uri.path() == "/v1/chat/completions" => answered(),
        None => Answer::grpc(&proto::prediction::PredictResponse::default()),
        Some(b"stream") => return paced(),
        Some(b"400") => Answer::status(400),
        Some(b"503") => Answer::status(503),
        Some(b"unavailable") => grpc().header("grpc-status", "14"),
        Some(_) => return Reply::cut_off(events(token("a"))),
    })
}

/// A stream in several pieces, so that it can be left in the middle.
fn paced() -> Reply {
    let (reply, mut steps) = Reply::stepwise(events(""));
    tokio::spawn(async move {
        for piece in transcript().as_bytes().chunks(150) {
            if steps.send_data(bytes::Bytes::copy_from_slice(piece)).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    reply
}

async fn drive(gateway: std::net::SocketAddr, http1: bool, mut random: Rng, tally: Arc<Tally>) {
    let connect = || async move {
        if http1 { Client::http1(gateway).await } else { Client::http2(gateway).await }
    };
    let mut client = connect().await;
    for _ in 0..REQUESTS_IN_ALL / CALLERS {
        let kind = loop {
            let kind = random.usize(..KINDS.len());
            if !(http1 && KINDS[kind].0.starts_with("grpc")) {
                break kind;
            }
        };
        if random.u32(..5) == 0 {
            let patience = Duration::from_micros(random.u64(..4000)).min(PATIENCE);
            // Over HTTP/2 the stream is reset; over HTTP/1.1 the connection is closed.
            let ended = tokio::time::timeout(patience, client.try_send(call(kind))).await;
            match ended {
                Err(_) => {
                    tally.left.fetch_add(1, Ordering::Relaxed);
                    if http1 {
                        client = connect().await;
                    }
                    continue;
                }
                Ok(_) => tally.by_kind[kind].fetch_add(1, Ordering::Relaxed),
            };
        } else {
            _ = client.try_send(call(kind)).await;
            tally.by_kind[kind].fetch_add(1, Ordering::Relaxed);
        }
        tally.ended.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_ten_thousand_is_counted_once() {
    let seed = std::env::var("SEED").ok().and_then(|it| it.parse().ok()).unwrap_or(SEED);
    println!("SEED={seed}");
    let contracts = json!({"contracts": [{"model": "strict", "generative": {"max_tokens": 50}}]});
    let filter = measuring(&config_with(&json!({"facts": "nothing"})));
    let chain = Gateway::builder()
        .workers(2)
        .balanced()
        .wasm(&filter)
        .filter("payload-validator", &contracts)
        .without_access_log();
    let server = integration_tests::Upstream::scripted(script).await;
    let gateway = chain.cluster("server", &[server.address()]).start().await;
    let stand = Stand { gateway, server };
    let tally = Arc::new(Tally::default());
    let start = Instant::now();
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        let random = Rng::with_seed(seed + u64::from(number));
        let (address, tally) = (stand.gateway.address(), Arc::clone(&tally));
        callers.push(tokio::spawn(drive(address, number % 2 == 0, random, tally)));
    }
    for caller in callers {
        caller.await.expect("no panic");
    }
    println!("{:?}", start.elapsed());
    stand.gateway.wait_for_stat("http.gateway.downstream_rq_active", |active| active == 0).await;
    assert_adds_up(&stand, &tally).await;
}

async fn assert_adds_up(stand: &Stand, tally: &Tally) {
    let [ended, left] = [&tally.ended, &tally.left].map(|it| it.load(Ordering::Relaxed));
    assert_eq!(ended + left, REQUESTS_IN_ALL);
    assert!(left > 200, "enough of them are left: {left}");
    let arrived = stand.gateway.admin().stat("http.gateway.downstream_rq_total").await.unwrap();
    let arrived = u32::try_from(arrived).unwrap();
    assert!((ended..=ended + left).contains(&arrived), "{ended} + {left}: {arrived}");
    let metrics = stand
        .wait_until("all of them", |metrics| {
            let all = metrics.sum("inference_request_duration_us_count", &[])?;
            (all >= f64::from(arrived)).then(|| metrics.clone())
        })
        .await;
    let started = super::whole(metrics.sum(STARTED, &[]).unwrap());
    let outcomes = values_of(&metrics, REQUESTS, "outcome");
    assert_eq!(started, arrived, "Envoy counts the same");
    assert_eq!(started, outcomes.values().sum::<u32>(), "{outcomes:?}");
    let mut expected: HashMap<&str, u32> = HashMap::new();
    for ((_, outcome), count) in KINDS.iter().zip(&tally.by_kind) {
        *expected.entry(outcome).or_default() += count.load(Ordering::Relaxed);
    }
    // Of those that were left, some were over for Envoy before it learned of that.
    let mut late = 0;
    for (outcome, least) in expected {
        let counted = outcomes.get(outcome).copied().unwrap_or(0);
        assert!(counted >= least, "{outcome}: {counted} and not {least}: {outcomes:?}");
        late += counted - least;
    }
    let client_left = outcomes.get("client_left").copied().unwrap_or(0);
    assert_eq!(late + client_left, arrived - ended, "{outcomes:?}");
    assert!(client_left > 0, "{outcomes:?}");
    assert_eq!(outcomes.get("timeout"), None, "{outcomes:?}");
    let refused = metrics.sum("inference_refused_total", &[]).unwrap();
    assert_eq!(super::whole(refused), outcomes["refused"]);
    // Of those that were left before their answer began, nobody knows how long they were.
    let sizes = super::whole(metrics.sum("inference_request_bytes_count", &[]).unwrap());
    assert!((ended..=arrived).contains(&sizes), "{ended} to {arrived}: {sizes}");
}
