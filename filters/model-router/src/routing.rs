//! One request, on its way to a version.

mod request;

use crate::differentials::Differential;
use crate::outgoing;
use crate::rejection::Rejection;
use crate::router::ModelRouter;
use core::mem;
use filter_kit::{Arrival, BodyChunk, Edits, Exchange, HeaderBlock, Notes, Trailers, Verdict};
use inference_api::dialect::{Dialect, RequestLine, classify};
use inference_api::grpc::is_grpc;
use inference_api::identity::{BodyReader, Malformed, Named, Progress};
use request::Request;
use std::rc::Rc;

/// One request, on its way to a version.
#[derive(Debug)]
pub struct Routing {
    router: Rc<ModelRouter>,
    arrival: Arrival,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The request's headers did not come yet.
    Arriving,
    /// It is held while its body is read for the model.
    Reading(Box<Reading>),
    /// It went on. What follows may not contradict what it was placed by.
    Watching(Box<Watching>),
    /// It was decided.
    Decided,
}

#[derive(Debug)]
struct Reading {
    request: Request,
    reader: BodyReader,
    /// How many more bytes may be held.
    room: usize,
}

#[derive(Debug)]
struct Watching {
    dialect: Dialect,
    reader: BodyReader,
    awaited: Awaited,
}

/// What the rest of a body that goes by has still to say.
#[derive(Debug)]
enum Awaited {
    /// Nothing: it may only not contradict itself, which the reader sees.
    Nothing,
    /// The model. Where the request was placed without it, it has to agree.
    Model { request: Box<Request>, placed: Option<Place> },
}

/// The positions of a model and of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    model: usize,
    version: usize,
}

impl Exchange for Routing {
    fn request_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        let line = RequestLine::of(|name| block.headers.first(name));
        let call = match classify(&line, &self.router.grpc_methods) {
            Ok(call) => call,
            Err(error) => {
                let speaks_grpc = line.content_type.is_some_and(is_grpc);
                let dialect = if speaks_grpc { Dialect::Grpc } else { Dialect::Http };
                return self.refuse(dialect, &Rejection::Path(error), notes);
            }
        };
        let dialect = call.dialect;
        match self.router.answer(&call, block.headers) {
            Ok(None) => {}
            Ok(Some(reply)) => {
                self.stage = Stage::Decided;
                notes.count(&self.router.counters.answered);
                return Verdict::Reply(reply);
            }
            Err(rejection) => return self.refuse(dialect, &rejection, notes),
        }
        let sent = outgoing::Sent::of(block.headers);
        if !self.router.places(&call, sent.asks_by_name()) {
            self.stage = Stage::Decided;
            notes.count(&self.router.counters.passed);
            return Verdict::Forward(sent.removed());
        }
        let request = match Request::new(&self.router, self.arrival, &block, &call, sent) {
            Ok(request) => request,
            Err(rejection) => return self.refuse(dialect, &rejection, notes),
        };
        match request::reads_body(&self.router, &call, &block, notes) {
            Ok(true) => {}
            Ok(false) => return self.settle(request, None, notes),
            Err(rejection) => return self.refuse(dialect, &rejection, notes),
        }
        let reader = BodyReader::new(&call.body, line.content_type, self.router.reading);
        let room = usize::try_from(self.router.hold_up_to_bytes).unwrap_or(usize::MAX);
        self.stage = Stage::Reading(Box::new(Reading { request, reader, room }));
        Verdict::Hold
    }

    fn request_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        match &mut self.stage {
            Stage::Reading(reading) => {
                // What lies beyond the limit is read after the decision, so that it
                // takes no part in it however the bytes are cut.
                let (within, beyond) = match chunk.bytes.split_at_checked(reading.room) {
                    Some(parts) => parts,
                    None => (chunk.bytes, Default::default()),
                };
                reading.room = reading.room.saturating_sub(within.len());
                self.read(within, beyond, chunk.end_of_message, notes)
            }
            Stage::Watching(_) => self.watch(chunk.bytes, chunk.end_of_message, notes),
            Stage::Arriving | Stage::Decided => Verdict::Forward(Edits::none()),
        }
    }

    fn request_trailers(&mut self, _: Trailers<'_>, notes: &mut Notes) -> Verdict {
        match self.stage {
            Stage::Reading(_) => self.read(&[], &[], true, notes),
            Stage::Watching(_) => self.watch(&[], true, notes),
            Stage::Arriving | Stage::Decided => Verdict::Forward(Edits::none()),
        }
    }
}

