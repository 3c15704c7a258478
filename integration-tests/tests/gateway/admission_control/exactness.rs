//! A limit is one limit, however many workers, connections and protocols there are.

use super::{
    IN_FLIGHT, Stand, admission, any_chat, begin, chat, chat_of, ended, rule_of, wait_for_crowd,
};
use integration_tests::{Answer, Call, Client, Crowd, Gateway, Reply};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::{JoinHandle, JoinSet, yield_now};

/// Offers so many calls at once: half of them over HTTP/1.1 on a connection each,
/// half over HTTP/2 on a few.
async fn offer(stand: &Stand, call: &Call, count: usize) -> Vec<JoinHandle<Answer>> {
    let mut calls = Vec::new();
    for _ in 0..count / 2 {
        calls.push(begin(stand.gateway.http1().await, call.clone()));
    }
    let mut connections = Vec::new();
    for _ in 0..8 {
        connections.push(stand.gateway.http2().await);
    }
    let mut shares: Vec<usize> = vec![(count - count / 2) / 8; 8];
    shares[0] += (count - count / 2) % 8;
    for (mut client, share) in connections.into_iter().zip(shares) {
        let answers: Vec<_> = (0..share).map(|_| opened(&mut client, call)).collect();
        let answers = answers.into_iter().map(|answer| {
            tokio::spawn(async move {
                let response = answer.await.expect("an answer");
                integration_tests::whole(response).await.expect("a whole answer")
            })
        });
        calls.extend(answers);
        // The connection lives as long as its calls.
        std::mem::forget(client);
    }
    calls
}

fn opened(
    client: &mut Client,
    call: &Call,
) -> impl Future<Output = Result<http::Response<hyper::body::Incoming>, integration_tests::Broken>> + use<>
{
    let body = call.body_bytes();
    let (mut sender, answer) = client.open(call.clone());
    tokio::spawn(async move {
        // Nobody reads it when it is refused at once.
        _ = sender.send_data(body).await;
    });
    answer
}

/// How many of the calls were served; the others were refused by this rule.
async fn served(calls: Vec<JoinHandle<Answer>>, rule: &str) -> usize {
    let mut count = 0;
    for call in calls {
        let answer = ended(call).await;
        match rule_of(&answer) {
            None => {
                assert_eq!(answer.status, 200, "{answer:?}");
                count += 1;
            }
            Some(refused) => assert_eq!(refused, rule),
        }
    }
    count
}

/// Waits until all but so many of the calls have their answer.
async fn settle_but(calls: &[JoinHandle<Answer>], open: usize) {
    integration_tests::eventually("all refusals", async || {
        let waiting = calls.iter().filter(|call| !call.is_finished()).count();
        assert!(waiting >= open, "{waiting} are open");
        (waiting == open).then_some(())
    })
    .await;
}

#[tokio::test]
async fn never_more_are_in_flight_than_may_be_with_one_worker() {
    assert_room_is_exact(1).await;
}

#[tokio::test]
async fn never_more_are_in_flight_than_may_be_with_two_workers() {
    assert_room_is_exact(2).await;
}

#[tokio::test]
async fn never_more_are_in_flight_than_may_be_with_four_workers() {
    assert_room_is_exact(4).await;
}

async fn assert_room_is_exact(workers: u32) {
    let config = json!({"limits": [{"name": "gpu", "in_flight": {"max": 7}}]});
    let (stand, crowd) = Stand::crowded(&config, workers).await;
    let calls = offer(&stand, &any_chat(), 300).await;
    settle_but(&calls, 7).await;
    wait_for_crowd(&crowd, 7).await;
    crowd.let_go(7);
    assert_eq!(served(calls, "in_flight").await, 7);
    churn(&stand, &crowd, 7).await;
    assert_eq!(crowd.most(), 7);
    stand.wait_for_in_flight("gpu", 0).await;
}

/// Clients that ask again and again, while the server is always full.
async fn churn(stand: &Stand, crowd: &Crowd, limit: usize) {
    let ending = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for number in 0..24 {
        let mut client = match number % 2 {
            0 => stand.gateway.http1().await,
            _ => stand.gateway.http2().await,
        };
        let ending = Arc::clone(&ending);
        callers.spawn(async move {
            while !ending.load(Ordering::Relaxed) {
                client.send(any_chat()).await;
            }
        });
    }
    for _ in 0..200 {
        wait_for_crowd(crowd, limit).await;
        crowd.let_go(1);
        while crowd.inside() == limit {
            yield_now().await;
        }
    }
    ending.store(true, Ordering::Relaxed);
    crowd.let_go(1_000_000);
    while let Some(caller) = callers.join_next().await {
        caller.expect("every call is answered");
    }
}

