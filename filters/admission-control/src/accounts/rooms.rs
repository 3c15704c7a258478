//! Places among the requests that are here.

use super::{Entry, Place, update};
use crate::control::AdmissionControl;
use crate::ledger::adaptive::{Adaptive, Sample, Settings};
use crate::ledger::room::{self, Room};
use crate::ledger::table::{self, OVERFLOW, Placement, Target, Updated};
use crate::limits::{self, Kind};
use filter_kit::{CellError, Cells, Timestamp};

/// A place in a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    place: Place,
    worker: u32,
    since: Timestamp,
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

impl Seat {
    pub(crate) const fn entry(&self) -> Entry {
        self.place.entry
    }
}

impl AdmissionControl {
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
