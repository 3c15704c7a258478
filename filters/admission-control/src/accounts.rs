//! What a request holds of the limits, in the state that workers share: of budgets here,
//! of rooms in `rooms`.

mod rooms;

pub(crate) use rooms::{Crowded, Ending, Seat};

use crate::control::AdmissionControl;
use crate::ledger::bucket::{Bucket, Reservation, Settlement, Wait};
use crate::ledger::quota::Quota;
use crate::ledger::table::{self, Placement, Target, Updated};
use crate::limits::Limit;
use crate::told::Standing;
use filter_kit::Key;
use filter_kit::{CellError, Cells, Timestamp};

/// So many times what may be used at once may be used beyond what was reserved.
const MOST_OVERDRAWN: u64 = 4;

/// An entry of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The limit, by position.
    pub(crate) limit: usize,
    pub(crate) key: Key,
}

/// Where an entry lies, once something was written there.
#[derive(Clone, Copy, Debug)]
struct Place {
    entry: Entry,
    placement: Placement,
}

/// What was reserved of a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    place: Place,
    reservation: Reservation,
    pub(crate) units: u64,
}

/// There is too little left of a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Short {
    pub(crate) wait: Wait,
}

impl Charge {
    /// What is charged for so much: an answer that says absurdly much must not close a
    /// budget for years.
    pub(crate) fn chargeable(&self, used: u64, quota: &Quota) -> u64 {
        let overdrawn = quota.burst().saturating_mul(MOST_OVERDRAWN);
        used.min(self.units.saturating_add(overdrawn))
    }

    pub(crate) const fn limit(&self) -> usize {
        self.place.entry.limit
    }
}

impl AdmissionControl {
    /// Reserves so many units of a quota, if there are so many. And how the quota
    /// stands then.
    ///
    /// # Errors
    /// When the shared state can't be changed.
    pub(crate) fn reserve(
        &self,
        cells: Cells,
        (entry, quota): (Entry, &Quota),
        units: u64,
        at: Timestamp,
    ) -> Result<(Result<Charge, Short>, Standing), CellError> {
        let now = at.nanos();
        let updated = self.update_bucket(cells, entry, None, now, |bucket| {
            let (bucket, reserved) = bucket.reserve(quota, units, now);
            let standing = Standing {
                limit: entry.limit,
                remaining: bucket.remaining(quota, now),
                reset_ns: bucket.reset_ns(now),
            };
            (bucket, (reserved, standing))
        })?;
        let place = Place { entry, placement: updated.placement };
        let (reserved, standing) = updated.outcome;
        let charge = reserved
            .map(|reservation| Charge { place, reservation, units })
            .map_err(|shortage| Short { wait: shortage.wait });
        Ok((charge, standing))
    }

    /// Settles what was reserved by what was used.
    ///
    /// # Errors
    /// When the shared state can't be changed. What was reserved stays a debt then,
    /// which time pays off.
    pub(crate) fn settle(
        &self,
        cells: Cells,
        (charge, quota): (&Charge, &Quota),
        used: u64,
        at: Timestamp,
    ) -> Result<Settlement, CellError> {
        if used == charge.units {
            return Ok(Settlement::default());
        }
        let now = at.nanos();
        let Place { entry, placement } = charge.place;
        let updated = self.update_bucket(cells, entry, Some(placement), now, |bucket| {
            bucket.settle(quota, charge.reservation, used, now)
        })?;
        Ok(updated.outcome)
    }

    fn update_bucket<T>(
        &self,
        cells: Cells,
        Entry { limit, key }: Entry,
        placement: Option<Placement>,
        now: u64,
        step: impl Fn(Bucket) -> (Bucket, T),
    ) -> Result<Updated<T>, CellError> {
        let limit = self.limits.get(limit).ok_or(CellError::Unshared)?;
        let is_idle =
            |state: &[u8]| Bucket::from_bytes(state).is_none_or(|bucket| bucket.is_idle(now));
        update(cells, limit, Target { key, placement }, is_idle, |state| {
            let bucket = state.and_then(Bucket::from_bytes).unwrap_or_else(|| Bucket::new(now));
            let (bucket, outcome) = step(bucket);
            (Some(bucket.to_bytes()), outcome)
        })
    }
}

fn update<T>(
    cells: Cells,
    limit: &Limit,
    target: Target,
    is_idle: impl Fn(&[u8]) -> bool,
    step: impl Fn(Option<&[u8]>) -> (Option<Vec<u8>>, T),
) -> Result<Updated<T>, CellError> {
    cells.update(limit.cell(&target.key), |bytes| {
        let mut updated = table::update(bytes, target, limit.keys_per_cell(), &is_idle, &step);
        (updated.bytes.take(), updated)
    })
}
