//! Hosts that can't hold a request's headers back, as under Istio's
//! `WasmPlugin`: headers, query and path decide, and nothing hangs.

use super::{Stand, chat, chat_of_default_model, config, server_of};
use integration_tests::{Call, WasmFilter};
use proto::prediction::PredictRequest;
use serde_json::json;

async fn stand() -> Stand {
    let config = config(json!({"read_body": false, "default_model": "iris"}));
    // A Struct, so all numbers are doubles; and headers that are not held.
    let filter =
        WasmFilter::named("model-router").configured_by_struct(&config).without_held_headers();
    Stand::with_filter(&filter).await
}

#[tokio::test]
async fn headers_and_path_decide_at_once() {
    let stand = stand().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let long = "x".repeat(3 << 20);
        for (call, expected) in [
            (chat_of_default_model().header("x-model-name", "demo@v2"), "demo-v2"),
            (chat_of_default_model(), "iris"),
            (Call::post("/v2/models/demo/infer").json(&json!({"a": long})), "demo-v1"),
            (
                Call::post("/v1/completions").body("{broken").header("x-model-name", "demo"),
                "demo-v1",
            ),
        ] {
            assert_eq!(server_of(&mut client, call).await, expected);
        }
        let absent = client.send(chat("iris").header("x-model-name", "absent")).await;
        assert_eq!(absent.status, 404, "{absent:?}");
    }
    let mut client = stand.gateway.http2().await;
    let predict = PredictRequest { features: vec![1.0; 10], model_name: "ignored".into() };
    let predict = Call::grpc("/prediction.PredictionService/Predict", &predict);
    let call = predict.header("x-model-name", "demo@v2");
    assert_eq!(server_of(&mut client, call).await, "demo-v2");
}
