use super::*;
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn problems(settings: Value) -> Vec<String> {
    let parsed = filter_kit::parse_config::<Config>(settings);
    let mut problems = parsed.problems;
    if let Some(config) = parsed.config {
        Rules::new(config, &mut problems, "generative");
    }
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn by_default_there_are_no_ceilings() {
    assert_eq!(serde_json::from_value::<Config>(json!({})).unwrap(), Config::default());
    assert_eq!(problems(json!({})), [""; 0]);
}

#[test]
fn unknown_keys_are_problems() {
    assert_eq!(problems(json!({ "max_token": 5 })).len(), 1);
    assert_eq!(problems(json!({ "temperature": { "most": 1 } })).len(), 1);
}

#[test]
fn ceilings_that_let_nothing_pass_are_problems() {
    for key in [
        "max_tokens",
        "max_n",
        "max_messages",
        "max_inputs",
        "max_characters",
        "context_window_tokens",
        "characters_per_token",
    ] {
        let mut settings = json!({});
        settings[key] = json!(0);
        assert_eq!(problems(settings), [format!("generative.{key}: is 0, must be at least 1")]);
    }
    assert_eq!(problems(json!({ "max_tools": 0, "max_images": 0 })), [""; 0]);
}

#[test]
fn ranges_are_within_those_of_the_api() {
    assert_eq!(
        problems(json!({ "temperature": { "max": 2.5 }, "top_p": { "min": -0.1 } })),
        [
            "generative.temperature: is 0 to 2.5, must be within 0 to 2",
            "generative.top_p: is -0.1 to 1, must be within 0 to 1",
        ]
    );
    assert_eq!(
        problems(json!({ "presence_penalty": { "min": 1, "max": 0.5 } })),
        ["generative.presence_penalty: is 1 to 0.5, must not end before it begins"]
    );
}

#[test]
fn roles_are_short_words() {
    assert_eq!(
        problems(json!({ "allowed_roles": [] })),
        ["generative.allowed_roles: is empty, must have a role"]
    );
    assert_eq!(
        problems(json!({ "allowed_roles": ["user", "", "x".repeat(33)] })),
        [
            "generative.allowed_roles[1]: must have 1 to 32 bytes",
            "generative.allowed_roles[2]: must have 1 to 32 bytes",
        ]
    );
}
