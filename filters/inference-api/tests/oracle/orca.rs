//! Load reports, against prost, `serde_json`, `base64` and a naive look at text.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use inference_api::orca::{LoadReport, MOST_HEADER_BYTES, MOST_METRICS};
use prost::Message;
use serde_json::Value;

/// Metrics by their full names.
pub type Metrics = BTreeMap<String, f64>;

/// `xds.data.orca.v3.OrcaLoadReport`.
#[derive(Clone, PartialEq, Message)]
pub struct Report {
    #[prost(double, tag = "1")]
    pub cpu_utilization: f64,
    #[prost(double, tag = "2")]
    pub mem_utilization: f64,
    #[prost(uint64, tag = "3")]
    pub rps: u64,
    #[prost(btree_map = "string, double", tag = "4")]
    pub request_cost: Metrics,
    #[prost(btree_map = "string, double", tag = "5")]
    pub utilization: Metrics,
    #[prost(double, tag = "6")]
    pub rps_fractional: f64,
    #[prost(double, tag = "7")]
    pub eps: f64,
    #[prost(btree_map = "string, double", tag = "8")]
    pub named_metrics: Metrics,
    #[prost(double, tag = "9")]
    pub application_utilization: f64,
}

/// The same as far as it is read, and whether a field is there. Maps are what they
/// are on the wire, since prost takes any wire type for one.
#[derive(Clone, PartialEq, Message)]
struct Read {
    #[prost(double, optional, tag = "1")]
    cpu_utilization: Option<f64>,
    #[prost(double, optional, tag = "2")]
    mem_utilization: Option<f64>,
    #[prost(message, repeated, tag = "5")]
    utilization: Vec<Entry>,
    #[prost(double, optional, tag = "6")]
    rps_fractional: Option<f64>,
    #[prost(double, optional, tag = "7")]
    eps: Option<f64>,
    #[prost(message, repeated, tag = "8")]
    named_metrics: Vec<Entry>,
    #[prost(double, optional, tag = "9")]
    application_utilization: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(double, tag = "2")]
    value: f64,
}

/// Any value of any of the headers, and what follows its format in each of them;
/// what is refused has no metrics.
pub fn agrees(value: &[u8]) {
    let expected = if value.len() > MOST_HEADER_BYTES { None } else { naive_binary(value) };
    check(LoadReport::from_binary(value).ok(), expected);
    header_agrees(value);
    if let Some(rest) = value.iter().position(|byte| *byte == b' ') {
        for format in ["TEXT", "Json", "bin"] {
            header_agrees(&[format.as_bytes(), &value[rest..]].concat());
        }
    }
}

fn header_agrees(value: &[u8]) {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let expected = text.trim_ascii().split_once(' ').and_then(|(format, rest)| {
        match format.to_ascii_uppercase().as_str() {
            _ if value.len() > MOST_HEADER_BYTES => None,
            "TEXT" => naive_text(rest),
            "JSON" => naive_json(rest),
            "BIN" => naive_binary(rest.as_bytes()),
            _ => None,
        }
    });
    check(LoadReport::from_header(value).ok(), expected);
}

fn check(report: Option<LoadReport>, expected: Option<Metrics>) {
    let metrics = report.map(|report| {
        let metrics: Metrics =
            report.iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(metrics.len(), report.iter().count(), "no metric is there twice");
        metrics.iter().for_each(|(name, value)| assert_eq!(report.get(name), Some(*value)));
        metrics
    });
    assert_eq!(metrics, expected);
}

fn naive_text(text: &str) -> Option<Metrics> {
    let mut metrics = Metrics::new();
    for metric in text.split(',').filter(|metric| !metric.trim_ascii().is_empty()) {
        let mut parts = metric.splitn(2, ['=', ':']);
        let (name, value) = (parts.next()?, parts.next()?);
        let value = value.trim_ascii().parse().ok()?;
        let is_new = metrics.insert(name.trim_ascii().to_owned(), value).is_none();
        is_new.then_some(())?;
    }
    if metrics.is_empty() { None } else { valid(metrics) }
}

fn naive_json(text: &str) -> Option<Metrics> {
    let value: Value = serde_json::from_str(text).ok()?;
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let mut metrics = Metrics::new();
    let mut fields = BTreeSet::new();
    for (key, value) in value.as_object()? {
        let field: String = match key.as_str() {
            "memUtilization"
            | "cpuUtilization"
            | "applicationUtilization"
            | "rpsFractional"
            | "namedMetrics"
            | "requestCost" => {
                let spelled = |letter: char| match letter {
                    'A'..='Z' => format!("_{}", letter.to_ascii_lowercase()),
                    _ => letter.to_string(),
                };
                key.chars().map(spelled).collect()
            }
            _ => key.clone(),
        };
        let is_map = matches!(field.as_str(), "named_metrics" | "utilization");
        let is_unread = matches!(field.as_str(), "rps" | "request_cost");
        let is_known = is_map || is_unread || valid([(field.clone(), 0.0)].into()).is_some();
        if !is_known || field.contains('.') {
            return None;
        }
        if value.is_null() || is_unread {
            continue;
        }
        if !is_map {
            let is_new = metrics.insert(field, number(value)?).is_none();
            is_new.then_some(())?;
            continue;
        }
        fields.insert(field.clone());
        for (name, value) in value.as_object()? {
            let is_new = metrics.insert(format!("{field}.{name}"), number(value)?).is_none();
            is_new.then_some(())?;
        }
    }
    valid(metrics)
}

fn naive_binary(value: &[u8]) -> Option<Metrics> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&STANDARD, config).decode(value.trim_ascii()).ok()?;
    let report = Read::decode(bytes.as_slice()).ok()?;
    let mut metrics = Metrics::new();
    for (name, value) in [
        ("cpu_utilization", report.cpu_utilization),
        ("mem_utilization", report.mem_utilization),
        ("application_utilization", report.application_utilization),
        ("eps", report.eps),
        ("rps_fractional", report.rps_fractional),
    ] {
        metrics.extend(value.map(|value| (name.to_owned(), value)));
    }
    let named = report.named_metrics.into_iter();
    metrics.extend(named.map(|entry| (format!("named_metrics.{}", entry.name), entry.value)));
    let utilization = report.utilization.into_iter();
    metrics.extend(utilization.map(|entry| (format!("utilization.{}", entry.name), entry.value)));
    valid(metrics)
}

/// The metrics, if all of them are what they may be.
fn valid(metrics: Metrics) -> Option<Metrics> {
    let is_valid = |(name, value): (&String, &f64)| {
        let is_own = [
            "cpu_utilization",
            "mem_utilization",
            "application_utilization",
            "eps",
            "rps_fractional",
        ]
        .contains(&name.as_str());
        let is_named = name.starts_with("named_metrics.") && name != "named_metrics.";
        let is_utilization = name.starts_with("utilization.") && name != "utilization.";
        (is_own || is_named || is_utilization) && value.is_finite() && (is_named || *value >= 0.0)
    };
    (metrics.len() <= MOST_METRICS && metrics.iter().all(is_valid)).then_some(metrics)
}