#[tokio::test]
async fn a_quota_of_requests_lets_in_its_burst_and_no_more() {
    let config = json!({"limits": [
        {"name": "requests", "requests": {"count": 50, "window_ms": 3_600_000}},
    ]});
    for workers in [1, 2, 4] {
        let stand = Stand::new(&config, workers, |_| Reply::Echo).await;
        let calls = offer(&stand, &any_chat(), 500).await;
        assert_eq!(served(calls, "request_quota").await, 50, "{workers} workers");
    }
}

#[tokio::test]
async fn what_is_reserved_and_used_of_a_budget_is_never_more_than_it_has() {
    for workers in [1, 2, 4] {
        assert_budget_is_exact(workers).await;
    }
}

/// Each request reserves 1000 tokens, and uses 400 of them.
async fn assert_budget_is_exact(workers: u32) {
    let config = json!({
        "limits": [{"name": "budget", "tokens": {"count": 10_000, "window_ms": 864_000_000}}],
        "cost": {"bytes_per_token": 1},
    });
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 300, "total_tokens": 400});
    let answer = Answer::json_value(&json!({"choices": [], "usage": usage}));
    let crowd = Crowd::default();
    let inside = crowd.clone();
    let stand =
        Stand::new(&config, workers, move |_| Reply::crowded(answer.clone(), &inside)).await;
    let mut used = 0;
    let mut waves = Vec::new();
    loop {
        let room = (10_000 - used) / 1000;
        let calls = offer(&stand, &chat(&chat_of(100, 900)), 100).await;
        settle_but(&calls, room).await;
        crowd.let_go(room);
        let admitted = served(calls, "token_quota").await;
        if admitted == 0 {
            break;
        }
        waves.push(admitted);
        used += 400 * admitted;
        let sum = u32::try_from(used).unwrap();
        stand.wait_for("tokens_used_total", &[("limit", "budget")], sum).await;
    }
    assert_eq!(waves, [10, 6, 3, 2, 1, 1], "{workers} workers");
}

/// A gateway with two listeners, each with a filter of its own, and full behind the
/// first.
async fn listeners(other: Value) -> (Stand, Crowd, SocketAddr) {
    let config = json!({"limits": [{"name": "gpu", "in_flight": {"max": 2}}]});
    let chain =
        Gateway::builder().workers(2).wasm(&admission(&config)).other_listener(&admission(&other));
    let (crowd, answer) = (Crowd::default(), Answer::text("served"));
    let inside = crowd.clone();
    let stand = Stand::of(chain, move |_| Reply::crowded(answer.clone(), &inside)).await;
    let address = stand.gateway.other_address(0);
    (stand, crowd, address)
}

#[tokio::test]
async fn listeners_with_the_same_store_share_a_limit() {
    let limit = json!([{"name": "gpu", "in_flight": {"max": 2}}]);
    let other = json!({"limits": limit, "told": {"x_rate_limit": "answers"}});
    let (stand, crowd, address) = listeners(other).await;
    let first = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    let second = begin(Client::http2(address).await, any_chat());
    wait_for_crowd(&crowd, 2).await;
    for address in [stand.gateway.address(), address] {
        let answer = Client::http1(address).await.send(any_chat()).await;
        assert_eq!(rule_of(&answer).as_deref(), Some("in_flight"));
    }
    crowd.let_go(2);
    assert_eq!(ended(first).await.status, 200);
    assert_eq!(ended(second).await.status, 200);
    stand.wait_for_in_flight("gpu", 0).await;
}

#[tokio::test]
async fn another_store_is_apart() {
    let limit = json!([{"name": "gpu", "in_flight": {"max": 1}}]);
    let (stand, crowd, address) = listeners(json!({"limits": limit, "store": "other"})).await;
    let mut calls = Vec::new();
    for address in [stand.gateway.address(), stand.gateway.address(), address] {
        calls.push(begin(Client::http1(address).await, any_chat()));
    }
    wait_for_crowd(&crowd, 3).await;
    for address in [stand.gateway.address(), address] {
        let answer = Client::http1(address).await.send(any_chat()).await;
        assert_eq!(rule_of(&answer).as_deref(), Some("in_flight"));
    }
    crowd.let_go(3);
    assert_eq!(served(calls, "").await, 3);
}

#[tokio::test]
async fn filters_of_one_store_tell_each_limit_by_its_name() {
    let other = json!({"limits": [
        {"name": "all", "in_flight": {"max": 100}},
        {"name": "gpu", "in_flight": {"max": 2}},
    ]});
    let (stand, crowd, _) = listeners(other).await;
    let first = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    stand.wait_for_in_flight("gpu", 1).await;
    // Longer than it takes each worker to tell once more.
    let told = std::time::Instant::now();
    while told.elapsed().as_secs() < 3 {
        let count = stand.gateway.metric(IN_FLIGHT, &[("limit", "all")]).await;
        assert!(count == 0.0, "it came by the other listener");
    }
    crowd.let_go(1);
    assert_eq!(served(vec![first], "").await, 1);
}
