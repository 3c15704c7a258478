//! What a filter says beside deciding.

use crate::{host, meters};
use filter_kit::{Filter, Notes};
use log::Level;
use proxy_wasm::types::LogLevel;

/// Passes it on to Envoy.
pub(crate) fn publish<F: Filter>(notes: &mut Notes) {
    notes.changes().iter().for_each(meters::apply);
    for fact in notes.facts() {
        let _ = host::set_property(fact.name, fact.value.as_bytes());
    }
    for line in notes.logs() {
        if line.level <= log::max_level() {
            host::log(log_level(line.level), &format!("{}: {}", F::NAME, line.text));
        }
    }
    notes.clear();
}

const fn log_level(level: Level) -> LogLevel {
    match level {
        Level::Error => LogLevel::Error,
        Level::Warn => LogLevel::Warn,
        Level::Info => LogLevel::Info,
        Level::Debug => LogLevel::Debug,
        Level::Trace => LogLevel::Trace,
    }
}
