//! One request on its way in, and what it holds until it is over.

use crate::accounts::Turn;
use crate::answering::{Answer, Passed, Wanted};
use crate::arriving::{Request, request};
use crate::control::AdmissionControl;
use crate::cost::{CostReader, Costed, Estimate};
use crate::deciding::{Decision, Holding};
use crate::loads::REPORTS;
use crate::queue::Pushed;
use crate::refusal::{Refusal, Rule};
use crate::telling;
use core::mem;
use filter_kit::{
    Arrival, BodyChunk, Edits, Exchange, HeaderBlock, Headers, Notes, Ticket, Timestamp, Trailers,
    Verdict,
};
use inference_api::identity::Splice;
use std::rc::Rc;

/// One request on its way in, and what it holds until it is over.
#[derive(Debug)]
pub struct Admission {
    pub(crate) control: Rc<AdmissionControl>,
    pub(crate) arrival: Arrival,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The request's headers did not come yet.
    Arriving,
    /// It is held while it is read for what it will cost.
    Reading { request: Box<Request>, reader: Box<CostReader>, room: usize, edits: Edits },
    /// It waits for room.
    Waiting { request: Box<Request>, holding: Holding, wanted: Wanted, since: Timestamp },
    /// It was let in.
    Admitted(Box<Admitted>),
    /// It is not counted, or was refused, or is over.
    Apart,
}

/// A request that was let in.
#[derive(Debug)]
struct Admitted {
    request: Request,
    holding: Holding,
    answer: Answer,
    /// An adaptive limit has learnt from it.
    is_sampled: bool,
}

impl Exchange for Admission {
    fn request_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        let arrived = match request(&self.control, &self.arrival, &block) {
            Ok(arrived) => arrived,
            Err((dialect, class, refusal)) => {
                self.stage = Stage::Apart;
                telling::refused(&self.control, &refusal, class, notes);
                return Verdict::Reply(refusal.reply(&self.control, dialect, &[]));
            }
        };
        let Some(request) = arrived.request else {
            self.stage = Stage::Apart;
            return Verdict::Forward(arrived.edits);
        };
        let edits = self.control.loads.asking(arrived.edits);
        match arrived.reader {
            Some(reader) if !block.end_of_message && self.control.hold_up_to_bytes > 0 => {
                let room = self.control.hold_up_to_bytes;
                let (request, reader) = (Box::new(request), Box::new(reader));
                self.stage = Stage::Reading { request, reader, room, edits };
                Verdict::Hold
            }
            _ => {
                let estimate = arrived.unread;
                self.decide(request, (estimate, None), edits, block.at, notes)
            }
        }
    }

    fn request_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        self.read(chunk.bytes, chunk.end_of_message, chunk.at, notes)
    }

    fn request_trailers(&mut self, trailers: Trailers<'_>, notes: &mut Notes) -> Verdict {
        self.read(&[], true, trailers.at, notes)
    }

    fn woken(&mut self, at: Timestamp, notes: &mut Notes) -> Verdict {
        match mem::replace(&mut self.stage, Stage::Apart) {
            Stage::Waiting { request, holding, wanted, since } => {
                self.try_again(*request, holding, wanted, since, at, notes)
            }
            other => {
                self.stage = other;
                Verdict::Forward(Edits::none())
            }
        }
    }

    fn response_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        let mut edits = Edits::none();
        if let Stage::Admitted(admitted) = &mut self.stage {
            edits = admitted.answer.headers(block.headers, block.end_of_message);
            for (name, value) in admitted.holding.told(&self.control) {
                edits = edits.set(name, value);
            }
        }
        self.learn_load(block.headers, block.at, notes);
        if self.control.loads.strip {
            let reports = REPORTS.into_iter().filter(|name| block.headers.contains(name));
            edits = reports.fold(edits, |edits, name| edits.remove(name));
        }
        Verdict::Forward(edits)
    }

    fn response_body(&mut self, chunk: BodyChunk<'_>, _: &mut Notes) -> Verdict {
        let Stage::Admitted(admitted) = &mut self.stage else {
            return Verdict::Forward(Edits::none());
        };
        let Passed { first_token, splices } =
            admitted.answer.body(chunk.bytes, chunk.end_of_message);
        let edits = admitted.answer.rest();
        if first_token && admitted.answer.is_streamed() {
            admitted.is_sampled = true;
            admitted.holding.sample(&self.control, &self.arrival, chunk.at);
        }
        let spliced = |edits: Edits, (range, bytes)| edits.splice(range, bytes);
        Verdict::Forward(splices.into_iter().fold(edits, spliced))
    }

    fn response_trailers(&mut self, trailers: Trailers<'_>, notes: &mut Notes) -> Verdict {
        if let Stage::Admitted(admitted) = &mut self.stage {
            admitted.answer.trailers(trailers.trailers);
        }
        self.learn_load(trailers.trailers, trailers.at, notes);
        let mut edits = Edits::none();
        if self.control.loads.strip {
            let reports = REPORTS.into_iter().filter(|name| trailers.trailers.contains(name));
            edits = reports.fold(edits, |edits, name| edits.remove_trailer(name));
        }
        Verdict::Forward(edits)
    }

    fn finished(&mut self, at: Timestamp, notes: &mut Notes) {
        match mem::replace(&mut self.stage, Stage::Apart) {
            Stage::Admitted(admitted) => {
                let Admitted { request, holding, answer, is_sampled } = *admitted;
                let used = answer.used(&request.estimate);
                if answer.is_good() {
                    telling::used(&self.control, used, &request, notes);
                }
                holding.settle(&self.control, &self.arrival, (Some(used), at), notes);
                let sampled = is_sampled || answer.is_streamed();
                let ending = (answer.is_good(), sampled);
                holding.leave(&self.control, &self.arrival, &request, (ending, at), notes);
                self.control.wake_first(notes);
            }
            Stage::Waiting { request, holding, since, .. } => {
                self.stop_waiting(&request, since, at, notes);
                holding.settle(&self.control, &self.arrival, (None, at), notes);
                self.control.wake_first(notes);
            }
            Stage::Arriving | Stage::Reading { .. } | Stage::Apart => {}
        }
    }
}

