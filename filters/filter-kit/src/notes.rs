use crate::Series;
use log::Level;

/// What a filter says without deciding: metric changes, log lines, and facts
/// for the access log and for traces.
///
/// Payloads, prompts and credentials never go in here.
#[derive(Debug, Default, PartialEq)]
pub struct Notes {
    changes: Vec<Change>,
    logs: Vec<LogLine>,
    facts: Vec<Fact>,
    wakes: Vec<Ticket>,
}

/// Stands for an exchange of this worker, for whoever is to wake it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u32);

/// A change to one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Adds to a counter or to a gauge; only a gauge takes a negative amount.
    Add(Series, i64),
    /// A gauge has this value now.
    Set(Series, u64),
    /// One more value for a histogram.
    Record(Series, u64),
}

/// A line for Envoy's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub text: String,
}

/// A fact about the request. The access log and traces find it as
/// `%FILTER_STATE(wasm.NAME:PLAIN)%`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name, such as `inference.model`.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

impl Notes {
    /// Counts one.
    pub fn count(&mut self, series: &Series) {
        self.add(series, 1);
    }

    /// Adds to a counter or moves a gauge.
    pub fn add(&mut self, series: &Series, amount: i64) {
        self.changes.push(Change::Add(series.clone(), amount));
    }

    /// Says what value a gauge has now.
    pub fn set(&mut self, series: &Series, value: u64) {
        self.changes.push(Change::Set(series.clone(), value));
    }

    /// Records a value in a histogram.
    pub fn record(&mut self, series: &Series, value: u64) {
        self.changes.push(Change::Record(series.clone(), value));
    }

    /// States a fact about the request.
    pub fn fact(&mut self, name: &'static str, value: impl Into<String>) {
        self.facts.push(Fact { name, value: value.into() });
    }

    /// Writes a line to Envoy's log.
    pub fn log(&mut self, level: Level, text: impl Into<String>) {
        self.logs.push(LogLine { level, text: text.into() });
    }

    /// Wakes an exchange of this worker that waits
    /// ([`Verdict::Wait`](crate::Verdict::Wait)), once this event is over. One
    /// that does not wait is not woken.
    pub fn wake(&mut self, ticket: Ticket) {
        self.wakes.push(ticket);
    }

    /// Forgets everything that was said, after it was passed on.
    pub fn clear(&mut self) {
        self.changes.clear();
        self.logs.clear();
        self.facts.clear();
        self.wakes.clear();
    }

    /// The metric changes, in order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The log lines, in order.
    pub fn logs(&self) -> &[LogLine] {
        &self.logs
    }

    /// The facts, in order.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Who is to be woken, in order.
    pub fn wakes(&self) -> &[Ticket] {
        &self.wakes
    }
}
