//! The harness itself: that it sees what it is there to see.

use integration_tests::{Answer, Call, Gateway, Reply, Upstream, WasmFilter, eventually, whole};
use serde_json::json;

async fn with_panicking_filter() -> (Upstream, Gateway) {
    let upstream = Upstream::saying("hello").await;
    let gateway = Gateway::builder()
        .wasm(&WasmFilter::named("panicking"))
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    (upstream, gateway)
}

#[tokio::test]
#[should_panic(expected = "the client asked for it")]
async fn a_filter_that_panics_fails_the_test() {
    let (_upstream, gateway) = with_panicking_filter().await;
    let answer = gateway.http1().await.send(Call::get("/").header("x-panic", "yes")).await;
    assert_eq!(answer.status, 503);
}

#[tokio::test]
async fn a_filter_that_reloads_serves_again_after_a_panic() {
    let upstream = Upstream::saying("hello").await;
    let gateway = Gateway::builder()
        .wasm(&WasmFilter::named("panicking").reloading())
        .cluster("server", &[upstream.address()])
        .start()
        .await;
    let mut client = gateway.http2().await;
    assert_eq!(client.send(Call::get("/").header("x-panic", "yes")).await.status, 503);
    eventually("a new VM", async || {
        (client.send(Call::get("/")).await.status == 200).then_some(())
    })
    .await;
    let alarms = gateway.stop();
    assert!(alarms.iter().any(|alarm| alarm.contains("the client asked for it")), "{alarms:?}");
}

#[tokio::test]
async fn a_filter_that_does_not_panic_does_not_fail_the_test() {
    let (upstream, gateway) = with_panicking_filter().await;
    let answer = gateway.http1().await.send(Call::get("/")).await;
    assert_eq!(answer.text_body(), "hello");
    assert_eq!(upstream.received().len(), 1);
    assert!(gateway.stop().is_empty());
}

#[tokio::test]
#[should_panic(expected = "Envoy ended with")]
async fn a_configuration_that_envoy_does_not_take_fails_the_test() {
    Gateway::builder()
        .wasm(&WasmFilter::named("panicking").configured_by_text("no JSON"))
        .start()
        .await;
}

#[tokio::test]
async fn an_answer_comes_step_by_step() {
    let (reply, mut steps) = Reply::stepwise(Answer::status(200));
    let upstream = Upstream::scripted(move |_| reply.clone()).await;
    let gateway = Gateway::builder().cluster("server", &[upstream.address()]).start().await;
    let mut client = gateway.http1().await;
    let mut answer = client.begin(Call::get("/stream")).await;
    for text in ["one", "two"] {
        steps.send_data(text.into()).await.expect("somebody who reads");
        let frame = http_body_util::BodyExt::frame(answer.body_mut()).await;
        assert_eq!(frame.unwrap().unwrap().data_ref().unwrap(), text);
    }
    drop(steps);
    assert_eq!(whole(answer).await.expect("its end").body, "");
}

#[tokio::test]
async fn requests_are_counted_and_logged() {
    let upstream = Upstream::echo().await;
    let gateway = Gateway::builder()
        .cluster("server", &[upstream.address()])
        .logging("agent", "%REQ(USER-AGENT)%")
        .workers(2)
        .start()
        .await;
    let mut client = gateway.http2().await;
    for number in 0..3 {
        let call = Call::post(&format!("/{number}")).header("user-agent", "me").body("x");
        assert_eq!(client.send(call).await.text_body(), "x");
    }
    let log = gateway.access_log();
    let entry = log.wait_for("the last request", |entry| entry["path"] == "/2").await;
    assert_eq!(entry["code"], 200);
    assert_eq!(entry["agent"], "me");
    assert_eq!(entry["cluster"], "server");
    assert_eq!(log.entries().len(), 3);
    let labels = [("envoy_cluster_name", "server")];
    gateway.wait_for_metric("envoy_cluster_upstream_rq_total", &labels, |count| count == 3.0).await;
    assert_eq!(gateway.admin().stat("cluster.server.upstream_rq_total").await, Some(3));
}

#[test]
fn a_configuration_can_be_asked_about() {
    let with = |configuration: &str| {
        let filter = WasmFilter::named("panicking").configured_by_text(configuration);
        integration_tests::validate(&Gateway::builder().wasm(&filter))
    };
    assert!(with(&json!({}).to_string()).accepted);
    assert!(!with("no JSON").accepted);
}
