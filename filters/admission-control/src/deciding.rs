//! Whether a request is let in.
//!
//! In this order, so that what is refused took nothing, and what waits holds no place:
//! 1. the load that servers report,
//! 2. budgets of requests and tokens, which are reserved,
//! 3. places among those that are here.

use crate::accounts::{Charge, Crowded, Entry, Seat, Short, Turn};
use crate::arriving::Request;
use crate::config::{Mode, OnFault};
use crate::control::AdmissionControl;
use crate::ledger::bucket::Wait;
use crate::limits::{Kind, Room};
use crate::queue::{Gate, Waiting};
use crate::refusal::{Refusal, Retry, Rule};
use crate::telling;
use crate::told::{self, Standing};
use filter_kit::{Arrival, CellError, Notes, Timestamp};
use std::borrow::Cow;

/// What is decided of a request.
#[derive(Debug)]
pub(crate) enum Decision {
    /// It goes on, and holds this.
    Admitted(Holding),
    /// It goes on, and nobody could look.
    Unchecked,
    /// It may wait for room.
    Wait { holding: Holding, waiting: Waiting, is_others: bool },
    /// It is refused.
    Refused { refusal: Refusal, holding: Holding },
}

/// What a request holds.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    charges: Vec<Charge>,
    pub(crate) seats: Vec<Seat>,
    /// How its quotas stood when it came.
    pub(crate) standings: Vec<Standing>,
}

/// Where there is no place.
#[derive(Debug)]
pub(crate) struct NoSeat {
    gate: Gate,
    crowded: Crowded,
}

impl AdmissionControl {
    /// Decides on a request of which all is known that will be.
    pub(crate) fn decide(
        &self,
        request: &Request,
        arrival: &Arrival,
        at: Timestamp,
        notes: &mut Notes,
    ) -> Decision {
        let mut holding = Holding::default();
        let decided = self.try_decide(request, arrival, at, &mut holding, notes);
        match decided {
            Ok(Ok(None)) => Decision::Admitted(holding),
            Ok(Ok(Some((waiting, is_others)))) => Decision::Wait { holding, waiting, is_others },
            Ok(Err(refusal)) => {
                holding.settle(self, arrival, (None, at), notes);
                Decision::Refused { refusal, holding }
            }
            Err(_) => {
                holding.settle(self, arrival, (None, at), notes);
                match self.on_fault {
                    OnFault::Allow => Decision::Unchecked,
                    OnFault::Deny => {
                        let refusal = Refusal::new(Rule::SharedState, "");
                        Decision::Refused { refusal, holding }
                    }
                }
            }
        }
    }

    fn try_decide(
        &self,
        request: &Request,
        arrival: &Arrival,
        at: Timestamp,
        holding: &mut Holding,
        notes: &mut Notes,
    ) -> Result<Result<Option<(Waiting, bool)>, Refusal>, CellError> {
        if let Some(refusal) = self.check_load(request, arrival, at, notes)? {
            return Ok(Err(refusal));
        }
        if let Some(refusal) = self.take_charges(request, arrival, at, holding, notes)? {
            return Ok(Err(refusal));
        }
        let turn = |entry: &Entry| self.turn(request, entry);
        match self.take_seats(request, arrival, turn, at, notes)? {
            Ok(seats) => {
                holding.seats = seats;
                Ok(Ok(None))
            }
            Err(none) => {
                let may_wait = self.may_wait(request, arrival, &none, at);
                Ok(may_wait.map(|waiting| Some((waiting, none.crowded.is_others))))
            }
        }
    }

    fn check_load(
        &self,
        request: &Request,
        arrival: &Arrival,
        at: Timestamp,
        notes: &mut Notes,
    ) -> Result<Option<Refusal>, CellError> {
        let class = self.callers.class_at(request.class);
        let Some(most) = class.and_then(|class| class.most_load_percent) else { return Ok(None) };
        let load = self.loads.known(arrival.cells, request.load_key, at)?;
        if load.is_none_or(|load| load * 100.0 <= f64::from(most)) {
            return Ok(None);
        }
        let refusal = Refusal::new(Rule::ServerLoad, "");
        if self.loads.mode == Mode::ReportOnly {
            telling::reported(self, &refusal, request.class, notes);
            return Ok(None);
        }
        Ok(Some(refusal))
    }

