//! Edits that can't be made: the client gets an error, and nothing else gets
//! anything.

use super::{END, Splice, around, echoing, plan, with_plan};
use integration_tests::{Call, Listening, Upstream};
use serde_json::json;

const BODY: &str = "0123456789";

/// A filter's fault shows as a 500, and in Envoy's log as one line.
async fn assert_fault(call: Call, sentence: &str) {
    let (upstream, gateway) = echoing().await;
    for mut client in [gateway.http1().await, gateway.http2().await] {
        let answer = client.send(call.clone()).await;
        assert_eq!(answer.status, 500, "{answer:?}");
        assert_eq!(answer.text_body(), "internal error of the gateway");
        assert_eq!(answer.header_text("x-inference-rejected").as_deref(), Some("rewriting;fault"));
    }
    assert!(upstream.received().iter().all(|request| !request.is_complete()));
    let alarms = gateway.stop();
    let told = format!("rewriting: fault: {sentence}");
    assert!(alarms.len() == 2 && alarms.iter().all(|alarm| alarm.ends_with(&told)), "{alarms:?}");
}

/// With all of the body held.
async fn assert_misplaced(splices: &[Splice], sentence: &str) {
    let call = with_plan(Call::post("/").body(BODY), &plan(END, splices), &json!({}));
    assert_fault(call, sentence).await;
}

#[tokio::test]
async fn a_splice_behind_the_body_is_a_fault() {
    let behind = [Splice::of(9..11, "x")];
    assert_misplaced(&behind, "changed a part of a body that it was not shown").await;
}

#[tokio::test]
async fn splices_that_overlap_are_a_fault() {
    let overlapping = [Splice::of(2..5, "x"), Splice::of(4..6, "y")];
    let sentence = "changed a part of a body twice, or parts out of order";
    assert_misplaced(&overlapping, sentence).await;
}

#[tokio::test]
async fn splices_out_of_order_are_a_fault() {
    let unordered = [Splice::of(5..6, "x"), Splice::of(0..1, "y")];
    let sentence = "changed a part of a body twice, or parts out of order";
    assert_misplaced(&unordered, sentence).await;
}

#[tokio::test]
async fn a_splice_before_the_body_came_is_a_fault() {
    let at_once = json!({"splices": [Splice::of(0..0, "x").in_plan()]});
    let call = with_plan(Call::post("/").body(BODY), &at_once, &json!({}));
    assert_fault(call, "changed a part of a body that it was not shown").await;
}

#[tokio::test]
async fn a_splice_into_a_request_without_a_body_is_a_fault() {
    let call = Call::post("/").pieces([]).trailer("x-end", "of it");
    let call = with_plan(call, &plan(END, &[Splice::of(0..0, "x")]), &json!({}));
    assert_fault(call, "changed a part of a body that it was not shown").await;
}

#[tokio::test]
async fn a_response_that_becomes_longer_is_a_fault() {
    // Envoy would not survive one that outgrows what it holds.
    let longer = plan(END, &[Splice::of(3..5, "abc")]);
    let (_upstream, gateway) = echoing().await;
    let call = with_plan(Call::post("/").body(BODY), &json!({}), &longer);
    for mut client in [gateway.http1().await, gateway.http2().await] {
        let answer = client.send(call.clone()).await;
        assert_eq!(answer.status, 500, "{answer:?}");
        assert_eq!(answer.text_body(), "internal error of the gateway");
    }
    let alarms = gateway.stop();
    let told = "rewriting: fault: made a response longer";
    assert!(alarms.len() == 2 && alarms.iter().all(|alarm| alarm.ends_with(told)), "{alarms:?}");
}

#[tokio::test]
async fn a_request_that_outgrows_what_envoy_holds_is_refused() {
    let upstream = Upstream::echo().await;
    let small =
        Listening { buffer_bytes: 65_536, stream_window_bytes: 65_536, ..Listening::default() };
    let gateway = around(&upstream).listening(small).start().await;
    let growing = plan(END, &[Splice { times: 1 << 20, ..Splice::of(3..5, "longer") }]);
    let call = Call::post("/").pieces([BODY.into(), BODY.into()]);
    for call in [call.clone(), call.trailer("x-end", "of it")] {
        for mut client in [gateway.http1().await, gateway.http2().await] {
            let answer = client.send(with_plan(call.clone(), &growing, &json!({}))).await;
            assert_eq!(answer.status, 413, "{answer:?}");
        }
    }
    assert!(upstream.received().is_empty());
    assert!(gateway.stop().is_empty());
}
