//! The answer to a request, held against its contract.

use crate::body::{AnswerFormat, AnswerHeaders, Body, Progress};
use crate::config::OnBadAnswer;
use crate::contracts::Contract;
use crate::headers::decimal;
use crate::rules::Rule;
use crate::violation::Violation;
use filter_kit::{Edits, HeaderBlock, Notes, Verdict};
use inference_api::dialect::{Call, Dialect};
use inference_api::grpc::is_grpc;
use std::rc::Rc;

/// The answer to a request, held against its contract.
#[derive(Debug)]
pub(crate) struct Answering {
    dialect: Dialect,
    format: AnswerFormat,
    contract: Rc<Contract>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Its headers did not come yet.
    Awaited,
    /// It is held while it is read, up to so many more bytes.
    Holding { body: Box<Body>, room: usize },
    /// It went on, and is read while it goes by.
    Watching { body: Box<Body> },
    /// Nothing of it is read any more.
    Settled,
}

impl Answering {
    /// For a call under a contract that says something of answers.
    pub(crate) fn new(call: &Call<'_>, contract: Rc<Contract>) -> Self {
        let format = AnswerFormat::of(call);
        Self { dialect: call.dialect, format, contract, stage: Stage::Awaited }
    }

    /// Its headers came in.
    pub(crate) fn headers(&mut self, block: &HeaderBlock<'_>, notes: &mut Notes) -> Verdict {
        self.stage = Stage::Settled;
        let (Some(rules), false) = (&self.contract.answers, block.end_of_message) else {
            return Verdict::Forward(Edits::none());
        };
        let headers = block.headers;
        let content_type = headers.first("content-type").unwrap_or_default();
        let speaks_grpc = is_grpc(content_type);
        if headers.first(":status") != Some(b"200")
            || content_type.starts_with(b"text/event-stream")
            || speaks_grpc != self.dialect.is_grpc()
        {
            return Verdict::Forward(Edits::none());
        }
        if headers.contains("content-encoding") {
            notes.count(&self.contract.label.of_answer(Rule::Unreadable, "count"));
            return Verdict::Forward(Edits::none());
        }
        let json_bytes = headers.first("inference-header-content-length").and_then(decimal);
        let said = AnswerHeaders { content_type, json_bytes };
        let Some(body) = Body::of_answer(&self.format, said, &self.contract) else {
            return Verdict::Forward(Edits::none());
        };
        let body = Box::new(body);
        match rules.on_violation {
            OnBadAnswer::Replace => {
                let room = usize::try_from(rules.hold_up_to_bytes).unwrap_or(usize::MAX);
                self.stage = Stage::Holding { body, room };
                Verdict::Hold
            }
            OnBadAnswer::Count => {
                self.stage = Stage::Watching { body };
                Verdict::Forward(Edits::none().watch())
            }
        }
    }

    /// More of its body, or its end.
    pub(crate) fn more(&mut self, bytes: &[u8], is_last: bool, notes: &mut Notes) -> Verdict {
        match core::mem::replace(&mut self.stage, Stage::Settled) {
            Stage::Holding { body, room } => self.held(body, room, (bytes, is_last), notes),
            Stage::Watching { body } => self.watched(body, (bytes, is_last), notes),
            Stage::Awaited | Stage::Settled => Verdict::Forward(Edits::none()),
        }
    }

    fn held(
        &mut self,
        mut body: Box<Body>,
        room: usize,
        (bytes, is_last): (&[u8], bool),
        notes: &mut Notes,
    ) -> Verdict {
        let (within, beyond) = bytes.split_at_checked(room).unwrap_or((bytes, Default::default()));
        let mut progress = body.push(within);
        if is_last && beyond.is_empty() {
            body.finish();
            progress = Progress::Settled;
        }
        if let Some(violation) = body.findings.enforced() {
            let reply = violation.replacement(self.dialect);
            self.count(&body, "enforce", notes);
            return Verdict::Reply(reply);
        }
        match progress {
            Progress::Settled => {
                self.count(&body, "enforce", notes);
                Verdict::Forward(Edits::none())
            }
            Progress::Open if beyond.is_empty() => {
                let room = room.saturating_sub(within.len());
                self.stage = Stage::Holding { body, room };
                Verdict::Hold
            }
            Progress::Open | Progress::MessageRight => self.watched(body, (beyond, is_last), notes),
        }
    }

    /// What goes by can't be replaced any more: it is only counted.
    fn watched(
        &mut self,
        mut body: Box<Body>,
        (bytes, is_last): (&[u8], bool),
        notes: &mut Notes,
    ) -> Verdict {
        let progress = body.push(bytes);
        if is_last {
            body.finish();
        }
        if is_last || progress == Progress::Settled || body.findings.enforced().is_some() {
            self.count(&body, "count", notes);
            return Verdict::Forward(Edits::none());
        }
        self.stage = Stage::Watching { body };
        Verdict::Forward(Edits::none().watch())
    }

    /// Counts the answer and what is wrong with it; `mode` is what becomes of the
    /// violation that is not only reported.
    fn count(&self, body: &Body, mode: &str, notes: &mut Notes) {
        let label = &self.contract.label;
        notes.count(&label.answers);
        let told = |violation: &Violation, mode| label.of_answer(violation.rule, mode);
        if let Some(violation) = body.findings.enforced() {
            notes.count(&told(violation, mode));
            notes.fact("inference.answer", format!("{mode}:{}", violation.rule.name()));
        }
        for violation in body.findings.reported() {
            notes.count(&told(violation, "report_only"));
        }
    }
}
