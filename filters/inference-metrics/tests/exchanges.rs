//! Whatever happens in whatever order: every request that came in is counted with one
//! outcome, in series that the table knows, and there are no more of them than allowed.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use filter_kit::trial::local_cells;
use filter_kit::{
    Arrival, Asks, BodyChunk, Cells, Change, Exchange, Filter, HeaderBlock, Headers, Metric,
    MetricKind, Notes, Timestamp, Told, Trailers, Upcoming, Verdict, Watching, parse_config,
};
use inference_metrics::metrics::{METRICS, ROWS_PER_MODEL};
use inference_metrics::{InferenceMetrics, Observation};
use proptest::prelude::*;
use scripts::{Part, Script, Step, steps};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

#[path = "exchanges/scripts.rs"]
mod scripts;

/// So many groups have series of their own.
const GROUPS: usize = 3;
const SERIES_OF_A_GROUP: usize = 136;
const CLASSES: [&str; 2] = ["batch", "default"];

fn config(model_from: &str) -> Value {
    json!({
        "models": [
            {"name": "a", "versions": ["1"], "price": {"output_token_microunits": 0.3}},
            {"name": "b"},
            {"name": "c"},
        ],
        "model_from": model_from,
        "tenant": {"header": "x-tenant", "stated_as": "hash"},
        "class_rules": [{"class": "batch", "header": {"name": "x-kind", "value": "batch"}}],
        "max_series": SERIES_OF_A_GROUP * (GROUPS + 1),
        "input_hash": {"secret": "s"},
    })
}

fn filter(model_from: &str) -> Rc<InferenceMetrics> {
    let config = parse_config(config(model_from)).config.unwrap();
    Rc::new(InferenceMetrics::configure(config).unwrap())
}

/// An exchange that is here.
struct Open {
    exchange: Observation,
    script: Script,
    next: usize,
    shown: [Watching; 2],
}

struct Run {
    workers: Vec<Rc<InferenceMetrics>>,
    cells: Cells,
    open: Vec<Open>,
    begun: usize,
    /// What every series came to.
    counters: BTreeMap<String, i64>,
    series: BTreeSet<String>,
}

impl Run {
    fn new() -> Self {
        let workers = ["router", "headers", "request"].map(filter).into();
        let cells = local_cells();
        let (open, begun) = (Vec::new(), 0);
        Self { workers, cells, open, begun, counters: BTreeMap::new(), series: BTreeSet::new() }
    }

    fn step(&mut self, at: Timestamp, step: Step) {
        let which = |which: usize, open: &Vec<Open>| (!open.is_empty()).then(|| which % open.len());
        match step {
            Step::Begin(worker, script) => {
                let arrival = Arrival { at, cells: self.cells, ..Arrival::default() };
                let exchange = self.workers[worker].exchange(arrival);
                let shown = [Watching::Everything; 2];
                self.open.push(Open { exchange, script, next: 0, shown });
                self.next(self.open.len() - 1, at);
                self.begun += 1;
            }
            Step::Next(number) => {
                if let Some(number) = which(number, &self.open) {
                    self.next(number, at);
                }
            }
            Step::End(number) => {
                if let Some(number) = which(number, &self.open) {
                    self.end(number, at);
                }
            }
            Step::Replace(worker, model_from) => self.workers[worker] = filter(model_from),
        }
    }

    fn next(&mut self, number: usize, at: Timestamp) {
        let mut notes = Notes::default();
        match self.open[number].next(at, &mut notes) {
            true => self.take(&notes),
            false => self.end(number, at),
        }
    }

    fn end(&mut self, number: usize, at: Timestamp) {
        let mut open = self.open.swap_remove(number);
        let mut notes = Notes::default();
        open.tell(Upcoming::End);
        open.exchange.finished(at, &mut notes);
        // Nothing can come behind it that counts.
        let changes = notes.changes().len();
        open.exchange.finished(at, &mut notes);
        assert_eq!(notes.changes().len(), changes);
        self.take(&notes);
    }

    fn take(&mut self, notes: &Notes) {
        for change in notes.changes() {
            let (series, amount) = match change {
                Change::Add(series, amount) => {
                    assert_eq!(series.kind(), MetricKind::Counter);
                    assert!(*amount > 0, "{} {amount}", series.stat_name());
                    (series, *amount)
                }
                Change::Record(series, _) => {
                    assert!(matches!(series.kind(), MetricKind::Histogram(_)));
                    (series, 0)
                }
                Change::Set(series, _) => panic!("{}", series.stat_name()),
            };
            let metric = METRICS.iter().find(|metric| is_of(series.stat_name(), metric));
            let metric = metric.unwrap_or_else(|| panic!("unknown: {}", series.stat_name()));
            assert_eq!(metric.kind, series.kind(), "{}", metric.name);
            self.series.insert(series.stat_name().to_owned());
            let total = self.counters.entry(series.stat_name().to_owned()).or_default();
            *total = total.saturating_add(amount);
        }
        assert!(notes.logs().is_empty() && notes.wakes().is_empty());
    }

    fn total(&self, metric: &str) -> i64 {
        let of = self.counters.iter().filter(|(name, _)| name.starts_with(metric));
        of.map(|(_, total)| *total).sum()
    }

    /// The labels that all series of a group have.
    fn groups(&self) -> BTreeSet<Vec<String>> {
        let labels = |name: &String| {
            let row = ROWS_PER_MODEL.iter().find(|row| is_of(name, &row.metric))?;
            let labels = name.strip_prefix(row.metric.name)?.split(';').take(4);
            Some(labels.map(str::to_owned).collect())
        };
        self.series.iter().filter_map(labels).collect()
    }
}

