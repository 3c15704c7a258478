//! However a request ends, what it held is free again.

use super::{
    Stand, admission, any_chat, begin, chat, chat_of, ended, predict, rule_of, wait_for_crowd,
};
use integration_tests::{Answer, Call, Client, Crowd, EnvoyConfig, Gateway, Reply, WasmFilter};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many may be in flight.
pub(super) const ROOM: usize = 2;

pub(super) fn config() -> Value {
    json!({"limits": [
        {"name": "gpu", "in_flight": {"max": ROOM}},
        {"name": "requests", "requests": {"count": 1_000_000}},
    ]})
}

pub(super) fn chain() -> EnvoyConfig {
    Gateway::builder().workers(2).replaceable(&admission(&config()))
}

/// A gateway whose server does what a request says; without a word from it, it
/// keeps the request until it is let go.
pub(super) async fn stand(chain: EnvoyConfig) -> (Stand, Crowd) {
    let crowd = Crowd::default();
    let inside = crowd.clone();
    let route = |header: &str, more: Value| {
        let mut action = json!({"cluster": "server", "timeout": "15s"});
        action.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let headers = [json!({"name": header, "present_match": true})];
        json!({"match": {"prefix": "/", "headers": headers}, "route": action})
    };
    let chain = chain
        .route(route("x-hurry", json!({"timeout": "0.05s"})))
        .route(route("x-again", json!({"retry_policy": {"retry_on": "5xx", "num_retries": 3}})))
        .route_by_header("x-cluster")
        .route(json!({"match": {"prefix": "/"}, "route": {"cluster": "server"}}));
    let failures = AtomicUsize::new(0);
    let stand = Stand::of(chain, move |parts| {
        let part = Answer::status(200).header("content-type", "text/event-stream").body("data: 1");
        match parts.headers.get("x-server").map(|value| value.to_str().unwrap()) {
            None => Reply::crowded(Answer::text("served"), &inside),
            Some("hang") => Reply::Hang,
            Some("reset") => Reply::Reset,
            Some("stall") => Reply::stall(part),
            Some("cut off") => Reply::cut_off(part),
            Some("early") => Reply::early(Answer::text("early")),
            Some("fail twice") => match failures.fetch_add(1, Ordering::Relaxed) % 3 {
                2 => Reply::whole(Answer::text("at last")),
                _ => Reply::whole(Answer::status(503)),
            },
            Some(other) => panic!("{other}?"),
        }
    })
    .await;
    (stand, crowd)
}

pub(super) fn to(server: &str) -> Call {
    any_chat().header("x-server", server)
}

/// Nobody holds a place: as many as may come in at once, and no more.
pub(super) async fn assert_all_is_free(stand: &Stand, crowd: &Crowd) {
    stand.wait_for_in_flight("gpu", 0).await;
    assert_room(stand, crowd, ROOM).await;
}

pub(super) async fn assert_room(stand: &Stand, crowd: &Crowd, room: usize) {
    let mut calls = Vec::new();
    for number in 0..room {
        let client = match number % 2 {
            0 => stand.gateway.http1().await,
            _ => stand.gateway.http2().await,
        };
        calls.push(begin(client, any_chat()));
    }
    wait_for_crowd(crowd, room).await;
    let answer = stand.gateway.http1().await.send(any_chat()).await;
    assert_eq!(rule_of(&answer).as_deref(), Some("in_flight"));
    crowd.let_go(room);
    for call in calls {
        assert_eq!(ended(call).await.status, 200);
    }
}

pub(super) async fn both(stand: &Stand) -> [Client; 2] {
    [stand.gateway.http1().await, stand.gateway.http2().await]
}

#[tokio::test]
async fn a_client_leaves_before_it_has_an_answer() {
    let (stand, crowd) = stand(chain()).await;
    let clients = both(&stand).await;
    let calls = clients.map(|client| begin(client, to("hang")));
    stand.server.wait_for("both", |_| stand.server.received().len() == 2).await;
    stand.wait_for_in_flight("gpu", 2).await;
    for call in calls {
        call.abort();
    }
    assert_all_is_free(&stand, &crowd).await;
}

#[tokio::test]
async fn a_client_cancels_a_call_and_keeps_its_connection() {
    let (stand, crowd) = stand(chain()).await;
    let mut client = stand.gateway.http2().await;
    for call in [to("hang"), predict().header("x-server", "hang")] {
        let count = stand.server.received().len() + 1;
        let (body, answer) = client.open(call);
        let answer = tokio::spawn(answer);
        stand.server.wait_for("it", |_| stand.server.received().len() == count).await;
        answer.abort();
        drop(body);
    }
    assert_all_is_free(&stand, &crowd).await;
    assert_eq!(client.send(to("early")).await.status, 200);
}

#[tokio::test]
async fn a_client_leaves_in_the_middle_of_its_answer() {
    let (stand, crowd) = stand(chain()).await;
    for mut client in both(&stand).await {
        let mut answer = client.begin(to("stall")).await;
        assert_eq!(answer.status(), 200);
        let frame = http_body_util::BodyExt::frame(answer.body_mut()).await;
        assert!(frame.is_some());
        client.leave();
    }
    assert_all_is_free(&stand, &crowd).await;
}

#[tokio::test]
async fn a_client_leaves_while_its_body_comes() {
    let (stand, crowd) = stand(chain()).await;
    for mut client in both(&stand).await {
        let count = stand.server.received().len() + 1;
        let call = Call::post("/v1/chat/completions").header("x-server", "hang");
        let (mut body, answer) = client.open(call);
        let answer = tokio::spawn(answer);
        body.send_data("{\"messages\"".into()).await.expect("somebody who reads");
        stand.server.wait_for("it", |_| stand.server.received().len() == count).await;
        client.leave();
        drop(body);
        _ = answer.await;
    }
    assert_all_is_free(&stand, &crowd).await;
}

