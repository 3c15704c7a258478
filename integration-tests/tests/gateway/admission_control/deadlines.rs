//! Requests whose clients wait only so long.

use super::queueing::{config, full, grpc_crowd, queued};
use super::{Stand, any_chat, begin, ended, predict, rule_of, wait_for_crowd};
use integration_tests::{Crowd, eventually};
use proto::prediction::PredictRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use serde_json::json;
use std::time::Duration;
use tonic::{Code, Request};

#[tokio::test]
async fn a_deadline_that_cannot_be_met_is_refused_at_once() {
    // As long as a wait can be: who is refused in time did not wait.
    let queue = json!({"max_requests": 9, "max_wait_ms": 3_600_000});
    let (stand, crowd) = grpc_crowd(&config(queue)).await;
    let served = learn_service_time(&stand, &crowd).await;
    let first = begin(stand.gateway.http2().await, predict());
    wait_for_crowd(&crowd, 1).await;
    let mut client = PredictionServiceClient::new(stand.gateway.grpc().await);
    let mut request = Request::new(PredictRequest::default());
    request.set_timeout(served / 4);
    let status = client.predict(request).await.expect_err("a refusal");
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert!(status.message().contains("deadline"), "{status:?}");
    let call = any_chat().header("x-request-timeout-ms", (served / 4).as_millis().to_string());
    let answer = stand.gateway.http1().await.send(call).await;
    assert_eq!((answer.status.as_u16(), rule_of(&answer).as_deref()), (503, Some("deadline")));
    stand.wait_for("refused_total", &[("rule", "deadline"), ("limit", "gpu")], 2).await;
    stand.wait_for("queued_total", &[], 0).await;
    // With enough time it waits.
    let call = any_chat().header("x-request-timeout-ms", "50000");
    let patient = queued(&stand, stand.gateway.http1().await, call, "patient", "low").await;
    crowd.let_go(2);
    assert_eq!(ended(first).await.grpc_status(), Some(0));
    assert_eq!(ended(patient).await.status, 200);
}

/// Lets one request take a while, so that the filter knows how long they do.
async fn learn_service_time(stand: &Stand, crowd: &Crowd) -> Duration {
    let begun = std::time::Instant::now();
    let call = begin(stand.gateway.http2().await, predict());
    wait_for_crowd(crowd, 1).await;
    eventually("a while", async || (begun.elapsed().as_millis() > 800).then_some(())).await;
    crowd.let_go(1);
    assert_eq!(ended(call).await.grpc_status(), Some(0));
    stand.wait_for_in_flight("gpu", 0).await;
    Duration::from_millis(800)
}

#[tokio::test]
async fn one_whose_deadline_comes_while_it_waits_is_refused_then() {
    let (stand, crowd, first) =
        full(&config(json!({"max_requests": 9, "max_wait_ms": 3_600_000}))).await;
    let call = any_chat().header("x-request-timeout-ms", "100");
    let answer =
        ended(queued(&stand, stand.gateway.http1().await, call, "late", "low").await).await;
    assert_eq!((answer.status.as_u16(), rule_of(&answer).as_deref()), (503, Some("deadline")));
    crowd.let_go(1);
    assert_eq!(ended(first).await.status, 200);
}
