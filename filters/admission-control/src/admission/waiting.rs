//! A request that waits for room.

use super::{Admission, Stage};
use crate::answering::Wanted;
use crate::arriving::Request;
use crate::holding::{Fate, Holding};
use crate::queue::{Gate, Waiting};
use crate::refusal::{Refusal, Rule};
use crate::telling;
use filter_kit::{Edits, Notes, Ticket, Timestamp, Verdict};

impl Admission {
    /// It was woken: maybe there is room now, or it waited long enough.
    pub(super) fn try_again(
        &mut self,
        request: Request,
        mut holding: Holding,
        wanted: Wanted,
        since: Timestamp,
        at: Timestamp,
        notes: &mut Notes,
    ) -> Verdict {
        let ticket = self.arrival.ticket.0;
        let place = self.control.queue.try_borrow().ok().and_then(|queue| queue.waiting(ticket));
        let Some(place) = place else {
            // Somebody more important has its place.
            let refusal = Refusal::new(Rule::QueueFull, "");
            return self.give_up(request, holding, refusal, (since, at), notes);
        };
        if place.deadline_ns <= at.nanos() {
            let refusal = self.control.too_late(place);
            return self.give_up(request, holding, refusal, (since, at), notes);
        }
        match self.control.take_seats(&request, &self.arrival, at, notes) {
            Ok(Ok(seats)) => {
                self.stop_waiting(&request, since, at, notes);
                holding.seats = seats;
                self.admit(request, holding, wanted, notes);
                // Where there was room for one there may be more.
                self.control.wake_next(place.gate, notes);
                Verdict::Forward(Edits::none())
            }
            none => {
                if let Ok(Err(none)) = none {
                    self.wait_at(none.gate, place.gate, notes);
                }
                let request = Box::new(request);
                self.stage = Stage::Waiting { request, holding, wanted, since };
                Verdict::Wait(Edits::none())
            }
        }
    }

    fn give_up(
        &mut self,
        request: Request,
        holding: Holding,
        refusal: Refusal,
        (since, at): (Timestamp, Timestamp),
        notes: &mut Notes,
    ) -> Verdict {
        let place = self.stop_waiting(&request, since, at, notes);
        holding.settle(&self.control, &self.arrival, (Fate::Kept, at), notes);
        if let Some(place) = place {
            self.control.wake_next(place.gate, notes);
        }
        self.refuse(&request, &holding, &refusal, notes)
    }

    /// It waits no longer. Where it did, if nobody has its place.
    pub(super) fn stop_waiting(
        &self,
        request: &Request,
        since: Timestamp,
        at: Timestamp,
        notes: &mut Notes,
    ) -> Option<Waiting> {
        telling::waited(&self.control, request, at.since(since), notes);
        let mut queue = self.control.queue.try_borrow_mut().ok()?;
        queue.remove(self.arrival.ticket.0)
    }

    /// There is room now where it waited, and none elsewhere: it waits there, and
    /// keeps nobody from the room.
    fn wait_at(&self, gate: Gate, before: Gate, notes: &mut Notes) {
        let queue = self.control.queue.try_borrow_mut();
        let moved = queue.is_ok_and(|mut queue| queue.step_over(self.arrival.ticket.0, gate));
        if moved {
            self.control.wake_next(before, notes);
        }
    }

    /// Whoever stands before it at a gate tries again: there may be room by now.
    pub(super) fn let_others_try(&self, gate: Gate, notes: &mut Notes) {
        let first = self.control.queue.try_borrow().ok().and_then(|queue| queue.first_at(gate));
        if let Some(first) = first.filter(|first| first.ticket != self.arrival.ticket.0) {
            notes.wake(Ticket(first.ticket));
        }
    }
}
