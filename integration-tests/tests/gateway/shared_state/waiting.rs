//! Requests that wait, and what of them goes on when they are woken.

use super::{
    BEGUN, FINISHED, SHOWN, WAITED, WOKEN, around, begin, echoing, filter, told, waited,
    waiting_as, wake, waking,
};
use bytes::Bytes;
use fastrand::Rng;
use integration_tests::{Answer, Call, Client, Gateway, Listening, Upstream, in_time, whole};
use serde_json::{Value, json};

async fn both(gateway: &Gateway) -> [Client; 2] {
    [gateway.http1().await, gateway.http2().await]
}

fn any_bytes(length: usize) -> Bytes {
    let mut rng = Rng::with_seed(7);
    (0..length).map(|_| rng.u8(..)).collect()
}

/// A call that waits goes on when another wakes it.
async fn assert_goes_on(gateway: &Gateway, client: Client, call: Call) -> Answer {
    let before = gateway.metric(WAITED, &[]).await;
    let answer = begin(client, call);
    gateway.wait_for_metric(WAITED, &[], |count| count == before + 1.0).await;
    wake(gateway, &["a"]).await;
    in_time("the answer", answer).await.expect("an answer")
}

#[tokio::test]
async fn a_request_without_a_body_goes_on_when_it_is_woken() {
    let (upstream, gateway) = echoing().await;
    for client in both(&gateway).await {
        let call = told(Call::get("/waited"), &waiting_as("a", json!({})));
        assert_eq!(assert_goes_on(&gateway, client, call).await.status, 200);
        assert!(upstream.last().header_text("x-number").is_some(), "it was changed");
    }
}

#[tokio::test]
async fn a_body_goes_on_as_it_came() {
    let (upstream, gateway) = echoing().await;
    for length in [0, 1, 300_000] {
        let body = any_bytes(length);
        for client in both(&gateway).await {
            for place in ["headers", "body"] {
                let plan = waiting_as("a", json!({"wait": place}));
                let call = told(Call::post("/waited"), &plan).body(body.clone());
                let address = client_like(&gateway, &client).await;
                let answer = assert_goes_on(&gateway, address, call).await;
                assert!(answer.body == body, "{place} {length}");
                assert!(upstream.last().body == body, "{place} {length}");
            }
        }
    }
}

async fn client_like(gateway: &Gateway, client: &Client) -> Client {
    if format!("{client:?}").contains("Http1(") {
        gateway.http1().await
    } else {
        gateway.http2().await
    }
}

#[tokio::test]
async fn a_body_may_come_before_and_after_the_waking() {
    let (upstream, gateway) = echoing().await;
    for (turn, mut client) in (1..).zip(both(&gateway).await) {
        let (mut body, answer) =
            client.open(told(Call::post("/waited"), &waiting_as("a", json!({}))));
        let answer = tokio::spawn(answer);
        let received = "http.gateway.downstream_cx_rx_bytes_total";
        waited(&gateway, turn).await;
        let before = gateway.admin().stat(received).await.unwrap();
        let pieces = [any_bytes(100_000), any_bytes(70_000), any_bytes(5)];
        body.send_data(pieces[0].clone()).await.unwrap();
        gateway.wait_for_stat(received, |bytes| bytes >= before + 100_000).await;
        assert_eq!(upstream.received().iter().filter(|it| it.path == "/waited").count(), 0);
        wake(&gateway, &["a"]).await;
        upstream.wait_for("the first piece", |it| it.body == pieces[0]).await;
        for piece in &pieces[1..] {
            body.send_data(piece.clone()).await.unwrap();
        }
        drop(body);
        let answer = in_time("the answer", answer).await.unwrap().expect("an answer");
        assert!(whole(answer).await.expect("all of it").body == pieces.concat());
        upstream.forget();
    }
    assert_eq!(gateway.metric(SHOWN, &[]).await, 0.0, "what waits is not shown");
}

#[tokio::test]
async fn grpc_and_trailers_go_on_as_they_came() {
    let (upstream, gateway) = echoing().await;
    for place in ["headers", "body"] {
        let plan = waiting_as("a", json!({"wait": place}));
        let call = told(Call::grpc_bytes("/service/Method", b"message"), &plan);
        let body = call.body_bytes();
        let answer = assert_goes_on(&gateway, gateway.http2().await, call).await;
        assert_eq!((answer.grpc_status(), answer.body), (Some(0), body));
        for client in both(&gateway).await {
            let call = told(Call::post("/"), &plan).body("body").trailer("x-end", "yes");
            let answer = assert_goes_on(&gateway, client, call).await;
            assert_eq!(answer.body, "body");
            assert_eq!(upstream.last().trailers.unwrap()["x-end"], "yes", "{place}");
        }
    }
}

