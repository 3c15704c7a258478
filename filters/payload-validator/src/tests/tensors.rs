//! Tensors, in every API.

use super::messages::{
    bytes, floats, fp32_contents, infer_request, input, predict_request, tensor_proto,
};
use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
const PREDICT: &str = "/tensorflow.serving.PredictionService/Predict";

/// One input `features`, FP32, any number of rows of four values from 0 to 10.
fn iris() -> Rc<PayloadValidator> {
    iris_with(json!({}))
}

fn iris_with(rules: Value) -> Rc<PayloadValidator> {
    with_contract(json!({
        "model": "iris",
        "rules": rules,
        "tensors": {
            "inputs": [{
                "name": "features", "datatype": "FP32", "shape": [-1, 4],
                "finite": true, "minimum": 0, "maximum": 10,
            }],
            "max_batch": 3,
        },
    }))
}

fn features(shape: &[i64], values: &[f32]) -> Vec<u8> {
    infer_request(&[input("features", "FP32", shape, &fp32_contents(values))])
}

fn raw(shape: &[i64], values: &[f32]) -> Vec<u8> {
    infer_request(&[input("features", "FP32", shape, b""), bytes(7, &floats(values))])
}

const ROW: [f32; 4] = [5.1, 3.5, 1.4, 0.2];

#[test]
fn messages_within_the_contract_pass() {
    let iris = iris();
    let rows = [ROW, ROW, ROW].concat();
    let content = tensor_proto(1, &[1, 4], &bytes(4, &floats(&ROW)));
    let values = tensor_proto(1, &[1, 4], &bytes(5, &floats(&ROW)));
    for (path, message) in [
        (INFER, features(&[1, 4], &ROW)),
        (INFER, features(&[3, 4], &rows)),
        (INFER, raw(&[1, 4], &ROW)),
        (INFER, features(&[0, 4], &[])),
        (PREDICT, predict_request("features", &content)),
        (PREDICT, predict_request("features", &values)),
    ] {
        let trial = Trial::grpc(path, &message).header("x-model-name", "iris");
        assert_eq!(refused_however_cut(&trial, &iris), None, "{}", message.escape_ascii());
    }
}

#[test]
fn messages_that_break_a_rule_are_refused_for_that_rule() {
    let iris = iris();
    let nan = [f32::NAN, 1.0, 1.0, 1.0];
    let good = input("features", "FP32", &[1, 4], &fp32_contents(&ROW));
    for (rule, message) in [
        ("tensor_missing", infer_request(&[])),
        ("tensor_unknown", {
            infer_request(&[good.clone(), input("x", "FP32", &[1], &fp32_contents(&[1.0]))])
        }),
        ("tensor_duplicate", infer_request(&[good.clone(), good.clone()])),
        (
            "tensor_datatype",
            infer_request(&[input("features", "FP64", &[1, 4], &bytes(5, &bytes(7, &[0; 32])))]),
        ),
        ("tensor_shape", features(&[4], &ROW)),
        ("tensor_shape", features(&[2, 2], &ROW)),
        ("tensor_batch", features(&[4, 4], &[ROW; 4].concat())),
        ("tensor_protocol", features(&[2, 4], &ROW)),
        ("tensor_protocol", features(&[-1, 4], &ROW)),
        ("tensor_protocol", features(&[i64::MAX, 4], &ROW)),
        ("tensor_protocol", raw(&[1, 4], &ROW[..3])),
        ("tensor_protocol", infer_request(&[good.clone(), bytes(7, &floats(&ROW))])),
        ("tensor_protocol", {
            let tensor = input("features", "FP32", &[1, 4], b"");
            infer_request(&[tensor, bytes(7, &floats(&ROW)), bytes(7, b"")])
        }),
        ("tensor_finite", features(&[1, 4], &nan)),
        ("tensor_finite", raw(&[1, 4], &nan)),
        ("tensor_range", features(&[1, 4], &[-0.1, 0.0, 0.0, 0.0])),
        ("tensor_range", raw(&[1, 4], &[0.0, 0.0, 0.0, 10.1])),
        ("malformed", b"\x0a\xff".to_vec()),
    ] {
        let trial = Trial::grpc(INFER, &message);
        let trial = trial.header("x-model-name", "iris");
        let refused = refused_however_cut(&trial, &iris);
        assert_eq!(refused.as_deref(), Some(rule), "{}", message.escape_ascii());
    }
}

