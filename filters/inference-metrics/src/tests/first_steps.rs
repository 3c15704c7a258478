use super::{changes, models, recorded};
use filter_kit::trial::Trial;
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LABELS: &str =
    "_model=.=demo;_version=.=none;_class=.=default;_operation=.=chat_completions;";

#[test]
fn a_chat_is_counted_with_its_tokens() {
    let chat = json!({"model": "demo", "messages": [{"role": "user", "content": "Hello"}]});
    let answer = json!({
        "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10},
    });
    let trial = Trial::chat(&chat).answered("application/json", answer.to_string());
    let record = recorded(trial, models());
    let told = changes(&record);
    for expected in [
        format!("inference_requests_total{LABELS}_outcome=.=ok; +1"),
        format!("inference_tokens_total{LABELS}_token_type=.=input; +8"),
        format!("inference_tokens_total{LABELS}_token_type=.=output; +2"),
        format!("inference_finish_reasons_total{LABELS}_finish_reason=.=stop; +1"),
        format!("inference_prompt_characters{LABELS} ~5"),
        format!("inference_request_bytes{LABELS} ~{}", chat.to_string().len()),
    ] {
        assert!(told.contains(&expected), "{expected}\n{told:#?}");
    }
}
