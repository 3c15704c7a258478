//! Cells: steps of all workers on the same bytes.

use super::{around, filter, told};
use integration_tests::{Call, Client, EnvoyConfig, Gateway, Upstream, eventually, validate};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CONNECTIONS: usize = 20;
const CALLS: usize = 100;

fn cells(names: &[&str]) -> Value {
    json!({ "cells": names })
}

fn step(cell: &str) -> Call {
    told(Call::get("/step"), &json!({"count": cell, "answer": true}))
}

async fn one_more(client: &mut Client, cell: &str) -> usize {
    client.send(step(cell)).await.text_body().parse().expect("a count")
}

async fn with_workers(workers: u32) -> (Upstream, Gateway) {
    let upstream = Upstream::echo().await;
    let gateway = around(&upstream, &cells(&["a", "b"])).workers(workers).start().await;
    (upstream, gateway)
}

/// Calls that each step the cell, on some connections at the same time. Those that
/// failed give no count.
async fn steps(gateway: &Gateway, cell: &'static str) -> Vec<Option<usize>> {
    let mut callers = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut client = gateway.http1().await;
        callers.push(tokio::spawn(async move {
            let mut counts = Vec::new();
            for _ in 0..CALLS {
                let answer = client.send(step(cell)).await;
                counts.push((answer.status == 200).then(|| answer.text_body().parse().unwrap()));
            }
            counts
        }));
    }
    let mut counts = Vec::new();
    for caller in callers {
        counts.extend(caller.await.expect("no caller fails"));
    }
    counts
}

fn assert_each_once(counts: Vec<Option<usize>>) {
    let counted: BTreeSet<usize> =
        counts.into_iter().map(|count| count.expect("a count")).collect();
    assert!(counted.into_iter().eq(1..=CONNECTIONS * CALLS), "each count comes once");
}

#[tokio::test]
async fn every_step_of_every_worker_counts_once() {
    for workers in [1, 2, 4] {
        let (_upstream, gateway) = with_workers(workers).await;
        assert_each_once(steps(&gateway, "a").await);
        let mut client = gateway.http1().await;
        assert_eq!(one_more(&mut client, "a").await, CONNECTIONS * CALLS + 1);
        assert_eq!(one_more(&mut client, "b").await, 1, "another cell");
    }
}

#[tokio::test]
async fn a_cell_outlives_the_configuration_that_is_replaced_under_traffic() {
    let upstream = Upstream::echo().await;
    let gateway = Gateway::builder()
        .replaceable(&filter(&cells(&["a"])))
        .cluster("server", &[upstream.address()])
        .workers(4)
        .start()
        .await;
    let counting = steps(&gateway, "a");
    let replacing = async {
        for replacement in 1..=6_u64 {
            let config = if replacement % 2 == 0 { cells(&["a"]) } else { cells(&["a", "b"]) };
            gateway.replace_filter(&filter(&config));
            let reloads = "extension_config_discovery.http_filter.discovered.config_reload";
            gateway.wait_for_stat(reloads, |count| count > replacement).await;
        }
    };
    let (counts, ()) = tokio::join!(counting, replacing);
    assert_each_once(counts);
    let mut client = gateway.http1().await;
    assert_eq!(one_more(&mut client, "a").await, CONNECTIONS * CALLS + 1);
    gateway.replace_filter(&filter(&cells(&["a", "new"])));
    eventually("the new cell", async || {
        let answer = client.send(step("new")).await.text_body();
        (answer == "1").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_cell_outlives_a_panic() {
    let upstream = Upstream::echo().await;
    let gateway = Gateway::builder()
        .wasm(&filter(&cells(&["a"])).reloading())
        .cluster("server", &[upstream.address()])
        .workers(2)
        .start()
        .await;
    let panicking = async {
        for _ in 0..5 {
            let call = told(Call::get("/panic"), &json!({"panic": true}));
            assert_eq!(gateway.http1().await.send(call).await.status, 503);
        }
    };
    let (counts, ()) = tokio::join!(steps(&gateway, "a"), panicking);
    let counts: Vec<usize> = counts.into_iter().flatten().collect();
    let different: BTreeSet<usize> = counts.iter().copied().collect();
    assert_eq!(different.len(), counts.len(), "no count comes twice");
    let next = eventually("a new VM", async || {
        let answer = gateway.http1().await.send(step("a")).await;
        (answer.status == 200).then(|| answer.text_body().parse::<usize>().unwrap())
    })
    .await;
    // A step was made or not; an answer may have been lost with its VM.
    assert!(next > counts.len() && next > *different.last().unwrap(), "{next}");
    let alarms = gateway.stop();
    assert!(alarms.iter().any(|alarm| alarm.contains("the client asked for it")), "{alarms:#?}");
}

#[tokio::test]
async fn a_cell_that_was_not_made_can_not_be_stepped() {
    let (_upstream, gateway) = with_workers(1).await;
    let mut client = gateway.http1().await;
    for _ in 0..2 {
        assert_eq!(client.send(step("unknown")).await.text_body(), "Unshared");
    }
    assert_eq!(gateway.metric("sharing_unshared_total", &[]).await, 2.0);
}

#[test]
fn cells_ticks_and_random_numbers_pass_validation() {
    let config = json!({"cells": ["a"], "tick_ms": 10});
    let validation = validate(&EnvoyConfig::default().wasm(&filter(&config)));
    assert!(validation.accepted, "{}", validation.log);
}

#[tokio::test]
async fn each_worker_draws_other_numbers() {
    let (_upstream, gateway) = with_workers(4).await;
    let (mut seeds, mut chances) = (BTreeSet::new(), BTreeSet::new());
    eventually("two workers", async || {
        let answer = gateway.http1().await.send(step("a")).await;
        seeds.insert(answer.header_text("x-number").unwrap());
        assert!(chances.insert(answer.header_text("x-chance").unwrap()), "drawn twice");
        (seeds.len() == 4).then_some(())
    })
    .await;
}
