//! Together with the other filters, and on hosts that can't hold headers back.

use super::{Stand, admission, any_chat, begin, chat, chat_of, ended, rule_of, wait_for_crowd};
use bytes::Bytes;
use integration_tests::{Answer, Call, Crowd, Gateway, Reply, WasmFilter};
use serde_json::{Value, json};

fn config() -> Value {
    json!({
        "limits": [
            {"name": "gpu", "per": ["model"], "in_flight": {"max": 1}},
            {"name": "v2", "only": {"versions": ["2"]}, "requests": {"count": 1, "window_ms": 864_000_000}},
            {"name": "budget", "per": ["model"], "tokens": {"count": 1000, "window_ms": 864_000_000}},
        ],
        "cost": {"bytes_per_token": 1},
    })
}

/// The router, the validator and admission control.
async fn chain() -> (Stand, Crowd) {
    let version = |name: &str| json!({"name": name, "cluster": "server"});
    let models = json!({"models": [
        {"name": "a", "aliases": [{"name": "also-a"}], "versions": [version("1")]},
        {"name": "b", "versions": [{"name": "1", "cluster": "server", "weight": 100}, {"name": "2", "cluster": "server", "weight": 0}]},
    ]});
    let contracts = json!({"contracts": [{"generative": {"max_tokens": 5000}}]});
    let chain = Gateway::builder()
        .workers(2)
        .filter("model-router", &models)
        .filter("payload-validator", &contracts)
        .replaceable(&admission(&config()));
    let (crowd, answer) = (Crowd::default(), Answer::text("served"));
    let inside = crowd.clone();
    (Stand::of(chain, move |_| Reply::crowded(answer.clone(), &inside)).await, crowd)
}

fn of_model(model: &str, max_tokens: u64) -> Call {
    let mut body = chat_of(10, max_tokens);
    body["model"] = model.into();
    chat(&body)
}

#[tokio::test]
async fn limits_are_of_the_model_that_the_router_chose() {
    let (stand, crowd) = chain().await;
    for (number, client) in
        [stand.gateway.http1().await, stand.gateway.http2().await].into_iter().enumerate()
    {
        let a = begin(client, of_model("a", 1));
        wait_for_crowd(&crowd, 1).await;
        let mut other = stand.gateway.http1().await;
        // Whatever name it goes by.
        for name in ["a", "also-a"] {
            let answer = other.send(of_model(name, 1)).await;
            assert_eq!(rule_of(&answer).as_deref(), Some("in_flight"), "{number}");
        }
        let b = begin(stand.gateway.http2().await, of_model("b", 1));
        wait_for_crowd(&crowd, 2).await;
        crowd.let_go(2);
        assert_eq!(ended(a).await.status, 200);
        assert_eq!(ended(b).await.status, 200);
        stand.wait_for_in_flight("gpu", 0).await;
    }
}

#[tokio::test]
async fn each_model_has_a_budget_of_its_own() {
    let (stand, crowd) = chain().await;
    crowd.let_go(10);
    let mut client = stand.gateway.http2().await;
    let beyond = client.send(of_model("a", 991)).await;
    assert_eq!(rule_of(&beyond).as_deref(), Some("token_quota"));
    for model in ["a", "b"] {
        assert_eq!(client.send(of_model(model, 990)).await.status, 200);
        stand.wait_for_in_flight("gpu", 0).await;
    }
}

#[tokio::test]
async fn a_version_can_have_a_limit_of_its_own() {
    let (stand, crowd) = chain().await;
    crowd.let_go(10);
    let mut client = stand.gateway.http1().await;
    let of_version = |version: &str| of_model("b", 1).header("x-model-version", version);
    assert_eq!(client.send(of_version("2")).await.status, 200);
    stand.wait_for_in_flight("gpu", 0).await;
    let answer = client.send(of_version("2")).await;
    assert_eq!(rule_of(&answer).as_deref(), Some("request_quota"));
    assert_eq!(client.send(of_version("1")).await.status, 200);
}

#[tokio::test]
async fn what_the_validator_refuses_costs_nothing() {
    let (stand, _) = chain().await;
    let mut client = stand.gateway.http1().await;
    let answer = client.send(of_model("a", 6000)).await;
    let reason = answer.header_text("x-inference-rejected").expect("a reason");
    assert!(reason.starts_with("payload-validator;"), "{reason}");
    stand.wait_for("admitted_total", &[], 0).await;
    stand.wait_for("tokens_reserved_total", &[("limit", "budget")], 0).await;
}