impl Admission {
    pub(crate) const fn new(control: Rc<AdmissionControl>, arrival: Arrival) -> Self {
        Self { control, arrival, stage: Stage::Arriving }
    }

    /// More of the body, or its end.
    fn read(&mut self, bytes: &[u8], is_last: bool, at: Timestamp, notes: &mut Notes) -> Verdict {
        let (request, mut reader, room, edits) = match mem::replace(&mut self.stage, Stage::Apart) {
            Stage::Reading { request, reader, room, edits } => (request, reader, room, edits),
            other => {
                self.stage = other;
                return Verdict::Forward(Edits::none());
            }
        };
        let is_settled = reader.push(bytes);
        let left = room.checked_sub(bytes.len());
        match left {
            Some(room) if !is_settled && !is_last => {
                self.stage = Stage::Reading { request, reader, room, edits };
                Verdict::Hold
            }
            _ => {
                let call = request.call();
                let is_whole = is_settled || is_last;
                let costed = if is_whole {
                    reader.finish(&call, &self.control.cost)
                } else {
                    // It is longer than is held: it costs what it says its length is.
                    let estimate = request.estimate;
                    Costed { estimate, include_usage: None }
                };
                let Costed { estimate, include_usage } = costed;
                self.decide(*request, (estimate, include_usage), edits, at, notes)
            }
        }
    }

