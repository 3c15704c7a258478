//! One request on its way in, and what it holds until it is over.

mod waiting;

use crate::accounts::Ending;
use crate::answering::{Answer, Passed, Wanted};
use crate::arriving::{Request, request};
use crate::config::OnUnreadable;
use crate::control::AdmissionControl;
use crate::cost::Estimate;
use crate::costing::{CostReader, Costed};
use crate::deciding::Decision;
use crate::holding::{Fate, Holding};
use crate::loads::REPORTS;
use crate::queue::{Gate, Pushed};
use crate::refusal::{Refusal, Rule};
use crate::telling;
use core::mem;
use filter_kit::{
    Arrival, BodyChunk, Edits, Exchange, HeaderBlock, Headers, Notes, Ticket, Timestamp, Trailers,
    Verdict, Watching,
};
use inference_api::grpc::is_grpc;
use inference_api::identity::Splice;
use std::rc::Rc;

/// One request on its way in, and what it holds until it is over.
#[derive(Debug)]
pub struct Admission {
    pub(crate) control: Rc<AdmissionControl>,
    pub(crate) arrival: Arrival,
    stage: Stage,
    /// Reads the messages of a stream that was let in.
    passing: Option<Box<CostReader>>,
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
            let is_grpc = block.headers.first("content-type").is_some_and(is_grpc);
            if is_grpc && !block.end_of_message && edits.watching() == Watching::Nothing {
                edits = edits.watch_trailers();
            }
        }
        Verdict::Forward(edits)
    }

    fn response_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        let Stage::Admitted(admitted) = &mut self.stage else {
            return Verdict::Forward(Edits::none());
        };
        let Passed { first_token, usage_is_told, instead } =
            admitted.answer.body(chunk.bytes, chunk.end_of_message);
        if usage_is_told {
            telling::taken_out(&admitted.answer, notes);
        }
        let edits = admitted.answer.rest();
        if first_token && admitted.answer.is_streamed() {
            admitted.is_sampled = true;
            admitted.holding.sample(&self.control, &self.arrival, chunk.at);
        }
        Verdict::Forward(match instead {
            Some((range, bytes)) => edits.splice(range, bytes),
            None => edits,
        })
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
                let streamed = self.passing.take().and_then(|reader| reader.streamed());
                let used = answer.used(&request.estimate);
                let tokens = if used == 0 { 0 } else { used.max(streamed.unwrap_or(0)) };
                telling::used(&self.control, tokens, &request, notes);
                let fate = Fate::Went { tokens };
                holding.settle(&self.control, &self.arrival, (fate, at), notes);
                let is_sampled = is_sampled || answer.is_streamed();
                let ending = Ending { is_answered: answer.is_good(), is_sampled };
                let in_force = holding.leave(&self.control, &self.arrival, (ending, at));
                for (limit, in_force) in in_force {
                    let model = request.model.as_deref();
                    telling::limit(&self.control, limit, model, in_force, notes);
                }
                for seat in &holding.seats {
                    self.control.wake_next(Gate::of(seat.entry()), notes);
                }
            }
            Stage::Waiting { request, holding, since, .. } => {
                let place = self.stop_waiting(&request, since, at, notes);
                holding.settle(&self.control, &self.arrival, (Fate::Kept, at), notes);
                if let Some(place) = place {
                    self.control.wake_next(place.gate, notes);
                }
            }
            Stage::Arriving | Stage::Reading { .. } | Stage::Apart => {}
        }
    }
}

impl Admission {
    pub(crate) const fn new(control: Rc<AdmissionControl>, arrival: Arrival) -> Self {
        Self { control, arrival, stage: Stage::Arriving, passing: None }
    }

    /// More of the body, or its end.
    fn read(&mut self, bytes: &[u8], is_last: bool, at: Timestamp, notes: &mut Notes) -> Verdict {
        let (request, mut reader, room, edits) = match mem::replace(&mut self.stage, Stage::Apart) {
            Stage::Reading { request, reader, room, edits } => (request, reader, room, edits),
            other => {
                self.stage = other;
                return self.pass(bytes);
            }
        };
        // What lies beyond the limit is not read, so that what a request costs does not
        // depend on how it is cut.
        let (within, beyond) = bytes.split_at_checked(room).unwrap_or((bytes, Default::default()));
        let room = room.saturating_sub(within.len());
        let is_settled = reader.push(within);
        match beyond {
            [] if !is_settled && !is_last => {
                self.stage = Stage::Reading { request, reader, room, edits };
                Verdict::Hold
            }
            _ => {
                let is_whole = is_settled || (is_last && beyond.is_empty());
                let costed = reader.finish(is_whole, &request.call(), &self.control.cost);
                if let (Some(why), OnUnreadable::Refuse) =
                    (costed.unreadable, self.control.on_unreadable)
                {
                    return self.refuse(&request, &Holding::default(), &why.refusal(), notes);
                }
                let Costed { estimate, include_usage, .. } = costed;
                self.passing = reader.streamed().map(|_| reader);
                let _ = self.pass(beyond);
                let verdict = self.decide(*request, (estimate, include_usage), edits, at, notes);
                match (verdict, &self.passing) {
                    // The messages behind the first one cost as much each.
                    (Verdict::Forward(edits), Some(_)) if !is_last => {
                        Verdict::Forward(edits.watch())
                    }
                    (verdict, _) => verdict,
                }
            }
        }
    }

    /// More of a stream of messages that goes on.
    fn pass(&mut self, bytes: &[u8]) -> Verdict {
        match &mut self.passing {
            Some(reader) => {
                reader.push(bytes);
                Verdict::Forward(Edits::none().watch())
            }
            None => Verdict::Forward(Edits::none()),
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
        let asking = |edits: Edits| match splice {
            Some(Splice { range, bytes }) => edits.splice(range, bytes),
            None => edits,
        };
        match self.control.decide(&request, &self.arrival, at, notes) {
            Decision::Admitted(holding) => {
                self.admit(request, holding, wanted, notes);
                Verdict::Forward(asking(edits))
            }
            // Its answer will not be looked at, so it must not say more than was asked.
            Decision::Unchecked => {
                telling::unchecked(&self.control, &request, notes);
                Verdict::Forward(edits)
            }
            Decision::Wait { holding, waiting } => {
                let pushed =
                    self.control.queue.try_borrow_mut().map(|mut queue| queue.push(waiting));
                self.let_others_try(waiting.gate, notes);
                match pushed {
                    Ok(Pushed::Waits) => {}
                    Ok(Pushed::Displaces(other)) => notes.wake(Ticket(other.ticket)),
                    Ok(Pushed::Refused) | Err(_) => {
                        holding.settle(&self.control, &self.arrival, (Fate::Kept, at), notes);
                        let mut refusal = Refusal::new(Rule::QueueFull, "");
                        refusal.limit = Some(waiting.gate.limit);
                        return self.refuse(&request, &holding, &refusal, notes);
                    }
                }
                telling::waits(&self.control, &request, notes);
                request.is_reported = telling::is_stated(notes);
                let request = Box::new(request);
                self.stage = Stage::Waiting { request, holding, wanted, since: at };
                Verdict::Wait(asking(edits))
            }
            Decision::Refused { refusal, holding } => {
                self.refuse(&request, &holding, &refusal, notes)
            }
        }
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
        let Some(key) = admitted.request.load_key else { return };
        let load = self.control.loads.learn(self.arrival.cells, key, report, at);
        if let Ok(Some(load)) = load {
            telling::load(&self.control, load, notes);
        }
    }
}
