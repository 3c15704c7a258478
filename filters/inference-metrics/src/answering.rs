//! What an answer brings, and when: read as it goes by.

use crate::outcome::{Progress, Status};
use core::time::Duration;
use filter_kit::{Headers, ResponseFlags, Timestamp, Watching};
use inference_api::dialect::{Dialect, Operation};
use inference_api::grpc::{FrameReader, Part};
use inference_api::usage::{AnswerEvent, AnswerForm, AnswerReader, EventKind, Usage};

/// The gRPC status `UNKNOWN`.
const UNKNOWN: u8 = 2;

/// An answer, while it goes by.
#[derive(Debug)]
pub(crate) struct Answer {
    dialect: Dialect,
    operation: Operation,
    status: Status,
    /// It comes over gRPC: only then a gRPC status means something.
    speaks_grpc: bool,
    stage: Stage,
    body: Body,
    /// How much of its body was seen, if it is watched.
    seen: u64,
    watching: Watching,
    times: Times,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Awaited,
    Begun,
    Ended,
}

#[derive(Debug)]
enum Body {
    /// Nothing is read in it.
    Unread {
        is_compressed: bool,
    },
    Whole(Box<AnswerReader>),
    Events {
        reader: Box<AnswerReader>,
        has_ended: bool,
    },
    Messages(FrameReader),
}

/// When what came, of an answer that is streamed.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    first_chunk: Option<Timestamp>,
    first_content: Option<Timestamp>,
    last_content: Option<Timestamp>,
}

/// What a part of an answer brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The first event or message.
    pub(crate) is_first: bool,
    /// The first that was generated.
    pub(crate) is_first_content: bool,
    /// The time since what was generated before.
    pub(crate) gap: Option<Duration>,
}

impl Answer {
    /// The answer to come.
    pub(crate) fn awaited(dialect: Dialect, operation: Operation) -> Self {
        Self {
            dialect,
            operation,
            status: Status::default(),
            speaks_grpc: false,
            stage: Stage::Awaited,
            body: Body::Unread { is_compressed: false },
            seen: 0,
            watching: Watching::Nothing,
            times: Times::default(),
        }
    }

    /// Its headers came. What is to be shown of the rest.
    pub(crate) fn headers(&mut self, headers: &Headers, is_all: bool, is_read: bool) -> Watching {
        let content_type = headers.first("content-type").unwrap_or_default();
        let form = AnswerForm::of(content_type, headers.first("content-encoding"));
        self.speaks_grpc = form == AnswerForm::Messages;
        let status = headers.first(":status").and_then(|value| str::from_utf8(value).ok());
        self.status.http = status.and_then(|status| status.parse().ok()).unwrap_or(0);
        self.read_grpc_status(headers);
        self.stage = if is_all { Stage::Ended } else { Stage::Begun };
        if is_all || !self.is_good() {
            return Watching::Nothing;
        }
        self.watching = match form {
            AnswerForm::Messages if self.is_stream_of_messages() && is_read => {
                self.body = Body::Messages(FrameReader::new());
                Watching::Everything
            }
            AnswerForm::Messages => Watching::Trailers,
            AnswerForm::Compressed { .. } => {
                self.body = Body::Unread { is_compressed: is_read };
                Watching::Nothing
            }
            AnswerForm::Whole | AnswerForm::Events if !is_read => Watching::Nothing,
            AnswerForm::Whole | AnswerForm::Events => self.read(form),
        };
        self.watching
    }

    fn read(&mut self, form: AnswerForm) -> Watching {
        let reader = AnswerReader::of(form, self.dialect, self.operation).map(Box::new);
        match (form, reader) {
            (_, Some(reader)) if !reader.understands() => Watching::Nothing,
            (AnswerForm::Events, Some(reader)) => {
                self.body = Body::Events { reader, has_ended: false };
                Watching::Everything
            }
            (_, Some(reader)) => {
                self.body = Body::Whole(reader);
                Watching::Everything
            }
            (_, None) => Watching::Nothing,
        }
    }

    /// More of its body came.
    pub(crate) fn body(&mut self, bytes: &[u8], is_last: bool, at: Timestamp) -> Passed {
        self.seen = self.seen.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if is_last {
            self.stage = Stage::Ended;
        }
        let (mut has_chunk, mut has_content) = (false, false);
        match &mut self.body {
            Body::Unread { .. } => {}
            Body::Whole(reader) => {
                reader.push(bytes);
                if is_last {
                    reader.finish();
                }
            }
            Body::Events { reader, has_ended } => {
                let mut rest = bytes;
                let mut take = |event: &AnswerEvent| {
                    has_chunk = true;
                    has_content |= event.kind == EventKind::Content;
                    *has_ended |= event.kind == EventKind::Done;
                };
                while let Some(event) = reader.next(&mut rest) {
                    take(&event);
                }
                if is_last && let Some(event) = reader.finish() {
                    take(&event);
                }
            }
            Body::Messages(frames) => {
                let mut rest = bytes;
                while let Ok(Some(part)) = frames.next(&mut rest) {
                    has_chunk |= part == Part::End;
                }
                has_content = has_chunk;
            }
        }
        self.times.pass(has_chunk, has_content, at)
    }

    /// Its trailers came.
    pub(crate) fn trailers(&mut self, trailers: &Headers) {
        self.stage = Stage::Ended;
        self.read_grpc_status(trailers);
        match &mut self.body {
            Body::Whole(reader) => {
                reader.finish();
            }
            Body::Events { reader, has_ended } => {
                let last = reader.finish();
                *has_ended |= last.is_some_and(|event| event.kind == EventKind::Done);
            }
            Body::Unread { .. } | Body::Messages(_) => {}
        }
    }

