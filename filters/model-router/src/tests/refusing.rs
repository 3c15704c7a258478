//! What is refused, and by which rule.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn unknown_models_and_versions_are_not_found() {
    let router = router(json!({}));
    for (name, rule) in [
        ("absent", "unknown_model"),
        ("Demo", "unknown_model"),
        ("demo@v3", "unknown_version"),
        ("demo@", "unknown_model"),
        ("iris@v1", "unknown_version"),
    ] {
        let refused = refusal(Trial::chat(&json!({"model": name})).through(&router));
        assert_eq!(refused, (404, GrpcCode::NotFound, format!("model-router;{rule}")), "{name}");
    }
}

#[test]
fn sources_that_disagree_are_refused_unless_told_otherwise() {
    let request = || Trial::chat(&json!({"model": "iris"})).header("x-model-name", "demo@v1");
    let repeated = || Trial::of("POST", "/v1/completions");
    assert_eq!(refused_by(request().through(&router(json!({})))), "model-router;contradiction");
    let follows = router(json!({"on_contradiction": "follow_precedence"}));
    assert_eq!(placement(request().through(&follows)), placed("demo", "v1", "demo-v1"));
    // A version of another model says nothing of this one's.
    let other = Trial::chat(&json!({"model": "demo@v2"})).header("x-model-name", "iris");
    assert_eq!(placement(other.through(&follows)), placed("iris", "3", "iris"));
    let twice = repeated().body(r#"{"model": "iris", "model": "demo"}"#);
    assert_eq!(refused_by(twice.through(&follows)), "model-router;duplicate_model");
    let same = repeated().body(r#"{"mod\u0065l": "iris", "model": "iris"}"#);
    assert_eq!(placement(same.through(&follows)), placed("iris", "3", "iris"));
}

#[test]
fn what_can_not_be_read_is_refused() {
    let router = router(json!({}));
    let chat = || Trial::of("POST", "/v1/chat/completions");
    let predict = "/prediction.PredictionService/Predict";
    for (request, rule) in [
        (chat(), "malformed_body"),
        (chat().with_trailers(), "malformed_body"),
        (chat().body("{broken"), "malformed_body"),
        (chat().body(r#"["array"]"#), "malformed_body"),
        (chat().body("\u{feff}{\"model\": \"demo\"}"), "byte_order_mark"),
        (chat().body(r#"{"model": "demo"} x"#), "malformed_body"),
        (chat().body(r#"{"model": ["demo"]}"#), "malformed_body"),
        (chat().body(b"{\"model\": \"\xff\"}".to_vec()), "malformed_body"),
        (chat().header("content-encoding", "gzip").body("\x1f"), "compressed_body"),
        (chat().header("x-model-name", b"\xff".to_vec()).body("{}"), "bad_header"),
        (chat().header("x-model-name", "a").header("x-model-name", "a").body("{}"), "bad_header"),
        (Trial::of("POST", "/v2/models/%ff/infer"), "bad_path"),
        (Trial::grpc(predict, b"\x12\x7fdemo"), "malformed_body"),
        (Trial::grpc(predict, b"").body("\x02\0\0\0\0"), "malformed_body"),
        (Trial::grpc(predict, b"").body("\x01\0\0\0\0"), "compressed_body"),
        (Trial::grpc(predict, b"").body("\0\0\0"), "malformed_body"),
    ] {
        let body = request.body_bytes().escape_ascii().to_string();
        let reason = refused_by(request.through(&router));
        assert_eq!(reason, format!("model-router;{rule}"), "{body}");
    }
}

#[test]
fn a_path_that_can_not_be_read_is_told_in_the_clients_dialect() {
    let router = router(json!({}));
    let body = |request: Trial| match request.through(&router) {
        Outcome::Replied(reply) => String::from_utf8(reply.body).unwrap(),
        Outcome::Forwarded(forwarded) => panic!("{forwarded:?}"),
    };
    let sentence = "malformed percent-encoding in the path";
    assert_eq!(body(Trial::grpc("/a.B/%zz", b"")), sentence);
    let json: Value = serde_json::from_str(&body(Trial::of("POST", "/a/%zz"))).unwrap();
    assert_eq!(json["error"], sentence);
}

#[test]
fn a_body_that_does_not_name_its_model_in_time_is_refused() {
    let router = router(json!({"hold_up_to_bytes": 1000}));
    let chat =
        |content: usize| Trial::chat(&json!({"messages": "m".repeat(content), "model": "demo@v2"}));
    let held = chat(900).cut_at_every(64).through(&router);
    assert_eq!(placement(held), placed("demo", "v2", "demo-v2"));
    let refused = refusal(chat(1000).cut_at_every(64).through(&router));
    let expected = (413, GrpcCode::ResourceExhausted, "model-router;body_too_large".into());
    assert_eq!(refused, expected);
    let large = [&b"\x0a\xd0\x0f"[..], &[0; 2000], b"\x12\x07demo@v2"].concat();
    let large = Trial::grpc("/prediction.PredictionService/Predict", &large);
    for chunk in [64, 999, 1000, 1001, usize::MAX] {
        let refused = refusal(large.clone().cut_at_every(chunk).through(&router));
        assert_eq!(refused, expected, "cut at every {chunk}");
    }
}

#[test]
fn what_lies_beyond_the_limit_takes_no_part() {
    let router = router(json!({"hold_up_to_bytes": 100}));
    let broken_late = format!("{{\"a\": \"{}\", broken", "x".repeat(200));
    let broken_early = format!("{{broken {}", "x".repeat(200));
    for chunk in [1, 99, 100, 101, usize::MAX] {
        let reason = |body: &str| {
            let chat = Trial::of("POST", "/v1/chat/completions").body(body);
            refused_by(chat.cut_at_every(chunk).through(&router))
        };
        assert_eq!(reason(&broken_late), "model-router;body_too_large", "cut at every {chunk}");
        assert_eq!(reason(&broken_early), "model-router;malformed_body", "cut at every {chunk}");
    }
}

#[test]
fn a_batch_does_not_get_the_default_model() {
    let router = router(json!({"default_model": "iris"}));
    let request = || Trial::of("POST", "/v1/chat/completions/batch").body("{}");
    assert_eq!(refused_by(request().through(&router)), "model-router;no_model");
    let named = request().header("x-model-name", "demo@v2");
    assert_eq!(placement(named.through(&router)), placed("demo", "v2", "demo-v2"));
}
