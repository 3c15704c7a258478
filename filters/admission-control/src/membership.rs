//! This worker among those that are alive.

use crate::ledger::workers::{Gauge, Live, Workers};
use core::cell::{Cell, RefCell};
use core::ops::Deref;
use filter_kit::{CellError, Cells, Timestamp};

/// A worker that was not heard of for so long is dead, and what its requests held is
/// free.
const LEASE_NS: u64 = 10 * SECOND_NS;

/// How often a worker says that it is there.
const BEAT_NS: u64 = SECOND_NS;

const SECOND_NS: u64 = 1_000_000_000;

/// This worker among those that are alive.
#[derive(Debug)]
pub(crate) struct Membership {
    cell: String,
    number: Cell<Option<u32>>,
    beaten: Cell<u64>,
    live: RefCell<Live>,
}

impl Membership {
    /// Of a worker that did not join yet.
    pub(crate) fn new(cell: String) -> Self {
        Self { cell, number: Cell::new(None), beaten: Cell::new(0), live: RefCell::default() }
    }

    /// The cell in which the workers stand.
    pub(crate) fn cell(&self) -> &str {
        &self.cell
    }

    /// The number of this worker, which joins if it has none.
    ///
    /// # Errors
    /// When the shared state can't be changed.
    pub(crate) fn number(&self, cells: Cells, at: Timestamp) -> Result<u32, CellError> {
        let now = at.nanos();
        // One that was stopped for longer than that counts as dead, and others drop
        // what it takes from now on, unless it joins anew.
        let is_alive = now.saturating_sub(self.beaten.get()) <= LEASE_NS;
        if let Some(number) = self.number.get().filter(|_| is_alive) {
            return Ok(number);
        }
        let (number, live) = cells.update(&self.cell, |bytes| {
            let mut workers = Workers::from_bytes(bytes);
            let number = workers.join(now, LEASE_NS);
            (Some(workers.to_bytes()), (number, workers.live(now, LEASE_NS)))
        })?;
        let number = number.map_err(|_| CellError::Unshared)?;
        self.number.set(Some(number));
        self.beaten.set(now);
        self.live.replace(live);
        Ok(number)
    }

    /// Says that this worker is there, if it is time to, and what its gauges are.
    /// What those of all workers add up to, in the same order; none if it was not time.
    ///
    /// # Errors
    /// When the shared state can't be changed.
    pub(crate) fn beat(
        &self,
        cells: Cells,
        gauges: &[Gauge],
        at: Timestamp,
    ) -> Result<Option<Vec<u64>>, CellError> {
        let now = at.nanos();
        if now.saturating_sub(self.beaten.get()) < BEAT_NS {
            return Ok(None);
        }
        // Not even this worker was heard of: all of them were stopped, or the clock was
        // set.
        let has_jumped = now.saturating_sub(self.beaten.replace(now)) > LEASE_NS;
        let me = self.number.get();
        let (is_known, live, totals) = cells.update(&self.cell, |bytes| {
            let mut workers = Workers::from_bytes(bytes);
            if has_jumped {
                workers.restart(now);
            }
            if let Some(me) = me {
                workers.beat(me, gauges, now, LEASE_NS);
            }
            let is_known = me.is_some_and(|me| workers.has(me));
            let live = workers.live(now, LEASE_NS);
            let totals =
                gauges.iter().map(|gauge| workers.total(gauge.name, now, LEASE_NS)).collect();
            (is_known.then(|| workers.to_bytes()), (is_known, live, totals))
        })?;
        if !is_known {
            // Given up for dead while it was stopped: what its requests held is gone,
            // and so is its number, since others may not have heard of its return.
            self.number.set(None);
        }
        self.live.replace(live);
        Ok(Some(totals))
    }

    /// Those that are alive, as far as this worker knows.
    pub(crate) fn live(&self) -> impl Deref<Target = Live> {
        self.live.borrow()
    }
}