    /// Reserves what the request costs of each budget; what was reserved is in
    /// `holding`, also when it is refused.
    fn take_charges(
        &self,
        request: &Request,
        arrival: &Arrival,
        at: Timestamp,
        holding: &mut Holding,
        notes: &mut Notes,
    ) -> Result<Option<Refusal>, CellError> {
        for entry in &request.entries {
            let Some(limit) = self.limits.get(entry.limit) else { continue };
            let (quota, units, rule) = match &limit.kind {
                Kind::Requests(quota) => (quota, 1, Rule::RequestQuota),
                Kind::Tokens(quota) => (quota, request.estimate.tokens, Rule::TokenQuota),
                Kind::InFlight(_) => continue,
            };
            let (reserved, standing) = self.reserve(arrival.cells, (*entry, quota), units, at)?;
            holding.standings.push(standing);
            match reserved {
                Ok(charge) => {
                    telling::reserved(self, &charge, notes);
                    holding.charges.push(charge);
                }
                Err(short) => {
                    let refusal = beyond_quota(rule, entry.limit, &limit.name, short);
                    if limit.mode == Mode::Enforce {
                        return Ok(Some(refusal));
                    }
                    telling::reported(self, &refusal, request.class, notes);
                }
            }
        }
        Ok(None)
    }

    /// Whose turn it is to take a place, when a request comes: another worker may
    /// have made room of which those who wait here do not know yet.
    fn turn(&self, request: &Request, entry: &Entry) -> Turn {
        let gate = Gate { key: entry.key, limit: entry.limit };
        let queue = self.queue.try_borrow();
        match queue.map_or(0, |queue| queue.ahead_of(gate, request.class)) {
            0 => Turn::Own,
            _ => Turn::Others,
        }
    }

    /// Takes a place in each room, or none in any.
    ///
    /// # Errors
    /// When the shared state can't be changed.
    pub(crate) fn take_seats(
        &self,
        request: &Request,
        arrival: &Arrival,
        turn: impl Fn(&Entry) -> Turn,
        at: Timestamp,
        notes: &mut Notes,
    ) -> Result<Result<Vec<Seat>, NoSeat>, CellError> {
        let mut taken = Holding::default();
        for entry in &request.entries {
            let Some(limit) = self.limits.get(entry.limit) else { continue };
            let Kind::InFlight(room) = limit.kind else { continue };
            match self.enter(arrival.cells, (*entry, room), (request.class, turn(entry)), at) {
                Ok(Ok(seated)) => {
                    self.seat(entry.limit, |seats| seats.saturating_add(1));
                    telling::limit(
                        self,
                        entry.limit,
                        request.model.as_deref(),
                        seated.limit,
                        notes,
                    );
                    if seated.is_beyond {
                        let mut refusal = Refusal::new(Rule::InFlight, &*limit.name);
                        refusal.limit = Some(entry.limit);
                        telling::reported(self, &refusal, request.class, notes);
                    }
                    taken.seats.push(seated.seat);
                }
                Ok(Err(crowded)) => {
                    taken.leave(self, arrival, request, ((false, true), at), notes);
                    let gate = Gate { key: entry.key, limit: entry.limit };
                    return Ok(Err(NoSeat { gate, crowded }));
                }
                Err(error) => {
                    taken.leave(self, arrival, request, ((false, true), at), notes);
                    return Err(error);
                }
            }
        }
        Ok(Ok(taken.seats))
    }

