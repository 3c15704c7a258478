use super::report::{NAMED, OWN_METRICS, UTILIZATION};
use super::{LoadReport, OrcaError};
use serde_json::{Map, Value};

/// The message as JSON: keys in either spelling, numbers as such or in quotes,
/// `null` for what is not said.
///
/// Source: protobuf.dev, "`ProtoJSON` Format".
pub(super) fn read(text: &str) -> Result<LoadReport, OrcaError> {
    let members: Map<String, Value> = serde_json::from_str(text).map_err(|_| OrcaError::NotJson)?;
    let mut report = LoadReport::default();
    for (key, value) in &members {
        let key = spelled_out(key);
        match key {
            _ if value.is_null() && is_known(key) => {}
            "named_metrics" => add_all(&mut report, NAMED, value)?,
            "utilization" => add_all(&mut report, UTILIZATION, value)?,
            "rps" | "request_cost" => {}
            _ if OWN_METRICS.contains(&key) => report.add(key.to_owned(), number(value)?)?,
            _ => return Err(OrcaError::UnknownMetric),
        }
    }
    Ok(report)
}

fn is_known(key: &str) -> bool {
    OWN_METRICS.contains(&key)
        || matches!(key, "named_metrics" | "utilization" | "rps" | "request_cost")
}

/// The name of a field as the message has it.
fn spelled_out(key: &str) -> &str {
    match key {
        "cpuUtilization" => "cpu_utilization",
        "memUtilization" => "mem_utilization",
        "applicationUtilization" => "application_utilization",
        "rpsFractional" => "rps_fractional",
        "namedMetrics" => "named_metrics",
        "requestCost" => "request_cost",
        other => other,
    }
}

fn add_all(report: &mut LoadReport, prefix: &str, metrics: &Value) -> Result<(), OrcaError> {
    let metrics = metrics.as_object().ok_or(OrcaError::NotJson)?;
    metrics.iter().try_for_each(|(name, value)| report.add([prefix, name].concat(), number(value)?))
}

fn number(value: &Value) -> Result<f64, OrcaError> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or(OrcaError::NotANumber)
}
