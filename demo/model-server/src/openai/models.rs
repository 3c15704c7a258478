//! `/v1/models`: the one model that there is.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::error;
use crate::http::json_response;
use crate::replica::Replica;

pub(super) async fn list(State(replica): State<Arc<Replica>>) -> Response {
    json_response(StatusCode::OK, &json!({ "object": "list", "data": [card(&replica)] }))
}

/// The answer to `GET /v1/models/{model}`, which OpenAI and TensorFlow Serving both have: one
/// object with the fields of both.
pub(crate) fn model_card(replica: &Replica, asked: &str, version_status: Value) -> Response {
    if let Err(refusal) = super::check_model(replica, asked) {
        return error::response(&refusal);
    }
    let mut card = card(replica);
    card["model_version_status"] = version_status;
    json_response(StatusCode::OK, &card)
}

fn card(replica: &Replica) -> Value {
    // The model is trained when the server starts, from nothing that has a date.
    json!({ "id": replica.identity.model(), "object": "model", "created": 0, "owned_by": "model-server" })
}
