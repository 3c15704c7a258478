//! The answer to a request that was let in: what it used, when its first token came,
//! and what its server says of its load.

mod outcome;

use crate::cost::{Estimate, generates};
use crate::taking_out::TakingOut;
use core::ops::Range;
use filter_kit::{Edits, Headers};
use inference_api::dialect::{Dialect, Operation};
use inference_api::usage::{AnswerEvent, AnswerForm, AnswerReader, EventKind, Usage};
use outcome::Outcome;

/// The answer to a request, while it goes by.
#[derive(Debug)]
pub(crate) struct Answer {
    dialect: Dialect,
    operation: Operation,
    /// What is wanted of it.
    wanted: Wanted,
    stage: Stage,
    has_first_token: bool,
    /// The last event of a stream came.
    has_ended: bool,
    /// How much of the body was shown.
    shown: u64,
    taking_out: TakingOut,
}

/// What is wanted of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What it used.
    pub(crate) usage: bool,
    /// When its first token came, if it is streamed.
    pub(crate) first_token: bool,
    /// The event that says what was used is to be taken out: the client did not ask
    /// for it.
    pub(crate) without_usage_event: bool,
    /// Its trailers: a load report, or how it ended.
    pub(crate) trailers: bool,
}

#[derive(Debug)]
enum Stage {
    /// Its headers did not come yet.
    Awaited,
    /// Its body goes by, and is read.
    Read { reader: Box<AnswerReader>, form: Form },
    /// It comes in gRPC messages.
    Messages,
    /// Its body can't be read: it is compressed. Whether it is a stream of events.
    Unread { has_events: bool },
    /// It says that the request failed.
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One JSON text; whether all of it came.
    Whole { is_complete: bool },
    /// Server-sent events.
    Events,
}

/// What a part of a body brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The first token came with it.
    pub(crate) first_token: bool,
    /// The event that says what was used was taken out of it.
    pub(crate) usage_is_told: bool,
    /// What goes on in its place, which is told in bytes from the body's start.
    pub(crate) instead: Option<(Range<u64>, Vec<u8>)>,
}

impl Answer {
    /// The answer to come.
    pub(crate) fn awaited(dialect: Dialect, operation: Operation, wanted: Wanted) -> Self {
        let taking_out = TakingOut::default();
        Self {
            dialect,
            operation,
            wanted,
            stage: Stage::Awaited,
            has_first_token: false,
            has_ended: false,
            shown: 0,
            taking_out,
        }
    }

    /// Its headers came in. What is to be shown of the rest, and what is to be
    /// changed in the headers for it.
    pub(crate) fn headers(&mut self, headers: &Headers, is_all: bool) -> Edits {
        let edits = Edits::none();
        let content_type = headers.first("content-type").unwrap_or_default();
        match Outcome::of(headers) {
            Outcome::Good => {}
            Outcome::Failed => {
                self.stage = Stage::Failed;
                return edits;
            }
            // It stays as one that was never answered.
            Outcome::Abandoned => return edits,
        }
        self.stage = self.stage_for(headers, content_type, is_all);
        let is_streamed = self.is_streamed();
        if is_all {
            return edits;
        }
        let wants_body = (self.wanted.usage && matches!(self.stage, Stage::Read { .. }))
            || (self.wanted.first_token && is_streamed);
        match () {
            // The body becomes shorter than was announced.
            () if wants_body && self.takes_usage_event_out() => {
                edits.remove("content-length").watch()
            }
            () if wants_body => edits.watch(),
            () if self.wanted.trailers => edits.watch_trailers(),
            () => edits,
        }
    }

    fn stage_for(&self, headers: &Headers, content_type: &[u8], is_all: bool) -> Stage {
        let come = AnswerForm::of(content_type, headers.first("content-encoding"));
        let reader = AnswerReader::of(come, self.dialect, self.operation).map(Box::new);
        match (come, reader) {
            (AnswerForm::Events, Some(reader)) => Stage::Read { reader, form: Form::Events },
            (_, Some(reader)) => Stage::Read { reader, form: Form::Whole { is_complete: is_all } },
            (AnswerForm::Messages, None) => Stage::Messages,
            (AnswerForm::Compressed { has_events }, None) => Stage::Unread { has_events },
            (AnswerForm::Whole | AnswerForm::Events, None) => Stage::Unread { has_events: false },
        }
    }