    /// Whether a request may wait for a place, and until when.
    fn may_wait(
        &self,
        request: &Request,
        arrival: &Arrival,
        none: &NoSeat,
        at: Timestamp,
    ) -> Result<Waiting, Refusal> {
        let now = at.nanos();
        let Crowded { service_ns, limit, .. } = none.crowded;
        let queue = self.queue.try_borrow();
        let ahead = queue.map_or(0, |queue| queue.ahead_of(none.gate, request.class));
        // A place becomes free, on average, each time one of them is done.
        let turns = u64::try_from(ahead).unwrap_or(u64::MAX).saturating_add(1);
        let wait_ns = service_ns.saturating_mul(turns).div_ceil(u64::from(limit.max(1)));
        let refusal = |rule| {
            let name = self.limits.get(none.gate.limit).map(|limit| &*limit.name);
            let mut refusal = Refusal::new(rule, name.unwrap_or_default());
            refusal.limit = Some(none.gate.limit);
            if service_ns > 0 {
                refusal.retry = Retry::After(wait_ns);
            }
            refusal
        };
        let Some(waiting) = self.waiting else { return Err(refusal(Rule::InFlight)) };
        let latest = now.saturating_add(waiting.max_wait_ms.saturating_mul(1_000_000));
        // By then it must have begun, to be done in time.
        let due = request.deadline.map(|deadline| deadline.saturating_sub(service_ns));
        if due.is_some_and(|due| due <= now.saturating_add(wait_ns)) {
            return Err(refusal(Rule::Deadline));
        }
        Ok(Waiting {
            ticket: arrival.ticket.0,
            class: request.class,
            deadline_ns: due.map_or(latest, |due| due.min(latest)),
            since_ns: now,
            gate: none.gate,
        })
    }
}

fn beyond_quota(rule: Rule, limit: usize, name: &str, short: Short) -> Refusal {
    let retry = match short.wait {
        Wait::Nanoseconds(wait) => Retry::After(wait),
        Wait::Never => Retry::Never,
    };
    let detail = match retry {
        Retry::Never => format!("{name} never allows so many at once"),
        _ => name.to_owned(),
    };
    Refusal { rule, limit: Some(limit), retry, detail }
}

impl Holding {
    /// What the client is told of its quotas.
    pub(crate) fn told(&self, control: &AdmissionControl) -> Vec<(Cow<'static, str>, Vec<u8>)> {
        told::headers(control, &self.standings)
    }

    /// Settles what was reserved by the tokens that were used; none for a request that
    /// did not go on, which is then not one of those that may come in either.
    pub(crate) fn settle(
        &self,
        control: &AdmissionControl,
        arrival: &Arrival,
        (used, at): (Option<u64>, Timestamp),
        notes: &mut Notes,
    ) {
        for charge in &self.charges {
            let Some(limit) = control.limits.get(charge.limit()) else { continue };
            let (quota, used) = match &limit.kind {
                Kind::Tokens(quota) => (quota, used.unwrap_or(0)),
                // A request that came in was one, whatever became of it.
                Kind::Requests(quota) if used.is_none() => (quota, 0),
                Kind::Requests(_) | Kind::InFlight(_) => continue,
            };
            let settled = control.settle(arrival.cells, (charge, quota), used, at);
            if settled.is_ok() && matches!(limit.kind, Kind::Tokens(_)) {
                telling::settled(control, charge, used, notes);
            }
        }
    }

    /// Gives the places back.
    pub(crate) fn leave(
        &self,
        control: &AdmissionControl,
        arrival: &Arrival,
        request: &Request,
        (ending, at): ((bool, bool), Timestamp),
        notes: &mut Notes,
    ) {
        for seat in &self.seats {
            let position = seat.entry().limit;
            control.seat(position, |seats| seats.saturating_sub(1));
            let Some(limit) = control.limits.get(position) else { continue };
            let Kind::InFlight(room) = limit.kind else { continue };
            if let Ok(in_force) = control.leave(arrival.cells, (seat, room), ending, at) {
                telling::limit(control, position, request.model.as_deref(), in_force, notes);
            }
        }
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
