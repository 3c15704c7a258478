//! Bodies that servers may read differently than the router does.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn chat(body: &str) -> Trial {
    Trial::of("POST", "/v1/chat/completions").body(body)
}

fn json_chat(body: &str) -> Trial {
    chat(body).header("content-type", "application/json; charset=utf-8")
}

#[test]
fn each_case_has_a_policy_and_a_counter() {
    let gzip = Trial::of("POST", "/v1/chat/completions")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .header("x-model-name", "iris")
        .body(b"\x1f\x8b".to_vec());
    let compressed_message = Trial::grpc("/prediction.PredictionService/Predict", b"")
        .header("x-model-name", "iris")
        .body("\x01\0\0\0\x02ab");
    let cases = [
        ("duplicate_model", json_chat(r#"{"model": "demo", "model": "iris"}"#), "refuse"),
        ("escaped_model", json_chat(r#"{"mod\u0065l": "iris"}"#), "accept"),
        ("escaped_model", json_chat(r#"{"model": "\u0069ris"}"#), "accept"),
        ("byte_order_mark", json_chat("\u{feff}{\"model\": \"iris\"}"), "refuse"),
        ("compressed_body", gzip, "refuse"),
        ("compressed_body", compressed_message, "refuse"),
        ("missing_content_type", chat(r#"{"model": "iris"}"#), "accept"),
        (
            "wrong_content_type",
            chat(r#"{"model": "iris"}"#).header("content-type", "text/plain"),
            "refuse",
        ),
    ];
    for (case, request, default) in cases {
        let series = format!("inference_router_parser_differentials_total_rule=.={case};");
        for policy in ["refuse", "accept"] {
            let configured = router(json!({"parser_differentials": {case: policy}}));
            for chunk in [1, 7, usize::MAX] {
                let (outcome, notes) = request.clone().cut_at_every(chunk).noting(&configured);
                assert_eq!(counted(&notes, &series), 1, "{case} cut at every {chunk}");
                if policy == "accept" {
                    assert_eq!(placement(outcome), placed("iris", "3", "iris"), "{case}");
                } else {
                    assert_eq!(refused_by(outcome), format!("model-router;{case}"));
                }
            }
        }
        let is_refused = matches!(request.through(&router(json!({}))), Outcome::Replied(_));
        assert_eq!(is_refused, default == "refuse", "{case} by default");
    }
}

#[test]
fn what_is_plain_is_not_counted() {
    let (_, notes) = json_chat(r#"{"model": "iris", "n": "\u0069"}"#).noting(&router(json!({})));
    assert!(notes.changes().iter().all(|change| match change {
        Change::Add(series, _) => !series.stat_name().contains("differential"),
        Change::Set(..) | Change::Record(..) => true,
    }));
}

#[test]
fn a_compressed_body_that_is_accepted_is_placed_without_being_read() {
    let accepting = router(json!({
        "parser_differentials": {"compressed_body": "accept"}, "default_model": "demo",
    }));
    let request = Trial::of("POST", "/v1/chat/completions")
        .header("content-encoding", "gzip")
        .header("x-model-version", "v2")
        .body(b"\x1f\x8b".to_vec());
    assert_eq!(placement(request.through(&accepting)), placed("demo", "v2", "demo-v2"));
}

#[test]
fn without_reading_bodies_headers_and_path_decide_at_once() {
    let unread = router(json!({"read_body": false}));
    let broken =
        Trial::of("POST", "/v1/chat/completions").header("x-model-name", "demo@v2").body("{broken");
    assert_eq!(placement(broken.through(&unread)), placed("demo", "v2", "demo-v2"));
    let unnamed = Trial::chat(&json!({"model": "demo"}));
    assert_eq!(refused_by(unnamed.through(&unread)), "model-router;no_model");
    let with_default = router(json!({"read_body": false, "default_model": "iris"}));
    assert_eq!(placement(unnamed.through(&with_default)), placed("iris", "3", "iris"));
}
