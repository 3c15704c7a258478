//! What was measured, for people and for machines.

use crate::cases::Case;
use comfy_table::{CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::time::Duration;

/// What one Envoy needed in one case.
pub(crate) struct Measured {
    name: &'static str,
    /// Processor time per request of each round, in microseconds.
    processor_us: Vec<f64>,
    /// In microseconds.
    latency: Histogram<u64>,
}

impl Measured {
    pub(crate) fn of(name: &'static str) -> Self {
        let latency = Histogram::new_with_bounds(1, 60_000_000, 3).expect("valid bounds");
        Self { name, processor_us: Vec::new(), latency }
    }

    /// Adds a round: the processor time it took and how long each request took.
    pub(crate) fn add(&mut self, spent: Duration, latencies: &[Duration]) {
        let requests = u32::try_from(latencies.len()).expect("a round is short");
        self.processor_us.push((spent / requests).as_secs_f64() * 1e6);
        for latency in latencies {
            self.latency.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        }
    }
}

/// The results so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

struct Row {
    filter: &'static str,
    case: &'static str,
    body_bytes: usize,
    plain_us: f64,
    /// None for the Envoy without filters.
    added_us: Option<f64>,
    /// The 50th, 90th and 99th percentile of the latency in microseconds.
    latency_us: [u64; 3],
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.added_us.map(|added| (self.plain_us + added) / self.plain_us)
    }
}

impl Report {
    /// Adds a case. The first of the measured is the Envoy without filters.
    pub(crate) fn add(&mut self, case: &Case, measured: &[Measured]) {
        let Some(plain) = measured.first() else { return };
        self.rows.extend(measured.iter().map(|one| Row {
            filter: one.name,
            case: case.name,
            body_bytes: case.call().body_bytes().len(),
            plain_us: median(plain.processor_us.clone()),
            added_us: (one.name != plain.name).then(|| {
                let pairs = one.processor_us.iter().zip(&plain.processor_us);
                median(pairs.map(|(with, without)| with - without).collect())
            }),
            latency_us: [50.0, 90.0, 99.0].map(|rank| one.latency.value_at_percentile(rank)),
        }));
    }

    /// For people.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header([
            "case",
            "filter",
            "body\nbytes",
            "CPU\nµs/request",
            "added\nµs",
            "ratio",
            "p50\nµs",
            "p90\nµs",
            "p99\nµs",
        ]);
        for row in &self.rows {
            let optional = |value: Option<f64>, digits| {
                value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
            };
            let mut cells = vec![
                row.case.to_owned(),
                row.filter.to_owned(),
                row.body_bytes.to_string(),
                format!("{:.1}", row.plain_us + row.added_us.unwrap_or(0.0)),
                optional(row.added_us, 1),
                optional(row.ratio(), 3),
            ];
            cells.extend(row.latency_us.iter().map(ToString::to_string));
            table.add_row(cells);
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// For machines.
    pub(crate) fn json(&self) -> String {
        let results: Vec<Value> = self
            .rows
            .iter()
            .filter_map(|row| {
                Some(json!({
                    "filter": row.filter,
                    "case": row.case,
                    "body_bytes": row.body_bytes,
                    "plain_us": row.plain_us,
                    "added_us": row.added_us?,
                    "ratio": row.ratio()?,
                }))
            })
            .collect();
        format!("{:#}\n", Value::from(results))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::CASES;

    fn measured(name: &'static str, microseconds: [u64; 3]) -> Measured {
        let mut measured = Measured::of(name);
        for spent in microseconds {
            let requests = [Duration::from_millis(1); 10];
            measured.add(Duration::from_micros(spent * 10), &requests);
        }
        measured
    }

    #[test]
    fn what_a_filter_adds_is_the_median_of_the_pairs() {
        let mut report = Report::default();
        // One round in which the whole machine was slow.
        let plain = measured("plain", [128, 900, 100]);
        report.add(&CASES[0], &[plain, measured("empty", [160, 990, 120])]);
        let results: Value = serde_json::from_str(&report.json()).expect("JSON");
        let expected = json!([{
            "filter": "empty", "case": "chat-1k", "body_bytes": 1024,
            "plain_us": 128.0, "added_us": 32.0, "ratio": 1.25,
        }]);
        assert_eq!(results, expected);
    }
}
