//! Requests that wait for room.

use super::{
    Stand, admission, any_chat, begin, chat, chat_of, ended, predict, rule_of, wait_for_crowd,
};
use bytes::Bytes;
use integration_tests::{Answer, Call, Client, Crowd, Gateway, Reply, eventually};
use proto::prediction::PredictRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// One place, and a queue.
pub(super) fn config(queue: Value) -> Value {
    let rule = |class: &str| json!({"class": class, "header": {"name": "x-class", "value": class}});
    json!({
        "classes": [{"name": "high"}, {"name": "middle"}, {"name": "low"}],
        "class_rules": [rule("high"), rule("low")],
        "default_class": "middle",
        "limits": [{"name": "gpu", "in_flight": {"max": 1}}],
        "queue": queue,
    })
}

/// A stand whose only place is taken.
pub(super) async fn full(config: &Value) -> (Stand, Crowd, JoinHandle<Answer>) {
    let (stand, crowd) = Stand::crowded(config, 1).await;
    let first = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    (stand, crowd, first)
}

/// One that waits, by this name and of this class.
async fn waiting(stand: &Stand, name: &str, class: &str) -> JoinHandle<Answer> {
    queued(stand, stand.gateway.http1().await, any_chat(), name, class).await
}

pub(super) async fn queued(
    stand: &Stand,
    client: Client,
    call: Call,
    name: &str,
    class: &str,
) -> JoinHandle<Answer> {
    let queued = "inference_admission_queued_total";
    let before = stand.gateway.metric(queued, &[]).await;
    let answer = begin(client, call.header("x-class", class).header("x-name", name));
    stand.gateway.wait_for_metric(queued, &[], |count| count == before + 1.0).await;
    answer
}

/// Lets one after the other go; in which order they came.
async fn order(stand: &Stand, crowd: &Crowd, count: usize) -> Vec<String> {
    for number in 0..count {
        eventually("the next", async || {
            (stand.server.received().len() == number + 1).then_some(())
        })
        .await;
        wait_for_crowd(crowd, 1).await;
        crowd.let_go(1);
    }
    let names = stand.server.received().into_iter().filter_map(|it| it.header_text("x-name"));
    names.collect()
}

