//! ORCA load reports: how busy a server says it is, in its answers' headers.
//!
//! [`LoadReport`] is read from the forms that Envoy 1.40 takes:
//!
//! | header | value |
//! |---|---|
//! | `endpoint-load-metrics` | `TEXT cpu_utilization=0.3, named_metrics.kv_cache_usage_perc=0.7` |
//! | `endpoint-load-metrics` | `JSON {"cpu_utilization":0.3,"named_metrics":{"queue":2}}` |
//! | `endpoint-load-metrics` | `BIN ` and a message `OrcaLoadReport` in Base64 |
//! | `endpoint-load-metrics-bin` | a message `OrcaLoadReport` in Base64 |
//!
//! Where this is more lenient than Envoy: the form's name in any case; spaces
//! around a metric's name and value; Base64 with or without padding; in JSON the
//! last value of a key that stands twice. Where it is stricter: no number but
//! those of named metrics may be negative, and no name that follows a prefix may
//! be empty. What it costs (`request_cost`) and the deprecated `rps` are passed
//! over in JSON and messages; text may not have them.
//!
//! Sources: `xds/data/orca/v3/orca_load_report.proto`; Envoy 1.40,
//! `source/common/orca/orca_parser.cc`.

mod base64;
mod binary;
mod error;
mod json;
mod report;
mod text;

pub use error::OrcaError;
pub use report::{LoadReport, MOST_HEADER_BYTES, MOST_METRICS};

#[cfg(test)]
mod tests;
