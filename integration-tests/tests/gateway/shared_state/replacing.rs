//! Requests that wait while their filter is replaced, or another one fails.

use super::{FINISHED, WAITED, begin, filter, told, waiting_as, waking};
use integration_tests::{Answer, Call, Gateway, Upstream, eventually, in_time};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const RELOADS: &str = "extension_config_discovery.http_filter.discovered.config_reload";

async fn replaceable(config: &Value) -> (Upstream, Gateway) {
    let upstream = Upstream::echo().await;
    let gateway = Gateway::builder()
        .replaceable(&filter(config))
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    (upstream, gateway)
}

async fn replace(gateway: &Gateway, config: &Value) {
    let before = gateway.admin().stat(RELOADS).await.unwrap();
    gateway.replace_filter(&filter(config));
    gateway.wait_for_stat(RELOADS, |reloads| reloads > before).await;
}

async fn begin_waiting(gateway: &Gateway, name: &str, others: Value) -> JoinHandle<Answer> {
    let before = gateway.metric(WAITED, &[]).await;
    let call = told(Call::post("/").body(name.to_owned()), &waiting_as(name, others));
    let answer = begin(gateway.http2().await, call);
    gateway.wait_for_metric(WAITED, &[], |count| count == before + 1.0).await;
    answer
}

#[tokio::test]
async fn a_tick_of_the_filter_that_was_replaced_still_wakes() {
    let (_upstream, gateway) = replaceable(&json!({"tick_ms": 50})).await;
    // Long enough that the tick that wakes it comes after the replacement.
    let answer = begin_waiting(&gateway, "tick", json!({"times_to_wait_on": 30})).await;
    replace(&gateway, &json!({})).await;
    assert_eq!(gateway.http1().await.send(waking(&["tick"])).await.status, 200);
    assert!(!answer.is_finished(), "the new filter does not know it");
    assert_eq!(in_time("the answer", answer).await.unwrap().text_body(), "tick");
}

#[tokio::test]
async fn one_that_finishes_wakes_those_of_the_filter_that_was_replaced() {
    let (_upstream, gateway) = replaceable(&json!({})).await;
    let waiting = begin_waiting(&gateway, "a", json!({})).await;
    let leaving = begin_waiting(&gateway, "b", json!({"wake_when_finished": ["a"]})).await;
    replace(&gateway, &json!({"cells": ["other"]})).await;
    gateway.http1().await.send(waking(&["a"])).await;
    leaving.abort();
    assert_eq!(in_time("the answer", waiting).await.unwrap().text_body(), "a");
    gateway.wait_for_metric(FINISHED, &[], |count| count == 3.0).await;
}

#[tokio::test]
async fn one_that_waits_in_a_machine_that_fails_waits_in_vain() {
    let upstream = Upstream::echo().await;
    let config = json!({"tick_ms": 20, "cells": ["a"]});
    let gateway = Gateway::builder()
        .wasm(&filter(&config).reloading())
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    let waiting = begin_waiting(&gateway, "tick", json!({"times_to_wait_on": 1_000})).await;
    let panicking = told(Call::get("/"), &json!({"panic": true}));
    assert_eq!(gateway.http1().await.send(panicking).await.status, 503);
    eventually("a new VM", async || {
        let answer = gateway.http1().await.send(waking(&[])).await;
        (answer.status == 200).then_some(())
    })
    .await;
    // In the new one, another goes on as ever.
    let other = begin_waiting(&gateway, "tick", json!({})).await;
    assert_eq!(in_time("the answer", other).await.unwrap().text_body(), "tick");
    assert!(!waiting.is_finished());
    waiting.abort();
    let active = "http.gateway.downstream_rq_active";
    gateway.wait_for_stat(active, |count| count == 0).await;
    let alarms = gateway.stop();
    assert!(alarms.iter().any(|alarm| alarm.contains("the client asked for it")), "{alarms:#?}");
}
