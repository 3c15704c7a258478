//! Asking another replica when the first one is slow.

use super::stack::{Stack, answer_to, chat, every_computed, first, infer};
use crate::prediction::predict;
use futures_util::future::{join, join_all};
use http::request::Parts;
use integration_tests::{Answer, Crowd, Reply, ShippedConfig, eventually};
use serde_json::json;

const CHAT: &str = "/v1/chat/completions";

/// What is late on a busy machine is not slow.
fn calmer(recipe: ShippedConfig) -> ShippedConfig {
    recipe.replacing("per_try_timeout: 0.5s", "per_try_timeout: 3s")
}

fn late(crowd: &Crowd) -> Reply {
    Reply::crowded(Answer::json_value(&json!({"late": true})), crowd)
}

#[tokio::test]
async fn a_slow_servers_answer_is_not_waited_for() {
    // All of them at once are more than the budget allows.
    let generous = |recipe: ShippedConfig| {
        calmer(recipe).replacing("min_retry_concurrency: 3", "min_retry_concurrency: 10")
    };
    let stack = Stack::changed(first(|| Reply::Hang, answer_to), generous).await;
    let answers = join_all(every_computed().into_iter().map(|call| stack.send(call))).await;
    for (call, answer) in every_computed().iter().zip(answers) {
        let path = call.path();
        assert_eq!((answer.status.as_u16(), answer.grpc_status().unwrap_or(0)), (200, 0), "{path}");
        assert_eq!(stack.tries(path), [1, 1], "{path}");
    }
}

#[tokio::test]
async fn the_first_try_is_not_given_up_and_may_still_win() {
    let crowd = Crowd::default();
    let slow = crowd.clone();
    let script = first(move || late(&slow), |_| Reply::Hang);
    let stack = Stack::changed(script, |recipe| recipe).await;
    let (answer, ()) = join(stack.send(infer()), async {
        eventually("a second try", async || (stack.total_tries() >= 2).then_some(())).await;
        crowd.let_go(1);
    })
    .await;
    assert_eq!(answer.json(), json!({"late": true}));
}

#[tokio::test]
async fn the_try_that_lost_is_told_to_stop() {
    let crowd = Crowd::default();
    let slow = crowd.clone();
    let stack = Stack::changed(first(move || late(&slow), answer_to), |recipe| recipe).await;
    assert_eq!(stack.send(infer()).await.json(), json!({"outputs": []}));
    eventually("nobody at the slow server", async || (crowd.inside() == 0).then_some(())).await;
}

#[tokio::test]
async fn a_slow_chat_is_asked_once() {
    let crowd = Crowd::default();
    let slow = crowd.clone();
    // Beside it something that is hedged after the same time.
    let computed = first(|| Reply::Hang, answer_to);
    let script = move |head: &Parts| match head.uri.path() {
        CHAT => late(&slow),
        _ => computed(head),
    };
    let stack = Stack::changed(script, |recipe| recipe).await;
    let (answer, ()) = join(stack.send(chat()), async {
        eventually("the chat at a server", async || (crowd.inside() == 1).then_some(())).await;
        assert_eq!(stack.send(predict()).await.grpc_status(), Some(0));
        crowd.let_go(1);
    })
    .await;
    assert_eq!(answer.json(), json!({"late": true}));
    assert_eq!(stack.tries(CHAT), [0, 1]);
}

#[tokio::test]
async fn when_all_are_slow_a_budget_bounds_the_second_tries() {
    let crowd = Crowd::default();
    let slow = crowd.clone();
    let stack = Stack::changed(move |_| late(&slow), calmer).await;
    let answers = join_all((0..40).map(|_| stack.send(infer())));
    let (answers, ()) = join(answers, async {
        let refused = "cluster.demo.upstream_rq_retry_overflow";
        stack.gateway.wait_for_stat(refused, |count| count >= 30).await;
        eventually("second tries", async || (stack.total_tries() > 40).then_some(())).await;
        assert!(stack.total_tries() <= 50, "{}", stack.total_tries());
        crowd.let_go(50);
    })
    .await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}
