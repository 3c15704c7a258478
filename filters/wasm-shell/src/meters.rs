//! Each series is defined once per VM: Envoy hands out a new number for every
//! definition, even of the same name, and keeps them all.

use crate::host::{self, MetricId};
use core::cell::RefCell;
use filter_kit::{Change, Series};
use hashbrown::HashMap;

thread_local! {
    // A VM has one thread.
    static DEFINED: RefCell<HashMap<Series, MetricId>> = RefCell::new(HashMap::new());
}

/// Makes the series known to Envoy, so that it stands at zero before it moves.
pub(crate) fn define(series: &Series) {
    let _ = id(series);
}

/// Makes the change. One that Envoy refuses is lost.
pub(crate) fn apply(change: &Change) {
    let _ = match change {
        Change::Add(series, amount) => {
            id(series).and_then(|id| host::increment_metric(id, *amount))
        }
        Change::Set(series, value) | Change::Record(series, value) => {
            id(series).and_then(|id| host::record_metric(id, *value))
        }
    };
}

fn id(series: &Series) -> host::Result<MetricId> {
    if let Some(number) = series.number() {
        return Ok(MetricId::of(number));
    }
    let id = DEFINED.with_borrow_mut(|defined| {
        if let Some(id) = defined.get(series) {
            return Ok(*id);
        }
        let id = host::define_metric(series.kind(), series.stat_name())?;
        defined.insert(series.clone(), id);
        Ok(id)
    })?;
    series.set_number(id.number());
    Ok(id)
}
