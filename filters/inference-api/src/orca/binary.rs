use super::report::{NAMED, UTILIZATION};
use super::{LoadReport, OrcaError, base64};
use prost::Message;

/// The message in Base64, which gRPC's readers must take with padding and without.
///
/// Source: grpc/grpc, `doc/PROTOCOL-HTTP2.md`, "Custom Metadata".
pub(super) fn read(value: &[u8]) -> Result<LoadReport, OrcaError> {
    let bytes = base64::decode(value.trim_ascii()).ok_or(OrcaError::NotBase64)?;
    let message = OrcaLoadReport::decode(bytes.as_slice()).map_err(|_| OrcaError::NotAMessage)?;
    let mut report = LoadReport::default();
    for (name, value) in [
        ("cpu_utilization", message.cpu_utilization),
        ("mem_utilization", message.mem_utilization),
        ("application_utilization", message.application_utilization),
        ("eps", message.eps),
        ("rps_fractional", message.rps_fractional),
    ] {
        if let Some(value) = value {
            report.add(name.to_owned(), value)?;
        }
    }
    add_all(&mut report, NAMED, &message.named_metrics)?;
    add_all(&mut report, UTILIZATION, &message.utilization)?;
    Ok(report)
}

/// Of entries of the same name, the last one counts: it is a map.
fn add_all(report: &mut LoadReport, prefix: &str, entries: &[Entry]) -> Result<(), OrcaError> {
    for Entry { name, value } in entries.iter().rev() {
        let name = [prefix, name].concat();
        if report.get(&name).is_none() {
            report.add(name, *value)?;
        }
    }
    Ok(())
}

/// `xds.data.orca.v3.OrcaLoadReport`, as far as it is read.
#[derive(Clone, PartialEq, Message)]
struct OrcaLoadReport {
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

/// An entry of a `map<string, double>`.
#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(double, tag = "2")]
    value: f64,
}
