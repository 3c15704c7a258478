//! What is on trial or off, or said by one part alone, hides nothing from the rest.

use super::messages::{fp32_contents, infer_request, input};
use super::*;
use filter_kit::trial::grpc_frame;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn chat(body: &str) -> Trial {
    Trial::of("POST", "/v1/chat/completions").body(body)
}

#[test]
fn a_limit_on_trial_lets_the_rest_be_read() {
    let validator = with_contract(json!({
        "generative": {"max_tokens": 10},
        "limits": {"max_json_depth": 5, "max_string_bytes": 10, "max_body_bytes": 60},
        "rules": {
            "json_depth": "report_only", "string_bytes": "report_only", "body_bytes": "report_only",
        },
    }));
    let messages = r#""messages": [{"role": "user", "content": "x"}]"#;
    for hidden in [
        format!(r#"{{"x": [[[[[[[1]]]]]]], "max_tokens": 11, {messages}}}"#),
        format!(r#"{{"x": "123456789012345", "max_tokens": 11, {messages}}}"#),
        format!(r#"{{{messages}, "x": "{}", "max_tokens": 11}}"#, "y".repeat(60)),
    ] {
        let refused = refused_however_cut(&chat(&hidden), &validator);
        assert_eq!(refused.as_deref(), Some("max_tokens"), "{hidden}");
        let good = hidden.replace("11", "10");
        assert_eq!(refused_however_cut(&chat(&good), &validator), None, "{good}");
        assert_eq!(chat(&good).noting(&validator).1.facts().len(), 1);
    }
}

#[test]
fn what_is_deeper_than_is_read_can_not_be_checked() {
    let validator = with_contract(json!({
        "generative": {"max_tokens": 10}, "rules": {"json_depth": "report_only"},
    }));
    let deep = format!(r#"{{"x": {}1{}, "max_tokens": 11}}"#, "[".repeat(140), "]".repeat(140));
    assert_eq!(refused_however_cut(&chat(&deep), &validator).as_deref(), Some("unreadable"));
}

#[test]
fn a_number_that_is_too_long_is_beyond_every_limit() {
    let validator = with_contract(json!({
        "generative": {"max_tokens": 10}, "rules": {"field_value": "report_only"},
    }));
    let long = format!(
        r#"{{"messages": [{{"role": "user", "content": "x"}}], "max_tokens": 100000.{}}}"#,
        "0".repeat(40)
    );
    let refused = refused_however_cut(&chat(&long), &validator);
    assert!(refused.is_some_and(|rule| ["field_range", "max_tokens"].contains(&&*rule)));
}

#[test]
fn a_patch_holds_where_the_contract_does_not_speak() {
    let validator = validator(json!({
        "on_fault": "allow",
        "contracts": [{"tensors": {"inputs": [{"name": "x"}]}}],
        "patches": [{"name": "n", "paths": ["*"],
                     "json_schema": {"properties": {"n": {"maximum": 5}}}}],
    }));
    assert_eq!(refused_by(&chat(r#"{"n": 6}"#), &validator).as_deref(), Some("patch"));
    assert_eq!(refused_by(&chat(r#"{"n": 5}"#), &validator), None);
    let check = Trial::grpc("/grpc.health.v1.Health/Check", b"");
    assert_eq!(refused_by(&check, &validator), None, "it says nothing of messages");
    let upgrade = Trial::of("GET", "/v1/realtime").header("upgrade", "websocket");
    assert_eq!(refused_by(&upgrade, &validator), None);
}

#[test]
fn what_is_no_json_is_not_read_as_such() {
    let limits = json!({"max_json_depth": 20, "max_message_bytes": 1000});
    let validator = validator(json!({
        "limits": limits,
        "patches": [{"name": "n", "paths": ["/v2/*"],
                     "json_schema": {"properties": {"outputs": {"maxItems": 1}}}}],
    }));
    let binary = |outputs: &str| {
        let text = format!(r#"{{"inputs": [], "outputs": {outputs}}}"#);
        Trial::of("POST", "/v2/models/iris/infer")
            .header("inference-header-content-length", text.len().to_string())
            .body([text.as_bytes(), b"\x00\x01{"].concat())
    };
    assert_eq!(refused_however_cut(&binary("[1]"), &validator), None);
    let refused = refused_however_cut(&binary("[1, 2]"), &validator);
    assert_eq!(refused.as_deref(), Some("patch"));
    let raw = Trial::of("POST", "/v2/models/iris/infer")
        .header("inference-header-content-length", "0")
        .body(b"\x00\x01".to_vec());
    assert_eq!(refused_however_cut(&raw, &validator), None);
    let image = Trial::of("POST", "/predictions/resnet").header("content-type", "image/png");
    assert_eq!(refused_however_cut(&image.body(b"\x89PNG".to_vec()), &validator), None);
}

#[test]
fn two_lengths_of_the_json_text_are_none() {
    let validator = with_contract(json!({"tensors": {"inputs": [{"name": "x"}]}}));
    let header = "inference-header-content-length";
    let trial = infer(&json!({"inputs": []})).header(header, "13").header(header, "14");
    assert_eq!(refused_by(&trial, &validator).as_deref(), Some("malformed"));
    let chat = Trial::chat(&json!({"n": 1})).header(header, "x");
    let prompts = with_contract(json!({"generative": {}}));
    assert_eq!(refused_by(&chat, &prompts).as_deref(), Some("required"), "it is not asked");
}

#[test]
fn the_content_type_of_grpc_is_for_grpc() {
    let validator = validator(json!({"limits": {"content_types": ["application/json"]}}));
    let chat = chat("{}").header("content-type", "application/grpc");
    assert_eq!(refused_by(&chat, &validator).as_deref(), Some("content_type"));
}

#[test]
fn a_length_that_is_no_number_is_too_large() {
    let validator = validator(json!({"limits": {"max_body_bytes": 10}}));
    let chat = chat("{}").header("content-length", "99999999999999999999");
    assert_eq!(refused_by(&chat, &validator).as_deref(), Some("body_bytes"));
}

#[test]
fn a_message_that_is_right_lets_the_stream_go_on_whatever_follows_it() {
    let validator = validator(json!({
        "hold_up_to_bytes": 100,
        "contracts": [{"tensors": {"inputs": [{"name": "x"}]}}],
    }));
    let message = |values: usize| {
        let shape = [i64::try_from(values).unwrap()];
        let contents = fp32_contents(&vec![1.0; values]);
        grpc_frame(&infer_request(&[input("x", "FP32", &shape, &contents)]))
    };
    let stream = Trial::grpc("/inference.GRPCInferenceService/ModelStreamInfer", b"");
    let both = stream.body([message(2), message(50)].concat());
    assert_eq!(refused_however_cut(&both, &validator), None);
}

#[test]
fn a_tensor_is_held_against_the_datatype_that_it_states() {
    let tensor = |contract: Value, datatype: &str, data: Value| {
        let validator = with_contract(json!({"tensors": {"inputs": [contract]}}));
        let shape = [data.as_array().unwrap().len()];
        let input = json!({"name": "x", "datatype": datatype, "shape": shape, "data": data});
        refused_however_cut(&infer(&json!({"inputs": [input]})), &validator)
    };
    for (rule, contract, datatype, data) in [
        ("tensor_finite", json!({"name": "x", "finite": true}), "FP32", json!([1e39])),
        ("tensor_range", json!({"name": "x", "minimum": 10}), "UINT8", json!([256])),
        ("tensor_datatype", json!({"name": "x", "maximum": 10}), "FP32", json!(["999"])),
        ("tensor_datatype", json!({"name": "x", "maximum": 10}), "FP32", json!([null])),
    ] {
        let refused = tensor(contract, datatype, data.clone());
        assert_eq!(refused.as_deref(), Some(rule), "{datatype} {data}");
    }
}

#[test]
fn not_a_number_is_within_no_bounds() {
    let validator = with_contract(json!({"tensors": {"inputs": [{"name": "x", "maximum": 10}]}}));
    for value in [f32::NAN, f32::INFINITY] {
        let message = infer_request(&[input("x", "FP32", &[1], &fp32_contents(&[value]))]);
        let trial = Trial::grpc("/inference.GRPCInferenceService/ModelInfer", &message);
        assert_eq!(refused_by(&trial, &validator).as_deref(), Some("tensor_range"));
    }
}

#[test]
fn tensors_that_are_not_read_can_not_be_checked() {
    let validator = with_contract(json!({
        "tensors": {"inputs": [{"name": "x"}], "max_tensors": 1, "unknown": "allow"},
        "rules": {"tensor_count": "report_only"},
    }));
    let tensor = input("x", "FP32", &[1], &fp32_contents(&[1.0]));
    let message = infer_request(&[tensor.clone(), tensor]);
    let trial = Trial::grpc("/inference.GRPCInferenceService/ModelInfer", &message);
    assert_eq!(refused_however_cut(&trial, &validator).as_deref(), Some("unreadable"));
}

#[test]
fn slashes_at_the_end_hide_no_call() {
    let tensors = with_contract(json!({"tensors": {"inputs": [{"name": "x"}]}}));
    for path in ["/predictions/g", "/predictions/g/", "/predictions/g/1/z"] {
        let refused = refused_by(&Trial::of("POST", path).body("{}"), &tensors);
        assert_eq!(refused.as_deref(), Some("unreadable"), "{path}");
    }
    let closed = validator(json!({}));
    for path in ["/invocations/", "/metrics//"] {
        let refused = refused_by(&Trial::of("POST", path).body("{}"), &closed);
        assert_eq!(refused.as_deref(), Some("access"), "{path}");
    }
}

#[test]
fn servers_reshape_lists_and_take_null_for_no_parameters() {
    let validator = with_contract(json!({"tensors": {"inputs": [{"name": "x"}]}}));
    let input = json!({
        "name": "x", "datatype": "FP32", "shape": [1, 4], "parameters": null,
        "data": [[1, 2], [3, 4]],
    });
    assert_eq!(refused_however_cut(&infer(&json!({"inputs": [input]})), &validator), None);
}
