//! What an exchange begins with, that it ends once, and how a reply looks.

use super::{END, around, echoing, with_plan};
use integration_tests::{Call, Gateway, RawHttp1, Upstream, WasmFilter};
use serde_json::json;

async fn telling_the_source(tells: bool) -> (Upstream, Gateway) {
    let upstream = Upstream::saying("hello").await;
    let gateway = Gateway::builder()
        .wasm(&WasmFilter::named("rewriting").configured(&json!({"source": tells})))
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    (upstream, gateway)
}

#[tokio::test]
async fn a_filter_that_asks_is_told_who_sent_a_request() {
    let (upstream, gateway) = telling_the_source(true).await;
    for mut client in [gateway.http1().await, gateway.http2().await] {
        client.send(Call::get("/")).await;
        assert_eq!(upstream.last().header_text("x-source").as_deref(), Some("127.0.0.1"));
        // As configured here, Envoy believes the last proxy.
        for (forwarded, source) in
            [("203.0.113.7", "203.0.113.7"), ("192.0.2.1, 2001:db8::7", "2001:db8::7")]
        {
            client.send(Call::get("/").header("x-forwarded-for", forwarded)).await;
            assert_eq!(upstream.last().header_text("x-source").as_deref(), Some(source));
        }
    }
}

#[tokio::test]
async fn a_filter_that_does_not_ask_is_not_told() {
    let (upstream, gateway) = telling_the_source(false).await;
    gateway.http1().await.send(Call::get("/")).await;
    assert_eq!(upstream.last().header_text("x-source"), None);
}

#[tokio::test]
async fn only_a_refusal_says_so_to_the_client() {
    let (_upstream, gateway) = echoing().await;
    let mut client = gateway.http1().await;
    for (path, is_answer, header) in
        [("/refused", false, Some("rewriting;planned")), ("/answered", true, None)]
    {
        let request = json!({"hold": END, "reply_after": 0, "answer": is_answer});
        let answer = client.send(with_plan(Call::get(path), &request, &json!({}))).await;
        assert_eq!((answer.status.as_u16(), &*answer.text_body()), (422, "broken off"));
        assert_eq!(answer.header_text("x-inference-rejected").as_deref(), header);
        let log = gateway.access_log();
        let entry = log.wait_for(path, |entry| entry["path"] == path).await;
        assert_eq!(entry["details"], "rewriting;planned");
    }
}

#[tokio::test]
async fn an_exchange_that_began_finishes_once() {
    let upstream = Upstream::echo().await;
    let gateway = around(&upstream).start().await;
    let mut client = gateway.http1().await;
    let held = json!({"hold": END});
    let refused = json!({"reply_after": 0});
    for (request, response) in
        [(json!({}), json!({})), (held.clone(), held.clone()), (refused.clone(), json!({}))]
    {
        client.send(with_plan(Call::post("/").body("x"), &request, &response)).await;
    }
    // A response in whose stead there is a reply, and a client that leaves.
    client.send(with_plan(Call::post("/").body("x"), &json!({}), &refused)).await;
    let mut leaving = gateway.http2().await;
    let (mut body, answer) = leaving.open(with_plan(Call::post("/"), &held, &json!({})));
    body.send_data("x".into()).await.unwrap();
    let counted = |name: &'static str, expected: f64| {
        gateway.wait_for_metric(name, &[], move |count| count == expected)
    };
    counted("rewriting_begun_total", 5.0).await;
    drop((body, answer));
    leaving.leave();
    counted("rewriting_finished_total", 5.0).await;
    assert_eq!(gateway.metric("rewriting_begun_total", &[]).await, 5.0);
}

#[tokio::test]
async fn what_is_no_request_is_no_exchange() {
    let (_upstream, gateway) = echoing().await;
    for bytes in
        ["garbage\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\n: b\r\n\r\n"]
    {
        let mut connection = RawHttp1::connect(gateway.address()).await;
        connection.write(bytes.as_bytes()).await;
        let answer = String::from_utf8(connection.read_to_end().await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    gateway.wait_for_stat("http.gateway.downstream_rq_4xx", |count| count == 3).await;
    gateway.http1().await.send(Call::get("/")).await;
    gateway.wait_for_metric("rewriting_finished_total", &[], |count| count == 1.0).await;
    assert_eq!(gateway.metric("rewriting_begun_total", &[]).await, 1.0);
}
