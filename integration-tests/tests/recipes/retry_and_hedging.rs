//! envoy/recipes/retry-and-hedging: a second try where it can do no harm.

mod hedging;
mod stack;

use super::prediction::predict;
use inference_metrics::metrics::REQUESTS;
use integration_tests::{Answer, Call, Reply, ShippedConfig};
use stack::{Stack, answer_to, chat, embeddings, every_computed, infer, stream, unavailable};

#[tokio::test]
async fn what_only_computes_is_answered_by_the_other_replica_when_one_fails() {
    let stack = Stack::failing_once(|| Reply::Reset).await;
    for call in every_computed() {
        let path = call.path().to_owned();
        let answer = stack.send(call).await;
        assert_eq!((answer.status.as_u16(), answer.grpc_status().unwrap_or(0)), (200, 0), "{path}");
        assert_eq!(stack.tries(&path), [1, 1], "{path}");
    }
}

#[tokio::test]
async fn a_server_that_says_that_it_is_full_is_not_asked_again() {
    let stack = Stack::failing_once(|| Reply::whole(Answer::status(503))).await;
    assert_eq!(stack.send(embeddings()).await.status, 200);
    assert_eq!(stack.tries("/v1/embeddings"), [1, 1]);

    let stack = Stack::failing_once(|| Reply::whole(unavailable())).await;
    assert_eq!(stack.send(predict()).await.grpc_status(), Some(0));
    assert_eq!(stack.total_tries(), 2);
}

#[tokio::test]
async fn what_is_wrong_is_not_tried_again() {
    let stack = Stack::start().await;
    for (tries, status) in [(1, "400"), (2, "429"), (3, "500")] {
        let answer = stack.send(infer().header("x-answer", status)).await;
        assert_eq!((answer.status.as_str(), stack.total_tries()), (status, tries));
    }
}

#[tokio::test]
async fn after_two_more_tries_the_client_is_told() {
    let stack = Stack::start().await;
    assert_eq!(stack.send(infer().header("x-answer", "503")).await.status, 503);
    assert_eq!(stack.total_tries(), 3);
}

#[tokio::test]
async fn a_chat_that_a_server_has_seen_is_not_tried_again() {
    let stack = Stack::start().await;
    for (tries, failure) in [(1, "reset"), (2, "503")] {
        let answer = stack.send(chat().header("x-answer", failure)).await;
        assert_eq!((answer.status.as_u16(), stack.total_tries()), (503, tries));
    }
}

#[tokio::test]
async fn a_stream_that_a_server_has_seen_is_not_tried_again() {
    let stack = Stack::start().await;
    for (tries, failure) in [(1, "reset"), (2, "unavailable")] {
        let answer = stack.send(stream().header("x-answer", failure)).await;
        assert_eq!((answer.grpc_status(), stack.total_tries()), (Some(14), tries));
    }
}

#[tokio::test]
async fn a_chat_that_no_server_has_seen_is_tried_elsewhere() {
    let stack = Stack::with_a_dead_replica().await;
    for _ in 0..20 {
        assert_eq!(stack.send(chat()).await.status, 200);
    }
    assert_eq!(stack.total_tries(), 20);
    stack.gateway.wait_for_stat("cluster.demo.upstream_rq_retry", |count| count > 0).await;
}

/// A chat that asks Envoy for more tries.
fn insisting() -> Call {
    chat()
        .header("x-answer", "503")
        .header("x-envoy-retry-on", "5xx")
        .header("x-envoy-max-retries", "5")
        .header("x-envoy-upstream-rq-per-try-timeout-ms", "1")
        .header("x-envoy-hedge-on-per-try-timeout", "true")
}

/// How often that is tried when every server fails and its client is one of those that Envoy
/// believes.
async fn tries_of_an_insisting_client(
    change: impl FnOnce(ShippedConfig) -> ShippedConfig,
) -> usize {
    let believe = |recipe: ShippedConfig| {
        let addresses = "{ cidr_ranges: [{ address_prefix: 127.0.0.0, prefix_len: 8 }] }";
        let line = "use_remote_address: true";
        let more = format!("{line}\n                internal_address_config: {addresses}");
        change(recipe.replacing(line, &more))
    };
    let stack = Stack::changed(answer_to, believe).await;
    assert_eq!(stack.send(insisting()).await.status, 503);
    stack.total_tries()
}

#[tokio::test]
async fn a_client_has_no_say_in_it() {
    assert_eq!(tries_of_an_insisting_client(|recipe| recipe).await, 1);
}

#[tokio::test]
async fn a_client_whom_envoy_believes_would_have_a_say_in_it() {
    let line = "- remove_on_match: { key_matcher: { prefix: x-envoy- } }";
    let tries = tries_of_an_insisting_client(|recipe| recipe.replacing(line, "- remove: x-none"));
    assert!(tries.await > 1);
}

#[tokio::test]
async fn the_filters_see_one_request_however_often_it_is_tried() {
    let stack = Stack::failing_once(|| Reply::Reset).await;
    assert_eq!(stack.send(infer()).await.status, 200);
    let entry = stack.gateway.access_log().wait_for("the request", |_| true).await;
    assert_eq!((&entry["attempts"], &entry["outcome"]), (&2.into(), &"ok".into()));
    let requests = REQUESTS.metric.name;
    stack.gateway.wait_for_metric(requests, &[("outcome", "ok")], |count| count == 1.0).await;
    assert_eq!(stack.gateway.metric(requests, &[]).await, 1.0);
}
