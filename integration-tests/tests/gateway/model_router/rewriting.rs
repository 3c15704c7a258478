//! Aliases, labels and `name@version` reach the servers in the words that they
//! know, in every dialect, and nothing else of the request changes.

use super::{SERVED_BY, Stand};
use bytes::Bytes;
use integration_tests::{Call, Client, Received, grpc_frame};
use prost::Message;
use proto::inference::ModelInferRequest;
use proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use proto::prediction::PredictRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use serde_json::json;

async fn stand() -> Stand {
    Stand::configured(json!({"models": [{
        "name": "demo",
        "aliases": [{"name": "production-chat"}, {"name": "d", "version": "v2"}],
        "labels": {"stable": "v1"},
        "versions": [
            {"name": "v1", "cluster": "demo-v1", "weight": 100, "served_version": "1"},
            {"name": "v2", "cluster": "demo-v2", "served_name": "org/demo-next"},
        ],
    }]}))
    .await
}

async fn clients(stand: &Stand) -> [Client; 2] {
    [stand.gateway.http1().await, stand.gateway.http2().await]
}

/// What its server got of a call.
async fn received(stand: &Stand, client: &mut Client, call: Call) -> Received {
    let answer = client.send(call).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let server = answer.header_text(SERVED_BY).expect("a server");
    let received = stand.server(&server).last();
    assert!(received.is_complete(), "{received:?}");
    received
}

