//! What a request holds from when it was let in until it is over.

use crate::accounts::{Charge, Ending, Seat};
use crate::config::TellIn;
use crate::control::AdmissionControl;
use crate::limits::{Kind, Room};
use crate::telling;
use crate::told::{self, Standing};
use filter_kit::{Arrival, Notes, Timestamp};
use std::borrow::Cow;

/// What a request holds.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    pub(crate) charges: Vec<Charge>,
    pub(crate) seats: Vec<Seat>,
    /// How its quotas stood when it came.
    pub(crate) standings: Vec<Standing>,
}

/// What became of a request that reserved something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It did not go on: it counts for nothing.
    Kept,
    /// It went on, and used so many tokens. It was one request, whatever came of it.
    Went { tokens: u64 },
}

impl Holding {
    /// What the client is told of its quotas.
    pub(crate) fn told(&self, control: &AdmissionControl) -> Vec<(Cow<'static, str>, Vec<u8>)> {
        told::headers(control, &self.standings, TellIn::Answers)
    }

    /// Settles what was reserved.
    pub(crate) fn settle(
        &self,
        control: &AdmissionControl,
        arrival: &Arrival,
        (fate, at): (Fate, Timestamp),
        notes: &mut Notes,
    ) {
        for charge in &self.charges {
            let Some(limit) = control.limits.get(charge.limit()) else { continue };
            let (quota, used) = match (&limit.kind, fate) {
                (Kind::Tokens(quota) | Kind::Requests(quota), Fate::Kept) => (quota, 0),
                (Kind::Tokens(quota), Fate::Went { tokens }) => {
                    (quota, charge.chargeable(tokens, quota))
                }
                (Kind::Requests(_), Fate::Went { .. }) | (Kind::InFlight(_), _) => continue,
            };
            let settled = control.settle(arrival.cells, (charge, quota), used, at);
            if settled.is_ok() && matches!(limit.kind, Kind::Tokens(_)) {
                telling::settled(control, charge, used, notes);
            }
        }
    }

    /// Gives the places back. The limits in force then, each by its position.
    pub(crate) fn leave(
        &self,
        control: &AdmissionControl,
        arrival: &Arrival,
        (ending, at): (Ending, Timestamp),
    ) -> Vec<(usize, u32)> {
        let mut in_force = Vec::new();
        for seat in &self.seats {
            let position = seat.entry().limit;
            control.seat(position, |seats| seats.saturating_sub(1));
            let Some(limit) = control.limits.get(position) else { continue };
            let Kind::InFlight(room) = limit.kind else { continue };
            let left = control.leave(arrival.cells, (seat, room), ending, at);
            in_force.extend(left.map(|limit| (position, limit)));
        }
        in_force
    }

    /// Tells adaptive limits that the first token of the answer came.
    pub(crate) fn sample(&self, control: &AdmissionControl, arrival: &Arrival, at: Timestamp) {
        for seat in &self.seats {
            let Some(limit) = control.limits.get(seat.entry().limit) else { continue };
            if let Kind::InFlight(Room::Adaptive(settings)) = limit.kind {
                let _ = control.sample(arrival.cells, (seat, settings), at);
            }
        }
    }
}
