//! The whole payload validator: no body makes it fail, and none is judged
//! differently because it is cut elsewhere.
#![no_main]

use filter_kit::trial::Trial;
use filter_kit::{Filter, parse_config};
use libfuzzer_sys::fuzz_target;
use payload_validator::PayloadValidator;
use serde_json::json;
use std::rc::Rc;
use std::sync::LazyLock;

/// What the validators of all runs are configured with.
static CONFIG: LazyLock<serde_json::Value> = LazyLock::new(|| {
    json!({"hold_up_to_bytes": 200, "beyond_hold": "stream", "contracts": [
        {
            "generative": {
                "max_tokens": 100, "max_messages": 3, "max_tools": 2, "max_images": 1,
                "max_characters": 50, "context_window_tokens": 100, "require_max_tokens": true,
            },
            "json_schema": {
                "type": "object",
                "properties": {"user": {"type": "string", "maxLength": 3}},
                "anyOf": [{"required": ["messages"]}, {"required": ["input"]}, {"minProperties": 1}],
            },
            "limits": {"max_json_depth": 20, "max_string_bytes": 100},
            "tensors": {
                "method": "/prediction.PredictionService/Predict",
                "inputs": [
                    {"name": "x", "field": "1", "datatype": "FP32", "shape": [2], "finite": true},
                    {"name": "y", "field": "2.1", "datatype": "INT64", "encoding": "zigzag",
                     "optional": true, "maximum": 9},
                ],
            },
        },
        {
            "model": "demo",
            "tensors": {
                "inputs": [
                    {"name": "x", "datatype": "FP32", "shape": [-1, 2], "finite": true},
                    {"name": "y", "datatype": "BYTES", "optional": true, "max_string_bytes": 3},
                ],
                "max_tensors": 3,
            },
            "answers": {"outputs": [{"name": "x", "shape": [2]}], "on_violation": "replace",
                        "hold_up_to_bytes": 100},
        },
    ]})
});

thread_local! {
    static VALIDATOR: Rc<PayloadValidator> = {
        let config = parse_config(CONFIG.clone()).config.expect("a configuration");
        Rc::new(PayloadValidator::configure(config).expect("a right one"))
    };
}

/// Every kind of call whose body is read.
fn call(kind: u8, header: u8) -> Trial {
    let post = |path: &str| Trial::of("POST", path);
    let grpc = |path: &str| {
        post(path).header("content-type", "application/grpc").header("x-model-name", "demo")
    };
    match kind % 12 {
        0 => post("/v1/chat/completions"),
        1 => post("/v1/completions"),
        2 => post("/v1/embeddings"),
        3 => post("/v1/responses"),
        4 => post("/v1/messages"),
        5 => post("/v2/models/demo/infer"),
        6 => post("/v2/models/demo/infer")
            .header("inference-header-content-length", header.to_string()),
        7 => post("/v1/models/demo:predict"),
        8 => grpc("/inference.GRPCInferenceService/ModelInfer"),
        9 => grpc("/inference.GRPCInferenceService/ModelStreamInfer"),
        10 => grpc("/tensorflow.serving.PredictionService/Predict"),
        _ => post("/prediction.PredictionService/Predict")
            .header("content-type", "application/grpc"),
    }
}

fuzz_target!(|input: (u8, u8, u8, &[u8])| {
    let (kind, header, chunk, body) = input;
    VALIDATOR.with(|validator| {
        let content_type = if kind % 12 >= 8 { "application/grpc" } else { "application/json" };
        let whole = call(kind, header).body(body).answered(content_type, body);
        let cut = whole.clone().cut_at_every(usize::from(chunk).max(1));
        let [expected, found] = [&whole, &cut].map(|trial| trial.recorded(validator));
        assert_eq!(found.request, expected.request);
        assert_eq!(found.answer, expected.answer);
        assert_eq!(cut.with_trailers().through(validator), expected.request);
    });
});