#[test]
fn tensorflow_may_pad_unless_it_is_forbidden() {
    let short = tensor_proto(1, &[1, 4], &bytes(5, &floats(&[1.0])));
    let trial = Trial::grpc(PREDICT, &predict_request("features", &short));
    let trial = trial.header("x-model-name", "iris");
    assert_eq!(refused_by(&trial, &iris()), None);
    let strict = iris_with(json!({"tensor_padding": "enforce"}));
    assert_eq!(refused_by(&trial, &strict).as_deref(), Some("tensor_padding"));
}

#[test]
fn json_of_the_open_inference_protocol_is_held_against_the_contract() {
    let iris = iris();
    let tensor = |changes: Value| {
        let mut tensor =
            json!({"name": "features", "datatype": "FP32", "shape": [1, 4], "data": ROW});
        tensor.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        infer(&json!({"inputs": [tensor]}))
    };
    for (rule, trial) in [
        (None, tensor(json!({}))),
        (None, tensor(json!({"data": [ROW]}))),
        (None, tensor(json!({"shape": [2, 4], "data": [ROW, ROW]}))),
        (None, tensor(json!({"data": [1, 2, 3, 4]}))),
        (Some("tensor_missing"), infer(&json!({"inputs": []}))),
        (Some("tensor_unknown"), tensor(json!({"name": "x"}))),
        (Some("tensor_datatype"), tensor(json!({"datatype": "INT64"}))),
        (Some("tensor_datatype"), tensor(json!({"data": ["a", "b", "c", "d"]}))),
        (Some("tensor_protocol"), tensor(json!({"data": [1, 2, 3]}))),
        (Some("tensor_protocol"), tensor(json!({"data": [[1, 2], [3]]}))),
        (Some("tensor_shape"), tensor(json!({"shape": [4]}))),
        (Some("tensor_batch"), tensor(json!({"shape": [4, 4], "data": [ROW, ROW, ROW, ROW]}))),
        (Some("tensor_range"), tensor(json!({"data": [1, 2, 3, 10.5]}))),
        (Some("tensor_finite"), tensor(json!({"data": [1, 2, 3, 1e300]}))),
        (Some("malformed"), infer(&json!({"inputs": [7]}))),
        (Some("malformed"), infer(&json!({}))),
        (Some("malformed"), Trial::of("POST", "/v2/models/iris/infer").body("{\"inputs\": [")),
        (Some("malformed"), Trial::of("POST", "/v2/models/iris/infer")),
        (
            Some("duplicate_field"),
            Trial::of("POST", "/v2/models/iris/infer").body(
                r#"{"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, 4],
                "shape": [1, 4], "data": [1, 2, 3, 4]}]}"#,
            ),
        ),
    ] {
        let body = String::from_utf8_lossy(trial.body_bytes()).into_owned();
        assert_eq!(refused_however_cut(&trial, &iris).as_deref(), rule, "{body}");
    }
}

#[test]
fn a_refusal_tells_what_was_found_and_what_is_allowed() {
    let data = json!({"name": "features", "datatype": "FP32", "shape": [5, 7], "data": [[1]]});
    let trial = infer(&json!({"inputs": [data]}));
    let lenient = iris_with(json!({"tensor_protocol": "off"}));
    let reply = trial.through(&lenient).replied();
    assert_eq!((reply.status, reply.grpc), (422, GrpcCode::InvalidArgument));
    assert_eq!(told(&reply), ["/inputs/0/shape", "[5, 7]", "[any, 4]"]);
    let reply = Trial::grpc(INFER, &features(&[5, 7], &ROW)).header("x-model-name", "iris");
    let reply = reply.through(&lenient).replied();
    assert_eq!(reply.body, b"inputs[0].shape: [5, 7]; allowed: [any, 4]");
}

