//! What one text says: a whole answer, or an event's data.

use super::counts::Usage;
use super::event::EventKind;
use super::shape::Shape;
use crate::json::Kind;
use crate::places::{Fact, Hears, Scalar, Tally, Value};

/// What is known of a text when it ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    outer: Said,
    /// What an object inside it says in the same words.
    inner: Said,
    is_inner: bool,
    kind: Option<String>,
    choices: Choices,
    tally: Tally,
}

#[derive(Clone, Debug, Default)]
struct Said {
    usage: Option<Usage>,
    /// Of the choice that is read, and of those before it.
    reason: Option<String>,
    earlier_reason: Option<String>,
    incomplete_reason: Option<String>,
    is_error: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Choices {
    #[default]
    Unsaid,
    Empty,
    Some,
}

impl Facts {
    /// The counts as they are said, if any are.
    pub(super) fn usage(&self) -> Option<Usage> {
        let said = [self.inner.usage, self.outer.usage];
        said.into_iter().flatten().reduce(|mut inner, outer| {
            inner.merge(outer);
            inner
        })
    }

    /// Why the answer ended, if it is said.
    pub(super) fn reason(&self) -> Option<&str> {
        self.outer.reason().or_else(|| self.inner.reason())
    }

    pub(super) const fn is_error(&self) -> bool {
        self.outer.is_error || self.inner.is_error
    }

    /// How long the text is that the model generated.
    pub(super) const fn content_bytes(&self) -> u64 {
        self.tally.bytes
    }

    /// Whether the event brings sound as Base64, of `OpenAI`'s responses.
    pub(super) fn is_audio(&self) -> bool {
        self.kind.as_deref() == Some("response.audio.delta")
    }

    /// What an event with this data brings, given its name.
    pub(super) fn event_kind(&self, shape: Shape, name: &[u8]) -> EventKind {
        let kind = self.kind.as_deref().map_or(name, str::as_bytes);
        let is_named = matches!(shape, Shape::Responses | Shape::Messages);
        if self.is_error() || name == b"error" || (is_named && is_failure(kind)) {
            return EventKind::Error;
        }
        if self.tally.pieces != 0 && shape.brings_content(kind) {
            return EventKind::Content;
        }
        match (shape, kind) {
            (Shape::OpenAi, _) if self.is_only_usage() => EventKind::UsageOnly,
            (Shape::Responses, b"response.completed" | b"response.incomplete")
            | (Shape::Messages, b"message_stop") => EventKind::Done,
            _ => EventKind::Other,
        }
    }

    fn is_only_usage(&self) -> bool {
        self.outer.usage.is_some() && self.choices == Choices::Empty
    }

    fn said(&mut self) -> &mut Said {
        if self.is_inner { &mut self.inner } else { &mut self.outer }
    }

    /// Where a count is kept.
    fn count(&mut self, fact: Fact) -> Option<&mut Option<u64>> {
        let usage = self.said().usage.as_mut()?;
        match fact {
            Fact::InputTokens => Some(&mut usage.input_tokens),
            Fact::OutputTokens => Some(&mut usage.output_tokens),
            Fact::CachedTokens => Some(&mut usage.cached_tokens),
            Fact::CacheWriteTokens => Some(&mut usage.cache_write_tokens),
            Fact::ReasoningTokens => Some(&mut usage.reasoning_tokens),
            _ => None,
        }
    }

    fn forget_count(&mut self, fact: Fact) {
        if let Some(count) = self.count(fact) {
            *count = None;
        }
    }
}

impl Said {
    fn reason(&self) -> Option<&str> {
        let reasons = [&self.incomplete_reason, &self.reason, &self.earlier_reason];
        reasons.into_iter().flatten().next().map(String::as_str)
    }
}

impl Shape {
    /// Whether the text of an event of this type is new.
    fn brings_content(self, kind: &[u8]) -> bool {
        match self {
            Self::OpenAi | Self::Generate => true,
            Self::Responses => kind.ends_with(b".delta"),
            Self::Messages => kind == b"content_block_delta",
        }
    }
}

fn is_failure(kind: &[u8]) -> bool {
    matches!(kind, b"error" | b"response.failed")
}

/// Whether a response of this status is still to come.
fn is_unfinished(status: &str) -> bool {
    matches!(status, "in_progress" | "queued")
}

impl Hears for Facts {
    fn begins(&mut self, fact: Fact, kind: Kind, _at: u64) {
        match fact {
            Fact::Type => self.kind = None,
            Fact::Inner => {
                self.is_inner = true;
                self.inner = Said::default();
            }
            Fact::Usage => {
                self.said().usage = (kind == Kind::Object).then(Usage::default);
            }
            Fact::InputDetails => {
                self.forget_count(Fact::CachedTokens);
                self.forget_count(Fact::CacheWriteTokens);
            }
            Fact::OutputDetails => self.forget_count(Fact::ReasoningTokens),
            Fact::Choices | Fact::Delta => {
                self.choices = Choices::Unsaid;
                let said = self.said();
                (said.reason, said.earlier_reason) = (None, None);
            }
            Fact::Choice => {
                let said = self.said();
                said.earlier_reason = said.reason.take().or(said.earlier_reason.take());
            }
            Fact::Reason | Fact::Status => self.said().reason = None,
            Fact::IncompleteDetails | Fact::IncompleteReason => {
                self.said().incomplete_reason = None;
            }
            Fact::Error => {
                self.said().is_error = !matches!(kind, Kind::Null | Kind::Boolean(false));
            }
            count => self.forget_count(count),
        }
    }

    fn ends(&mut self, fact: Fact, value: &Value<'_>) {
        let word = || value.text.filter(|_| value.kind == Kind::String).map(str::to_owned);
        match fact {
            Fact::Root => self.tally = value.tally,
            Fact::Type => self.kind = word(),
            Fact::Inner => self.is_inner = false,
            Fact::Choices if value.kind == Kind::Array => {
                self.choices = if value.count == 0 { Choices::Empty } else { Choices::Some };
            }
            Fact::Reason => self.said().reason = word(),
            Fact::Status => self.said().reason = word().filter(|status| !is_unfinished(status)),
            Fact::IncompleteReason => self.said().incomplete_reason = word(),
            count => {
                let said = value.text.filter(|_| value.kind == Kind::Number);
                if let (Some(count), Some(said)) = (self.count(count), said) {
                    *count = Scalar::count(said);
                }
            }
        }
    }
}
