//! What a request is taken to cost.

use super::*;
use filter_kit::trial::grpc_frame;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What is reserved, however the request is cut.
fn cost(config: &Value, trial: &Trial) -> u64 {
    let reserved = |trial: Trial| -> u64 {
        let (outcome, notes) = trial.sharing(local_cells()).noting(&control(config));
        assert_eq!(rule_of(&outcome), None);
        fact(&notes, "inference.tokens_reserved").unwrap().parse().unwrap()
    };
    let whole = reserved(trial.clone());
    for chunk in (1..40).chain([trial.body_bytes().len().saturating_sub(1)]) {
        let cut = trial.clone().cut_at_every(chunk);
        assert_eq!(reserved(cut.clone()), whole, "cut at every {chunk}");
        assert_eq!(reserved(cut.with_trailers()), whole, "cut at every {chunk}, with trailers");
    }
    whole
}

fn plenty() -> Value {
    tokens(1_000_000_000)
}

fn counting(unit: &str) -> Value {
    let mut config = plenty();
    config["cost"]["tensors"] = json!(unit);
    config
}

fn post(path: &str, body: &Value) -> Trial {
    Trial::of("POST", path).body(body.to_string())
}

#[test]
fn text_costs_its_prompt_and_what_it_may_generate() {
    let prompt = "0123456789";
    let messages = json!([{"role": "user", "content": prompt}]);
    for (path, body, expected) in [
        ("/v1/chat/completions", json!({"messages": messages, "max_tokens": 7}), 17),
        ("/v1/chat/completions", json!({"messages": messages, "max_completion_tokens": 7}), 17),
        ("/v1/chat/completions", json!({"messages": messages, "max_tokens": 7, "n": 3}), 31),
        ("/v1/chat/completions", json!({"messages": messages}), 60),
        ("/v1/chat/completions", json!({"messages": messages, "n": 2}), 110),
        ("/v1/completions", json!({"prompt": prompt, "max_tokens": 1}), 11),
        ("/v1/completions", json!({"prompt": [1, 2, 3], "max_tokens": 1}), 4),
        ("/v1/embeddings", json!({"input": prompt}), 10),
        ("/v1/responses", json!({"input": prompt, "max_output_tokens": 5}), 15),
        ("/v1/messages", json!({"messages": messages, "max_tokens": 6}), 16),
        ("/v2/models/m/generate", json!({"text_input": prompt}), 60),
    ] {
        assert_eq!(cost(&plenty(), &post(path, &body)), expected, "{path} {body}");
    }
}

#[test]
fn bytes_are_taken_for_tokens_as_configured() {
    let mut config = plenty();
    config["cost"]["bytes_per_token"] = json!(4);
    assert_eq!(cost(&config, &Trial::chat(&chat_of(9, 2))), 5, "three, and two");
}

#[test]
fn tensors_cost_rows_elements_or_one() {
    let infer = json!({"inputs": [
        {"name": "x", "datatype": "FP32", "shape": [2, 3], "data": [1, 2, 3, 4, 5, 6]},
        {"name": "y", "datatype": "INT64", "shape": [4], "data": [1, 2, 3, 4]},
    ]});
    let predict = json!({"instances": [[1, 2], [3, 4], [5, 6]]});
    for (unit, of_infer, of_predict) in [("rows", 2, 3), ("elements", 10, 6), ("request", 1, 1)] {
        let config = counting(unit);
        assert_eq!(cost(&config, &post("/v2/models/m/infer", &infer)), of_infer, "{unit}");
        assert_eq!(cost(&config, &post("/v1/models/m:predict", &predict)), of_predict, "{unit}");
    }
}

/// A `ModelInferRequest` with one input of this shape, without data.
pub(super) fn infer_request(shape: &[u8]) -> Vec<u8> {
    let tensor =
        [b"\x0a\x01x\x12\x04FP32\x1a".as_slice(), &[u8::try_from(shape.len()).unwrap()], shape]
            .concat();
    [b"\x0a\x01m\x2a".as_slice(), &[u8::try_from(tensor.len()).unwrap()], &tensor].concat()
}

#[test]
fn tensors_over_grpc_cost_the_same() {
    let message = infer_request(&[5, 3]);
    for method in ["ModelInfer", "ModelStreamInfer"] {
        let path = format!("/inference.GRPCInferenceService/{method}");
        let trial = Trial::grpc(&path, &message);
        assert_eq!(cost(&counting("rows"), &trial), 5, "{method}");
        assert_eq!(cost(&counting("elements"), &trial), 15, "{method}");
    }
}

#[test]
fn a_stream_costs_what_its_first_message_does() {
    let two = [grpc_frame(&infer_request(&[2])), grpc_frame(&infer_request(&[9]))].concat();
    let trial = Trial::of("POST", "/inference.GRPCInferenceService/ModelStreamInfer")
        .header("content-type", "application/grpc")
        .body(two);
    assert_eq!(cost(&counting("rows"), &trial), 2);
}