#[test]
fn json_values_are_of_the_kind_of_their_datatype_though_nothing_else_is_asked_of_them() {
    for (datatype, good, bad) in [
        ("FP32", "[1, 2.5]", "[1, \"a\"]"),
        ("FP64", "[1, 2.5]", "[true, 1]"),
        ("BYTES", "[\"a\", \"b\"]", "[1, 2]"),
        ("BOOL", "[true, false]", "[\"a\", \"b\"]"),
    ] {
        let validator = with_contract(json!({
            "tensors": {"inputs": [{"name": "x", "datatype": datatype}]},
        }));
        let of = |data: &str| {
            Trial::of("POST", "/v2/models/iris/infer").body(format!(
                r#"{{"inputs": [{{"name": "x", "datatype": "{datatype}", "shape": [2], "data": {data}}}]}}"#
            ))
        };
        assert_eq!(refused_however_cut(&of(good), &validator), None, "{datatype}");
        let refused = refused_however_cut(&of(bad), &validator);
        assert_eq!(refused.as_deref(), Some("tensor_datatype"), "{datatype}");
    }
}

#[test]
fn raw_tensors_behind_json_are_held_against_the_contract() {
    let iris = iris();
    let behind = |values: &[f32], size: usize| {
        let json = json!({"inputs": [{
            "name": "features", "datatype": "FP32", "shape": [1, 4],
            "parameters": {"binary_data_size": size},
        }]})
        .to_string();
        let length = json.len().to_string();
        Trial::of("POST", "/v2/models/iris/infer")
            .header("inference-header-content-length", length.as_str())
            .body([json.as_bytes(), &floats(values)].concat())
    };
    for (rule, trial) in [
        (None, behind(&ROW, 16)),
        (Some("tensor_range"), behind(&[11.0, 0.0, 0.0, 0.0], 16)),
        (Some("tensor_finite"), behind(&[f32::INFINITY, 0.0, 0.0, 0.0], 16)),
        (Some("tensor_protocol"), behind(&ROW[..3], 12)),
        (Some("malformed"), behind(&ROW[..3], 16)),
        (Some("malformed"), behind(&ROW, 12)),
    ] {
        assert_eq!(refused_however_cut(&trial, &iris).as_deref(), rule);
    }
}

