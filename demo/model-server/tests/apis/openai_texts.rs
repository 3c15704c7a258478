//! Plain completions, embeddings and the list of models.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::caller::{get, post, serve};

async fn complete(request: Value) -> Value {
    post(&serve().await, "/v1/completions", &request).await.ok()
}

async fn embed(request: Value) -> Value {
    post(&serve().await, "/v1/embeddings", &request).await.ok()
}

fn numbers(value: &Value) -> Vec<f32> {
    serde_json::from_value(value.clone()).expect("a list of numbers")
}

#[tokio::test]
async fn a_completion_goes_on_from_its_prompt() {
    let answer =
        complete(json!({ "model": "demo", "prompt": "before her was another", "seed": 1 })).await;
    assert_eq!(answer["object"], "text_completion");
    let text = answer["choices"][0]["text"].as_str().expect("a text");
    assert!(text.starts_with(" long passage"), "{text}");
    assert_eq!(answer["usage"]["prompt_tokens"], 4);
    assert_eq!(answer["usage"]["completion_tokens"], 16);
}

#[tokio::test]
async fn each_prompt_of_a_list_is_completed() {
    let request = json!({ "model": "demo", "prompt": ["Alice", "Down"], "n": 2, "max_tokens": 3 });
    let answer = complete(request).await;
    assert_eq!(answer["choices"].as_array().expect("a list").len(), 4);
    assert_eq!(answer["choices"][3]["index"], 3);
    assert_eq!(answer["usage"]["completion_tokens"], 12);
}

#[tokio::test]
async fn no_tokens_may_be_asked_for() {
    let answer = complete(json!({ "model": "demo", "prompt": "Alice", "max_tokens": 0 })).await;
    assert_eq!(answer["choices"][0]["text"], "");
}

#[tokio::test]
async fn a_completion_is_streamed_without_roles() {
    let request = json!({
        "model": "demo", "prompt": "Alice", "max_tokens": 2, "stream": true, "seed": 1,
    });
    let answer = post(&serve().await, "/v1/completions", &request).await;
    let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
    let events: Vec<&str> = text.split_terminator("\n\n").collect();
    // Two tokens, the reason, the end.
    assert_eq!(events.len(), 4, "{text}");
    let first: Value =
        serde_json::from_str(events[0].strip_prefix("data: ").expect("a data line")).expect("JSON");
    assert_eq!(first["object"], "text_completion");
    assert!(first["choices"][0]["text"].is_string());
    assert_eq!(first["choices"][0].get("delta"), None);
    assert_eq!(events[3], "data: [DONE]");
}

#[tokio::test]
async fn an_embedding_has_length_one_and_the_asked_dimensions() {
    for (dimensions, expected) in [(Value::Null, 256), (json!(8), 8)] {
        let request =
            json!({ "model": "demo", "input": "the White Rabbit", "dimensions": dimensions });
        let answer = embed(request).await;
        let vector = numbers(&answer["data"][0]["embedding"]);
        assert_eq!(vector.len(), expected);
        let length: f32 = vector.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert_eq!(answer["usage"], json!({ "prompt_tokens": 3, "total_tokens": 3 }));
    }
}

#[tokio::test]
async fn base64_holds_the_same_numbers() {
    let request =
        |format: &str| json!({ "model": "demo", "input": ["a b", "c"], "encoding_format": format });
    let (plain, encoded) = (embed(request("float")).await, embed(request("base64")).await);
    for index in 0..2 {
        let text = encoded["data"][index]["embedding"].as_str().expect("a text");
        let bytes = BASE64_STANDARD.decode(text).expect("Base64");
        let decoded: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")))
            .collect();
        assert_eq!(decoded, numbers(&plain["data"][index]["embedding"]));
    }
}

#[tokio::test]
async fn wrong_texts_are_refused_with_their_place() {
    let server = serve().await;
    let cases = [
        ("/v1/embeddings", json!({ "model": "demo", "input": [] }), "input"),
        ("/v1/embeddings", json!({ "model": "demo", "input": ["a", " "] }), "input[1]"),
        ("/v1/embeddings", json!({ "model": "demo", "input": "a", "dimensions": 0 }), "dimensions"),
        (
            "/v1/embeddings",
            json!({ "model": "demo", "input": "a", "encoding_format": "hex" }),
            "encoding_format",
        ),
        ("/v1/completions", json!({ "model": "demo", "prompt": {} }), "prompt"),
        ("/v1/completions", json!({ "model": "demo", "prompt": ["a", "b"], "n": 65 }), "prompt"),
        ("/v1/completions", json!({ "model": "demo", "prompt": [999_999] }), "prompt"),
    ];
    for (path, request, param) in cases {
        let answer = post(&server, path, &request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{request}");
        assert_eq!(answer.json()["error"]["param"], param, "{request}");
    }
}

#[tokio::test]
async fn the_list_of_models_has_the_one() {
    let server = serve().await;
    let list = get(&server, "/v1/models").await.ok();
    assert_eq!(list["object"], "list");
    assert_eq!(list["data"].as_array().expect("a list").len(), 1);
    assert_eq!(list["data"][0]["id"], "demo");
}

#[tokio::test]
async fn the_model_has_a_card() {
    let server = serve().await;
    for name in ["demo", "demo@v1"] {
        let card = get(&server, &format!("/v1/models/{name}")).await.ok();
        assert_eq!((&card["id"], &card["object"]), (&json!("demo"), &json!("model")));
    }
    let unknown = get(&server, "/v1/models/other").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.json()["error"]["code"], "model_not_found");
}
