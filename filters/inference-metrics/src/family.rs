//! The series of one model, version, class and operation.

use crate::metrics::{self, Row};
use crate::outcome::OTHER;
use crate::pricing::{Change, Cost};
use core::cell::{OnceCell, RefCell};
use core::time::Duration;
use filter_kit::{MetricKind, Notes, Series};
use hashbrown::HashMap;
use std::rc::Rc;

/// The values of the labels that all series of a group have.
type Labels = [String; 4];

/// The series of a metric, one for each value of its own label.
#[derive(Debug)]
pub(crate) struct Family {
    row: &'static Row,
    labels: Rc<Labels>,
    /// Made when they are first counted.
    series: Vec<OnceCell<Series>>,
}

/// The series of one model, version, class and operation.
#[derive(Debug)]
pub(crate) struct Group {
    labels: Rc<Labels>,
    refused: RefCell<HashMap<String, Series>>,
    pub(crate) requests: Family,
    pub(crate) grpc_responses: Family,
    pub(crate) finish_reasons: Family,
    pub(crate) tokens: Family,
    pub(crate) tokens_estimated: Family,
    cost: Family,
    cost_estimated: Family,
    pub(crate) images: Family,
    pub(crate) unread: Family,
    pub(crate) duration: Family,
    pub(crate) upstream_time: Family,
    pub(crate) gateway_time: Family,
    pub(crate) generation: Family,
    pub(crate) first_token: Family,
    pub(crate) output_token: Family,
    pub(crate) first_chunk: Family,
    pub(crate) chunk_gap: Family,
    pub(crate) token_usage: Family,
    pub(crate) first_message: Family,
    pub(crate) message_gap: Family,
    pub(crate) request_bytes: Family,
    pub(crate) response_bytes: Family,
    pub(crate) batch_size: Family,
    pub(crate) tensor_elements: Family,
    pub(crate) prompt_characters: Family,
    change: Change,
    change_estimated: Change,
}

impl Group {
    /// How many series one may come to.
    pub(crate) fn most_series() -> usize {
        let rows = metrics::ROWS_PER_MODEL.iter().map(|row| row.values.len());
        rows.fold(metrics::MOST_REASONS.saturating_add(1), usize::saturating_add)
    }

    pub(crate) fn new(labels: Labels) -> Self {
        let labels = Rc::new(labels);
        let of = |row: &'static Row| Family {
            row,
            labels: Rc::clone(&labels),
            series: row.values.iter().map(|_| OnceCell::new()).collect(),
        };
        Self {
            labels: Rc::clone(&labels),
            refused: RefCell::default(),
            requests: of(&metrics::REQUESTS),
            grpc_responses: of(&metrics::GRPC_RESPONSES),
            finish_reasons: of(&metrics::FINISH_REASONS),
            tokens: of(&metrics::TOKENS_USED),
            tokens_estimated: of(&metrics::TOKENS_ESTIMATED),
            cost: of(&metrics::COST),
            cost_estimated: of(&metrics::COST_ESTIMATED),
            images: of(&metrics::IMAGES),
            unread: of(&metrics::UNREAD),
            duration: of(&metrics::DURATION),
            upstream_time: of(&metrics::UPSTREAM_TIME),
            gateway_time: of(&metrics::GATEWAY_TIME),
            generation: of(&metrics::GENERATION),
            first_token: of(&metrics::FIRST_TOKEN),
            output_token: of(&metrics::OUTPUT_TOKEN),
            first_chunk: of(&metrics::FIRST_CHUNK),
            chunk_gap: of(&metrics::CHUNK_GAP),
            token_usage: of(&metrics::TOKEN_USAGE),
            first_message: of(&metrics::FIRST_MESSAGE),
            message_gap: of(&metrics::MESSAGE_GAP),
            request_bytes: of(&metrics::REQUEST_BYTES),
            response_bytes: of(&metrics::RESPONSE_BYTES),
            batch_size: of(&metrics::BATCH_SIZE),
            tensor_elements: of(&metrics::TENSOR_ELEMENTS),
            prompt_characters: of(&metrics::PROMPT_CHARACTERS),
            change: Change::default(),
            change_estimated: Change::default(),
        }
    }

    /// Counts a request that a filter refused, by a rule. More of them than there are,
    /// from filters that nobody knows, are counted together.
    pub(crate) fn refuse(&self, filter: &str, rule: &str, notes: &mut Notes) {
        let Ok(mut refused) = self.refused.try_borrow_mut() else { return };
        let mut reason = format!("{filter};{rule}");
        let (mut filter, mut rule) = (filter, rule);
        if refused.len() >= metrics::MOST_REASONS && !refused.contains_key(&reason) {
            (filter, rule) = (OTHER, OTHER);
            reason = OTHER.to_owned();
        }
        let [model, version, class, operation] = &*self.labels;
        let series = refused.entry(reason).or_insert_with(|| {
            Series::new(&metrics::REFUSED, &[model, version, class, operation, filter, rule])
        });
        notes.count(series);
    }

    /// Counts what a request cost, as its answer said.
    pub(crate) fn charge(&self, cost: Cost, notes: &mut Notes) {
        self.cost.add(self.change.whole(cost), notes);
    }

    /// Counts what a request is taken to have cost.
    pub(crate) fn charge_estimated(&self, cost: Cost, notes: &mut Notes) {
        self.cost_estimated.add(self.change_estimated.whole(cost), notes);
    }
}

