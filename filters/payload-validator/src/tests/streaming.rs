//! Bodies that are longer than may be held, and streams.

use super::messages::{fp32_contents, infer_request, input};
use super::*;
use filter_kit::trial::grpc_frame;
use filter_kit::{Arrival, BodyChunk, Edits, Exchange, HeaderBlock, Headers, Timestamp, Verdict};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn holding(bytes: usize, beyond: &str) -> Rc<PayloadValidator> {
    validator(json!({
        "hold_up_to_bytes": bytes,
        "beyond_hold": beyond,
        "contracts": [{"generative": {"max_tokens": 100}}],
    }))
}

/// A chat that says at its end how many tokens it wants.
fn chat(content: usize, max_tokens: u32) -> Trial {
    let content = "x".repeat(content);
    Trial::of("POST", "/v1/chat/completions").body(format!(
        r#"{{"messages": [{{"role": "user", "content": "{content}"}}], "max_tokens": {max_tokens}}}"#
    ))
}

#[test]
fn a_longer_body_is_refused() {
    for (content, rule) in [(10, None), (500, Some("body_bytes"))] {
        let refused = refused_however_cut(&chat(content, 1), &holding(200, "refuse"));
        assert_eq!(refused.as_deref(), rule);
    }
}

#[test]
fn what_lies_within_the_limit_is_judged_first() {
    let trial = Trial::of("POST", "/v1/chat/completions")
        .body(format!(r#"{{"max_tokens": 101, "x": "{}"}}"#, "x".repeat(500)));
    let refused = refused_however_cut(&trial, &holding(200, "refuse"));
    assert_eq!(refused.as_deref(), Some("max_tokens"));
}

#[test]
fn a_longer_body_may_go_by_and_is_cut_off_where_it_breaks_a_rule() {
    for bytes in [0, 1, 200] {
        let streaming = holding(bytes, "stream");
        assert_eq!(refused_however_cut(&chat(500, 100), &streaming), None);
        let refused = refused_however_cut(&chat(500, 101), &streaming);
        assert_eq!(refused.as_deref(), Some("max_tokens"), "held up to {bytes}");
    }
}

#[test]
fn what_is_only_counted_is_never_held() {
    let validator = validator(json!({"limits": {"max_body_bytes": 100}}));
    for path in ["/inference.GRPCInferenceService/ModelStreamInfer", "/a.team/Stream"] {
        let headers = [(":method", "POST"), (":path", path), ("content-type", "application/grpc")];
        let headers: Headers = headers.into_iter().collect();
        let at = Timestamp::default();
        let block = HeaderBlock { headers: &headers, end_of_message: false, at };
        let mut exchange = validator.exchange(Arrival::default());
        let mut notes = Notes::default();
        let watching = Verdict::Forward(Edits::none().watch());
        assert_eq!(exchange.request_headers(block, &mut notes), watching);
        let mut chunk = |bytes: &[u8]| {
            exchange.request_body(BodyChunk { bytes, end_of_message: false, at }, &mut notes)
        };
        assert_eq!(chunk(&[0; 100]), watching);
        assert!(matches!(chunk(&[0]), Verdict::Reply(_)));
    }
}

#[test]
fn a_cut_off_request_is_counted_as_such() {
    let counter =
        "inference_validator_cut_total_model=.=other;_version=.=other;_rule=.=max_tokens;";
    let (_, notes) = chat(500, 101).cut_at_every(50).noting(&holding(200, "stream"));
    assert_eq!(counted(&notes, counter), 1);
    let (_, notes) = chat(10, 101).cut_at_every(50).noting(&holding(200, "stream"));
    assert_eq!(counted(&notes, counter), 0, "it was held");
}

#[test]
fn each_message_of_a_stream_is_held_against_the_contract() {
    let iris = with_contract(json!({
        "model": "iris",
        "tensors": {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2]}]},
    }));
    let good = infer_request(&[input("x", "FP32", &[2], &fp32_contents(&[1.0, 2.0]))]);
    let bad = infer_request(&[input("x", "FP32", &[1], &fp32_contents(&[1.0]))]);
    let stream = |messages: &[&Vec<u8>]| {
        let frames: Vec<Vec<u8>> = messages.iter().map(|message| grpc_frame(message)).collect();
        Trial::grpc("/inference.GRPCInferenceService/ModelStreamInfer", b"")
            .header("x-model-name", "iris")
            .body(frames.concat())
    };
    assert_eq!(refused_however_cut(&stream(&[&good, &good, &good]), &iris), None);
    for messages in [[&bad, &good, &good], [&good, &bad, &good], [&good, &good, &bad]] {
        let refused = refused_however_cut(&stream(&messages), &iris);
        assert_eq!(refused.as_deref(), Some("tensor_shape"));
    }
}

#[test]
fn a_unary_call_has_one_message() {
    let iris = with_contract(json!({
        "model": "iris", "tensors": {"inputs": [{"name": "x", "optional": true}]},
    }));
    let infer = |body: Vec<u8>| {
        Trial::grpc("/inference.GRPCInferenceService/ModelInfer", b"")
            .header("x-model-name", "iris")
            .body(body)
    };
    let one = grpc_frame(&infer_request(&[]));
    assert_eq!(refused_however_cut(&infer(one.clone()), &iris), None);
    for body in [[one.clone(), one].concat(), Vec::new(), b"\0\0\0\0\x05ab".to_vec()] {
        assert_eq!(refused_however_cut(&infer(body), &iris).as_deref(), Some("malformed"));
    }
}