#[tokio::test]
async fn the_most_important_go_first_and_then_those_who_came_first() {
    let (stand, crowd, first) =
        full(&config(json!({"max_requests": 10, "max_wait_ms": 50_000}))).await;
    let mut answers = vec![first];
    for (name, class) in
        [("a", "low"), ("b", "middle"), ("c", "high"), ("d", "low"), ("e", "middle"), ("f", "high")]
    {
        answers.push(waiting(&stand, name, class).await);
    }
    assert_eq!(order(&stand, &crowd, 7).await, ["c", "f", "b", "e", "a", "d"]);
    for answer in answers {
        assert_eq!(ended(answer).await.status, 200);
    }
    assert_eq!(crowd.most(), 1);
    for class in ["low", "middle", "high"] {
        stand.wait_for("queue_wait_us_count", &[("class", class)], 2).await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_frees_its_place_in_the_queue() {
    let (stand, crowd, first) =
        full(&config(json!({"max_requests": 2, "max_wait_ms": 50_000}))).await;
    let gone = waiting(&stand, "gone", "middle").await;
    let stays = waiting(&stand, "stays", "middle").await;
    let refused = stand.gateway.http1().await.send(any_chat()).await;
    assert_eq!(rule_of(&refused).as_deref(), Some("queue_full"));
    stand.wait_for("queue_length", &[], 2).await;
    gone.abort();
    stand.wait_for("queue_length", &[], 1).await;
    let last = waiting(&stand, "last", "middle").await;
    assert_eq!(order(&stand, &crowd, 3).await, ["stays", "last"]);
    for answer in [first, stays, last] {
        assert_eq!(ended(answer).await.status, 200);
    }
    stand.wait_for("queue_length", &[], 0).await;
}

#[tokio::test]
async fn nobody_waits_longer_than_they_may() {
    let (stand, crowd, first) = full(&config(json!({"max_requests": 9, "max_wait_ms": 100}))).await;
    for client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let answer = ended(queued(&stand, client, any_chat(), "late", "high").await).await;
        assert_eq!(answer.status, 503);
        assert_eq!(rule_of(&answer).as_deref(), Some("queue_timeout"));
    }
    let answer = queued(&stand, stand.gateway.http2().await, predict(), "late", "high").await;
    let answer = ended(answer).await;
    assert_eq!(answer.grpc_status(), Some(14), "{answer:?}");
    crowd.let_go(1);
    assert_eq!(ended(first).await.status, 200);
    assert_eq!(stand.server.received().len(), 1);
}

#[tokio::test]
async fn one_that_is_more_important_takes_the_place_of_another() {
    let (stand, crowd, first) =
        full(&config(json!({"max_requests": 2, "max_wait_ms": 50_000}))).await;
    let stays = waiting(&stand, "stays", "low").await;
    let displaced = waiting(&stand, "displaced", "low").await;
    let refused = stand.gateway.http1().await.send(any_chat().header("x-class", "low")).await;
    assert_eq!(rule_of(&refused).as_deref(), Some("queue_full"));
    let taker = waiting(&stand, "taker", "high").await;
    let answer = ended(displaced).await;
    assert_eq!((answer.status.as_u16(), rule_of(&answer).as_deref()), (503, Some("queue_full")));
    assert_eq!(order(&stand, &crowd, 3).await, ["taker", "stays"]);
    for answer in [first, stays, taker] {
        assert_eq!(ended(answer).await.status, 200);
    }
}

#[tokio::test]
async fn a_body_that_still_comes_is_whole_when_the_wait_is_over() {
    let mut with_tokens = config(json!({"max_requests": 9, "max_wait_ms": 50_000}));
    let budget = json!({"name": "budget", "tokens": {"count": 1_000_000_000}});
    with_tokens["limits"].as_array_mut().unwrap().push(budget);
    for config in [config(json!({"max_requests": 9, "max_wait_ms": 50_000})), with_tokens] {
        let (stand, crowd, first) = full(&config).await;
        let mut held = Some(first);
        for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
            let body = chat_of(100_000, 7).to_string();
            let (mut sender, answer) = client.open(Call::post("/v1/chat/completions"));
            let answer = tokio::spawn(answer);
            for piece in body.as_bytes().chunks(9_000) {
                sender.send_data(Bytes::copy_from_slice(piece)).await.expect("a reader");
            }
            drop(sender);
            let before = stand.server.received().len();
            crowd.let_go(1);
            assert_eq!(ended(held.take().unwrap()).await.status, 200);
            let received = stand
                .server
                .wait_for("it", |_| {
                    let received = stand.server.received();
                    received.len() == before + 1 && received[before].is_complete()
                })
                .await;
            assert!(received.method == "POST");
            assert_eq!(stand.server.last().body, body);
            held = Some(tokio::spawn(async move {
                let response = answer.await.expect("no panic").expect("an answer");
                let answer = integration_tests::whole(response).await.expect("a whole answer");
                client.leave();
                answer
            }));
        }
        crowd.let_go(1);
        assert_eq!(ended(held.take().unwrap()).await.status, 200);
    }
}

#[tokio::test]
async fn grpc_calls_wait_as_well() {
    let (stand, crowd) =
        grpc_crowd(&config(json!({"max_requests": 9, "max_wait_ms": 50_000}))).await;
    let mut client = PredictionServiceClient::new(stand.gateway.grpc().await);
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let mut client = client.clone();
            tokio::spawn(async move { client.predict(PredictRequest::default()).await })
        })
        .collect();
    stand.wait_for("queued_total", &[], 2).await;
    crowd.let_go(4);
    for call in calls {
        call.await.expect("no panic").expect("an answer");
    }
    assert_eq!(crowd.most(), 1);
    client.predict(PredictRequest::default()).await.expect("an answer");
}

