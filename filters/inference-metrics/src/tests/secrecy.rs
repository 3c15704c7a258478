//! Nothing of a prompt, of an answer or of a key is in anything that is said.

use super::*;
use core::fmt::Write as _;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Stands wherever nobody may look.
const MARK: &str = "QZXJ";

/// Everything that is said of an exchange.
fn said(record: &Record) -> String {
    let mut said = changes(record).join("\n");
    for fact in record.notes.facts() {
        let _ = writeln!(said, "{}={}", fact.name, fact.value);
    }
    for log in record.notes.logs() {
        let _ = writeln!(said, "{}", log.text);
    }
    said
}

fn config() -> Value {
    json!({
        "models": [{"name": "demo", "price": {"output_token_microunits": 1}}],
        "model_from": "request",
        "tenant": {"header": "authorization", "stated_as": "hash"},
        "class_rules": [{"class": "a", "tenants": ["Bearer QZXJ-other"]}],
        "input_hash": {"secret": "QZXJ-secret"},
    })
}

/// Requests whose every text is marked, but for the model's name.
fn requests() -> Vec<Trial> {
    let chat = json!({
        "model": "demo", "user": MARK, "tools": [{"function": {"name": MARK}}],
        "messages": [{"role": "user", "name": MARK, "content": [
            {"type": "text", "text": MARK},
            {"type": "image_url", "image_url": {"url": MARK}},
        ]}],
    });
    let texts = json!({
        "model": "demo", "prompt": [MARK], "input": [MARK], "text_input": MARK, "system": MARK,
        "messages": [{"content": MARK}],
    });
    let tensors = json!({
        "id": MARK, "instances": [MARK],
        "inputs": [{"name": MARK, "datatype": "BYTES", "shape": [1], "data": [MARK]}],
    });
    let post = |path: &str, body: &Value| Trial::of("POST", path).body(body.to_string());
    vec![
        post("/v1/chat/completions", &chat),
        post("/v1/completions", &texts),
        post("/v1/embeddings", &texts),
        post("/v1/responses", &texts),
        post("/v1/messages", &texts),
        post("/v2/models/demo/generate_stream", &texts),
        post("/v2/models/demo/infer", &tensors),
        post("/v1/models/demo:predict", &tensors),
        post("/QZXJ?key=QZXJ", &chat),
        post("/v1/chat/completions?key=QZXJ", &json!(MARK)),
        Trial::grpc("/inference.GRPCInferenceService/ModelInfer", b"\x0a\x04demo\x1a\x04QZXJ"),
    ]
}

fn marked(trial: Trial) -> Trial {
    let trial = trial.header("authorization", "Bearer QZXJ").header("x-api-key", MARK);
    trial.header("cookie", MARK).header("x-model-name", MARK).header(":authority", MARK)
}

#[test]
fn nothing_that_may_not_be_known_is_said() {
    let texts = [
        r#"{"id":"QZXJ","choices":[{"delta":{"content":"QZXJ"},"message":{"content":"QZXJ"},"text":"QZXJ","finish_reason":"QZXJ"}],"usage":{"QZXJ":1}}"#,
        r#"{"type":"content_block_delta","delta":{"text":"QZXJ"},"content":[{"text":"QZXJ"}],"stop_reason":"QZXJ"}"#,
        r#"{"text_output":"QZXJ","status":"QZXJ","output":[{"content":[{"text":"QZXJ"}]}]}"#,
        r#"{"error":{"message":"QZXJ","code":"QZXJ"}}"#,
        "QZXJ",
    ];
    let known = Told { details: Some(b"via_upstream".to_vec()), ..Told::default() };
    for request in requests() {
        for text in texts {
            let whole = request.clone().answered(JSON, text);
            let streamed = request.clone().answered(SSE, events(&[text, DONE]));
            let failed = whole.clone().answer_header(":status", "500");
            for trial in [whole, streamed, failed, request.clone()] {
                let trial = trial.answer_header("x-inference-rejected", "QZXJ;QZXJ");
                let trial = trial.answer_trailer("grpc-message", MARK).known(known.clone());
                let record = recorded(marked(trial), config());
                let said = said(&record);
                assert!(!said.contains(MARK), "{said}");
                assert!(said.contains("inference.tenant="), "it was there to be said");
            }
        }
    }
}

#[test]
fn a_filter_does_not_show_its_secrets_when_it_is_printed() {
    let filter = metrics(json!({
        "tenant": {"header": "x-tenant", "hash_secret": MARK},
        "input_hash": {"secret": MARK},
    }));
    assert!(!format!("{filter:?}").contains(MARK));
}
