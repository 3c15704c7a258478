//! What shows in headers, and how much there is of anything.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn limited(limits: Value) -> Rc<PayloadValidator> {
    validator(json!({"limits": limits}))
}

fn chat() -> Trial {
    Trial::chat(&json!({"messages": [[[1]]], "user": "123456"}))
}

#[test]
fn administration_is_closed_unless_it_is_opened() {
    let closed = validator(json!({}));
    let open = validator(json!({"access": {"admin": "open"}}));
    for trial in [
        Trial::of("POST", "/v2/repository/models/demo/load").body("{}"),
        Trial::of("POST", "/v2/systemsharedmemory/region/x/register").body("{}"),
        Trial::of("GET", "/metrics"),
        Trial::of("POST", "/invocations").body("{}"),
        Trial::grpc("/inference.GRPCInferenceService/RepositoryModelUnload", b""),
        Trial::grpc("/inference.GRPCInferenceService/LogSettings", b""),
    ] {
        let reply = trial.through(&closed).replied();
        assert_eq!((reply.status, reply.grpc), (403, GrpcCode::PermissionDenied));
        assert_eq!(rule_of(&reply), "access");
        assert_eq!(refused_by(&trial, &open), None);
    }
}

#[test]
fn a_grpc_method_is_one_whatever_the_content_type_says() {
    let contract =
        json!({"contracts": [{"model": "iris", "tensors": {"inputs": [{"name": "x"}]}}]});
    let closed = validator(contract.clone());
    let of = |method: &str, path: &str| Trial::of(method, path).header("x-model-name", "iris");
    for content_type in ["", "application/json", "application/grpc-web", "text/plain"] {
        let infer = of("POST", "/inference.GRPCInferenceService/ModelInfer");
        let infer = infer.header("content-type", content_type).body("x");
        assert_eq!(refused_by(&infer, &closed).as_deref(), Some("unreadable"), "{content_type}");
        let load = of("POST", "/inference.GRPCInferenceService/RepositoryModelLoad");
        let load = load.header("content-type", content_type);
        assert_eq!(refused_by(&load, &closed).as_deref(), Some("access"), "{content_type}");
    }
    let put = of("PUT", "/inference.GRPCInferenceService/ModelInfer").body("x");
    let put = put.header("content-type", "application/grpc");
    assert_eq!(refused_by(&put, &closed).as_deref(), Some("unreadable"));
    let live = of("POST", "/inference.GRPCInferenceService/ServerLive");
    assert_eq!(refused_by(&live, &closed), None);
    let other = Trial::of("POST", "/inference.GRPCInferenceService/ModelInfer").body("x");
    assert_eq!(refused_by(&other, &closed), None, "there is no contract for it");
}

#[test]
fn what_is_not_listed_is_closed() {
    let validator = validator(json!({"access": {
        "only": ["/v1/*", "/inference.GRPCInferenceService/ModelInfer"],
        "never": ["/v1/embeddings"],
    }}));
    let refused = |trial: Trial| refused_by(&trial, &validator);
    let access = Some("access".to_owned());
    assert_eq!(refused(chat()), None);
    assert_eq!(refused(Trial::of("POST", "/v1/embeddings?x=1").body("{}")), access);
    assert_eq!(refused(Trial::of("GET", "/v2/health/ready")), access);
    assert_eq!(refused(Trial::grpc("/inference.GRPCInferenceService/ModelReady", b"")), access);
}

#[test]
fn a_path_of_two_readings_is_refused() {
    let trial = Trial::of("POST", "/v2/models/iris%2Finfer").body("{}");
    assert_eq!(refused_by(&trial, &validator(json!({}))).as_deref(), Some("malformed"));
}

