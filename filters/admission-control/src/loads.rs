//! What servers report of their load, and who is refused for it.

use crate::config::{self, AskFor, Mode};
use crate::ledger::load::Load;
use crate::ledger::table::{self, Target};
use filter_kit::{CellError, Cells, Edits, Headers, Problems, Timestamp};
use filter_kit::{Key, Secret};
use inference_api::orca::LoadReport;

/// So many models and versions have a load of their own, at most, in one cell.
const KEYS: usize = 64;

/// The headers and trailers that carry reports.
pub(crate) const REPORTS: [&str; 2] = ["endpoint-load-metrics", "endpoint-load-metrics-bin"];

/// The header in which servers are asked for reports.
const ASK: &str = "endpoint-load-metrics-format";

/// What servers report of their load.
#[derive(Debug)]
pub(crate) struct Loads {
    metrics: Vec<config::LoadMetric>,
    half_life_ns: u64,
    stale_after_ns: u64,
    ask_for: AskFor,
    pub(crate) strip: bool,
    pub(crate) mode: Mode,
    cell: String,
}

impl Loads {
    /// What the configuration means; writes down what is wrong with it.
    pub(crate) fn new(config: &config::Config, cell: String, problems: &mut Problems) -> Self {
        let written = config.load_reports.clone();
        for (position, metric) in written.metrics.iter().enumerate() {
            let path = format!("load_reports.metrics[{position}]");
            if metric.name.is_empty() {
                problems.add(format!("{path}.name"), "is empty");
            }
            if !(metric.full_at.is_finite() && metric.full_at > 0.0) {
                problems.add(format!("{path}.full_at"), "must be more than 0");
            }
        }
        if written.half_life_ms == 0 {
            problems.add("load_reports.half_life_ms", "must be at least 1");
        }
        let asks_in_vain = config.classes.iter().position(|class| {
            class.refuse_above_load_percent.is_some() && written.metrics.is_empty()
        });
        if let Some(position) = asks_in_vain {
            let path = format!("classes[{position}].refuse_above_load_percent");
            problems.add(path, "needs `load_reports.metrics`, which are empty");
        }
        let nanoseconds = |milliseconds: u64| milliseconds.saturating_mul(1_000_000);
        Self {
            metrics: written.metrics,
            half_life_ns: nanoseconds(written.half_life_ms),
            stale_after_ns: nanoseconds(written.stale_after_ms),
            ask_for: written.ask_for,
            strip: written.strip,
            mode: written.mode,
            cell,
        }
    }

    /// The cell in which loads stand.
    pub(crate) fn cell(&self) -> &str {
        &self.cell
    }

    /// Whether reports are read.
    pub(crate) fn are_read(&self) -> bool {
        !self.metrics.is_empty()
    }

    /// Asks the server for a report, as is configured.
    pub(crate) fn asking(&self, edits: Edits) -> Edits {
        match self.ask_for {
            AskFor::Nothing => edits,
            AskFor::Text => edits.set(ASK, "text"),
            AskFor::Json => edits.set(ASK, "json"),
        }
    }

    /// What a report says of the load; none if it does not say anything of it.
    pub(crate) fn reported(&self, headers: &Headers) -> Option<f64> {
        if !self.are_read() || !REPORTS.iter().any(|name| headers.contains(name)) {
            return None;
        }
        let report = LoadReport::from_headers(|name| headers.first(name))?.ok()?;
        let loads = self.metrics.iter().filter_map(|metric| {
            let value = report.get(&metric.name)?;
            Some(value / metric.full_at).filter(|load| load.is_finite())
        });
        loads.reduce(f64::max)
    }

    /// The key of a model and version.
    pub(crate) fn key(secret: Secret, model: Option<&str>, version: Option<&str>) -> Key {
        secret.key([model, version].into_iter().map(|part| part.map(str::as_bytes)))
    }

    /// Adds a report to what is known. The load then.
    ///
    /// # Errors
    /// When the shared state can't be changed.
    pub(crate) fn learn(
        &self,
        cells: Cells,
        key: Key,
        report: f64,
        at: Timestamp,
    ) -> Result<Option<f64>, CellError> {
        let now = at.nanos();
        let is_stale = |state: &[u8]| {
            Load::from_bytes(state).and_then(|load| load.known(self.stale_after_ns, now)).is_none()
        };
        cells.update(&self.cell, |bytes| {
            let target = Target { key, placement: None };
            let updated = table::update(bytes, target, KEYS, is_stale, |state| {
                let known = state.filter(|state| !is_stale(state)).and_then(Load::from_bytes);
                let load = match known {
                    Some(load) => load.and(report, self.half_life_ns, now),
                    None => Load::first(report, now),
                };
                (Some(load.to_bytes()), load.known(self.stale_after_ns, now))
            });
            (updated.bytes, updated.outcome)
        })
    }

    /// The load of a key, if it is known.
    ///
    /// # Errors
    /// When the shared state can't be had.
    pub(crate) fn known(
        &self,
        cells: Cells,
        key: Key,
        at: Timestamp,
    ) -> Result<Option<f64>, CellError> {
        cells.update(&self.cell, |bytes| {
            let load = table::peek(bytes, key).and_then(Load::from_bytes);
            (None, load.and_then(|load| load.known(self.stale_after_ns, at.nanos())))
        })
    }
}