#[test]
fn a_stream_is_settled_for_all_its_messages_however_it_is_cut() {
    let messages = [2, 9, 4].map(|rows| grpc_frame(&infer_request(&[rows]))).concat();
    let trial = Trial::of("POST", "/inference.GRPCInferenceService/ModelStreamInfer")
        .header("content-type", "application/grpc")
        .body(messages)
        .answered_by_grpc(&[b""]);
    for chunk in (1..60).chain([usize::MAX]) {
        let cut = trial.clone().cut_at_every(chunk).sharing(local_cells());
        for trial in [cut.clone(), cut.with_trailers()] {
            let notes = trial.recorded(&control(&counting("rows"))).notes;
            assert_eq!(fact(&notes, "inference.tokens_used"), Some("15"), "cut at every {chunk}");
        }
    }
}

/// What can't be read costs its length.
fn estimating(mut config: Value) -> Value {
    config["on_unreadable"] = json!("estimate");
    config
}

#[test]
fn what_does_not_say_what_it_costs_is_refused_unless_configured() {
    let mut config = plenty();
    config["hold_up_to_bytes"] = json!(700);
    let refused = |trial: &Trial, chunk| {
        let cut = trial.clone().cut_at_every(chunk).sharing(local_cells());
        let reply = cut.through(&control(&config)).replied();
        (reply.status, reply.reason)
    };
    let chat = |body: &[u8]| Trial::of("POST", "/v1/chat/completions").body(body);
    for (trial, status, rule) in [
        (chat(b"{\"messages\": [}"), 400, "malformed"),
        (chat(b"{\"x\": NaN, \"messages\": []}"), 400, "malformed"),
        (chat(b"{}").header("content-encoding", "gzip"), 415, "unreadable"),
        (Trial::chat(&chat_of(800, 1)), 413, "body_bytes"),
    ] {
        for chunk in [1, 7, usize::MAX] {
            let expected = (status, format!("admission-control;{rule}"));
            assert_eq!(refused(&trial, chunk), expected);
        }
    }
}

#[test]
fn what_is_longer_than_is_held_costs_its_length() {
    let mut config = estimating(plenty());
    config["hold_up_to_bytes"] = json!(100);
    let trial = Trial::chat(&chat_of(500, 1));
    let length = trial.body_bytes().len();
    let announced = trial.clone().header("content-length", length.to_string());
    let reserved = |trial: Trial| {
        let (_, notes) = trial.sharing(local_cells()).noting(&control(&config));
        fact(&notes, "inference.tokens_reserved").unwrap().parse::<usize>().unwrap()
    };
    for chunk in [1, 50, 101] {
        assert_eq!(reserved(announced.clone().cut_at_every(chunk)), length + 50, "{chunk}");
    }
    for chunk in [1, 50, 101, 10_000] {
        let unannounced = reserved(trial.clone().cut_at_every(chunk));
        assert_eq!(unannounced, 100 + 50, "what was seen, cut at every {chunk}");
    }
}

#[test]
fn where_nothing_is_held_the_announced_length_counts() {
    let mut config = plenty();
    config["hold_up_to_bytes"] = json!(0);
    let trial = Trial::chat(&chat_of(500, 1)).header("content-length", "600");
    assert_eq!(cost(&config, &trial), 650);
}

#[test]
fn what_is_broken_costs_its_length() {
    for body in ["{\"messages\": [}", "not json at all"] {
        let trial = Trial::of("POST", "/v1/chat/completions").body(body);
        let trial = trial.header("content-length", body.len().to_string());
        let expected = u64::try_from(body.len()).unwrap() + 50;
        assert_eq!(cost(&estimating(plenty()), &trial), expected, "{body}");
    }
}

#[test]
fn what_is_compressed_costs_its_length() {
    let trial = Trial::of("POST", "/v1/chat/completions")
        .header("content-encoding", "gzip")
        .body(vec![b'z'; 300]);
    assert_eq!(cost(&estimating(plenty()), &trial.clone().header("content-length", "300")), 350);
    assert_eq!(cost(&estimating(plenty()), &trial), 350, "also where that is not announced");
}

#[test]
fn a_compressed_message_costs_its_length() {
    let frame = [&[1, 0, 0, 1, 144][..], &[0; 400]].concat();
    let trial = Trial::of("POST", "/inference.GRPCInferenceService/ModelInfer")
        .header("content-type", "application/grpc")
        .body(frame);
    let config = estimating(counting("elements"));
    for chunk in [1, 5, 6, 100, 1000] {
        let trial = trial.clone().cut_at_every(chunk).sharing(local_cells());
        let (_, notes) = trial.noting(&control(&config));
        let reserved: u64 = fact(&notes, "inference.tokens_reserved").unwrap().parse().unwrap();
        assert_eq!(reserved, 405, "cut at every {chunk}");
    }
}

#[test]
fn a_request_costs_at_least_one() {
    assert_eq!(cost(&plenty(), &post("/v1/embeddings", &json!({"input": ""}))), 1);
    let empty = json!({"inputs": [{"name": "x", "datatype": "FP32", "shape": [0], "data": []}]});
    assert_eq!(cost(&counting("rows"), &post("/v2/models/m/infer", &empty)), 1);
}

#[test]
fn a_prompt_without_end_costs_more_than_any_budget() {
    let trial = Trial::chat(&json!({"messages": [], "max_tokens": 9e99, "n": 9e99}));
    let outcome = trial.sharing(local_cells()).through(&control(&plenty()));
    assert_eq!(rule_of(&outcome), Some("token_quota"));
}
