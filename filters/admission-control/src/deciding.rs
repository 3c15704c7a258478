//! Whether a request is let in.
//!
//! In this order, so that what is refused took nothing, and what waits holds no place:
//! 1. the load that servers report,
//! 2. budgets of requests and tokens, which are reserved,
//! 3. places among those that are here.

use crate::accounts::{Crowded, Ending, Entry, Seat, Short};
use crate::arriving::Request;
use crate::config::{Mode, OnFault};
use crate::control::AdmissionControl;
use crate::holding::{Fate, Holding};
use crate::ledger::bucket::Wait;
use crate::limits::Kind;
use crate::queue::{Gate, Waiting};
use crate::refusal::{Refusal, Retry, Rule};
use crate::telling;
use filter_kit::{Arrival, CellError, Notes, Timestamp};

/// What is decided of a request.
#[derive(Debug)]
pub(crate) enum Decision {
    /// It goes on, and holds this.
    Admitted(Holding),
    /// It goes on, and nobody could look.
    Unchecked,
    /// It may wait for room.
    Wait { holding: Holding, waiting: Waiting },
    /// It is refused.
    Refused { refusal: Refusal, holding: Holding },
}

/// Where there is no place.
#[derive(Debug)]
pub(crate) struct NoSeat {
    pub(crate) gate: Gate,
    crowded: Crowded,
}

impl Gate {
    /// Of a limit's entry.
    pub(crate) const fn of(Entry { limit, key }: Entry) -> Self {
        Self { key, limit }
    }
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
            Ok(Ok(Some(waiting))) => Decision::Wait { holding, waiting },
            Ok(Err(refusal)) => {
                holding.settle(self, arrival, (Fate::Kept, at), notes);
                Decision::Refused { refusal, holding }
            }
            Err(_) => {
                holding.settle(self, arrival, (Fate::Kept, at), notes);
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
    ) -> Result<Result<Option<Waiting>, Refusal>, CellError> {
        if let Some(refusal) = self.check_load(request, arrival, at, notes)? {
            return Ok(Err(refusal));
        }
        if let Some(refusal) = self.take_charges(request, arrival, at, holding, notes)? {
            return Ok(Err(refusal));
        }
        let seats = match self.line_ahead(request, arrival, at)? {
            Some(line) => Err(line),
            None => self.take_seats(request, arrival, at, notes)?,
        };
        match seats {
            Ok(seats) => {
                holding.seats = seats;
                Ok(Ok(None))
            }
            Err(none) => Ok(self.may_wait(request, arrival, &none, at).map(Some)),
        }
    }

    /// Where others of its class or a higher one wait in this worker, whom a newcomer
    /// must not overtake.
    fn line_ahead(
        &self,
        request: &Request,
        arrival: &Arrival,
        at: Timestamp,
    ) -> Result<Option<NoSeat>, CellError> {
        for entry in &request.entries {
            let gate = Gate::of(*entry);
            if self.ahead_of(gate, request.class) == 0 {
                continue;
            }
            let Some(limit) = self.limits.get(entry.limit) else { continue };
            let Kind::InFlight(room) = limit.kind else { continue };
            let crowded = self.crowd(arrival.cells, (*entry, room), request.class, at)?;
            return Ok(Some(NoSeat { gate, crowded }));
        }
        Ok(None)
    }

    /// Why a request waits no longer for this place.
    pub(crate) fn too_late(&self, place: Waiting) -> Refusal {
        let most = self.waiting.map_or(0, |queue| queue.max_wait_ms.saturating_mul(1_000_000));
        let is_cut_short = place.deadline_ns < place.since_ns.saturating_add(most);
        let rule = if is_cut_short { Rule::Deadline } else { Rule::QueueTimeout };
        Refusal { limit: Some(place.gate.limit), ..Refusal::new(rule, "") }
    }

    fn ahead_of(&self, gate: Gate, class: usize) -> usize {
        self.queue.try_borrow().map_or(0, |queue| queue.ahead_of(gate, class))
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
        let Some(key) = request.load_key else { return Ok(None) };
        let load = self.loads.known(arrival.cells, key, at)?;
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
            // Clients are not told of what does not hold for them yet.
            if limit.mode == Mode::Enforce {
                holding.standings.push(standing);
            }
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

    /// Takes a place in each room, or none in any.
    ///
    /// # Errors
    /// When the shared state can't be changed.
    pub(crate) fn take_seats(
        &self,
        request: &Request,
        arrival: &Arrival,
        at: Timestamp,
        notes: &mut Notes,
    ) -> Result<Result<Vec<Seat>, NoSeat>, CellError> {
        let mut taken = Holding::default();
        let mut beyond = Vec::new();
        for entry in &request.entries {
            let Some(limit) = self.limits.get(entry.limit) else { continue };
            let Kind::InFlight(room) = limit.kind else { continue };
            match self.enter(arrival.cells, (*entry, room), request.class, at) {
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
                        beyond.push(refusal);
                    }
                    taken.seats.push(seated.seat);
                }
                Ok(Err(crowded)) => {
                    taken.leave(self, arrival, (Ending::UNSEEN, at));
                    let gate = Gate::of(*entry);
                    return Ok(Err(NoSeat { gate, crowded }));
                }
                Err(error) => {
                    taken.leave(self, arrival, (Ending::UNSEEN, at));
                    return Err(error);
                }
            }
        }
        // Not before: one that waits tries again and again, and is still one request.
        for refusal in &beyond {
            telling::reported(self, refusal, request.class, notes);
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
        let Crowded { service_ns, limit } = none.crowded;
        let ahead = self.ahead_of(none.gate, request.class);
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
