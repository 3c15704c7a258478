//! One request on its way to a verdict, and its answer.

use crate::answering::Answering;
use crate::body::{self, Progress};
use crate::config::BeyondHold;
use crate::contracts::{Contract, Patch};
use crate::headers;
use crate::metrics::{CUT, REFUSED};
use crate::planning::{Payload, Plan, plan, without_query};
use crate::rules::Rule;
use crate::telling::{FACT, count_bytes, microseconds, report, tell};
use crate::validator::PayloadValidator;
use crate::violation::{Findings, Violation};
use core::mem;
use filter_kit::{
    Arrival, BodyChunk, Edits, Exchange, HeaderBlock, Notes, Timestamp, Trailers, Verdict,
};
use inference_api::dialect::{Dialect, RequestLine, classify, hidden_call};
use inference_api::grpc::is_grpc;
use std::rc::Rc;

/// One request on its way to a verdict, and its answer.
#[derive(Debug)]
pub struct Checking {
    validator: Rc<PayloadValidator>,
    arrival: Arrival,
    stage: Stage,
    answer: Option<Answering>,
}

#[derive(Debug)]
enum Stage {
    /// The request's headers did not come yet.
    Arriving,
    /// It is held while its body is read.
    Holding(Box<Payload>),
    /// It went on, and its body is read while it goes by.
    Watching(Box<Payload>),
    /// It was decided.
    Decided,
}

impl Exchange for Checking {
    fn request_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        let line = RequestLine::of(|name| block.headers.first(name));
        let call = match classify(&line, &self.validator.grpc_methods) {
            Ok(call) => call,
            Err(error) => {
                let speaks_grpc = line.content_type.is_some_and(is_grpc);
                let dialect = if speaks_grpc { Dialect::Grpc } else { Dialect::Http };
                let found = error.to_string();
                let allowed = "a path that can be read in one way";
                let violation = Violation::new(Rule::Malformed, ":path", found, allowed);
                let contract = Rc::clone(self.validator.contract(Default::default()));
                return self.refuse(dialect, &contract, &violation, notes);
            }
        };
        let identity = match self.validator.identity(block.headers, &call) {
            Ok(identity) => identity,
            Err(header) => {
                let violation =
                    Violation::new(Rule::Malformed, header, "two of them", "one of them");
                let contract = Rc::clone(self.validator.contract(Default::default()));
                return self.refuse(call.dialect, &contract, &violation, notes);
            }
        };
        let contract = Rc::clone(self.validator.contract(identity));
        let path = without_query(line.path);
        let patches = self.validator.contracts.patches(path, identity.model);
        let patches: Vec<Rc<Patch>> = patches.map(Rc::clone).collect();
        let mut findings = Findings::new(contract.modes.clone());
        let hidden = hidden_call(&line, &call, &self.validator.grpc_methods);
        let meant = hidden.as_ref().unwrap_or(&call);
        headers::check_access(&self.validator.access, path, meant, &mut findings);
        headers::check_size(block.headers, &contract.limits, &mut findings);
        for patch in patches.iter().filter(|patch| patch.schema.is_none()) {
            findings.add_as(patch.mode, || patch.violation(""));
        }
        if hidden.is_some_and(|call| call.is_inference()) && contract.looks_at_bodies() {
            let found = "a gRPC method with another content type or method than gRPC's";
            let allowed = "a POST of `application/grpc`";
            findings.add(Rule::Unreadable, || body::unreadable(found, allowed));
        }
        let plan = plan(&block, &call, &contract, (patches, findings));
        if call.is_inference() && contract.answers.is_some() {
            self.answer = Some(Answering::new(&call, Rc::clone(&contract)));
        }
        match plan {
            Plan::Pass => {
                self.stage = Stage::Decided;
                Verdict::Forward(Edits::none())
            }
            Plan::Read(payload) => self.begin(payload, block.end_of_message, notes, block.at),
            Plan::Decide(findings) => {
                let violation = findings.enforced().cloned();
                report(&contract, &findings, notes);
                match violation {
                    Some(violation) => self.refuse(call.dialect, &contract, &violation, notes),
                    None => {
                        self.stage = Stage::Decided;
                        Verdict::Forward(Edits::none())
                    }
                }
            }
        }
    }

    fn request_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        self.more(chunk.bytes, chunk.end_of_message, notes, chunk.at)
    }

    fn request_trailers(&mut self, trailers: Trailers<'_>, notes: &mut Notes) -> Verdict {
        self.more(&[], true, notes, trailers.at)
    }

    fn response_headers(&mut self, block: HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        match &mut self.answer {
            Some(answer) => answer.headers(&block, notes),
            None => Verdict::Forward(Edits::none()),
        }
    }

    fn response_body(&mut self, chunk: BodyChunk<'_>, notes: &mut Notes) -> Verdict {
        match &mut self.answer {
            Some(answer) => answer.more(chunk.bytes, chunk.end_of_message, notes),
            None => Verdict::Forward(Edits::none()),
        }
    }

    fn response_trailers(&mut self, _: Trailers<'_>, notes: &mut Notes) -> Verdict {
        match &mut self.answer {
            Some(answer) => answer.more(&[], true, notes),
            None => Verdict::Forward(Edits::none()),
        }
    }
}

impl Checking {
    pub(crate) fn new(validator: Rc<PayloadValidator>, arrival: Arrival) -> Self {
        Self { validator, arrival, stage: Stage::Arriving, answer: None }
    }

