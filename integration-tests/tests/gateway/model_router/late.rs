//! Requests that were sent on before their end: what comes late can still stop
//! them, and then their server never sees the end.

use super::{SERVED_BY, Stand, chat, config, server_of};
use integration_tests::{
    Answer, Call, Client, Ending, Gateway, Received, Reply, Upstream, WasmFilter, in_time, whole,
};
use serde_json::json;

const BEGINNING: &str = r#"{"model":"iris","messages":["hello""#;

fn call() -> Call {
    Call::post("/v1/chat/completions").header("content-type", "application/json")
}

/// Sends a chat for `iris` of which its server has seen the beginning before
/// the end is sent, and gives the answer.
async fn send_in_two(server: &Upstream, client: &mut Client, end: &str) -> Answer {
    let (mut body, answer) = client.open(call());
    let answer = tokio::spawn(answer);
    body.send_data(BEGINNING.into()).await.expect("somebody who reads");
    server.wait_for("the beginning", |request| request.body == BEGINNING).await;
    body.send_data(end.to_owned().into()).await.expect("somebody who reads");
    drop(body);
    let head = in_time("the answer", answer).await.unwrap().expect("an answer");
    whole(head).await.expect("a whole answer")
}

#[tokio::test]
async fn a_contradiction_cuts_the_request_off() {
    let stand = Stand::new().await;
    let iris = stand.server("iris");
    let cuts = [
        (r#"],"model":"demo"}"#, "duplicate_model"),
        (r#"],"mod\u0065l":"demo"}"#, "duplicate_model"),
        ("],broken}", "malformed_body"),
        ("]} {}", "malformed_body"),
        ("]", "malformed_body"),
    ];
    for http2 in [false, true] {
        for (end, rule) in cuts {
            let mut client =
                if http2 { stand.gateway.http2().await } else { stand.gateway.http1().await };
            let answer = send_in_two(iris, &mut client, end).await;
            assert_eq!(answer.status, 400, "{answer:?}");
            let reason = format!("model-router;{rule}");
            assert_eq!(answer.header_text("x-inference-rejected"), Some(reason), "{end}");
            assert!(answer.json()["error"]["message"].is_string());
            let broken = |request: &Received| request.ending == Ending::Broken;
            let seen = iris.wait_for("the break", broken).await;
            // A text that ends too early is only wrong at its end.
            let gone = if end == "]" { format!("{BEGINNING}]") } else { BEGINNING.to_owned() };
            assert_eq!(seen.body, gone, "{end}");
            iris.forget();
        }
    }
    for (rule, cut) in [("duplicate_model", 4.0), ("malformed_body", 6.0)] {
        let metric = "inference_router_cut_total";
        stand.gateway.wait_for_metric(metric, &[("rule", rule)], |count| count == cut).await;
    }
}

#[tokio::test]
async fn what_agrees_with_itself_arrives() {
    let stand = Stand::new().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for end in ["]}", r#"],"model":"iris"}"#, "]}\r\n "] {
            let answer = send_in_two(stand.server("iris"), &mut client, end).await;
            assert_eq!(answer.header_text(SERVED_BY).as_deref(), Some("iris"));
            assert_eq!(stand.server("iris").last().body, format!("{BEGINNING}{end}"));
            stand.server("iris").forget();
        }
    }
}

#[tokio::test]
async fn a_server_that_has_answered_already_does_not_turn_a_cut_into_a_crash() {
    let server = Upstream::scripted(|_| Reply::early(Answer::text("early"))).await;
    let gateway = Gateway::builder()
        .wasm(&WasmFilter::named("model-router").configured(&config(json!({}))))
        .cluster("iris", &[server.address()])
        .route_by_header("x-model-cluster")
        .start()
        .await;
    for mut client in [gateway.http1().await, gateway.http2().await] {
        let (mut body, answer) = client.open(call());
        let answer = tokio::spawn(answer);
        body.send_data(BEGINNING.into()).await.expect("somebody who reads");
        let head = in_time("the answer", answer).await.unwrap().expect("the early answer");
        assert_eq!(head.status(), 200);
        // Whether anybody still reads it is up to Envoy.
        let _ = body.send_data(r#"],"model":"demo"}"#.into()).await;
        drop(body);
        let _ = whole(head).await;
        assert!(server.received().iter().all(|request| !request.is_complete()));
    }
    let mut client = gateway.http1().await;
    assert_eq!(client.send(chat("iris")).await.text_body(), "early");
}

/// A chat whose model stands behind more than may be held.
fn model_last(model: &str) -> Call {
    call().body(format!(r#"{{"a":"{}","model":"{model}"}}"#, "x".repeat(100_000)))
}

#[tokio::test]
async fn a_header_places_what_is_too_long_to_be_held() {
    let stand = Stand::configured(json!({"hold_up_to_bytes": 1000})).await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let named = |model: &str| model_last(model).header("x-model-name", "iris");
        assert_eq!(server_of(&mut client, named("iris")).await, "iris");
        assert!(stand.server("iris").last().body == model_last("iris").body_bytes());
        stand.server("iris").forget();
        let answer = client.send(named("demo")).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        let reason = answer.header_text("x-inference-rejected");
        assert_eq!(reason.as_deref(), Some("model-router;contradiction"));
        assert!(!stand.server("iris").received().iter().any(Received::is_complete));
        stand.server("iris").forget();
    }
}

#[tokio::test]
async fn a_cluster_takes_what_names_no_model_in_time() {
    let stand = Stand::configured(json!({
        "hold_up_to_bytes": 1000, "beyond_hold": {"cluster": "demo-v2"},
    }))
    .await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        assert_eq!(server_of(&mut client, model_last("iris")).await, "demo-v2");
        let received = stand.server("demo-v2").last();
        assert!(received.body == model_last("iris").body_bytes());
        assert_eq!(received.header_text("x-model-name"), None, "nothing was established");
        stand.server("demo-v2").forget();
        let answer = client.send(model_last("absent")).await;
        assert_eq!(answer.status, 404, "{answer:?}");
        assert!(!stand.server("demo-v2").received().iter().any(Received::is_complete));
        stand.server("demo-v2").forget();
    }
    let metric = "inference_router_beyond_hold_total";
    stand.gateway.wait_for_metric(metric, &[], |count| count == 4.0).await;
}
