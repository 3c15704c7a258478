//! The trace that a request belongs to: taken from the client, handed on to the
//! server.

use super::recipe::{CLIENTS_SPAN, Stand, TRACE, chat, is_of_a_request, traceparent};
use crate::prediction::predict;
use integration_tests::{Call, Span};
use serde_json::json;

/// Version, trace, span and flags of what arrived at the server.
fn context_at_the_server(stand: &Stand) -> [String; 4] {
    let header = stand.server.last().header_text("traceparent").expect("a traceparent");
    let parts: Vec<String> = header.split('-').map(str::to_owned).collect();
    parts.try_into().expect("four parts")
}

#[tokio::test]
async fn a_clients_trace_goes_on_to_the_server() {
    let stand = Stand::start().await;
    for call in [chat(), predict()] {
        let call = call.header("traceparent", traceparent("01")).header("tracestate", "vendor=1");
        let request = stand.span_of(call).await;
        let is_its_attempt = |span: &Span| span.parent_id == request.id;
        let attempt = stand.collector.wait_for("the attempt", is_its_attempt).await;
        assert_eq!((&*request.trace_id, &*request.parent_id), (TRACE, CLIENTS_SPAN));
        assert_eq!(attempt.trace_id, TRACE);
        let [_, trace, span, flags] = context_at_the_server(&stand);
        assert_eq!((&*trace, span, &*flags), (TRACE, attempt.id, "01"));
        let state = stand.server.last().header_text("tracestate");
        assert_eq!(state.as_deref(), Some("vendor=1"));
    }
}

#[tokio::test]
async fn who_brings_no_trace_begins_one() {
    let stand = Stand::start().await;
    let request = stand.span_of(chat()).await;
    let [_, trace, _, flags] = context_at_the_server(&stand);
    assert_eq!((&*request.parent_id, &request.trace_id, &*flags), ("", &trace, "01"));
}

/// So does Envoy: it neither corrects the header nor begins a trace.
#[tokio::test]
async fn what_is_no_trace_goes_on_as_it_came_and_is_not_reported() {
    let stand = Stand::start().await;
    let nonsense = chat().header("traceparent", "00-nonsense-01");
    assert_eq!(stand.gateway.http2().await.send(nonsense).await.status, 200);
    let there = stand.server.last().header_text("traceparent");
    assert_eq!(there.as_deref(), Some("00-nonsense-01"));
    assert_only_later_spans(&stand, chat()).await;
}

/// What the recipe's README says to do where clients are strangers.
#[tokio::test]
async fn what_strangers_say_of_traces_can_be_left_out() {
    let early = json!([{
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": [{"remove": "traceparent"}, {"remove": "tracestate"}],
        },
    }]);
    let closed =
        format!("early_header_mutation_extensions: {early}\n                codec_type: AUTO");
    let stand = Stand::changed(|recipe| recipe.replacing("codec_type: AUTO", &closed)).await;
    for flags in ["00", "01"] {
        let request = stand.span_of(chat().header("traceparent", traceparent(flags))).await;
        assert_eq!(request.parent_id, "");
        assert_ne!(request.trace_id, TRACE);
    }
}

#[tokio::test]
async fn what_the_client_does_not_sample_is_not_reported_and_the_server_knows() {
    let stand = Stand::start().await;
    let mut client = stand.gateway.http2().await;
    client.send(chat().header("traceparent", traceparent("00"))).await;
    let [_, trace, _, flags] = context_at_the_server(&stand);
    assert_eq!((&*trace, &*flags), (TRACE, "00"));
    assert_only_later_spans(&stand, chat()).await;
}

#[tokio::test]
async fn what_the_gateway_does_not_sample_is_not_reported_and_the_server_knows() {
    let unsampled = |recipe: integration_tests::ShippedConfig| {
        recipe.replacing("numerator: 100", "numerator: 0")
    };
    let stand = Stand::changed(unsampled).await;
    stand.gateway.http2().await.send(chat()).await;
    let [_, _, _, flags] = context_at_the_server(&stand);
    assert_eq!(flags, "00");
    // What a client samples is reported all the same.
    assert_only_later_spans(&stand, chat().header("traceparent", traceparent("01"))).await;
}

/// Sees that of what was sent before there is no span: one worker reports them in
/// their order.
async fn assert_only_later_spans(stand: &Stand, reported: Call) {
    let reported = stand.span_of(reported).await;
    let spans = stand.collector.spans();
    let [first] = &spans.iter().filter(|span| is_of_a_request(span)).collect::<Vec<_>>()[..] else {
        panic!("{spans:#?}")
    };
    assert_eq!(first.id, reported.id);
}

#[tokio::test]
async fn a_line_of_the_access_log_names_its_trace() {
    let stand = Stand::start().await;
    let span = stand.span_of(chat()).await;
    let entry = stand.gateway.access_log().wait_for("the request", |_| true).await;
    assert_eq!(entry["trace_id"], span.trace_id);
}

#[tokio::test]
async fn without_a_collector_requests_are_served() {
    let Stand { gateway, server, collector } = Stand::start().await;
    drop(collector);
    let mut client = gateway.http2().await;
    for _ in 0..5 {
        assert_eq!(client.send(chat()).await.status, 200);
    }
    assert_eq!(server.received().len(), 5);
    let failed = "cluster.otel-collector.upstream_cx_connect_fail";
    gateway.wait_for_stat(failed, |count| count > 0).await;
}
