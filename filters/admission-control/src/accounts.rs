//! What a request holds of the limits, in the state that workers share.

use crate::control::AdmissionControl;
use crate::ledger::adaptive::{Adaptive, Sample, Settings};
use crate::ledger::bucket::{Bucket, Reservation, Settlement, Wait};
use crate::ledger::quota::Quota;
use crate::ledger::room::{self, Room};
use crate::ledger::table::{self, OVERFLOW, Placement, Target, Updated};
use crate::limits::{self, Kind, Limit};
use crate::secret::Key;
use crate::told::Standing;
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

/// A place in a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    place: Place,
    worker: u32,
    since: Timestamp,
}

/// There is too little left of a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Short {
    pub(crate) wait: Wait,
}

/// There is no place in a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowded {
    /// How long requests are here, on average, in nanoseconds; 0 while that is not
    /// known.
    pub(crate) service_ns: u64,
    /// How many may be here.
    pub(crate) limit: u32,
}

/// What a place in a room came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seated {
    pub(crate) seat: Seat,
    /// It would have been refused.
    pub(crate) is_beyond: bool,
    /// The limit in force.
    pub(crate) limit: u32,
}

/// How a request ended that had a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// It was answered, so the time it took counts.
    pub(crate) is_answered: bool,
    /// An adaptive limit has learnt from it already, or must not.
    pub(crate) is_sampled: bool,
}

impl Ending {
    /// Nothing is to be learnt from it.
    pub(crate) const UNSEEN: Self = Self { is_answered: false, is_sampled: true };
}

impl Charge {
    pub(crate) const fn limit(&self) -> usize {
        self.place.entry.limit
    }
}