/// A model server that speaks gRPC.
pub(super) async fn grpc_crowd(config: &Value) -> (Stand, Crowd) {
    let crowd = Crowd::default();
    let inside = crowd.clone();
    let answer = Answer::grpc(&proto::prediction::PredictResponse::default());
    let stand = Stand::new(config, 1, move |_| Reply::crowded(answer.clone(), &inside)).await;
    (stand, crowd)
}

#[tokio::test]
async fn room_that_another_worker_makes_is_seen() {
    for poll_ms in [1, 10] {
        let queue = json!({"max_requests": 9, "max_wait_ms": 50_000, "poll_ms": poll_ms});
        let (crowd, answer) = (Crowd::default(), Answer::text("served"));
        let inside = crowd.clone();
        let chain =
            Gateway::builder().workers(2).balanced().replaceable(&admission(&config(queue)));
        let stand = Stand::of(chain, move |_| Reply::crowded(answer.clone(), &inside)).await;
        // Each new connection goes to the worker that has fewer.
        let holder = begin(stand.gateway.http1().await, any_chat());
        wait_for_crowd(&crowd, 1).await;
        let mut waiters = Vec::new();
        for name in ["1", "2", "3"] {
            waiters.push(waiting(&stand, name, "middle").await);
        }
        crowd.let_go(4);
        assert_eq!(ended(holder).await.status, 200);
        for waiter in waiters {
            assert_eq!(ended(waiter).await.status, 200);
        }
        assert_eq!(crowd.most(), 1);
    }
}

#[tokio::test]
async fn nobody_who_comes_later_overtakes_those_who_wait() {
    // So long between two looks that the newcomer is there before them.
    let queue = json!({"max_requests": 9, "max_wait_ms": 50_000, "poll_ms": 1000});
    let (crowd, answer) = (Crowd::default(), Answer::text("served"));
    let inside = crowd.clone();
    let chain = Gateway::builder().workers(2).balanced().replaceable(&admission(&config(queue)));
    let stand = Stand::of(chain, move |_| Reply::crowded(answer.clone(), &inside)).await;
    let mut holding = stand.gateway.http2().await;
    let mut other = stand.gateway.http2().await;
    let (body, held) = holding.open(any_chat().header("x-name", "held"));
    let held = tokio::spawn(held);
    drop(body);
    wait_for_crowd(&crowd, 1).await;
    let (body, waits) = other.open(any_chat().header("x-name", "waits"));
    let waits = tokio::spawn(waits);
    drop(body);
    stand.wait_for("queued_total", &[], 1).await;
    crowd.let_go(3);
    assert_eq!(held.await.unwrap().expect("an answer").status(), 200);
    let newcomer = other.send(any_chat().header("x-name", "newcomer")).await;
    assert_eq!(newcomer.status, 200);
    assert_eq!(waits.await.unwrap().expect("an answer").status(), 200);
    let names: Vec<_> =
        stand.server.received().iter().filter_map(|it| it.header_text("x-name")).collect();
    assert_eq!(names, ["held", "waits", "newcomer"]);
}

#[tokio::test]
async fn a_request_that_waits_has_reserved_its_tokens_and_gets_them_back_when_it_leaves() {
    let mut config = config(json!({"max_requests": 9, "max_wait_ms": 50_000}));
    let tokens = json!({"count": 2000, "window_ms": 864_000_000});
    config["limits"].as_array_mut().unwrap().push(json!({"name": "budget", "tokens": tokens}));
    config["cost"] = json!({"bytes_per_token": 1});
    let (stand, crowd, first) = full(&config).await;
    let call = chat(&chat_of(500, 1000));
    let gone = queued(&stand, stand.gateway.http1().await, call.clone(), "gone", "low").await;
    let answer = stand.gateway.http1().await.send(call.clone()).await;
    assert_eq!(rule_of(&answer).as_deref(), Some("token_quota"));
    gone.abort();
    stand.wait_for("tokens_refunded_total", &[("limit", "budget")], 1500).await;
    let next = queued(&stand, stand.gateway.http1().await, call, "next", "low").await;
    crowd.let_go(2);
    assert_eq!(ended(first).await.status, 200);
    assert_eq!(ended(next).await.status, 200);
}
