//! What comes back from a model server.

use super::messages::{bytes, floats};
use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn checking(on_violation: &str) -> Rc<PayloadValidator> {
    with_contract(json!({
        "model": "iris",
        "answers": {
            "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 3], "finite": true}],
            "on_violation": on_violation,
        },
    }))
}

fn scores(shape: &[u32], data: &str) -> String {
    format!(
        r#"{{"model_name": "iris", "outputs": [
            {{"name": "scores", "datatype": "FP32", "shape": {shape:?}, "data": {data}}}]}}"#
    )
}

fn answered(body: String) -> Trial {
    infer(&json!({"inputs": []})).answered("application/json", body)
}

/// The rule for which an answer is replaced, however it is cut.
fn replaced_by(trial: &Trial) -> Option<String> {
    let validator = checking("replace");
    let answer = |trial: &Trial| trial.recorded(&validator).answer.unwrap();
    let whole = answer(trial);
    for chunk in 1..40 {
        assert_eq!(answer(&trial.clone().cut_at_every(chunk)), whole, "cut at every {chunk}");
    }
    match whole {
        Outcome::Forwarded(_) => None,
        Outcome::Replied(reply) => {
            assert_eq!((reply.status, reply.grpc), (502, GrpcCode::Internal));
            Some(rule_of(&reply))
        }
    }
}

#[test]
fn an_answer_that_breaks_a_rule_is_replaced() {
    for (rule, body) in [
        (None, scores(&[1, 3], "[0.1, 0.2, 0.7]")),
        (Some("tensor_shape"), scores(&[3], "[0.1, 0.2, 0.7]")),
        (Some("tensor_protocol"), scores(&[1, 3], "[0.1, 0.2]")),
        (Some("tensor_missing"), r#"{"outputs": []}"#.to_owned()),
        (Some("malformed"), scores(&[1, 3], "[NaN, 0.2, 0.7]")),
        (Some("malformed"), "<html>".to_owned()),
    ] {
        assert_eq!(replaced_by(&answered(body.clone())).as_deref(), rule, "{body}");
    }
}

#[test]
fn an_answer_over_grpc_is_replaced() {
    let infer = "/inference.GRPCInferenceService/ModelInfer";
    let response = |values: &[f32]| {
        let output = [
            bytes(1, b"scores"),
            bytes(2, b"FP32"),
            bytes(3, &[1, 3]),
            bytes(5, &bytes(6, &floats(values))),
        ];
        [bytes(1, b"iris"), bytes(5, &output.concat())].concat()
    };
    let call = || Trial::grpc(infer, b"\x0a\x04iris").header("x-model-name", "iris");
    let good = call().answered_by_grpc(&[&response(&[0.1, 0.2, 0.7])]);
    assert_eq!(replaced_by(&good), None);
    let bad = call().answered_by_grpc(&[&response(&[0.1, f32::NAN, 0.7])]);
    assert_eq!(replaced_by(&bad).as_deref(), Some("tensor_finite"));
    let failed = call().answered_by_grpc(&[]);
    assert_eq!(replaced_by(&failed), None, "what went wrong stands in the trailers");
}

#[test]
fn errors_streams_and_other_models_answers_are_left_alone() {
    let error = answered("{\"error\": \"x\"}".to_owned()).answer_header(":status", "400");
    let stream = answered("data: x\n\n".to_owned());
    let stream = stream.answer_header("content-type", "text/event-stream");
    let other = Trial::of("POST", "/v2/models/other/infer").body("{}");
    let other = other.answered("application/json", "<html>");
    for trial in [error, stream, other] {
        assert_eq!(replaced_by(&trial), None);
    }
}

#[test]
fn an_answer_can_be_counted_only() {
    for chunk in [1, 7, usize::MAX] {
        let bad = answered(scores(&[3], "[1, 2, 3]")).cut_at_every(chunk);
        let record = bad.recorded(&checking("count"));
        record.answer.unwrap().forwarded();
        let counter = "inference_validator_bad_answers_total_model=.=iris;_version=.=other;\
                       _rule=.=tensor_shape;_mode=.=count;";
        assert_eq!(counted(&record.notes, counter), 1, "cut at every {chunk}");
        let counter = "inference_validator_answers_total_model=.=iris;_version=.=other;";
        assert_eq!(counted(&record.notes, counter), 1);
    }
}

#[test]
fn a_long_answer_is_only_counted_beyond_what_is_held() {
    let validator = with_contract(json!({
        "model": "iris",
        "answers": {"outputs": [], "on_violation": "replace", "hold_up_to_bytes": 20},
    }));
    for chunk in [1, 19, 20, 21, usize::MAX] {
        let bad = answered(scores(&[1, 3], "[1, 2]")).cut_at_every(chunk);
        let record = bad.recorded(&validator);
        record.answer.unwrap().forwarded();
        let counter = "inference_validator_bad_answers_total_model=.=iris;_version=.=other;\
                       _rule=.=tensor_protocol;_mode=.=count;";
        assert_eq!(counted(&record.notes, counter), 1, "cut at every {chunk}");
    }
}
