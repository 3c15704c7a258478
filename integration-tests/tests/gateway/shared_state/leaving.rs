//! Clients that leave while their requests wait.

use super::{
    BEGUN, FINISHED, WAITED, WOKEN, begin, echoing, filter, told, waited, waiting_as, wake,
};
use integration_tests::{Call, Client, Gateway, Upstream, eventually};
use serde_json::json;
use std::future::pending;
use tokio::runtime::Runtime;

#[tokio::test]
async fn a_request_whose_client_left_finishes_once_and_is_not_woken() {
    let (upstream, gateway) = echoing().await;
    for client in [gateway.http1().await, gateway.http2().await] {
        let before = gateway.metric(WAITED, &[]).await;
        let answer = begin(client, told(Call::get("/"), &waiting_as("a", json!({}))));
        gateway.wait_for_metric(WAITED, &[], |count| count == before + 1.0).await;
        answer.abort();
        let begun = gateway.metric(BEGUN, &[]).await;
        gateway.wait_for_metric(FINISHED, &[], |count| count == begun).await;
        wake(&gateway, &["a"]).await;
        gateway.wait_for_metric(FINISHED, &[], |count| count == begun + 1.0).await;
    }
    assert_eq!(gateway.metric(WOKEN, &[]).await, 0.0);
    assert!(upstream.received().is_empty());
}

#[tokio::test]
async fn nothing_is_left_of_many_whose_clients_left() {
    const CLIENTS: u32 = 500;
    let upstream = Upstream::echo().await;
    let gateway = Gateway::builder()
        .replaceable(&filter(&json!({})))
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    // Each with a connection of its own, some of them busy sending a body.
    let mut answers = Vec::new();
    for number in 0..CLIENTS {
        let plan = waiting_as(&format!("{number}"), json!({}));
        let call = if number % 2 == 0 { Call::get("/") } else { Call::post("/").body("body") };
        answers.push(begin(gateway.http1().await, told(call, &plan)));
    }
    waited(&gateway, CLIENTS).await;
    answers.iter().for_each(tokio::task::JoinHandle::abort);
    let all = f64::from(CLIENTS);
    gateway.wait_for_metric(FINISHED, &[], |count| count == all).await;
    // Had a request been kept, it would keep the filter.
    let dropped = || gateway.log().text().matches("sharing: dropped").count();
    let before = dropped();
    gateway.replace_filter(&filter(&json!({"cells": ["other"]})));
    // In the main thread and in the worker.
    eventually("the old filter's end", async || (dropped() >= before + 2).then_some(())).await;
    assert_eq!(gateway.metric(FINISHED, &[]).await, all);
}

#[tokio::test]
async fn a_connection_that_breaks_takes_all_who_wait_on_it_although_they_wake_each_other() {
    for then in ["forward", "reply"] {
        let (_upstream, gateway) = echoing().await;
        // In a runtime of its own, with which it ends at once.
        let runtime = Runtime::new().unwrap();
        let address = gateway.address();
        runtime.spawn(async move {
            let mut client = Client::http2(address).await;
            let others: Vec<String> = (0..20).map(|other| format!("{other}")).collect();
            let answers: Vec<_> = (0..20)
                .map(|number| {
                    let plan = json!({"wake_when_finished": others, "then": then});
                    let plan = waiting_as(&format!("{number}"), plan);
                    let (body, answer) = client.open(told(Call::post("/"), &plan));
                    (body, tokio::spawn(answer))
                })
                .collect();
            pending::<()>().await;
            drop((client, answers));
        });
        waited(&gateway, 20).await;
        runtime.shutdown_background();
        gateway.wait_for_metric(FINISHED, &[], |count| count == 20.0).await;
        // Envoy lives, and so does the filter.
        wake(&gateway, &["0", "19"]).await;
        gateway.wait_for_metric(FINISHED, &[], |count| count == 21.0).await;
    }
}
