//! Which version gets a request that names none.

use super::{Stand, chat, config, server_of};
use integration_tests::{Call, Client, WasmFilter};
use serde_json::{Value, json};

fn weights(v1: u32, v2: u32) -> Value {
    let versions = json!([
        {"name": "v1", "cluster": "demo-v1", "weight": v1},
        {"name": "v2", "cluster": "demo-v2", "weight": v2},
    ]);
    json!({"models": [{"name": "demo", "versions": versions}]})
}

async fn versions(client: &mut Client, calls: impl IntoIterator<Item = Call>) -> Vec<String> {
    let mut versions = Vec::new();
    for call in calls {
        versions.push(server_of(client, call).await);
    }
    versions
}

#[tokio::test]
async fn calls_of_nobody_in_particular_are_divided_by_weight() {
    let stand = Stand::configured(weights(90, 10)).await;
    let mut client = stand.gateway.http2().await;
    let calls = std::iter::repeat_n(chat("demo"), 1_000);
    let second = versions(&mut client, calls).await.iter().filter(|it| *it == "demo-v2").count();
    // 100 are expected, with a standard deviation of 9.5: five of them.
    assert!((53..=147).contains(&second), "{second} of 1000 calls went to a version of weight 10");
}

#[tokio::test]
async fn a_caller_known_by_header_or_cookie_stays_with_one_version() {
    let stand = Stand::configured(weights(50, 50)).await;
    let mut client = stand.gateway.http1().await;
    let by_header = |caller: u32| chat("demo").header("x-session-id", format!("caller-{caller}"));
    let by_cookie =
        |caller: u32| chat("demo").header("cookie", format!("a=b; session=caller-{caller}"));
    let first = versions(&mut client, (0..60).map(by_header)).await;
    assert_eq!(versions(&mut client, (0..60).map(by_header)).await, first);
    assert_eq!(versions(&mut client, (0..60).map(by_cookie)).await, first);
    // 30 are expected, with a standard deviation of 3.9.
    let second = first.iter().filter(|version| *version == "demo-v2").count();
    assert!((10..=50).contains(&second), "{second} of 60 callers have one of two equal versions");
}

#[tokio::test]
async fn every_worker_of_every_gateway_gives_a_caller_the_same_version() {
    let filter = WasmFilter::named("model-router").configured(&config(weights(50, 50)));
    let mut seen = Vec::new();
    for workers in [1, 4] {
        let stand = Stand::with_workers(&filter, workers).await;
        let mut versions = Vec::new();
        for caller in 0..30 {
            // A connection belongs to one worker.
            let mut client = stand.gateway.http1().await;
            let call = chat("demo").header("x-session-id", caller.to_string());
            versions.push(server_of(&mut client, call).await);
        }
        seen.push(versions);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_version_without_weight_is_reached_by_name_only() {
    let stand = Stand::configured(weights(100, 0)).await;
    let mut client = stand.gateway.http2().await;
    let all = versions(&mut client, std::iter::repeat_n(chat("demo"), 200)).await;
    assert!(all.iter().all(|version| version == "demo-v1"), "{all:?}");
    let named = chat("demo").header("x-model-version", "v2");
    assert_eq!(server_of(&mut client, named).await, "demo-v2");
}
