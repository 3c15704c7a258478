//! `/v2`: the protocol in JSON.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{DATATYPE, INPUT, INPUT_SHAPE, OUTPUT, OUTPUT_SHAPE, PLATFORM, SERVER_NAME};
use crate::features::Features;
use crate::http::{JsonBody, json_response};
use crate::refusal::Refusal;
use crate::replica::Replica;

pub(crate) fn routes() -> Router<Arc<Replica>> {
    let model = |action: &str| {
        [
            format!("/v2/models/{{model}}{action}"),
            format!("/v2/models/{{model}}/versions/{{version}}{action}"),
        ]
    };
    let mut routes = Router::new()
        .route("/v2", get(server_metadata))
        .route("/v2/", get(server_metadata))
        .route("/v2/health/live", get(live))
        .route("/v2/health/ready", get(ready));
    for path in model("") {
        routes = routes.route(&path, get(metadata));
    }
    for path in model("/ready") {
        routes = routes.route(&path, get(model_ready));
    }
    for path in model("/infer") {
        routes = routes.route(&path, post(infer));
    }
    routes
}

/// The model and the version that a path names.
#[derive(Deserialize)]
struct Target {
    model: String,
    version: Option<String>,
}

#[derive(Deserialize)]
struct InferRequest {
    id: Option<String>,
    inputs: Vec<Input>,
    #[serde(default)]
    outputs: Vec<RequestedOutput>,
}

#[derive(Deserialize)]
struct Input {
    name: String,
    datatype: String,
    shape: Vec<u64>,
    data: Value,
}

#[derive(Deserialize)]
struct RequestedOutput {
    name: String,
}

#[derive(Serialize)]
struct InferResponse<'r> {
    model_name: &'r str,
    model_version: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    outputs: [Output; 1],
}

#[derive(Serialize)]
struct Output {
    name: &'static str,
    datatype: &'static str,
    shape: [usize; 1],
    data: Vec<f32>,
}

impl Target {
    fn check(&self, replica: &Replica) -> Result<(), Refusal> {
        replica.identity.answers_to(&self.model)?;
        self.version.as_ref().map_or(Ok(()), |version| replica.identity.is_version(version))
    }
}

impl Input {
    fn rows(&self) -> Result<Vec<Features>, Refusal> {
        // A dimension beyond i64 is beyond every limit as well.
        let dimension = |&size: &u64| i64::try_from(size).unwrap_or(i64::MAX);
        let shape: Vec<i64> = self.shape.iter().map(dimension).collect();
        super::check_input(&self.name, &self.datatype, &shape)?;
        let mut numbers = Vec::new();
        flatten(&self.data, &mut numbers)?;
        super::check_count("inputs[0].data", &shape, numbers.len())?;
        Features::read_rows("inputs[0].data", &numbers)
    }
}

async fn server_metadata() -> Response {
    let version = env!("CARGO_PKG_VERSION");
    let metadata = json!({ "name": SERVER_NAME, "version": version, "extensions": [] });
    json_response(StatusCode::OK, &metadata)
}

async fn live() -> Response {
    json_response(StatusCode::OK, &json!({ "live": true }))
}

/// The specification calls the field `live` here, too; servers in the field say `ready`.
async fn ready(State(replica): State<Arc<Replica>>) -> Response {
    let ready = replica.is_ready();
    json_response(readiness(ready), &json!({ "live": ready, "ready": ready }))
}

async fn model_ready(State(replica): State<Arc<Replica>>, Path(target): Path<Target>) -> Response {
    if let Err(refusal) = target.check(&replica) {
        return error(&refusal);
    }
    let ready = replica.is_ready();
    json_response(readiness(ready), &json!({ "name": replica.identity.model(), "ready": ready }))
}

fn readiness(ready: bool) -> StatusCode {
    if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn metadata(State(replica): State<Arc<Replica>>, Path(target): Path<Target>) -> Response {
    if let Err(refusal) = target.check(&replica) {
        return error(&refusal);
    }
    let metadata = json!({
        "name": replica.identity.model(),
        "versions": [replica.identity.version()],
        "platform": PLATFORM,
        "inputs": [{ "name": INPUT, "datatype": DATATYPE, "shape": INPUT_SHAPE }],
        "outputs": [{ "name": OUTPUT, "datatype": DATATYPE, "shape": OUTPUT_SHAPE }],
    });
    json_response(StatusCode::OK, &metadata)
}

async fn infer(
    State(replica): State<Arc<Replica>>,
    Path(target): Path<Target>,
    body: JsonBody,
) -> Response {
    try_infer(&replica, &target, &body).await.unwrap_or_else(|refusal| error(&refusal))
}

async fn try_infer(
    replica: &Replica,
    target: &Target,
    body: &JsonBody,
) -> Result<Response, Refusal> {
    target.check(replica)?;
    let InferRequest { id, inputs, outputs } = body.parse()?;
    super::check_requested_outputs(outputs.iter().map(|output| output.name.as_str()))?;
    let rows = super::single_input(&inputs)?.rows()?;
    let admitted = replica.admit(&body.headers).await?;
    let data = replica.classify(&rows, &admitted).await;
    let response = InferResponse {
        model_name: replica.identity.model(),
        model_version: replica.identity.version(),
        id,
        outputs: [Output { name: OUTPUT, datatype: DATATYPE, shape: [data.len()], data }],
    };
    Ok(json_response(StatusCode::OK, &response))
}

/// Nested or flat, row-major either way.
fn flatten(data: &Value, numbers: &mut Vec<f32>) -> Result<(), Refusal> {
    match data {
        Value::Array(elements) => elements.iter().try_for_each(|element| flatten(element, numbers)),
        // A number beyond FP32's range becomes infinite here and is refused as that.
        Value::Number(number) => {
            numbers.extend(number.as_f64().map(|number| number as f32));
            Ok(())
        }
        _ => Err(Refusal::malformed("inputs[0].data", "must hold numbers only")),
    }
}

/// `{"error": "..."}`.
fn error(refusal: &Refusal) -> Response {
    json_response(refusal.http_status(), &json!({ "error": refusal.to_string() }))
}