fn chat_body(model: &str) -> String {
    // Spaces, escapes and a number that a parser would write otherwise.
    format!(r#"{{ "messages": [{{"content": "\u00e9 \/ model"}}], "model" :"{model}", "n":1.0 }}"#)
}

#[tokio::test]
async fn a_json_body_keeps_every_other_byte() {
    let stand = stand().await;
    for mut client in clients(&stand).await {
        for (written, served) in [
            ("production-chat", "demo"),
            ("d", "org/demo-next"),
            ("demo@stable", "demo"),
            ("demo@v2", "org/demo-next"),
            ("demo", "demo"),
        ] {
            let body = chat_body(written);
            let whole = Call::post("/v1/chat/completions")
                .header("content-type", "application/json")
                .body(body.clone());
            let cut = (0..body.len()).step_by(7).map(|position| whole.clone().cut_at(position));
            let trailing = whole.clone().cut_at(9).trailer("x-checksum", "1");
            for call in cut.chain([whole.clone(), trailing]) {
                let received = received(&stand, &mut client, call).await;
                assert_eq!(received.body, chat_body(served), "{written}");
                if let Some(length) = received.header_text("content-length") {
                    assert_eq!(length, received.body.len().to_string(), "{written}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_json_api_names_its_model_alike() {
    let stand = stand().await;
    for mut client in clients(&stand).await {
        for path in [
            "/v1/messages",
            "/v1/messages/count_tokens",
            "/v1/completions",
            "/v1/embeddings",
            "/v1/responses",
            "/v1/rerank",
        ] {
            let call = |model: &str| {
                Call::post(path).header("content-type", "application/json").body(chat_body(model))
            };
            let served = received(&stand, &mut client, call("d")).await;
            assert_eq!(served.body, chat_body("org/demo-next"), "{path}");
            let refused = client.send(call("absent")).await;
            assert_eq!(refused.status, 404, "{path}");
            let error = refused.json();
            assert!(error["error"]["message"].is_string(), "{path}: {error}");
            // Anthropic's clients look for the type outside as well.
            let is_anthropic = path.starts_with("/v1/messages");
            assert_eq!(error["type"] == "error", is_anthropic, "{path}: {error}");
        }
    }
}

#[tokio::test]
async fn a_body_that_goes_on_early_has_the_right_length() {
    let stand = stand().await;
    for mut client in clients(&stand).await {
        let filler = "m".repeat(3 << 20);
        let body = |model: &str| format!(r#"{{"model":"{model}","messages":"{filler}"}}"#);
        let call = |model: &str| {
            Call::post("/v1/completions")
                .header("content-type", "application/json")
                .body(body(model))
        };
        for (written, served) in [("production-chat", "demo"), ("d", "org/demo-next")] {
            let received = received(&stand, &mut client, call(written)).await;
            assert!(received.body == body(served), "{written}");
        }
    }
}

#[tokio::test]
async fn messages_of_generated_clients_arrive_under_the_served_name() {
    let stand = stand().await;
    let mut predictions = PredictionServiceClient::new(stand.gateway.grpc().await);
    let request = PredictRequest { features: vec![0.25; 1000], model_name: "d".into() };
    predictions.predict(request.clone()).await.expect("an answer");
    let served = PredictRequest { model_name: "org/demo-next".into(), ..request };
    assert_eq!(stand.server("demo-v2").last().body, grpc_frame(&served.encode_to_vec()));

    let mut inference = GrpcInferenceServiceClient::new(stand.gateway.grpc().await);
    let request = ModelInferRequest {
        model_name: "production-chat".into(),
        model_version: "stable".into(),
        id: "7".into(),
        raw_input_contents: vec![vec![1; 5000]],
        ..ModelInferRequest::default()
    };
    inference.model_infer(request.clone()).await.expect("an answer");
    let served =
        ModelInferRequest { model_name: "demo".into(), model_version: "1".into(), ..request };
    assert_eq!(stand.server("demo-v1").last().body, grpc_frame(&served.encode_to_vec()));
}

#[tokio::test]
async fn a_tensorflow_serving_message_gets_its_version_for_a_label() {
    let stand = stand().await;
    let mut client = stand.gateway.http2().await;
    let path = "/tensorflow.serving.PredictionService/Predict";
    // model_spec (1) of name (1) and version_label (4); an input (2).
    let written = b"\x0a\x11\x0a\x07demo@v1\x22\x06stable\x12\x03abc";
    // The label became a version (2): an Int64Value (1).
    let served = b"\x0a\x0a\x0a\x04demo\x12\x02\x08\x01\x12\x03abc";
    let received = received(&stand, &mut client, Call::grpc_bytes(path, written)).await;
    assert_eq!(received.body, grpc_frame(served));
}

#[tokio::test]
async fn a_path_is_rewritten_and_its_query_kept() {
    let stand = stand().await;
    for mut client in clients(&stand).await {
        for (written, served) in [
            (
                "/v2/models/production-chat/infer?a=production-chat",
                "/v2/models/demo/infer?a=production-chat",
            ),
            ("/v2/models/demo/versions/stable/infer", "/v2/models/demo/versions/1/infer"),
            ("/v2/models/d/infer", "/v2/models/org%2Fdemo-next/infer"),
            ("/v1/models/demo/labels/stable:predict", "/v1/models/demo/versions/1:predict"),
            ("/v1/models/demo:predict", "/v1/models/demo:predict"),
        ] {
            let call = Call::post(written).json(&json!({"instances": []}));
            assert_eq!(received(&stand, &mut client, call).await.path, served, "{written}");
        }
    }
}

#[tokio::test]
async fn a_form_is_rewritten_around_its_file() {
    let stand = stand().await;
    let form = |model: &str| {
        let mut form = Vec::new();
        form.extend_from_slice(b"--7f3\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n");
        form.extend_from_slice(model.as_bytes());
        form.extend_from_slice(b"\r\n--7f3\r\nContent-Disposition: form-data; name=\"file\"; ");
        form.extend_from_slice(b"filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n");
        form.extend((0..300_000_u32).map(|byte| byte.to_le_bytes()[1]));
        form.extend_from_slice(b"\r\n--7f3--\r\n");
        Bytes::from(form)
    };
    for mut client in clients(&stand).await {
        let call = |model: &str| {
            Call::post("/v1/audio/transcriptions")
                .header("content-type", "multipart/form-data; boundary=7f3")
                .body(form(model))
        };
        let received = received(&stand, &mut client, call("d")).await;
        assert!(received.body == form("org/demo-next"));
    }
}