impl Family {
    /// Counts one.
    pub(crate) fn count(&self, notes: &mut Notes) {
        self.count_at(0, notes);
    }

    /// Counts one with a value of the metric's own label, by its place.
    pub(crate) fn count_at(&self, value: usize, notes: &mut Notes) {
        self.add_at(value, 1, notes);
    }

    /// Counts so many.
    pub(crate) fn add(&self, amount: u64, notes: &mut Notes) {
        self.add_at(0, amount, notes);
    }

    /// Counts so many with a value of the metric's own label, by its place.
    pub(crate) fn add_at(&self, value: usize, amount: u64, notes: &mut Notes) {
        let amount = i64::try_from(amount).unwrap_or(i64::MAX);
        if let (Some(series), 1..) = (self.series(value), amount) {
            notes.add(series, amount);
        }
    }

    /// Records a value.
    pub(crate) fn record(&self, value: u64, notes: &mut Notes) {
        self.record_at(0, value, notes);
    }

    /// Records a value with one of the metric's own label, by its place. It counts as
    /// twice the last bound at most.
    pub(crate) fn record_at(&self, label: usize, value: u64, notes: &mut Notes) {
        // What nobody could mean would be all that the sum ever tells again.
        let most = match self.row.metric.kind {
            MetricKind::Histogram(bounds) => bounds.last().map(|last| last.saturating_mul(2)),
            MetricKind::Counter | MetricKind::Gauge => None,
        };
        if let Some(series) = self.series(label) {
            notes.record(series, value.min(most.unwrap_or(u64::MAX)));
        }
    }

    /// Records a time in whole microseconds.
    pub(crate) fn record_us(&self, time: Duration, notes: &mut Notes) {
        self.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), notes);
    }

    /// Records a time in whole milliseconds, the nearest.
    pub(crate) fn record_ms(&self, time: Duration, notes: &mut Notes) {
        self.record(nearest_ms(time), notes);
    }

    fn series(&self, value: usize) -> Option<&Series> {
        let cell = self.series.get(value)?;
        Some(cell.get_or_init(|| {
            let [model, version, class, operation] = &*self.labels;
            let own = self.row.values.get(value).copied().unwrap_or_default();
            Series::new(&self.row.metric, &[model, version, class, operation, own])
        }))
    }
}

/// A time in whole milliseconds, the nearest.
pub(crate) fn nearest_ms(time: Duration) -> u64 {
    let rounded = time.saturating_add(Duration::from_micros(500));
    u64::try_from(rounded.as_millis()).unwrap_or(u64::MAX)
}
