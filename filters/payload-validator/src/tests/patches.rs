//! Patches, which close known defects.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn patched(patch: Value) -> Rc<PayloadValidator> {
    validator(json!({"patches": [patch]}))
}

fn chat(body: Value) -> Trial {
    Trial::chat(&body)
}

#[test]
fn a_patch_closes_what_its_schema_does_not_take() {
    let validator = patched(json!({
        "name": "no-templates",
        "paths": ["/v1/chat/*"],
        "json_schema": {"properties": {"chat_template": false}},
    }));
    assert_eq!(refused_by(&chat(json!({"messages": []})), &validator), None);
    let bad = chat(json!({"messages": [], "chat_template": "x"}));
    assert_eq!(refused_however_cut(&bad, &validator).as_deref(), Some("patch"));
    let reply = bad.through(&validator).replied();
    assert_eq!(told(&reply)[..2], ["/chat_template", "what the patch `no-templates` closes"]);
    let elsewhere = Trial::of("POST", "/v1/completions").body(r#"{"chat_template": 1}"#);
    assert_eq!(refused_by(&elsewhere, &validator), None);
}

#[test]
fn a_schema_says_nothing_of_requests_without_a_body() {
    let validator = patched(json!({
        "name": "x", "paths": ["/v1/*"], "json_schema": {"maxProperties": 1},
    }));
    for trial in [Trial::of("GET", "/v1/models"), Trial::of("HEAD", "/v1/chat/completions")] {
        assert_eq!(refused_by(&trial, &validator), None);
    }
    let bad = Trial::of("POST", "/v1/unknown").body(r#"{"a": 1, "b": 2}"#);
    assert_eq!(refused_however_cut(&bad, &validator).as_deref(), Some("patch"));
    let empty = Trial::of("POST", "/v1/chat/completions");
    assert_eq!(refused_by(&empty, &validator).as_deref(), Some("malformed"));
}

#[test]
fn a_patch_without_a_schema_closes_the_path() {
    let validator = patched(json!({"name": "x", "paths": ["/v2/logging"], "models": []}));
    for path in ["/v2/logging", "/v2/logging?x", "/v2/log%67ing"] {
        let refused = refused_by(&Trial::of("POST", path).body("{}"), &validator);
        assert!(
            refused.is_some_and(|rule| ["patch", "access", "malformed"].contains(&&*rule)),
            "{path}"
        );
    }
}

#[test]
fn a_patch_is_for_the_models_that_it_names() {
    let validator = patched(json!({"name": "x", "paths": ["*"], "models": ["demo"]}));
    assert_eq!(refused_by(&chat(json!({})), &validator), None);
    let demo = chat(json!({})).header("x-model-name", "demo");
    assert_eq!(refused_by(&demo, &validator).as_deref(), Some("patch"));
}

#[test]
fn a_patch_can_be_tried_first() {
    let validator = patched(json!({"name": "x", "paths": ["*"], "mode": "report_only"}));
    let (outcome, notes) = chat(json!({})).noting(&validator);
    outcome.forwarded();
    let counter =
        "inference_validator_reported_total_model=.=other;_version=.=other;_rule=.=patch;";
    assert_eq!(counted(&notes, counter), 1);
}
