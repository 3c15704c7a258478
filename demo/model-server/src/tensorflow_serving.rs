//! TensorFlow Serving's REST API: predict, status and metadata below `/v1/models`.

mod path;
mod predict;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::json;

use crate::features::FEATURES;
use crate::http::{JsonBody, json_response};
use crate::openai;
use crate::refusal::Refusal;
use crate::replica::Replica;

pub(crate) use path::Path;
use path::{Asked, Verb};

const SIGNATURE: &str = "serving_default";
const INPUT: &str = "features";
const OUTPUT: &str = "probability";

/// Answers what [`Path::read`] found to be a request of this API.
pub(crate) async fn answer(replica: &Replica, path: &Path, request: Request) -> Response {
    if path.is_openai_model_card() && request.method() == Method::GET {
        return openai::model_card(replica, &path.model, version_status(replica));
    }
    try_answer(replica, path, request).await.unwrap_or_else(|refusal| error(&refusal))
}

/// `{"error": "..."}`.
pub(crate) fn error(refusal: &Refusal) -> Response {
    json_response(refusal.http_status(), &json!({ "error": refusal.to_string() }))
}

async fn try_answer(replica: &Replica, path: &Path, request: Request) -> Result<Response, Refusal> {
    let method = request.method().clone();
    match (&path.verb, method) {
        (Verb::Predict, Method::POST) => {
            check_model(replica, path)?;
            predict::answer(replica, &JsonBody::read(request).await).await
        }
        (Verb::Status, Method::GET) => {
            check_model(replica, path)?;
            let status = json!({ "model_version_status": version_status(replica) });
            Ok(json_response(StatusCode::OK, &status))
        }
        (Verb::Metadata, Method::GET) => {
            check_model(replica, path)?;
            Ok(json_response(StatusCode::OK, &metadata(replica)))
        }
        (Verb::Classify | Verb::Regress, Method::POST) => {
            check_model(replica, path)?;
            let problem = format!("the signature `{SIGNATURE}` is for predict alone");
            Err(Refusal::malformed("", problem))
        }
        (_, method) => {
            Err(Refusal::malformed("", format!("Malformed request: {method} is not for this path")))
        }
    }
}

fn check_model(replica: &Replica, path: &Path) -> Result<(), Refusal> {
    let identity = &replica.identity;
    identity.answers_to(&path.model)?;
    match &path.asked {
        Asked::Latest => Ok(()),
        Asked::Number(number) if *number == identity.version_number() => Ok(()),
        Asked::Number(number) => Err(Refusal::UnknownVersion {
            model: identity.model().to_owned(),
            asked: number.to_string(),
            served: identity.version_number().to_string(),
        }),
        // Labels are names for versions, and the version's own name is the one this server has.
        Asked::Label(label) if label == identity.version() => Ok(()),
        Asked::Label(label) => {
            Err(Refusal::malformed("", format!("Unrecognized servable version label: {label}")))
        }
    }
}

fn version_status(replica: &Replica) -> serde_json::Value {
    let state = if replica.is_ready() { "AVAILABLE" } else { "UNLOADING" };
    json!([{
        "version": replica.identity.version_number().to_string(),
        "state": state,
        "status": { "error_code": "OK", "error_message": "" },
    }])
}

fn metadata(replica: &Replica) -> serde_json::Value {
    let tensor = |name: &str, sizes: &[&str]| {
        let dimensions: Vec<_> =
            sizes.iter().map(|size| json!({ "size": size, "name": "" })).collect();
        json!({
            "dtype": "DT_FLOAT",
            "tensor_shape": { "dim": dimensions, "unknown_rank": false },
            "name": format!("{SIGNATURE}_{name}:0"),
        })
    };
    let signature = json!({
        "inputs": { INPUT: tensor(INPUT, &["-1", &FEATURES.to_string()]) },
        "outputs": { OUTPUT: tensor(OUTPUT, &["-1"]) },
        "method_name": "tensorflow/serving/predict",
    });
    json!({
        "model_spec": {
            "name": replica.identity.model(),
            "signature_name": "",
            "version": replica.identity.version_number().to_string(),
        },
        "metadata": { "signature_def": { "signature_def": { SIGNATURE: signature } } },
    })
}