#[tokio::test]
async fn a_client_leaves_while_its_request_is_read_for_its_cost() {
    let mut config = config();
    let budget = json!({"name": "budget", "tokens": {"count": 1000, "window_ms": 864_000_000}});
    config["limits"].as_array_mut().unwrap().push(budget);
    config["cost"] = json!({"bytes_per_token": 1});
    let (stand, crowd) =
        stand(Gateway::builder().workers(2).replaceable(&admission(&config))).await;
    for mut client in both(&stand).await {
        let (mut body, answer) = client.open(Call::post("/v1/chat/completions"));
        let answer = tokio::spawn(answer);
        body.send_data("{\"messages\"".into()).await.expect("somebody who reads");
        let active = "http.gateway.downstream_rq_active";
        stand.gateway.wait_for_stat(active, |count| count == 1).await;
        client.leave();
        drop(body);
        _ = answer.await;
        stand.gateway.wait_for_stat(active, |count| count == 0).await;
    }
    let whole = chat(&chat_of(100, 900)).header("x-server", "early");
    assert_eq!(stand.gateway.http1().await.send(whole).await.status, 200, "nothing was reserved");
    assert!(crowd.most() == 0);
    stand.wait_for_in_flight("gpu", 0).await;
}

#[tokio::test]
async fn a_server_breaks_off() {
    let (stand, crowd) = stand(chain()).await;
    for mut client in both(&stand).await {
        let answer = client.send(to("reset")).await;
        assert_eq!((answer.status.as_u16(), rule_of(&answer)), (503, None));
        assert!(client.try_send(to("cut off")).await.is_err());
    }
    assert_all_is_free(&stand, &crowd).await;
}

#[tokio::test]
async fn a_server_answers_too_late() {
    let (stand, crowd) = stand(chain()).await;
    for mut client in both(&stand).await {
        let answer = client.send(to("hang").header("x-hurry", "yes")).await;
        assert_eq!(answer.status, 504);
        assert!(client.try_send(to("stall").header("x-hurry", "yes")).await.is_err());
    }
    assert_all_is_free(&stand, &crowd).await;
}

#[tokio::test]
async fn envoy_answers_itself() {
    let (stand, crowd) = stand(chain().cluster("nobody", &[])).await;
    for mut client in both(&stand).await {
        for cluster in ["nobody", "unknown"] {
            let answer = client.send(to("early").header("x-cluster", cluster)).await;
            assert_eq!((answer.status.as_u16(), rule_of(&answer)), (503, None));
        }
    }
    assert!(stand.server.received().is_empty());
    assert_all_is_free(&stand, &crowd).await;
}

/// A filter of Envoy's that answers requests with 418 if they want it to.
fn fault() -> Value {
    let config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
        "abort": {"header_abort": {}, "percentage": {"numerator": 100}},
    });
    json!({"name": "envoy.filters.http.fault", "typed_config": config})
}

#[tokio::test]
async fn another_filter_answers() {
    for chain in [
        chain().other_filter(fault()),
        Gateway::builder().workers(2).other_filter(fault()).replaceable(&admission(&config())),
        chain().wasm(&WasmFilter::named("payload-validator").configured(&json!({
            "limits": {"max_body_bytes": 5},
        }))),
    ] {
        let (stand, crowd) = stand(chain).await;
        for mut client in both(&stand).await {
            let call = to("early").header("x-envoy-fault-abort-request", "418");
            assert!(client.send(call).await.status.is_client_error());
        }
        assert!(stand.server.received().is_empty());
        stand.wait_for_in_flight("gpu", 0).await;
        assert_eq!(crowd.most(), 0);
    }
}

#[tokio::test]
async fn a_request_that_is_retried_has_one_place() {
    let mut config = config();
    config["limits"][0]["in_flight"]["max"] = 1.into();
    config["limits"][1]["requests"] = json!({"count": 2, "window_ms": 864_000_000});
    let chain = Gateway::builder().workers(2).replaceable(&admission(&config));
    let (stand, _) = stand(chain).await;
    for mut client in both(&stand).await {
        let answer = client.send(to("fail twice").header("x-again", "yes")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        stand.wait_for_in_flight("gpu", 0).await;
    }
    assert_eq!(stand.server.received().len(), 6, "three attempts each");
    let answer = stand.gateway.http1().await.send(to("early")).await;
    assert_eq!(rule_of(&answer).as_deref(), Some("request_quota"), "two requests");
}

#[tokio::test]
async fn a_request_for_which_one_room_is_full_takes_no_place_in_another() {
    let mut config = config();
    let limits = config["limits"].as_array_mut().unwrap();
    limits.insert(0, json!({"name": "wide", "in_flight": {"max": ROOM + 1}}));
    let (stand, crowd) =
        stand(Gateway::builder().workers(2).replaceable(&admission(&config))).await;
    for _ in 0..2 {
        assert_room(&stand, &crowd, ROOM).await;
        stand.wait_for_in_flight("wide", 0).await;
        stand.wait_for_in_flight("gpu", 0).await;
    }
    let calls = both(&stand).await.map(|client| begin(client, any_chat()));
    wait_for_crowd(&crowd, ROOM).await;
    for _ in 0..ROOM + 2 {
        let answer = stand.gateway.http1().await.send(any_chat()).await;
        let text = answer.json()["error"]["message"].to_string();
        assert!(text.contains("gpu"), "{text}");
    }
    stand.wait_for_in_flight("wide", 2).await;
    crowd.let_go(ROOM);
    for call in calls {
        assert_eq!(ended(call).await.status, 200);
    }
}
