//! Configurations that are replaced and workers that die while requests are here.

use super::leaks::{ROOM, assert_all_is_free, assert_room, both, chain, config, stand, to};
use super::{Stand, admission, any_chat, begin, ended, rule_of, wait_for_crowd};
use integration_tests::{Gateway, WasmFilter, eventually};
use serde_json::{Value, json};

#[tokio::test]
async fn a_configuration_is_replaced_while_requests_are_here() {
    let (stand, crowd) = stand(chain()).await;
    let calls = both(&stand).await.map(|client| begin(client, any_chat()));
    wait_for_crowd(&crowd, ROOM).await;
    let mut more = config();
    more["limits"][0]["in_flight"]["max"] = (ROOM + 1).into();
    replace(&stand, &admission(&more)).await;
    // Those of the old configuration count for the new one.
    let third = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, ROOM + 1).await;
    let answer = stand.gateway.http2().await.send(any_chat()).await;
    assert_eq!(rule_of(&answer).as_deref(), Some("in_flight"));
    crowd.let_go(ROOM + 1);
    for call in calls.into_iter().chain([third]) {
        assert_eq!(ended(call).await.status, 200);
    }
    assert_room(&stand, &crowd, ROOM + 1).await;
    stand.wait_for_in_flight("gpu", 0).await;
}

async fn replace(stand: &Stand, filter: &WasmFilter) {
    let version = stand.gateway.replace_filter(filter).to_string();
    let name = "extension_config_discovery.http_filter.discovered.version_text";
    eventually("the new configuration", async || {
        let live = stand.gateway.admin().text_stat(name).await;
        (live.as_deref() == Some(&version)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_worker_dies_with_all_its_requests() {
    let filter = WasmFilter::named("crashing").configured(&config()).reloading();
    let (stand, crowd) = stand(Gateway::builder().wasm(&filter)).await;
    let calls = both(&stand)
        .await
        .map(|mut client| tokio::spawn(async move { client.try_send(any_chat()).await }));
    wait_for_crowd(&crowd, ROOM).await;
    let mut client = stand.gateway.http2().await;
    assert_eq!(client.send(any_chat().header("x-panic", "yes")).await.status, 503);
    crowd.let_go(ROOM);
    for call in calls {
        // Cut off, or answered with an error: nobody can say what they are entitled to.
        if let Ok(answer) = call.await.expect("no panic") {
            assert_eq!(answer.status, 503);
        }
    }
    // The dead can't give back what they held. Their lease runs out.
    eventually("a place", async || (client.send(to("early")).await.status == 200).then_some(()))
        .await;
    assert_all_is_free(&stand, &crowd).await;
    let alarms = stand.gateway.stop();
    assert!(alarms.iter().any(|alarm| alarm.contains("the client asked for it")), "{alarms:?}");
}

/// One place, and a queue.
fn queued(max_wait_ms: u32) -> Value {
    json!({
        "limits": [{"name": "gpu", "in_flight": {"max": 1}}],
        "queue": {"max_requests": 9, "max_wait_ms": max_wait_ms},
    })
}

#[tokio::test]
async fn those_who_wait_while_a_configuration_is_replaced_are_not_forgotten() {
    let (stand, crowd) = Stand::crowded(&queued(50_000), 1).await;
    let first = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    let old = begin(stand.gateway.http1().await, any_chat());
    stand.wait_for("queued_total", &[], 1).await;
    replace(&stand, &admission(&queued(50_001))).await;
    let new = begin(stand.gateway.http1().await, any_chat());
    stand.wait_for("queued_total", &[], 2).await;
    crowd.let_go(3);
    for call in [first, old, new] {
        assert_eq!(ended(call).await.status, 200);
    }
    assert_eq!(crowd.most(), 1);
}

#[tokio::test]
async fn those_who_wait_in_vain_are_told_so_by_a_configuration_that_was_replaced() {
    let (stand, crowd) = Stand::crowded(&queued(3000), 1).await;
    let first = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    let waits = begin(stand.gateway.http2().await, any_chat());
    stand.wait_for("queued_total", &[], 1).await;
    replace(&stand, &admission(&queued(3001))).await;
    assert!(!waits.is_finished(), "it was replaced while one waits");
    assert_eq!(rule_of(&ended(waits).await).as_deref(), Some("queue_timeout"));
    crowd.let_go(1);
    assert_eq!(ended(first).await.status, 200);
}

#[tokio::test]
async fn what_a_dead_worker_held_goes_to_those_who_wait_in_another() {
    let filter = WasmFilter::named("crashing").configured(&queued(50_000)).reloading();
    let chain = Gateway::builder().workers(2).balanced().wasm(&filter);
    let (stand, crowd) = stand(chain).await;
    let mut dying = stand.gateway.http2().await;
    let mut waiting = stand.gateway.http2().await;
    let (body, held) = dying.open(any_chat());
    let held = tokio::spawn(held);
    drop(body);
    wait_for_crowd(&crowd, 1).await;
    let (body, waits) = waiting.open(any_chat());
    let waits = tokio::spawn(waits);
    drop(body);
    stand.wait_for("queued_total", &[], 1).await;
    assert_eq!(dying.send(any_chat().header("x-panic", "yes")).await.status, 503);
    crowd.let_go(2);
    let answer = waits.await.expect("no panic").expect("an answer");
    assert_eq!(answer.status(), 200);
    // What the crash made of it is Envoy's affair.
    _ = held.await;
    stand.wait_for_in_flight("gpu", 0).await;
    assert!(!stand.gateway.stop().is_empty(), "the crash is in the log");
}