/// As under Istio's `WasmPlugin`: headers can't be held back.
async fn unheld(queue: Option<Value>) -> (Stand, Crowd) {
    let mut config = json!({
        "limits": [
            {"name": "gpu", "in_flight": {"max": 1}},
            {"name": "budget", "tokens": {"count": 1_000_000_000}},
        ],
        "cost": {"bytes_per_token": 1, "default_output_tokens": 50},
        "hold_up_to_bytes": 0,
    });
    if let Some(queue) = queue {
        config["queue"] = queue;
    }
    let filter =
        WasmFilter::named("admission-control").configured_by_struct(&config).without_held_headers();
    let (crowd, answer) = (Crowd::default(), Answer::text("served"));
    let inside = crowd.clone();
    let chain = Gateway::builder().replaceable(&filter);
    (Stand::of(chain, move |_| Reply::crowded(answer.clone(), &inside)).await, crowd)
}

/// The call with its body in a few pieces, without a content-length.
fn in_pieces(call: &Call) -> Call {
    let body = call.body_bytes();
    let pieces = body.chunks(body.len().div_ceil(3)).map(Bytes::copy_from_slice);
    call.clone().pieces(pieces.collect::<Vec<_>>())
}

#[tokio::test]
async fn without_held_headers_requests_are_let_in_by_what_their_headers_say() {
    let (stand, crowd) = unheld(None).await;
    let body = chat_of(300_000, 7);
    let mut requests = 0;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let whole = chat(&body).header("content-length", body.to_string().len().to_string());
        let cost = (body.to_string().len() + 50).to_string();
        for (call, cost) in [
            (whole, &*cost),
            (in_pieces(&chat(&body)), "50"),
            (in_pieces(&chat(&body)).trailer("x-end", "it"), "50"),
        ] {
            crowd.let_go(1);
            assert_eq!(client.send(call).await.status, 200);
            requests += 1;
            assert_eq!(stand.server.last().body, body.to_string(), "unchanged");
            let log = stand.gateway.access_log();
            log.wait_for("the request", |_| log.entries().len() == requests).await;
            assert_eq!(log.entries().last().expect("one")["reserved"], cost);
            stand.wait_for_in_flight("gpu", 0).await;
        }
    }
    let first = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for call in [any_chat(), in_pieces(&chat(&body))] {
            assert_eq!(rule_of(&client.send(call).await).as_deref(), Some("in_flight"));
        }
    }
    crowd.let_go(1);
    assert_eq!(ended(first).await.status, 200);
}

#[tokio::test]
async fn without_held_headers_requests_wait_as_well() {
    let queue = json!({"max_requests": 10, "max_wait_ms": 50_000});
    let (stand, crowd) = unheld(Some(queue)).await;
    let body = chat_of(3_000_000, 7);
    let first = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    let mut waiting = Vec::new();
    for (number, call) in [chat(&body), in_pieces(&chat(&body)), any_chat()].into_iter().enumerate()
    {
        waiting.push(begin(stand.gateway.http1().await, call.clone()));
        waiting.push(begin(stand.gateway.http2().await, call));
        let count = u32::try_from(2 * (number + 1)).unwrap();
        stand.wait_for("queued_total", &[], count).await;
    }
    crowd.let_go(7);
    assert_eq!(ended(first).await.status, 200);
    for answer in waiting {
        assert_eq!(ended(answer).await.status, 200);
    }
    let received = stand.server.received();
    assert_eq!(received.iter().filter(|it| it.body == body.to_string()).count(), 4);
    assert_eq!(crowd.most(), 1);
}

#[tokio::test]
async fn without_held_headers_a_wait_that_is_over_is_refused() {
    let (stand, crowd) = unheld(Some(json!({"max_requests": 10, "max_wait_ms": 50}))).await;
    let first = begin(stand.gateway.http1().await, any_chat());
    wait_for_crowd(&crowd, 1).await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for call in [any_chat(), in_pieces(&chat(&chat_of(100_000, 1)))] {
            let answer = client.send(call).await;
            assert_eq!(rule_of(&answer).as_deref(), Some("queue_timeout"), "{answer:?}");
        }
    }
    crowd.let_go(1);
    assert_eq!(ended(first).await.status, 200);
}