impl Seat {
    pub(crate) const fn entry(&self) -> Entry {
        self.place.entry
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
        // An answer that says absurdly much must not close a budget for years.
        let most = charge.units.saturating_add(quota.burst().saturating_mul(MOST_OVERDRAWN));
        let used = used.min(most);
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

    /// Takes a place in a room for a request of this class. Beyond a limit that is
    /// only reported as well.
    ///
    /// # Errors
    /// When the shared state can't be changed.
    pub(crate) fn enter(
        &self,
        cells: Cells,
        (entry, room): (Entry, limits::Room),
        class: usize,
        at: Timestamp,
    ) -> Result<Result<Seated, Crowded>, CellError> {
        let worker = self.membership.number(cells, at)?;
        let percent = self.callers.class_at(class).map_or(100, |class| class.room_percent);
        let is_enforced = self.is_enforced(entry.limit);
        let updated = self.update_room(cells, entry, None, at, |state, live| {
            let whole = limit_now(state, room, at);
            let limit = room::share(whole, percent);
            let most = if is_enforced { limit } else { u32::MAX };
            match state.enter(live, worker, most) {
                Ok(in_flight) => Ok((in_flight.count > limit, whole)),
                Err(_) => Err(Crowded {
                    service_ns: u64::from(state.service_us()).saturating_mul(1000),
                    limit,
                }),
            }
        })?;
        let place = Place { entry, placement: updated.placement };
        Ok(updated.outcome.map(|(is_beyond, limit)| Seated {
            seat: Seat { place, worker, since: at },
            is_beyond,
            limit,
        }))
    }

    /// How crowded a room is for a request of this class, that does not enter it.
    ///
    /// # Errors
    /// When the shared state can't be had.
    pub(crate) fn crowd(
        &self,
        cells: Cells,
        (entry, room): (Entry, limits::Room),
        class: usize,
        at: Timestamp,
    ) -> Result<Crowded, CellError> {
        let percent = self.callers.class_at(class).map_or(100, |class| class.room_percent);
        let limit = self.limits.get(entry.limit).ok_or(CellError::Unshared)?;
        cells.update(limit.cell(&entry.key), |bytes| {
            let state = table::peek(bytes, entry.key).or_else(|| table::peek(bytes, OVERFLOW));
            let mut state = state.and_then(Room::from_bytes).unwrap_or_default();
            let whole = limit_now(&mut state, room, at);
            let service_ns = u64::from(state.service_us()).saturating_mul(1000);
            (None, Crowded { service_ns, limit: room::share(whole, percent) })
        })
    }

    /// Gives a place back. The limit in force then.
    ///
    /// # Errors
    /// When the shared state can't be changed.
    pub(crate) fn leave(
        &self,
        cells: Cells,
        (seat, room): (&Seat, limits::Room),
        Ending { is_answered, is_sampled }: Ending,
        at: Timestamp,
    ) -> Result<u32, CellError> {
        let Place { entry, placement } = seat.place;
        let took = took_us(seat, at);
        let updated = self.update_room(cells, entry, Some(placement), at, |state, live| {
            let in_flight = state.leave(live, seat.worker).count;
            if is_answered {
                state.served(took);
            }
            if let (limits::Room::Adaptive(settings), true, false) = (room, is_answered, is_sampled)
            {
                learn(state, &settings, seat, (took, in_flight), at);
            }
            limit_now(state, room, at)
        })?;
        Ok(updated.outcome)
    }

    /// Tells an adaptive limit that the first token of an answer came.
    ///
    /// # Errors
    /// When the shared state can't be changed.
    pub(crate) fn sample(
        &self,
        cells: Cells,
        (seat, settings): (&Seat, Settings),
        at: Timestamp,
    ) -> Result<u32, CellError> {
        let Place { entry, placement } = seat.place;
        let took = took_us(seat, at);
        let updated = self.update_room(cells, entry, Some(placement), at, |state, _| {
            let in_flight = state.in_flight();
            learn(state, &settings, seat, (took, in_flight), at);
            limit_now(state, limits::Room::Adaptive(settings), at)
        })?;
        Ok(updated.outcome)
    }

    fn update_room<T>(
        &self,
        cells: Cells,
        Entry { limit, key }: Entry,
        placement: Option<Placement>,
        at: Timestamp,
        step: impl Fn(&mut Room, &dyn Fn(u32) -> bool) -> T,
    ) -> Result<Updated<T>, CellError> {
        let limit = self.limits.get(limit).ok_or(CellError::Unshared)?;
        let live = self.membership.live();
        let is_alive = |worker: u32| live.contains(worker);
        // What an adaptive limit has learnt is worth keeping for a while.
        let is_stale = |room: &Room| match (&limit.kind, &room.adaptive) {
            (Kind::InFlight(limits::Room::Adaptive(settings)), Some(adaptive)) => {
                adaptive.is_stale(settings, at.nanos())
            }
            _ => true,
        };
        let is_idle = |state: &[u8]| {
            Room::from_bytes(state).is_none_or(|room| room.is_idle(&is_alive) && is_stale(&room))
        };
        update(cells, limit, Target { key, placement }, is_idle, |state| {
            let mut room = state.and_then(Room::from_bytes).unwrap_or_default();
            let outcome = step(&mut room, &is_alive);
            let bytes = room.to_bytes();
            // Those who wait try again and again: what is as it was is not written.
            ((state != Some(&bytes)).then_some(bytes), outcome)
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

/// The limit in force.
fn limit_now(state: &mut Room, room: limits::Room, at: Timestamp) -> u32 {
    match room {
        limits::Room::Fixed(limit) => limit,
        limits::Room::Adaptive(settings) => state
            .adaptive
            .get_or_insert_with(|| Adaptive::new(&settings, at.nanos()))
            .limit(&settings, at.nanos()),
    }
}

fn learn(
    state: &mut Room,
    settings: &Settings,
    seat: &Seat,
    (rtt_us, in_flight): (u32, u32),
    at: Timestamp,
) {
    let sample = Sample { started: seat.since.nanos(), rtt_us, in_flight };
    let adaptive = state.adaptive.get_or_insert_with(|| Adaptive::new(settings, at.nanos()));
    adaptive.record(settings, sample, at.nanos());
}

fn took_us(seat: &Seat, at: Timestamp) -> u32 {
    u32::try_from(at.since(seat.since).as_micros()).unwrap_or(u32::MAX)
}
