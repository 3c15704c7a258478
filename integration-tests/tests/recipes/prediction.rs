//! A prediction over gRPC, which most recipes are tried with, and a server that answers it.

use http::request::Parts;
use integration_tests::{Answer, Call, Reply, Upstream};
use proto::prediction::{PredictRequest, PredictResponse};
use serde_json::json;

pub(super) const PREDICT: &str = "/prediction.PredictionService/Predict";

/// One for `demo`, which none of its rules forbids.
pub(super) fn predict() -> Call {
    predict_from(4)
}

/// From so many features.
pub(super) fn predict_from(features: usize) -> Call {
    let request = PredictRequest { features: vec![0.5; features], model_name: "demo".to_owned() };
    Call::grpc(PREDICT, &request)
}

pub(super) fn predicted() -> Answer {
    Answer::grpc(&PredictResponse::default())
}

/// A server that answers predictions and chats.
pub(super) async fn model_server() -> Upstream {
    Upstream::scripted(|head| Reply::whole(answer_to(head))).await
}

/// What that server says.
pub(super) fn answer_to(head: &Parts) -> Answer {
    match head.uri.path() {
        PREDICT => predicted(),
        _ => Answer::json_value(&json!({"choices": []})),
    }
}