#[tokio::test]
async fn what_was_changed_before_the_wait_goes_on_changed() {
    let (upstream, gateway) = echoing().await;
    let plan = waiting_as("a", json!({"wait": "body", "append": [" and more", 9_000]}));
    let trailing = waiting_as(
        "a",
        json!({
            "wait": "body", "append": [" and more", 9_000],
            "request": {"trailers_to_remove": ["x-end"]},
        }),
    );
    for length in [5, 200_000] {
        let body = "b".repeat(length);
        let expected = format!("> {body}{}", " and more".repeat(9_000));
        for client in both(&gateway).await {
            let other = client_like(&gateway, &client).await;
            let call = told(Call::post("/"), &plan).body(body.clone());
            let answer = assert_goes_on(&gateway, client, call).await;
            assert!(answer.text_body() == expected, "{length}");
            let call = told(Call::post("/"), &trailing).body(body.clone());
            let call = call.trailer("x-end", "yes").trailer("x-other", "yes");
            let answer = assert_goes_on(&gateway, other, call).await;
            assert!(answer.text_body() == expected, "{length}");
            let trailers = upstream.last().trailers.unwrap();
            assert!(!trailers.contains_key("x-end") && trailers.contains_key("x-other"));
        }
    }
}

#[tokio::test]
async fn a_woken_request_can_be_answered() {
    let (upstream, gateway) = echoing().await;
    let plan = waiting_as("a", json!({"then": "reply"}));
    for client in both(&gateway).await {
        for call in [Call::get("/"), Call::post("/").body("body")] {
            let client = client_like(&gateway, &client).await;
            let answer = assert_goes_on(&gateway, client, told(call, &plan)).await;
            assert_eq!((answer.status.as_u16(), &*answer.text_body()), (429, "woken"));
            assert_eq!(answer.header_text("x-inference-rejected").unwrap(), "sharing;planned");
        }
    }
    let call = told(Call::grpc_bytes("/service/Method", b"message"), &plan);
    let answer = assert_goes_on(&gateway, gateway.http2().await, call).await;
    assert_eq!((answer.grpc_status(), answer.grpc_text().as_deref()), (Some(8), Some("woken")));
    assert!(upstream.received().is_empty());
    gateway.wait_for_metric(FINISHED, &[], |count| count == 10.0).await;
    assert_eq!(gateway.metric(BEGUN, &[]).await, 10.0);
}

#[tokio::test]
async fn a_woken_request_can_wait_on() {
    let (_upstream, gateway) = echoing().await;
    let plan = waiting_as("a", json!({"times_to_wait_on": 2}));
    let answer = begin(gateway.http1().await, told(Call::post("/").body("body"), &plan));
    waited(&gateway, 1).await;
    for woken in 1..=3 {
        assert!(!answer.is_finished());
        wake(&gateway, &["a"]).await;
        gateway.wait_for_metric(WOKEN, &[], |count| count == f64::from(woken)).await;
    }
    assert_eq!(in_time("the answer", answer).await.unwrap().text_body(), "body");
}

#[tokio::test]
async fn a_request_that_wakes_itself_at_once_goes_on() {
    let (upstream, gateway) = echoing().await;
    for then in ["forward", "reply"] {
        for place in ["headers", "body"] {
            let plan = waiting_as("a", json!({"wakes_itself": true, "wait": place, "then": then}));
            let status = if then == "forward" { 200 } else { 429 };
            for mut client in both(&gateway).await {
                for body in [Bytes::new(), any_bytes(10), any_bytes(300_000)] {
                    let call = told(Call::post("/"), &plan).body(body.clone());
                    let answer = client.send(call).await;
                    assert_eq!(answer.status, status);
                    assert!(then == "reply" || upstream.last().body == body);
                }
                let trailing = told(Call::post("/"), &plan).body("b").trailer("x-end", "yes");
                assert_eq!(client.send(trailing).await.status, status);
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_envoy_does_not_hold_is_refused_while_it_waits() {
    let upstream = Upstream::echo().await;
    let listening = Listening { buffer_bytes: 65_536, ..Listening::default() };
    let gateway = around(&upstream, &json!({})).listening(listening).start().await;
    let call = told(Call::post("/"), &waiting_as("a", json!({}))).body(any_bytes(1 << 20));
    assert_eq!(gateway.http1().await.send(call).await.status, 413);
    gateway.wait_for_metric(FINISHED, &[], |count| count == 1.0).await;
    wake(&gateway, &["a"]).await;
    assert_eq!(gateway.metric(WOKEN, &[]).await, 0.0);
}

#[tokio::test]
async fn a_request_waits_on_a_host_that_holds_no_headers() {
    let upstream = Upstream::echo().await;
    let gateway = Gateway::builder()
        .wasm(&filter(&json!({})).without_held_headers())
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    let plan: Value = waiting_as("a", json!({}));
    // More than Envoy holds: here it reads no more of it than that.
    for body in [Bytes::new(), any_bytes(10), any_bytes(9 << 20)] {
        for client in both(&gateway).await {
            let call = told(Call::post("/"), &plan).body(body.clone());
            let answer = assert_goes_on(&gateway, client, call).await;
            assert!(answer.body == body);
        }
    }
    assert_eq!(gateway.http1().await.send(waking(&[])).await.status, 200);
}