impl Routing {
    pub(crate) fn new(router: Rc<ModelRouter>, arrival: Arrival) -> Self {
        Self { router, arrival, stage: Stage::Arriving }
    }

    /// More of a body that is held: `within` what may be held, and `beyond` it.
    fn read(&mut self, within: &[u8], beyond: &[u8], is_last: bool, notes: &mut Notes) -> Verdict {
        let Stage::Reading(mut reading) = mem::replace(&mut self.stage, Stage::Decided) else {
            return Verdict::Forward(Edits::none());
        };
        let mut outcome = reading.reader.push(within);
        if outcome.is_ok() && is_last && beyond.is_empty() {
            outcome = reading.reader.finish().map(|()| Progress::Settled);
        }
        if outcome.is_ok() && !beyond.is_empty() {
            outcome = reading.reader.decide_early().map(|()| Progress::Certain);
        }
        let dialect = reading.request.dialect;
        let verdict = match (reading.reader.named().cloned(), &outcome) {
            // What it names decides first, whatever is wrong behind it: so the
            // answer does not depend on how much was seen at once.
            (Some(named), _) => self.place_by_body(*reading, named, outcome.ok(), notes),
            (None, Err(Malformed::Compressed)) => self.unread(*reading, notes),
            (None, Err(malformed)) => return self.refuse(dialect, &(*malformed).into(), notes),
            (None, Ok(_)) if beyond.is_empty() => {
                self.stage = Stage::Reading(reading);
                return Verdict::Hold;
            }
            (None, Ok(_)) => self.place_without_body(*reading, notes),
        };
        match (&verdict, outcome) {
            (Verdict::Forward(_), Err(malformed)) if malformed != Malformed::Compressed => {
                self.refuse(dialect, &malformed.into(), notes)
            }
            (Verdict::Forward(_), _) if !beyond.is_empty() => {
                match self.watch(beyond, is_last, notes) {
                    Verdict::Forward(_) => verdict,
                    refusal => refusal,
                }
            }
            _ => verdict,
        }
    }

    /// More of a body that goes by.
    fn watch(&mut self, bytes: &[u8], is_last: bool, notes: &mut Notes) -> Verdict {
        let Stage::Watching(watching) = &mut self.stage else {
            return Verdict::Forward(Edits::none());
        };
        let mut outcome = watching.reader.push(bytes);
        if outcome.is_ok() && is_last {
            outcome = watching.reader.finish().map(|()| Progress::Settled);
        }
        let dialect = watching.dialect;
        if let Awaited::Model { .. } = &watching.awaited
            && let Some(named) = watching.reader.named().cloned()
            && let Awaited::Model { request, placed } =
                mem::replace(&mut watching.awaited, Awaited::Nothing)
            && let Err(rejection) = self.agree(*request, placed, named, notes)
        {
            return self.cut(dialect, &rejection, notes);
        }
        match outcome {
            Ok(Progress::Settled) => {
                self.stage = Stage::Decided;
                Verdict::Forward(Edits::none())
            }
            Ok(Progress::Open | Progress::Certain) => Verdict::Forward(Edits::none().watch()),
            Err(malformed) => self.cut(dialect, &malformed.into(), notes),
        }
    }