#[test]
fn each_limit_refuses_what_is_beyond_it() {
    let headers = chat().header("a", "1").header("b", "2");
    let long_header = chat().header("a", "x".repeat(100));
    let announced = chat().header("content-length", "1000");
    let zipped = chat().header("content-encoding", "gzip");
    let message = Trial::grpc("/prediction.PredictionService/Predict", &[0x0a; 30]);
    for (rule, status, limits, trial) in [
        ("header_count", 400, json!({"max_headers": 3}), headers),
        ("header_count", 400, json!({"max_header_bytes": 60}), long_header),
        ("body_bytes", 413, json!({"max_body_bytes": 999}), announced),
        ("body_bytes", 413, json!({"max_body_bytes": 30}), chat()),
        ("json_depth", 400, json!({"max_json_depth": 3}), chat()),
        ("string_bytes", 422, json!({"max_string_bytes": 5}), chat()),
        ("message_bytes", 413, json!({"max_message_bytes": 29}), message),
        ("content_encoding", 415, json!({}), zipped),
        ("content_type", 415, json!({"content_types": ["application/json"]}), chat()),
    ] {
        let validator = limited(limits);
        assert_eq!(refused_however_cut(&trial, &validator).as_deref(), Some(rule));
        assert_eq!(trial.through(&validator).replied().status, status, "{rule}");
    }
}

#[test]
fn a_grpc_refusal_has_the_same_code_in_its_details() {
    let zipped = Trial::grpc("/inference.GRPCInferenceService/ModelInfer", b"")
        .header("content-encoding", "gzip");
    let reply = zipped.through(&validator(json!({}))).replied();
    assert_eq!(reply.grpc, GrpcCode::Unimplemented);
    let details = reply.headers.iter().find(|(name, _)| name == "grpc-status-details-bin");
    // In base64: field 1, `code`, is 12.
    assert!(details.is_some_and(|(_, value)| value.starts_with(b"CAwS")), "{details:?}");
}

#[test]
fn what_is_within_each_limit_passes() {
    let json = chat().header("content-type", "Application/JSON; charset=utf-8");
    let length = chat().body_bytes().len();
    let message = Trial::grpc("/prediction.PredictionService/Predict", &[0x0a; 30]);
    for (limits, trial) in [
        (json!({"max_headers": 3}), json.clone()),
        (json!({"max_body_bytes": length}), chat()),
        (json!({"max_json_depth": 4}), chat()),
        (json!({"max_string_bytes": 8}), chat()),
        (json!({"max_message_bytes": 30}), message),
        (json!({"content_types": ["application/json"]}), json),
        (json!({"content_encodings": ["gzip"]}), chat().header("content-encoding", "gzip")),
        (json!({}), chat().header("content-encoding", "identity")),
    ] {
        assert_eq!(refused_however_cut(&trial, &limited(limits.clone())), None, "{limits}");
    }
}

#[test]
fn a_contract_has_limits_of_its_own() {
    let validator = validator(json!({
        "limits": {"max_body_bytes": 10, "max_json_depth": 5},
        "contracts": [{"model": "demo", "limits": {"max_body_bytes": 1000}}],
    }));
    assert_eq!(refused_by(&chat(), &validator).as_deref(), Some("body_bytes"));
    assert_eq!(refused_by(&chat().header("x-model-name", "demo"), &validator), None);
    let deep = Trial::chat(&json!([[[[[[1]]]]]])).header("x-model-name", "demo");
    assert_eq!(refused_by(&deep, &validator).as_deref(), Some("json_depth"));
}

#[test]
fn every_body_is_limited() {
    let upload = Trial::of("POST", "/of/no/api").body("0123456789");
    let announced = upload.clone().header("content-length", "10");
    for trial in [upload, announced] {
        let refused = refused_however_cut(&trial, &limited(json!({"max_body_bytes": 9})));
        assert_eq!(refused.as_deref(), Some("body_bytes"));
        let limited = limited(json!({"max_body_bytes": 10, "max_json_depth": 1}));
        assert_eq!(refused_however_cut(&trial, &limited), None, "and not read");
    }
}

#[test]
fn health_checks_and_lists_are_left_alone() {
    let validator = limited(json!({"max_body_bytes": 9, "content_types": ["application/json"]}));
    for trial in [
        Trial::of("GET", "/v2/health/ready"),
        Trial::of("GET", "/v1/models"),
        Trial::grpc("/grpc.health.v1.Health/Check", b""),
    ] {
        assert_eq!(refused_by(&trial, &validator), None);
    }
}
