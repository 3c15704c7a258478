//! The answer to a request that was let in: what it used, when its first token came,
//! and what its server says of its load.

use crate::cost::{Estimate, generates};
use core::ops::Range;
use filter_kit::{Edits, Headers};
use inference_api::dialect::{Dialect, Operation};
use inference_api::grpc::is_grpc;
use inference_api::sse;
use inference_api::usage::{AnswerEvent, AnswerReader, EventKind};

/// The longest event that is read whole.
const LONGEST_EVENT_BYTES: usize = 64 * 1024;

/// The same of OpenAI's responses, of which the last one repeats all of the answer.
const LONGEST_RESPONSE_BYTES: usize = 1024 * 1024;

/// The answer to a request, while it goes by.
#[derive(Debug)]
pub(crate) struct Answer {
    dialect: Dialect,
    operation: Operation,
    /// What is wanted of it.
    wanted: Wanted,
    stage: Stage,
    has_first_token: bool,
    /// How much of the body was shown.
    shown: u64,
    /// The bytes of an event that is not complete and was kept back.
    kept: Vec<u8>,
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
    /// What is to be changed in it, in bytes from the body's start.
    pub(crate) splices: Vec<(Range<u64>, Vec<u8>)>,
}

impl Answer {
    /// The answer to come.
    pub(crate) const fn awaited(dialect: Dialect, operation: Operation, wanted: Wanted) -> Self {
        Self {
            dialect,
            operation,
            wanted,
            stage: Stage::Awaited,
            has_first_token: false,
            shown: 0,
            kept: Vec::new(),
        }
    }

    /// Its headers came in. What is to be shown of the rest, and what is to be
    /// changed in the headers for it.
    pub(crate) fn headers(&mut self, headers: &Headers, is_all: bool) -> Edits {
        let edits = Edits::none();
        let content_type = headers.first("content-type").unwrap_or_default();
        if has_failed(headers) {
            self.stage = Stage::Failed;
            return edits;
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
        if is_grpc(content_type) {
            return Stage::Messages;
        }
        let is_coded = headers
            .first("content-encoding")
            .is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity"));
        let has_events = media_type(content_type).eq_ignore_ascii_case(b"text/event-stream");
        if is_coded {
            return Stage::Unread { has_events };
        }
        if has_events {
            let event_bytes = match self.operation {
                Operation::Responses => LONGEST_RESPONSE_BYTES,
                _ => LONGEST_EVENT_BYTES,
            };
            let limits = sse::Limits { event_bytes };
            let reader = Box::new(AnswerReader::events(self.dialect, self.operation, limits));
            return Stage::Read { reader, form: Form::Events };
        }
        let reader = Box::new(AnswerReader::json(self.dialect, self.operation));
        Stage::Read { reader, form: Form::Whole { is_complete: is_all } }
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
                let mut rest = bytes;
                let mut tell = |event: &AnswerEvent| {
                    passed.first_token |= event.kind == EventKind::Content || !is_text;
                    if takes_out && event.kind == EventKind::UsageOnly {
                        removed.push(event.span.clone());
                    }
                };
                let mut complete = None;
                while let Some(event) = reader.next(&mut rest) {
                    complete = Some(event.span.end);
                    tell(&event);
                }
                if is_last && let Some(event) = reader.finish() {
                    complete = Some(event.span.end);
                    tell(&event);
                }
                if takes_out {
                    let end = if is_last { None } else { Some(complete) };
                    passed.splices = self.without(&removed, bytes, end);
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
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.shown = self.shown.saturating_add(length);
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
        if trailers.first("grpc-status").is_some_and(|status| status != b"0") {
            self.stage = Stage::Failed;
        }
        if let Stage::Read { reader, form } = &mut self.stage {
            reader.finish();
            if let Form::Whole { is_complete } = form {
                *is_complete = true;
            }
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
                let output = usage.and_then(|usage| usage.output_tokens);
                match (said, form) {
                    (Some(said), _) => said,
                    (None, Form::Whole { is_complete: false }) => estimate.tokens,
                    (None, Form::Whole { is_complete: true } | Form::Events) => {
                        let seen = reader.content_events().max(estimate.of(reader.content_bytes()));
                        estimate.prompt.saturating_add(output.unwrap_or(seen))
                    }
                }
            }
        }
    }

    const fn takes_usage_event_out(&self) -> bool {
        self.wanted.without_usage_event
            && matches!(self.stage, Stage::Read { form: Form::Events, .. })
    }

    /// What is to be changed in a chunk so that these events don't go on. What is
    /// behind the last complete one is kept back: it may be the start of another that
    /// must not. `end` is where that one ends, if the body has not.
    fn without(
        &mut self,
        removed: &[Range<u64>],
        bytes: &[u8],
        end: Option<Option<u64>>,
    ) -> Vec<(Range<u64>, Vec<u8>)> {
        let chunk_start = self.shown;
        let chunk_end = chunk_start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        // What was kept goes first, unless it is a part of what is removed.
        let kept_start =
            chunk_start.saturating_sub(u64::try_from(self.kept.len()).unwrap_or(u64::MAX));
        // Of an event of which a part went on, the rest goes on too.
        let removed: Vec<&Range<u64>> =
            removed.iter().filter(|range| range.start >= kept_start).collect();
        let mut splices = Vec::new();
        let tail = end.map(|complete| complete.unwrap_or(kept_start).max(chunk_start));
        let held = tail.map_or(0, |start| {
            let before = if end == Some(None) { self.kept.len() } else { 0 };
            let tail = usize::try_from(chunk_end.saturating_sub(start)).unwrap_or(usize::MAX);
            before.saturating_add(tail)
        });
        // No event that is longer than is read is removed.
        let tail = tail.filter(|_| held <= LONGEST_EVENT_BYTES);
        if !self.kept.is_empty() && (end != Some(None) || tail.is_none()) {
            let mut kept = core::mem::take(&mut self.kept);
            let first = removed.first().map(|range| range.start.saturating_sub(kept_start));
            if let Some(length) = first.and_then(|length| usize::try_from(length).ok()) {
                kept.truncate(length);
            }
            if !kept.is_empty() {
                splices.push((chunk_start..chunk_start, kept));
            }
        }
        for range in removed {
            let start = range.start.max(chunk_start);
            if start < range.end {
                splices.push((start..range.end, Vec::new()));
            }
        }
        if let Some(start) = tail {
            let skipped = usize::try_from(start.saturating_sub(chunk_start)).unwrap_or(usize::MAX);
            self.kept.extend_from_slice(bytes.get(skipped..).unwrap_or_default());
            if start < chunk_end {
                splices.push((start..chunk_end, Vec::new()));
            }
        }
        splices
    }
}

/// Whether headers say that the request failed.
fn has_failed(headers: &Headers) -> bool {
    let is_error = |status: &[u8]| matches!(status.first(), Some(b'4' | b'5'));
    headers.first(":status").is_some_and(is_error)
        || headers.first("grpc-status").is_some_and(|status| status != b"0")
}

/// A content type without its parameters.
fn media_type(content_type: &[u8]) -> &[u8] {
    let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
    content_type.get(..end).unwrap_or_default().trim_ascii()
}
