//! Time that goes by, and gauges.

use super::{WAITED, around, begin, told, waited, waiting_as};
use integration_tests::{Call, Upstream, dist, in_time};
use serde_json::json;
use std::fs;

const TICKS: &str = "sharing_ticks_total";

#[tokio::test]
async fn a_tick_wakes_those_who_wait_in_its_worker() {
    let upstream = Upstream::echo().await;
    let gateway = around(&upstream, &json!({"tick_ms": 5})).workers(4).start().await;
    let mut answers = Vec::new();
    for number in 0..40 {
        let plan = waiting_as(&format!("tick {number}"), json!({"times_to_wait_on": 2}));
        let call = told(Call::post("/").body("body"), &plan);
        let client = if number % 2 == 0 { gateway.http1().await } else { gateway.http2().await };
        answers.push(begin(client, call));
    }
    for answer in answers {
        assert_eq!(in_time("the answer", answer).await.unwrap().text_body(), "body");
    }
    assert_eq!(gateway.metric(WAITED, &[]).await, 40.0);
}

#[tokio::test]
async fn a_tick_answers_those_who_wait() {
    let upstream = Upstream::echo().await;
    let gateway = around(&upstream, &json!({"tick_ms": 5})).start().await;
    let plan = waiting_as("tick", json!({"then": "reply"}));
    for client in [gateway.http1().await, gateway.http2().await] {
        let answer = begin(client, told(Call::get("/"), &plan));
        assert_eq!(in_time("the answer", answer).await.unwrap().status, 429);
    }
    let call = told(Call::grpc_bytes("/service/Method", b"message"), &plan);
    let answer = begin(gateway.http2().await, call);
    assert_eq!(in_time("the answer", answer).await.unwrap().grpc_status(), Some(8));
    assert!(upstream.received().is_empty());
}

#[tokio::test]
async fn a_gauge_has_the_value_that_was_set_last() {
    let upstream = Upstream::echo().await;
    let gateway = around(&upstream, &json!({"tick_ms": 5})).start().await;
    let mut answers = Vec::new();
    for number in 1..=3 {
        let call = told(Call::get("/"), &waiting_as(&format!("{number}"), json!({})));
        answers.push(begin(gateway.http1().await, call));
        waited(&gateway, number).await;
        gateway.wait_for_metric("sharing_waiting", &[], |now| now == f64::from(number)).await;
    }
    assert_eq!(gateway.admin().stat("wasmcustom.sharing_waiting").await, Some(3));
    answers.pop().unwrap().abort();
    gateway.wait_for_metric("sharing_waiting", &[], |now| now == 2.0).await;
}

#[tokio::test]
async fn time_goes_by_in_each_worker_without_any_request() {
    let upstream = Upstream::echo().await;
    let ticking = |tick_ms| around(&upstream, &json!({"tick_ms": tick_ms}));
    // With so long a period there is one tick at most in each: it takes several.
    let workers = 4;
    let gateway = ticking(json!(400)).workers(workers).start().await;
    gateway.wait_for_metric(TICKS, &[], |ticks| ticks >= f64::from(workers + 1)).await;
    let still = ticking(json!(null)).start().await;
    still.http1().await.send(Call::get("/")).await;
    assert_eq!(still.metric(TICKS, &[]).await, 0.0);
}

#[test]
fn only_a_filter_that_wants_ticks_is_called_for_them() {
    let exports_ticks = |module: &str| {
        let module = fs::read(dist().join(module)).expect("scripts/build made it");
        module.windows(13).any(|name| name == b"proxy_on_tick")
    };
    assert!(exports_ticks("test/sharing.wasm"));
    for module in ["model_router.wasm", "payload_validator.wasm", "test/rewriting.wasm"] {
        assert!(!exports_ticks(module), "{module}");
    }
}