    /// Its status, as it says, now that it came so far.
    pub(crate) const fn status(&self, progress: Progress) -> Status {
        match progress {
            Progress::Awaited | Progress::Begun | Progress::Redirected => self.status,
            _ if self.lacks_grpc_status() => Status { grpc: Some(UNKNOWN), ..self.status },
            _ => self.status,
        }
    }

    /// Whether it says that its request succeeded, as far as it came.
    pub(crate) const fn is_good(&self) -> bool {
        let is_failed = matches!(self.stage, Stage::Ended) && self.lacks_grpc_status();
        matches!((self.status.http, self.status.grpc), (200..=299, None | Some(0))) && !is_failed
    }

    /// Source: grpc/grpc, `doc/PROTOCOL-HTTP2.md`: who has no status in the end has
    /// failed.
    const fn lacks_grpc_status(&self) -> bool {
        self.speaks_grpc && self.status.http == 200 && self.status.grpc.is_none()
    }

    /// Whether it is certain that all of it came, and that it is good.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_good()
            && self.has_all_content()
            && self.progress(ResponseFlags::default()) == Progress::Complete
    }

    /// Whether its headers came.
    pub(crate) fn has_begun(&self) -> bool {
        self.stage != Stage::Awaited
    }

    /// Whether nothing can follow but the end of the message.
    pub(crate) fn has_all_content(&self) -> bool {
        self.stage == Stage::Ended || matches!(self.body, Body::Events { has_ended: true, .. })
    }

    /// How far it came. Of one that is not watched Envoy knows whether all of it came.
    pub(crate) fn progress(&self, flags: ResponseFlags) -> Progress {
        match (self.stage, &self.body) {
            (Stage::Awaited, _) => Progress::Awaited,
            // All that follows its last event, or an error, is the end of the message.
            (Stage::Begun, Body::Events { has_ended: false, reader }) if !reader.has_error() => {
                Progress::Begun
            }
            (Stage::Begun, Body::Whole(_) | Body::Messages(_)) => Progress::Begun,
            // Who is shown trailers alone does not see an answer end that has none.
            (Stage::Begun, Body::Unread { .. }) if self.is_good() && flags.broke_off() => {
                Progress::Begun
            }
            (_, Body::Whole(reader) | Body::Events { reader, .. }) if reader.has_error() => {
                Progress::Failed
            }
            (_, Body::Events { has_ended: false, reader })
                if self.announces_its_end() && reader.finish_reason().is_none() =>
            {
                Progress::Truncated
            }
            _ => Progress::Complete,
        }
    }

    /// What it says it used.
    pub(crate) fn usage(&self) -> Option<Usage> {
        self.reader()?.usage()
    }

    /// Whether what it says it used is of all of it, and not of its beginning.
    pub(crate) fn says_all(&self) -> bool {
        match &self.body {
            Body::Events { has_ended, reader } => *has_ended || reader.finish_reason().is_some(),
            _ => self.stage == Stage::Ended,
        }
    }

    /// Why it ended.
    pub(crate) fn finish_reason(&self) -> Option<&str> {
        self.reader()?.finish_reason()
    }

    /// How many events brought something generated, and how long the text is.
    pub(crate) fn generated(&self) -> (u64, u64) {
        let reader = self.reader();
        reader.map_or((0, 0), |reader| (reader.content_events(), reader.content_bytes()))
    }

    /// Whether it could not be read because it is compressed.
    pub(crate) const fn is_compressed(&self) -> bool {
        matches!(self.body, Body::Unread { is_compressed: true })
    }

    /// Whether it comes as gRPC messages, one after the other.
    pub(crate) const fn has_messages(&self) -> bool {
        matches!(self.body, Body::Messages(_))
    }

    /// Whether it comes as events.
    pub(crate) const fn is_streamed(&self) -> bool {
        matches!(self.body, Body::Events { .. })
    }

    /// How long its body is, if it was watched.
    pub(crate) fn bytes(&self) -> Option<u64> {
        (self.watching == Watching::Everything).then_some(self.seen)
    }

    /// When the first of what it generated came.
    pub(crate) const fn first_content(&self) -> Option<Timestamp> {
        self.times.first_content
    }

    fn read_grpc_status(&mut self, headers: &Headers) {
        if let Some(status) = headers.first("grpc-status").filter(|_| self.speaks_grpc) {
            let status = str::from_utf8(status).ok().and_then(|status| status.parse().ok());
            self.status.grpc = Some(status.unwrap_or(u8::MAX));
        }
    }

    const fn reader(&self) -> Option<&AnswerReader> {
        match &self.body {
            Body::Whole(reader) | Body::Events { reader, .. } => Some(reader),
            Body::Unread { .. } | Body::Messages(_) => None,
        }
    }

    /// Whether a stream of it has an end that says so.
    const fn announces_its_end(&self) -> bool {
        matches!(
            self.operation,
            Operation::ChatCompletions
                | Operation::Completions
                | Operation::Responses
                | Operation::Messages
        )
    }

    /// Whether its messages come one after the other, as far as is known of its method.
    const fn is_stream_of_messages(&self) -> bool {
        matches!(self.operation, Operation::InferStream | Operation::Other)
    }
}

impl Times {
    /// What came at this time.
    fn pass(&mut self, has_chunk: bool, has_content: bool, at: Timestamp) -> Passed {
        let is_first = has_chunk && self.first_chunk.is_none();
        if is_first {
            self.first_chunk = Some(at);
        }
        let mut passed = Passed { is_first, ..Passed::default() };
        if has_content {
            passed.is_first_content = self.first_content.is_none();
            self.first_content.get_or_insert(at);
            passed.gap = self.last_content.replace(at).map(|last| at.since(last));
        }
        passed
    }
}