#[test]
fn json_of_tensorflow_serving_is_held_against_the_contract() {
    let iris = iris();
    let predict = |body: &str| Trial::of("POST", "/v1/models/iris:predict").body(body);
    for (rule, body) in [
        (None, r#"{"instances": [{"features": [1, 2, 3, 4]}]}"#),
        (None, r#"{"inputs": {"features": [[1, 2, 3, 4], [1, 2, 3, 4]]}}"#),
        (None, r#"{"instances": [[1, 2, 3, 4]]}"#),
        (None, r#"{"inputs": [[1, 2, 3, 4]]}"#),
        (Some("tensor_shape"), r#"{"instances": [[1, 2, 3]]}"#),
        (Some("tensor_finite"), r#"{"instances": [{"features": [1, 2, 3, NaN]}]}"#),
        (Some("tensor_shape"), r#"{"instances": [{"features": [1, 2, 3]}]}"#),
        (
            Some("tensor_batch"),
            r#"{"inputs": {"features": [[1,1,1,1],[1,1,1,1],[1,1,1,1],[1,1,1,1]]}}"#,
        ),
        (Some("tensor_unknown"), r#"{"instances": [{"x": [1, 2, 3, 4]}]}"#),
        (Some("tensor_range"), r#"{"instances": [{"features": [1, 2, 3, -4]}]}"#),
        (Some("malformed"), r#"{"instances": [], "inputs": {}}"#),
        (Some("malformed"), r#"{"signature_name": "x"}"#),
    ] {
        assert_eq!(refused_however_cut(&predict(body), &iris).as_deref(), rule, "{body}");
    }
}

#[test]
fn a_nameless_input_is_none_of_several() {
    let validator = with_contract(json!({
        "model": "iris",
        "tensors": {"inputs": [{"name": "features"}, {"name": "weights", "optional": true}]},
    }));
    let predict = |body: &str| Trial::of("POST", "/v1/models/iris:predict").body(body);
    let nameless = predict(r#"{"instances": [[1, 2, 3, 4]]}"#);
    assert_eq!(refused_by(&nameless, &validator).as_deref(), Some("tensor_unknown"));
    let infer = infer(&json!({"inputs": [
        {"name": "", "datatype": "FP32", "shape": [1, 4], "data": ROW},
    ]}));
    assert_eq!(refused_by(&infer, &iris()).as_deref(), Some("tensor_unknown"));
}

#[test]
fn a_field_has_as_many_elements_as_some_shape_of_the_contract() {
    let validator = with_contract(json!({
        "tensors": {
            "method": "/prediction.PredictionService/Predict",
            "inputs": [{
                "name": "features", "field": "1", "datatype": "FP32",
                "shape": [{"min": 1, "max": 2}, -1, 4],
            }],
        },
    }));
    for (elements, rule) in
        [(4, None), (12, None), (3, Some("tensor_shape")), (5, Some("tensor_shape"))]
    {
        let message = bytes(1, &floats(&vec![1.0; elements]));
        let trial = Trial::grpc("/prediction.PredictionService/Predict", &message);
        assert_eq!(refused_however_cut(&trial, &validator).as_deref(), rule, "{elements}");
    }
}

#[test]
fn a_message_of_ones_own_is_held_against_the_contract() {
    let validator = with_contract(json!({
        "tensors": {
            "method": "/prediction.PredictionService/Predict",
            "inputs": [{
                "name": "features", "field": "1", "datatype": "FP32", "shape": [4], "finite": true,
            }],
        },
    }));
    let predict = |values: &[f32]| {
        let message = [bytes(1, &floats(values)), bytes(2, b"iris")].concat();
        Trial::grpc("/prediction.PredictionService/Predict", &message)
    };
    for (rule, trial) in [
        (None, predict(&ROW)),
        (Some("tensor_shape"), predict(&ROW[..3])),
        (Some("tensor_missing"), predict(&[])),
        (Some("tensor_finite"), predict(&[f32::NAN; 4])),
        (Some("malformed"), Trial::grpc("/prediction.PredictionService/Predict", b"\x08\x01")),
    ] {
        assert_eq!(refused_however_cut(&trial, &validator).as_deref(), rule);
    }
}

#[test]
fn what_can_not_be_held_against_the_contract_is_refused_or_passes_as_configured() {
    let contract = json!({"model": "iris", "tensors": {"inputs": [{"name": "features"}]}});
    let compressed = [&[1], &[0, 0, 0, 1][..], b"x"].concat();
    let grpc = Trial::grpc(INFER, b"").body(compressed).header("x-model-name", "iris");
    let generate = Trial::of("POST", "/v2/models/iris/generate").body("{}");
    let denying = validator(json!({"contracts": [contract]}));
    let allowing = validator(json!({"contracts": [contract], "on_fault": "allow"}));
    for trial in [grpc, generate] {
        assert_eq!(refused_by(&trial, &denying).as_deref(), Some("unreadable"));
        let (outcome, notes) = trial.noting(&allowing);
        outcome.forwarded();
        let counter = "inference_validator_unchecked_total_model=.=iris;_version=.=other;";
        assert_eq!(counted(&notes, counter), 1);
    }
}