impl Open {
    /// Shows the next part, if there is one.
    fn next(&mut self, at: Timestamp, notes: &mut Notes) -> bool {
        while let Some(part) = self.script.parts.get(self.next).cloned() {
            self.next += 1;
            if self.show(part, at, notes) {
                return true;
            }
        }
        false
    }

    /// Shows a part, unless nobody wants to see it.
    fn show(&mut self, part: Part, at: Timestamp, notes: &mut Notes) -> bool {
        let headers = |list: &[(String, Vec<u8>)]| -> Headers {
            list.iter().map(|(name, value)| (name, value)).collect()
        };
        let [request, answer] = self.shown;
        match part {
            Part::RequestHeaders(list, end_of_message) => {
                let headers = &headers(&list);
                let block = HeaderBlock { headers, end_of_message, at };
                self.shown[0] = forwarded(self.exchange.request_headers(block, notes));
            }
            Part::RequestBody(bytes, end_of_message) if request == Watching::Everything => {
                let chunk = BodyChunk { bytes: &bytes, end_of_message, at };
                self.shown[0] = forwarded(self.exchange.request_body(chunk, notes));
            }
            Part::RequestTrailers if request != Watching::Nothing => {
                let trailers = &Headers::default();
                forwarded(self.exchange.request_trailers(Trailers { trailers, at }, notes));
            }
            Part::ResponseHeaders(list, end_of_message) => {
                self.tell(Upcoming::ResponseHeaders);
                let headers = &headers(&list);
                let block = HeaderBlock { headers, end_of_message, at };
                self.shown[1] = forwarded(self.exchange.response_headers(block, notes));
            }
            Part::ResponseBody(bytes, end_of_message) if answer == Watching::Everything => {
                let chunk = BodyChunk { bytes: &bytes, end_of_message, at };
                self.shown[1] = forwarded(self.exchange.response_body(chunk, notes));
            }
            Part::ResponseTrailers(list) if answer != Watching::Nothing => {
                let trailers = &headers(&list);
                forwarded(self.exchange.response_trailers(Trailers { trailers, at }, notes));
            }
            _ => return false,
        }
        true
    }

    fn tell(&mut self, upcoming: Upcoming) {
        let asks = self.exchange.asks(upcoming);
        if asks == Asks::NOTHING {
            return;
        }
        let known = self.script.known.clone();
        let facts = known.facts.into_iter().filter(|(name, _)| asks.facts.contains(name));
        self.exchange.told(Told {
            facts: facts.collect(),
            flags: known.flags.filter(|_| asks.flags),
            details: known.details.filter(|_| asks.details),
            upstream_time: known.upstream_time.filter(|_| asks.upstream_time),
            request_bytes: known.request_bytes.filter(|_| asks.request_bytes),
            response_bytes: known.response_bytes.filter(|_| asks.response_bytes),
        });
    }
}

/// Whatever it sees, it lets it go on as it is.
fn forwarded(verdict: Verdict) -> Watching {
    match verdict {
        Verdict::Forward(edits) => {
            let is_plain = edits.headers().is_empty()
                && edits.splices().is_empty()
                && edits.trailers().is_empty();
            assert!(is_plain, "{edits:?}");
            edits.watching()
        }
        other => panic!("{other:?}"),
    }
}

/// Whether a series is one of this metric, with all of its labels and no others.
fn is_of(stat_name: &str, metric: &Metric) -> bool {
    let Some(labels) = stat_name.strip_prefix(metric.name) else { return false };
    let names = labels.split_terminator(';').map(|label| label.split_once("=.=").map(|(n, _)| n));
    let expected: Vec<String> = metric.labels.iter().map(|label| format!("_{label}")).collect();
    names.eq(expected.iter().map(|label| Some(label.as_str())))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_request_that_came_in_is_counted_with_one_outcome(steps in steps()) {
        let mut run = Run::new();
        for (at, step) in steps {
            run.step(Timestamp::from_nanos(at), step);
            let over = run.total("inference_requests_total_");
            let started = run.total("inference_requests_started_total_");
            prop_assert!(over <= started);
            prop_assert!(started <= i64::try_from(run.begun).unwrap());
        }
        while !run.open.is_empty() {
            run.end(0, Timestamp::default());
        }
        let started = run.total("inference_requests_started_total_");
        prop_assert_eq!(run.total("inference_requests_total_"), started);

        let refused = run.counters.iter().filter(|(name, _)| name.contains("outcome=.=refused;"));
        let refused: i64 = refused.map(|(_, total)| total).sum();
        prop_assert_eq!(run.total("inference_refused_total_"), refused);

        let groups = run.groups();
        prop_assert!(groups.len() <= GROUPS + 1, "{:?}", groups);
        let labels = ["_model=.=other", "_version=.=other", "_class=.=other", "_operation=.=other"];
        let folded = labels.map(str::to_owned).to_vec();
        if run.total("inference_metrics_folded_total") > 0 {
            prop_assert_eq!(groups.contains(&folded), true, "{:?}", groups);
        }
        let per_model = run.series.iter().filter(|name| {
            ROWS_PER_MODEL.iter().any(|row| is_of(name, &row.metric))
        });
        prop_assert!(per_model.count() <= SERIES_OF_A_GROUP * (GROUPS + 1));
        for name in &run.series {
            let class = name.split_once("_class=.=").map(|(_, rest)| rest.split(';').next());
            let is_known = class.flatten().is_none_or(|class| {
                CLASSES.contains(&class) || class == "other"
            });
            prop_assert!(is_known, "{}", name);
        }
    }
}
