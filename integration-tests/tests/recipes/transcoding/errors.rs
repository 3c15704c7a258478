//! What a client gets for a request that does not end well.

use super::stack::{Stack, features, predict};
use integration_tests::{Call, Upstream};
use serde_json::{Value, json};

#[tokio::test]
async fn a_filters_refusal_is_json_with_the_filters_own_status() {
    let stack = Stack::start().await;
    for (call, status, rejected, message) in [
        (
            Call::post("/v1/predict/unicorn").json(&features()),
            404,
            "model-router;unknown_model",
            "the model `unicorn` does not exist",
        ),
        (
            predict(&json!({"features": [1, 2, 3, 4, 5]})),
            422,
            "payload-validator;tensor_shape",
            "features: 5 elements; allowed: [1 to 64, 4]",
        ),
        (
            predict(&json!({"features": [1, 2, 3, "NaN"]})),
            422,
            "payload-validator;tensor_finite",
            "features: a value that is infinite or not a number; allowed: finite values",
        ),
    ] {
        let answer = stack.refuses(call).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.json(), json!({"message": message, "rejected": rejected}));
    }
}

#[tokio::test]
async fn a_tenant_beyond_its_quota_is_told_so_in_json() {
    let stack = Stack::start().await;
    let mut client = stack.gateway.http1().await;
    let mut refused = None;
    for _ in 0..200 {
        let answer = client.send(predict(&features()).header("x-tenant-id", "one")).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a refusal");
    assert_eq!(refused.status, 429, "{refused:?}");
    assert_eq!(refused.json()["rejected"], "admission-control;request_quota");
}

#[tokio::test]
async fn what_can_not_be_transcoded_is_refused_in_json() {
    let stack = Stack::start().await;
    let both = json!({"features": [1, 2, 3, 4], "model_name": "demo"});
    for call in [
        Call::post("/v1/predict").header("content-type", "application/json").body("{\"features\":"),
        predict(&json!({"features": ["warm"]})),
        Call::post("/v1/predict?bogus=1").json(&features()),
        Call::post("/v1/predict/demo@v2").json(&both),
    ] {
        let path = call.path().to_owned();
        let answer = stack.refuses(call).await;
        assert_eq!(answer.status, 400, "{path} {answer:?}");
        let body = answer.json();
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
        assert_eq!(body["rejected"], Value::Null);
    }
}

#[tokio::test]
async fn what_is_longer_than_envoy_holds_is_refused_in_json() {
    let stack = Stack::start().await;
    let answer = stack.refuses(predict(&json!({"features": vec![1.5; 1 << 20]}))).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.json()["message"].is_string(), "{answer:?}");
}

#[tokio::test]
async fn a_misspelt_member_of_the_body_is_passed_over() {
    let stack = Stack::start().await;
    let answer = stack.refuses(predict(&json!({"feature": [1, 2, 3, 4]}))).await;
    assert_eq!(answer.json()["rejected"], "payload-validator;tensor_missing", "{answer:?}");
}

#[tokio::test]
async fn a_servers_status_becomes_http_with_its_details() {
    let stack = Stack::start().await;
    let answer = stack.send(predict(&features()).header("x-fail", "1")).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["code"], &body["message"]), (&json!(9), &json!("too warm")));
    assert_eq!(body["details"][0]["reason"], "TOO_WARM", "{body}");
}

#[tokio::test]
async fn a_server_that_is_away_is_told_of_in_json() {
    let mut stack = Stack::start().await;
    stack.v1 = Upstream::echo().await;
    let answer = stack.refuses(predict(&features())).await;
    assert_eq!(answer.status, 503);
    assert!(answer.json()["message"].is_string(), "{answer:?}");
}

#[tokio::test]
async fn other_apis_keep_their_own_errors() {
    let stack = Stack::start().await;
    let call = Call::post("/v2/models/unicorn/infer").json(&json!({"inputs": []}));
    let answer = stack.refuses(call).await;
    assert_eq!(answer.json(), json!({"error": "the model `unicorn` does not exist"}));
}
