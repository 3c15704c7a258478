use super::{OrcaError, binary, json, text};

/// How busy a server says it is.
///
/// Memory: under [`MOST_HEADER_BYTES`] of names and 32 bytes for each of
/// [`MOST_METRICS`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadReport {
    metrics: Vec<(String, f64)>,
}

/// The longest header that is read, in bytes.
pub const MOST_HEADER_BYTES: usize = 8192;

/// How many metrics a report may have.
pub const MOST_METRICS: usize = 64;

/// The metrics that every report may have.
pub(super) const OWN_METRICS: [&str; 5] =
    ["cpu_utilization", "mem_utilization", "application_utilization", "eps", "rps_fractional"];

/// Before the names of the metrics that a server names.
pub(super) const NAMED: &str = "named_metrics.";
pub(super) const UTILIZATION: &str = "utilization.";

impl LoadReport {
    /// Reads the report that is in these headers, of which this gives the value
    /// of a name. `None` if there is none. Of the two headers, the one that ends
    /// in `-bin` counts, as for Envoy, even if it is broken.
    pub fn from_headers<'a>(
        header: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Option<Result<Self, OrcaError>> {
        if let Some(value) = header("endpoint-load-metrics-bin") {
            return Some(Self::from_binary(value));
        }
        header("endpoint-load-metrics").map(Self::from_header)
    }

    /// Reads the value of `endpoint-load-metrics`.
    ///
    /// # Errors
    /// When it is no load report.
    pub fn from_header(value: &[u8]) -> Result<Self, OrcaError> {
        if value.len() > MOST_HEADER_BYTES {
            return Err(OrcaError::TooLong);
        }
        let value = str::from_utf8(value).map_err(|_| OrcaError::NotText)?;
        let (format, report) =
            value.trim_ascii().split_once(' ').ok_or(OrcaError::UnknownFormat)?;
        let is = |name: &str| format.eq_ignore_ascii_case(name);
        if is("TEXT") {
            text::read(report)
        } else if is("JSON") {
            json::read(report)
        } else if is("BIN") {
            binary::read(report.as_bytes())
        } else {
            Err(OrcaError::UnknownFormat)
        }
    }

    /// Reads the value of `endpoint-load-metrics-bin`.
    ///
    /// # Errors
    /// When it is no load report.
    pub fn from_binary(value: &[u8]) -> Result<Self, OrcaError> {
        if value.len() > MOST_HEADER_BYTES {
            return Err(OrcaError::TooLong);
        }
        binary::read(value)
    }

    /// The value of a metric, which is finite: `cpu_utilization`,
    /// `mem_utilization`, `application_utilization`, `eps`, `rps_fractional`,
    /// `named_metrics.NAME` or `utilization.NAME`. Utilizations are from 0, which
    /// is idle, to 1 or more, which is busy; rates are per second.
    ///
    /// `None` if the server did not say it. In a message, zero and unsaid are the
    /// same for most servers.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// All metrics by their full names with their values, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.metrics.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Adds a metric, by its full name.
    pub(super) fn add(&mut self, name: String, value: f64) -> Result<(), OrcaError> {
        let of = |prefix| name.strip_prefix(prefix).is_some_and(|rest: &str| !rest.is_empty());
        let is_named = of(NAMED);
        if !is_named && !of(UTILIZATION) && !OWN_METRICS.contains(&name.as_str()) {
            return Err(OrcaError::UnknownMetric);
        }
        if !value.is_finite() {
            return Err(OrcaError::NotANumber);
        }
        if value < 0.0 && !is_named {
            return Err(OrcaError::Negative);
        }
        if self.get(&name).is_some() {
            return Err(OrcaError::RepeatedMetric);
        }
        if self.metrics.len() >= MOST_METRICS {
            return Err(OrcaError::TooManyMetrics);
        }
        self.metrics.push((name, value));
        Ok(())
    }
}