    /// The body has named its model, or has ended without.
    fn place_by_body(
        &mut self,
        reading: Reading,
        named: Named,
        progress: Option<Progress>,
        notes: &mut Notes,
    ) -> Verdict {
        let Reading { request, mut reader, .. } = reading;
        let dialect = request.dialect;
        if let Err(rejection) = request::tolerate(&self.router, &named, notes) {
            return self.refuse(dialect, &rejection, notes);
        }
        let verdict = self.settle(request, Some(named), notes);
        let Verdict::Forward(edits) = verdict else { return verdict };
        if !edits.splices().is_empty()
            && let Err(malformed) = reader.forbid_repeats()
        {
            return self.refuse(dialect, &malformed.into(), notes);
        }
        if progress == Some(Progress::Settled) {
            return Verdict::Forward(edits);
        }
        let awaited = Awaited::Nothing;
        self.stage = Stage::Watching(Box::new(Watching { dialect, reader, awaited }));
        Verdict::Forward(edits.watch())
    }

    /// Too much is held, and the body has not named a model yet: something else
    /// may have, or there is a cluster for such requests.
    fn place_without_body(&mut self, reading: Reading, notes: &mut Notes) -> Verdict {
        let Reading { request, reader, .. } = reading;
        let dialect = request.dialect;
        let is_named = request.claims.name_a_model();
        let (edits, placed) = if is_named {
            match request.place(&self.router, None, notes) {
                Ok((edits, placed)) => (edits, Some(placed)),
                Err(rejection) => return self.refuse(dialect, &rejection, notes),
            }
        } else if let Some(cluster) = &self.router.beyond_hold {
            notes.count(&self.router.counters.beyond_hold);
            notes.fact("inference.rule", "beyond_hold");
            (request.sent.unplaced(cluster), None)
        } else {
            let rejection = Rejection::TooLarge { limit: self.router.hold_up_to_bytes };
            return self.refuse(dialect, &rejection, notes);
        };
        let awaited = Awaited::Model { request: Box::new(request), placed };
        self.stage = Stage::Watching(Box::new(Watching { dialect, reader, awaited }));
        Verdict::Forward(edits.watch())
    }

    /// The body can't be read, and may be passed on all the same.
    fn unread(&mut self, reading: Reading, notes: &mut Notes) -> Verdict {
        match self.router.tolerate(Differential::CompressedBody, notes) {
            Ok(()) => self.settle(reading.request, None, notes),
            Err(rejection) => self.refuse(reading.request.dialect, &rejection, notes),
        }
    }

    /// Places a request by all that it says.
    fn settle(&mut self, mut request: Request, named: Option<Named>, notes: &mut Notes) -> Verdict {
        self.stage = Stage::Decided;
        if let Some(named) = &named {
            request.claim_body(named);
        }
        match request.place(&self.router, named.as_ref(), notes) {
            Ok((edits, _)) => Verdict::Forward(edits),
            Err(rejection) => self.refuse(request.dialect, &rejection, notes),
        }
    }

    /// Whether a body that has gone on says something else than what its request
    /// was placed by.
    fn agree(
        &self,
        mut request: Request,
        placed: Option<Place>,
        named: Named,
        notes: &mut Notes,
    ) -> Result<(), Rejection> {
        request::tolerate(&self.router, &named, notes)?;
        request.claim_body(&named);
        match placed {
            Some(placed) => request.agrees(&self.router, placed, &named),
            // Its cluster has every model: it only must be one that may be had.
            None => {
                let (choice, _) = request.choose(&self.router, notes)?;
                notes.fact("inference.model", choice.model.name.as_str());
                Ok(())
            }
        }
    }

    fn refuse(&mut self, dialect: Dialect, rejection: &Rejection, notes: &mut Notes) -> Verdict {
        self.stage = Stage::Decided;
        let rule = rejection.rule();
        if let Some(series) = self.router.counters.refused(rule) {
            notes.count(series);
        }
        let differential = rejection.differential();
        if let Some(series) = differential.and_then(|case| self.router.counters.differential(case))
        {
            notes.count(series);
        }
        notes.fact("inference.rule", rule.name());
        Verdict::Reply(rejection.reply(dialect))
    }

    /// Refuses a request of which a part has gone on.
    fn cut(&mut self, dialect: Dialect, rejection: &Rejection, notes: &mut Notes) -> Verdict {
        if let Some(series) = self.router.counters.cut(rejection.rule()) {
            notes.count(series);
        }
        self.refuse(dialect, rejection, notes)
    }
}
