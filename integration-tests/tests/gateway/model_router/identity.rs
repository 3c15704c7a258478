//! Everything in a request that can say which model it means.

use super::{Stand, chat, chat_of_default_model, server_of};
use integration_tests::Call;
use proto::inference::ModelInferRequest;
use proto::prediction::PredictRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use proto::tensorflow_serving as serving;
use serde_json::json;

const PREDICT: &str = "/prediction.PredictionService/Predict";

fn predict(model: &str) -> Call {
    let features = vec![0.1, 0.2, 0.3, 0.4];
    Call::grpc(PREDICT, &PredictRequest { features, model_name: model.into() })
}

#[tokio::test]
async fn the_headers_name_model_and_version() {
    let stand = Stand::new().await;
    let calls = [
        (chat_of_default_model().header("x-model-name", "iris"), "iris"),
        (chat("demo").header("x-model-version", "v2"), "demo-v2"),
        (Call::get("/some/api/of/their/own").header("x-model-name", "demo@v2"), "demo-v2"),
        (predict("").header("x-model-name", "iris"), "iris"),
    ];
    let mut client = stand.gateway.http2().await;
    for (call, expected) in calls {
        assert_eq!(server_of(&mut client, call.clone()).await, expected, "{call:?}");
    }
}

#[tokio::test]
async fn the_path_names_model_and_version() {
    let stand = Stand::new().await;
    let paths = [
        ("/v2/models/iris/infer", "iris"),
        ("/v2/models/demo/versions/v2/infer", "demo-v2"),
        ("/v2/models/demo%40v2/infer", "demo-v2"),
        ("/v1/models/iris:predict", "iris"),
        // TensorFlow Serving's versions are numbers.
        ("/v1/models/iris/versions/3:predict", "iris"),
        ("/v1/models/demo/labels/v2:predict", "demo-v2"),
    ];
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for (path, expected) in paths {
            let call = Call::post(path).json(&json!({"instances": [[1, 2]]}));
            assert_eq!(server_of(&mut client, call).await, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn a_field_of_a_grpc_message_names_the_model() {
    let stand = Stand::new().await;
    let model_infer = |name: &str, version: &str| {
        let request = ModelInferRequest {
            model_name: name.into(),
            model_version: version.into(),
            ..ModelInferRequest::default()
        };
        Call::grpc("/inference.GRPCInferenceService/ModelInfer", &request)
    };
    let serve = |label: &str| {
        let label = serving::model_spec::VersionChoice::VersionLabel(label.into());
        let spec = serving::ModelSpec {
            name: "demo".into(),
            version_choice: Some(label),
            ..serving::ModelSpec::default()
        };
        let request = serving::PredictRequest {
            model_spec: Some(spec),
            ..serving::PredictRequest::default()
        };
        Call::grpc("/tensorflow.serving.PredictionService/Predict", &request)
    };
    let calls = [
        (predict("iris"), "iris"),
        (predict("demo@v2"), "demo-v2"),
        (model_infer("iris", ""), "iris"),
        (model_infer("demo", "v2"), "demo-v2"),
        (serve("v1"), "demo-v1"),
        (serve("v2"), "demo-v2"),
    ];
    let mut client = stand.gateway.http2().await;
    for (call, expected) in calls {
        assert_eq!(server_of(&mut client, call.clone()).await, expected, "{call:?}");
    }
}

#[tokio::test]
async fn a_method_of_their_own_says_where_its_model_stands() {
    let methods = json!([{"path": "/own.Service/Do", "model_field": "7.1", "version_field": "8"}]);
    let stand = Stand::configured(json!({"grpc_methods": methods})).await;
    let mut client = stand.gateway.http2().await;
    // Field 7 holds a message whose field 1 is `demo`; field 8 is `v2`.
    let message = b"\x3a\x06\x0a\x04demo\x42\x02v2";
    let call = Call::grpc_bytes("/own.Service/Do", message);
    assert_eq!(server_of(&mut client, call).await, "demo-v2");
}

#[tokio::test]
async fn the_field_model_of_a_json_body_names_the_model() {
    let stand = Stand::new().await;
    let bodies = [
        (r#"{"model":"iris","messages":[]}"#, "iris"),
        (
            r#"{"messages":[{"role":"user","content":"\"model\":\"iris\""}],"model":"demo"}"#,
            "demo-v1",
        ),
        (r#"{"messages":[],"model":"demo@v2"}"#, "demo-v2"),
        (r#" { "model" : "\u0069ris" } "#, "iris"),
    ];
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        for path in ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"] {
            for (body, expected) in bodies {
                let call = Call::post(path).header("content-type", "application/json").body(body);
                assert_eq!(server_of(&mut client, call).await, expected, "{path} {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_default_model_is_meant_when_nothing_names_one() {
    let stand = Stand::configured(json!({"default_model": "iris"})).await;
    let mut client = stand.gateway.http2().await;
    assert_eq!(server_of(&mut client, chat_of_default_model()).await, "iris");
    assert_eq!(server_of(&mut client, predict("")).await, "iris");
}

#[tokio::test]
async fn a_body_that_says_nothing_of_the_model_is_not_held() {
    let stand = Stand::configured(json!({"hold_up_to_bytes": 1})).await;
    let mut client = stand.gateway.http1().await;
    let call = Call::post("/v2/models/demo/infer").header("content-type", "application/json");
    let (mut body, answer) = client.open(call);
    let answer = tokio::spawn(answer);
    body.send_data(r#"{"inputs":["#.into()).await.unwrap();
    let arrived = |request: &integration_tests::Received| request.body.ends_with(b"[");
    let begun = stand.server("demo-v1").wait_for("the beginning of the body", arrived).await;
    assert!(!begun.is_complete(), "nothing says yet where it ends");
    body.send_data("]}".into()).await.unwrap();
    drop(body);
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_long_body_goes_to_a_model_that_the_path_names() {
    let stand = Stand::new().await;
    let body = format!(r#"{{"inputs":["{}"]}}"#, "x".repeat(10 << 20));
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let call = Call::post("/v2/models/iris/infer")
            .header("content-type", "application/json")
            .body(body.clone());
        assert_eq!(server_of(&mut client, call).await, "iris");
        assert_eq!(stand.server("iris").last().body.len(), body.len());
    }
}

#[tokio::test]
async fn generated_grpc_clients_are_served() {
    let stand = Stand::new().await;
    let mut client = PredictionServiceClient::new(stand.gateway.grpc().await);
    let request = PredictRequest { features: vec![0.5; 4], model_name: "demo@v2".into() };
    let response = client.predict(request).await.expect("an answer");
    assert_eq!(response.metadata().get(super::SERVED_BY).unwrap(), "demo-v2");
}
