//! `:predict`, in the row form (`instances`) and the columnar form (`inputs`).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::{INPUT, SIGNATURE};
use crate::features::{Features, check_batch};
use crate::http::{JsonBody, json_response};
use crate::refusal::Refusal;
use crate::replica::Replica;

#[derive(Deserialize)]
struct PredictRequest {
    #[serde(default)]
    signature_name: String,
    instances: Option<Value>,
    inputs: Option<Value>,
}

pub(super) async fn answer(replica: &Replica, body: &JsonBody) -> Result<Response, Refusal> {
    let request: PredictRequest = body.parse()?;
    if !["", SIGNATURE].contains(&request.signature_name.as_str()) {
        let problem = format!("the model's one signature is `{SIGNATURE}`");
        return Err(Refusal::malformed("signature_name", problem));
    }
    let (rows, answer_key) = match (&request.instances, &request.inputs) {
        (Some(instances), None) => (instance_rows(instances)?, "predictions"),
        (None, Some(inputs)) => (column_rows(inputs)?, "outputs"),
        (None, None) => {
            return Err(Refusal::malformed("", "Missing 'inputs' or 'instances' key"));
        }
        (Some(_), Some(_)) => {
            return Err(Refusal::malformed(
                "",
                "Only one of 'inputs' and 'instances' may be given",
            ));
        }
    };
    let admitted = replica.admit(&body.headers).await?;
    let probabilities = replica.classify(&rows, &admitted).await;
    Ok(json_response(StatusCode::OK, &BTreeMap::from([(answer_key, probabilities)])))
}

/// Each instance is a list of numbers, or an object that names it.
fn instance_rows(instances: &Value) -> Result<Vec<Features>, Refusal> {
    read_matrix("instances", instances, |place, instance| match instance {
        Value::Object(_) => Ok((format!("{place}.{INPUT}"), named(place, instance)?)),
        _ => Ok((place.to_owned(), instance)),
    })
}

/// The input is a list of rows, or an object that names it.
fn column_rows(inputs: &Value) -> Result<Vec<Features>, Refusal> {
    let unnamed = |place: &str, row| Ok((place.to_owned(), row));
    match inputs {
        Value::Object(_) => {
            read_matrix(&format!("inputs.{INPUT}"), named("inputs", inputs)?, unnamed)
        }
        _ => read_matrix("inputs", inputs, unnamed),
    }
}

fn named<'v>(place: &str, object: &'v Value) -> Result<&'v Value, Refusal> {
    let fields = object.as_object().filter(|fields| fields.len() == 1);
    fields.and_then(|fields| fields.get(INPUT)).ok_or_else(|| {
        Refusal::malformed(place, format!("must name the model's one input, `{INPUT}`"))
    })
}

fn read_matrix<'v>(
    place: &str,
    rows: &'v Value,
    unwrap: impl Fn(&str, &'v Value) -> Result<(String, &'v Value), Refusal>,
) -> Result<Vec<Features>, Refusal> {
    let rows = list(place, rows)?;
    check_batch(place, rows.len())?;
    let read_row = |(index, row): (usize, &'v Value)| {
        let (place, row) = unwrap(&format!("{place}[{index}]"), row)?;
        let numbers: Vec<f32> = list(&place, row)?
            .iter()
            .map(|number| number.as_f64().map(|number| number as f32))
            .collect::<Option<_>>()
            .ok_or_else(|| Refusal::malformed(place.as_str(), "must hold numbers only"))?;
        Features::read(&place, &numbers)
    };
    rows.iter().enumerate().map(read_row).collect()
}

fn list<'v>(place: &str, value: &'v Value) -> Result<&'v Vec<Value>, Refusal> {
    value.as_array().ok_or_else(|| Refusal::malformed(place, "must be a list"))
}