    /// All is known of the request that will be.
    fn decide(
        &mut self,
        mut request: Request,
        (estimate, include_usage): (Estimate, Option<Splice>),
        edits: Edits,
        at: Timestamp,
        notes: &mut Notes,
    ) -> Verdict {
        request.estimate = estimate;
        let splice = include_usage
            .filter(|_| self.control.asks_for_usage() && request.has_tokens(&self.control));
        let wanted = request.wanted(&self.control, splice.is_some());
        let edits = match splice {
            Some(Splice { range, bytes }) => edits.splice(range, bytes),
            None => edits,
        };
        match self.control.decide(&request, &self.arrival, at, notes) {
            Decision::Admitted(holding) => {
                self.admit(request, holding, wanted, notes);
                Verdict::Forward(edits)
            }
            Decision::Unchecked => {
                telling::unchecked(&self.control, &request, notes);
                Verdict::Forward(edits)
            }
            Decision::Wait { holding, waiting, is_others } => {
                let pushed =
                    self.control.queue.try_borrow_mut().map(|mut queue| queue.push(waiting));
                match pushed {
                    Ok(Pushed::Waits) => {}
                    Ok(Pushed::Displaces(other)) => notes.wake(Ticket(other.ticket)),
                    Ok(Pushed::Refused) | Err(_) => {
                        holding.settle(&self.control, &self.arrival, (None, at), notes);
                        let mut refusal = Refusal::new(Rule::QueueFull, "");
                        refusal.limit = Some(waiting.gate.limit);
                        return self.refuse(&request, &holding, &refusal, notes);
                    }
                }
                telling::waits(&self.control, &request, notes);
                if is_others {
                    self.control.wake_first(notes);
                }
                let request = Box::new(request);
                self.stage = Stage::Waiting { request, holding, wanted, since: at };
                Verdict::Wait(edits)
            }
            Decision::Refused { refusal, holding } => {
                self.refuse(&request, &holding, &refusal, notes)
            }
        }
    }

    /// It was woken: maybe there is room now, or it waited long enough.
    fn try_again(
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
            return self.give_up(request, holding, Rule::QueueFull, (since, at), notes);
        };
        match self.control.take_seats(&request, &self.arrival, |_| Turn::Own, at, notes) {
            Ok(Ok(seats)) => {
                self.stop_waiting(&request, since, at, notes);
                holding.seats = seats;
                self.admit(request, holding, wanted, notes);
                // Where there was room for one there may be more.
                self.control.wake_first(notes);
                Verdict::Forward(Edits::none())
            }
            _ if place.deadline_ns <= at.nanos() => {
                let rule = if request.deadline.is_some_and(|deadline| deadline <= place.deadline_ns)
                {
                    Rule::Deadline
                } else {
                    Rule::QueueTimeout
                };
                self.give_up(request, holding, rule, (since, at), notes)
            }
            _ => {
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
        rule: Rule,
        (since, at): (Timestamp, Timestamp),
        notes: &mut Notes,
    ) -> Verdict {
        self.stop_waiting(&request, since, at, notes);
        holding.settle(&self.control, &self.arrival, (None, at), notes);
        self.refuse(&request, &holding, &Refusal::new(rule, ""), notes)
    }

    fn stop_waiting(&self, request: &Request, since: Timestamp, at: Timestamp, notes: &mut Notes) {
        if let Ok(mut queue) = self.control.queue.try_borrow_mut() {
            queue.remove(self.arrival.ticket.0);
        }
        telling::waited(&self.control, request, at.since(since), notes);
    }

    fn admit(&mut self, request: Request, holding: Holding, wanted: Wanted, notes: &mut Notes) {
        telling::admitted(&self.control, &request, notes);
        let answer = Answer::awaited(request.dialect, request.operation, wanted);
        let admitted = Admitted { request, holding, answer, is_sampled: false };
        self.stage = Stage::Admitted(Box::new(admitted));
    }

    fn refuse(
        &mut self,
        request: &Request,
        holding: &Holding,
        refusal: &Refusal,
        notes: &mut Notes,
    ) -> Verdict {
        self.stage = Stage::Apart;
        telling::refused(&self.control, refusal, request.class, notes);
        Verdict::Reply(refusal.reply(&self.control, request.dialect, &holding.standings))
    }

    /// Learns from a report of a server's load.
    fn learn_load(&self, headers: &Headers, at: Timestamp, notes: &mut Notes) {
        let Stage::Admitted(admitted) = &self.stage else { return };
        let Some(report) = self.control.loads.reported(headers) else { return };
        let key = admitted.request.load_key;
        let load = self.control.loads.learn(self.arrival.cells, key, report, at);
        if let Ok(Some(load)) = load {
            telling::load(&self.control, load, notes);
        }
    }
}