    /// The body is to be read, if there is one.
    fn begin(
        &mut self,
        mut payload: Box<Payload>,
        is_all: bool,
        notes: &mut Notes,
        at: Timestamp,
    ) -> Verdict {
        payload.room = usize::try_from(self.validator.hold_up_to_bytes).unwrap_or(usize::MAX);
        // Of what is only counted nothing has to be known first; and a stream of
        // messages, of which the client awaits answers, may have no end.
        if (payload.room == 0 || payload.body.is_only_counted()) && !is_all {
            self.stage = Stage::Watching(payload);
            return Verdict::Forward(Edits::none().watch());
        }
        self.stage = Stage::Holding(payload);
        if is_all { self.more(&[], true, notes, at) } else { Verdict::Hold }
    }

    /// More of the body, or its end.
    fn more(&mut self, bytes: &[u8], is_last: bool, notes: &mut Notes, at: Timestamp) -> Verdict {
        match mem::replace(&mut self.stage, Stage::Decided) {
            Stage::Holding(payload) => self.held(payload, bytes, is_last, notes, at),
            Stage::Watching(payload) => self.watched(payload, bytes, is_last, notes),
            Stage::Arriving | Stage::Decided => Verdict::Forward(Edits::none()),
        }
    }

    /// More of a body that is held.
    fn held(
        &mut self,
        mut payload: Box<Payload>,
        bytes: &[u8],
        is_last: bool,
        notes: &mut Notes,
        at: Timestamp,
    ) -> Verdict {
        // What lies beyond the limit is read after what lies within it was judged, so
        // that a verdict does not depend on how the bytes are cut.
        let (within, beyond) =
            bytes.split_at_checked(payload.room).unwrap_or((bytes, Default::default()));
        payload.room = payload.room.saturating_sub(within.len());
        let mut progress = payload.body.push(within);
        if is_last && beyond.is_empty() {
            payload.body.finish();
            progress = Progress::Settled;
        }
        if payload.body.findings.enforced().is_some() {
            return self.refuse_payload(&payload, notes);
        }
        match progress {
            Progress::Settled => {
                self.pass(&payload, notes, at);
                Verdict::Forward(Edits::none())
            }
            Progress::Open if beyond.is_empty() => {
                self.stage = Stage::Holding(payload);
                Verdict::Hold
            }
            Progress::Open if self.validator.beyond_hold == BeyondHold::Refuse => {
                let limit = u64::from(self.validator.hold_up_to_bytes);
                payload.body.findings.add(Rule::BodyBytes, || body::too_large(limit));
                if payload.body.findings.enforced().is_some() {
                    return self.refuse_payload(&payload, notes);
                }
                self.release(payload, beyond, is_last, notes, at)
            }
            Progress::Open | Progress::MessageRight => {
                self.release(payload, beyond, is_last, notes, at)
            }
        }
    }

    /// Lets a request go on whose body is not at its end, and reads on.
    fn release(
        &mut self,
        payload: Box<Payload>,
        beyond: &[u8],
        is_last: bool,
        notes: &mut Notes,
        at: Timestamp,
    ) -> Verdict {
        notes.record(&payload.contract.label.held, microseconds(self.arrival, at));
        match self.read_on(payload, beyond, is_last, notes) {
            Ok(verdict) => verdict,
            Err(payload) => self.refuse_payload(&payload, notes),
        }
    }

    /// More of a body that goes by.
    fn watched(
        &mut self,
        payload: Box<Payload>,
        bytes: &[u8],
        is_last: bool,
        notes: &mut Notes,
    ) -> Verdict {
        match self.read_on(payload, bytes, is_last, notes) {
            Ok(verdict) => verdict,
            Err(payload) => {
                if let Some(violation) = payload.body.findings.enforced() {
                    notes.count(&payload.contract.label.of_rule(&CUT, violation.rule));
                }
                self.refuse_payload(&payload, notes)
            }
        }
    }

    /// Reads more of what may go by.
    ///
    /// # Errors
    /// When it may not.
    fn read_on(
        &mut self,
        mut payload: Box<Payload>,
        bytes: &[u8],
        is_last: bool,
        notes: &mut Notes,
    ) -> Result<Verdict, Box<Payload>> {
        let progress = payload.body.push(bytes);
        if is_last {
            payload.body.finish();
        }
        if payload.body.findings.enforced().is_some() {
            return Err(payload);
        }
        if is_last || progress == Progress::Settled {
            tell(&payload, notes);
            return Ok(Verdict::Forward(Edits::none()));
        }
        self.stage = Stage::Watching(payload);
        Ok(Verdict::Forward(Edits::none().watch()))
    }

    /// The whole request was read, and goes on.
    fn pass(&mut self, payload: &Payload, notes: &mut Notes, at: Timestamp) {
        notes.record(&payload.contract.label.held, microseconds(self.arrival, at));
        tell(payload, notes);
    }

    fn refuse_payload(&mut self, payload: &Payload, notes: &mut Notes) -> Verdict {
        notes.count(&payload.contract.label.checked);
        count_bytes(payload, notes);
        report(&payload.contract, &payload.body.findings, notes);
        match payload.body.findings.enforced().cloned() {
            Some(violation) => self.refuse(payload.dialect, &payload.contract, &violation, notes),
            None => Verdict::Forward(Edits::none()),
        }
    }

    fn refuse(
        &mut self,
        dialect: Dialect,
        contract: &Contract,
        violation: &Violation,
        notes: &mut Notes,
    ) -> Verdict {
        self.stage = Stage::Decided;
        self.answer = None;
        notes.count(&contract.label.of_rule(&REFUSED, violation.rule));
        notes.fact(FACT, format!("refused:{}", violation.rule.name()));
        Verdict::Reply(violation.refusal(dialect))
    }
}