    /// More of its body came in.
    pub(crate) fn body(&mut self, bytes: &[u8], is_last: bool) -> Passed {
        let takes_out = self.takes_usage_event_out();
        let mut passed = Passed::default();
        // Of what is no text nobody can tell which event has the first of it.
        let is_text = generates(self.operation);
        match &mut self.stage {
            Stage::Read { reader, form: Form::Events } => {
                let mut removed = Vec::new();
                let mut has_ended = false;
                let mut rest = bytes;
                let mut tell = |event: &AnswerEvent| {
                    passed.first_token |= event.kind == EventKind::Content || !is_text;
                    has_ended |= event.kind == EventKind::Done;
                    if takes_out && event.kind == EventKind::UsageOnly {
                        removed.push(event.span.clone());
                    }
                };
                while let Some(event) = reader.next(&mut rest) {
                    tell(&event);
                }
                if is_last && let Some(event) = reader.finish() {
                    tell(&event);
                }
                self.has_ended |= has_ended;
                passed.usage_is_told = !removed.is_empty();
                if takes_out {
                    let end = self.shown.saturating_add(wide(bytes.len()));
                    let instead = self.taking_out.pass(bytes, self.shown, &removed, is_last);
                    passed.instead = instead.map(|instead| (self.shown..end, instead));
                }
            }
            Stage::Read { reader, form: Form::Whole { is_complete } } => {
                reader.push(bytes);
                if is_last {
                    reader.finish();
                    *is_complete = true;
                }
            }
            Stage::Messages | Stage::Unread { .. } => passed.first_token = !bytes.is_empty(),
            Stage::Awaited | Stage::Failed => {}
        }
        self.shown = self.shown.saturating_add(wide(bytes.len()));
        passed.first_token &= !self.has_first_token;
        self.has_first_token |= passed.first_token;
        passed
    }

    /// What of the rest of its body is to be shown.
    pub(crate) fn rest(&self) -> Edits {
        let wants_usage = self.wanted.usage && matches!(self.stage, Stage::Read { .. });
        if wants_usage || (self.wanted.first_token && !self.has_first_token) {
            Edits::none().watch()
        } else if self.wanted.trailers {
            Edits::none().watch_trailers()
        } else {
            Edits::none()
        }
    }

    /// Its trailers came in: it is complete.
    pub(crate) fn trailers(&mut self, trailers: &Headers) {
        // What a stream brought before it failed was worked on.
        let is_stream = self.operation == Operation::InferStream;
        match Outcome::of(trailers) {
            Outcome::Good => {}
            Outcome::Failed if is_stream => {}
            Outcome::Failed => self.stage = Stage::Failed,
            Outcome::Abandoned => self.stage = Stage::Awaited,
        }
        if let Stage::Read { reader, form } = &mut self.stage {
            reader.finish();
            if let Form::Whole { is_complete } = form {
                *is_complete = true;
            }
        }
    }

    /// What it says it used, where the event that says so does not go on.
    pub(crate) fn usage_taken_out(&self) -> Option<Usage> {
        match &self.stage {
            Stage::Read { reader, .. } if self.takes_usage_event_out() => reader.usage(),
            _ => None,
        }
    }

    /// Whether it comes piece by piece, as it is generated.
    pub(crate) const fn is_streamed(&self) -> bool {
        match &self.stage {
            Stage::Read { form: Form::Events, .. } | Stage::Unread { has_events: true } => true,
            Stage::Messages => matches!(self.operation, Operation::InferStream),
            _ => false,
        }
    }

    /// Whether it says that the request succeeded.
    pub(crate) const fn is_good(&self) -> bool {
        !matches!(self.stage, Stage::Awaited | Stage::Failed)
    }

    /// What the request used, in tokens, as far as the answer came.
    ///
    /// What failed used nothing. What can't be told is as it was estimated; what was
    /// streamed before its client left is what it got.
    pub(crate) fn used(&self, estimate: &Estimate) -> u64 {
        match &self.stage {
            Stage::Failed => 0,
            Stage::Awaited if estimate.is_streamed => estimate.prompt,
            Stage::Awaited | Stage::Messages | Stage::Unread { .. } => estimate.tokens,
            Stage::Read { reader, form } => {
                let usage = reader.usage();
                let said = usage.and_then(|usage| usage.total());
                let seen = reader.content_events().max(estimate.of(reader.content_bytes()));
                match (said, form) {
                    (Some(said), Form::Whole { .. }) => said,
                    (Some(said), Form::Events) if self.has_ended => said,
                    (None, Form::Whole { is_complete: false }) => estimate.tokens,
                    // What it said by then may be of its beginning.
                    (_, Form::Whole { .. } | Form::Events) => {
                        let input = usage.and_then(|usage| usage.input_tokens);
                        let output = usage.and_then(|usage| usage.output_tokens).unwrap_or(0);
                        input.unwrap_or(estimate.prompt).saturating_add(output.max(seen))
                    }
                }
            }
        }
    }

    const fn takes_usage_event_out(&self) -> bool {
        self.wanted.without_usage_event
            && matches!(self.stage, Stage::Read { form: Form::Events, .. })
    }
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
