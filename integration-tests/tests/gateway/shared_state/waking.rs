//! In which order they are woken, and from where.

use super::{
    FINISHED, WAITED, WOKEN, around, begin, echoing, filter, told, waited, waiting_as, wake,
};
use integration_tests::{Answer, Call, Gateway, Upstream, in_time};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const NAMES: [&str; 5] = ["d", "a", "e", "b", "c"];

/// One that waits under this name, over one HTTP/2 connection for all.
async fn begin_waiting(gateway: &Gateway, name: &str, others: Value) -> JoinHandle<Answer> {
    let before = gateway.metric(WAITED, &[]).await;
    let call = told(Call::get(&format!("/{name}")), &waiting_as(name, others));
    let answer = begin(gateway.http2().await, call);
    gateway.wait_for_metric(WAITED, &[], |count| count == before + 1.0).await;
    answer
}

fn order(upstream: &Upstream) -> Vec<String> {
    upstream.received().into_iter().map(|request| request.path[1..].to_owned()).collect()
}

async fn assert_served(answers: Vec<JoinHandle<Answer>>) {
    for answer in answers {
        assert_eq!(in_time("an answer", answer).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn they_go_on_in_the_order_in_which_they_were_woken() {
    let (upstream, gateway) = echoing().await;
    let mut answers = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        answers.push(begin_waiting(&gateway, name, json!({})).await);
    }
    // Some are named twice, and nobody is called `nobody`.
    wake(&gateway, &["nobody", "d", "a", "d", "e", "b", "a", "c"]).await;
    assert_served(answers).await;
    assert_eq!(order(&upstream), NAMES);
    assert_eq!(gateway.metric(WOKEN, &[]).await, 5.0);
}

#[tokio::test]
async fn each_of_a_long_chain_wakes_the_next() {
    let (upstream, gateway) = echoing().await;
    let names: Vec<String> = (0..50).map(|number| format!("{number}")).collect();
    let mut answers = Vec::new();
    for (name, next) in names.iter().zip(names.iter().skip(1).map(Some).chain([None])) {
        let next: Vec<&String> = next.into_iter().collect();
        answers.push(begin_waiting(&gateway, name, json!({"wake_when_woken": next})).await);
    }
    wake(&gateway, &["0"]).await;
    assert_served(answers).await;
    assert_eq!(order(&upstream), names);
}

#[tokio::test]
async fn a_chain_of_those_who_wait_on_does_not_end_before_its_end() {
    let (upstream, gateway) = echoing().await;
    let mut waiting = Vec::new();
    for number in 0..20 {
        let next = json!({"wake_when_woken": [format!("{}", number + 1)], "times_to_wait_on": 1});
        waiting.push(begin_waiting(&gateway, &format!("{number}"), next).await);
    }
    let last = begin_waiting(&gateway, "20", json!({})).await;
    wake(&gateway, &["0"]).await;
    assert_served(vec![last]).await;
    assert_eq!(order(&upstream), ["20"]);
    assert!(waiting.iter().all(|answer| !answer.is_finished()));
}

#[tokio::test]
async fn two_that_wake_each_other_and_wait_on_do_not_stop_the_worker() {
    let (_upstream, gateway) = echoing().await;
    let forever = |other: &str| json!({"wake_when_woken": [other], "times_to_wait_on": u32::MAX});
    let _waiting = [
        begin_waiting(&gateway, "a", forever("b")).await,
        begin_waiting(&gateway, "b", forever("a")).await,
    ];
    wake(&gateway, &["a"]).await;
    let other = begin_waiting(&gateway, "other", json!({})).await;
    wake(&gateway, &["other"]).await;
    assert_served(vec![other]).await;
}

#[tokio::test]
async fn one_that_finishes_wakes_others() {
    let (upstream, gateway) = echoing().await;
    for (then, status) in [("forward", 200), ("reply", 429)] {
        let answers = [
            begin_waiting(&gateway, "a", json!({"then": then})).await,
            begin_waiting(&gateway, "b", json!({"then": then})).await,
        ];
        // However it finishes: with an answer of the server, or one of the filter.
        let first = told(Call::get("/first"), &json!({"wake_when_finished": ["b"]}));
        assert_eq!(gateway.http2().await.send(first).await.status, 200);
        let second = json!({"wake_when_finished": ["a"], "answer": true});
        assert_eq!(gateway.http1().await.send(told(Call::get("/"), &second)).await.status, 200);
        for answer in answers {
            assert_eq!(in_time("an answer", answer).await.unwrap().status, status);
        }
    }
    assert_eq!(order(&upstream), ["first", "b", "a", "first"]);
}

#[tokio::test]
async fn a_grpc_call_is_refused_when_another_finishes() {
    let (_upstream, gateway) = echoing().await;
    let call = Call::grpc_bytes("/service/Method", b"message");
    let call = told(call, &waiting_as("a", json!({"then": "reply"})));
    let answer = begin(gateway.http2().await, call);
    waited(&gateway, 1).await;
    let first = told(Call::get("/"), &json!({"wake_when_finished": ["a"]}));
    gateway.http1().await.send(first).await;
    assert_eq!(in_time("the answer", answer).await.unwrap().grpc_status(), Some(8));
}

#[tokio::test]
async fn each_that_finishes_wakes_the_next() {
    let upstream = Upstream::echo().await;
    let gateway = around(&upstream, &json!({})).start().await;
    let mut answers = Vec::new();
    for number in 0..20 {
        let then = if number % 3 == 0 { "reply" } else { "forward" };
        let next = json!({"wake_when_finished": [format!("{}", number + 1)], "then": then});
        answers.push(begin_waiting(&gateway, &format!("{number}"), next).await);
    }
    wake(&gateway, &["0"]).await;
    for (number, answer) in answers.into_iter().enumerate() {
        let status = in_time("an answer", answer).await.unwrap().status;
        assert_eq!(status, if number % 3 == 0 { 429 } else { 200 });
    }
    gateway.wait_for_metric(FINISHED, &[], |count| count == 21.0).await;
}

#[tokio::test]
async fn those_of_one_connection_wake_each_other_when_they_finish() {
    let (_upstream, gateway) = echoing().await;
    let mut client = gateway.http2().await;
    let answers: Vec<_> = (0..20)
        .map(|number| {
            let then = if number % 2 == 0 { "reply" } else { "forward" };
            let next = json!({"wake_when_finished": [format!("{}", number + 1)], "then": then});
            let plan = waiting_as(&format!("{number}"), next);
            let (body, answer) = client.open(told(Call::post("/"), &plan));
            drop(body);
            tokio::spawn(answer)
        })
        .collect();
    waited(&gateway, 20).await;
    wake(&gateway, &["0"]).await;
    for (number, answer) in answers.into_iter().enumerate() {
        let answer = in_time("an answer", answer).await.unwrap().expect("an answer");
        assert_eq!(answer.status(), if number % 2 == 0 { 429 } else { 200 });
    }
}

#[tokio::test]
async fn a_request_waits_in_one_filter_after_the_other() {
    let upstream = Upstream::echo().await;
    // Two plugins of one machine.
    let gateway = around(&upstream, &json!({"cells": ["first"]}))
        .wasm(&filter(&json!({"cells": ["second"]})))
        .start()
        .await;
    let call = told(Call::post("/").body("body"), &waiting_as("a", json!({})));
    let answer = begin(gateway.http2().await, call);
    for turn in 1..=2 {
        waited(&gateway, turn).await;
        assert!(!answer.is_finished());
        let call = told(Call::get("/"), &json!({"wake_when_finished": ["a"]}));
        gateway.http1().await.send(call).await;
    }
    assert_eq!(in_time("the answer", answer).await.unwrap().text_body(), "body");
    assert_eq!(gateway.metric(WOKEN, &[]).await, 2.0);
}
