//! How a streamed answer is made to say its usage.

use crate::identity::Splice;
use crate::json::Kind;
use crate::places::Value;
use core::ops::Range;

/// Whether the answer will say what it used, and what it takes that it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncludeUsage {
    /// It is not streamed, so it says it anyway, if its API does.
    NotStreaming,
    /// The request asks for it, or its API says it unasked (responses, messages).
    Present,
    /// This API does not say it: Triton's.
    Unavailable,
    /// The one edit of the body by which it asks for it:
    /// `stream_options.include_usage` is `true` then, and all else as it was.
    ///
    /// The client did not ask, so it does not expect the event with the usage
    /// alone, [`EventKind::UsageOnly`](crate::usage::EventKind). But vLLM sends it
    /// to a client that has `stream_options` without `include_usage`; `OpenAI`
    /// does not.
    ///
    /// Source: `OpenAI`'s API description, `ChatCompletionStreamOptions`.
    Splice(Splice),
}

/// What a body has of `stream_options`.
#[derive(Clone, Debug, Default)]
pub(super) struct Asking {
    body: Option<Brace>,
    options: Option<Options>,
    flag: Option<Flag>,
}

/// Behind the brace that opens an object.
#[derive(Clone, Copy, Debug)]
struct Brace {
    end: u64,
    is_empty: bool,
}

#[derive(Clone, Debug)]
enum Options {
    Object(Brace),
    Other(Range<u64>),
}

#[derive(Clone, Debug)]
enum Flag {
    Yes,
    /// Where anything else stands.
    No(Range<u64>),
}

impl Asking {
    pub(super) const fn options_begin(&mut self, kind: Kind, at: u64) {
        self.flag = None;
        self.options = Some(match kind {
            Kind::Object => Options::Object(Brace { end: at.saturating_add(1), is_empty: true }),
            _ => Options::Other(at..at),
        });
    }

    pub(super) fn options_end(&mut self, value: &Value<'_>) {
        match &mut self.options {
            Some(Options::Object(brace)) => brace.is_empty = value.count == 0,
            Some(Options::Other(span)) => span.end = value.span.end,
            None => {}
        }
    }

    pub(super) fn flag_begins(&mut self) {
        self.flag = None;
    }

    pub(super) fn flag_ends(&mut self, value: &Value<'_>, is_yes: bool) {
        self.flag = Some(if is_yes { Flag::Yes } else { Flag::No(value.span.clone()) });
    }

    pub(super) fn body_ends(&mut self, value: &Value<'_>) {
        self.body = (value.kind == Kind::Object)
            .then(|| Brace { end: value.span.start.saturating_add(1), is_empty: value.count == 0 });
    }

    /// Of a request that is streamed.
    pub(super) fn include_usage(self) -> IncludeUsage {
        let splice = match (self.options, self.flag) {
            (Some(Options::Object(_)), Some(Flag::Yes)) => return IncludeUsage::Present,
            (Some(Options::Object(_)), Some(Flag::No(span))) => splice(span, b"true"),
            (Some(Options::Object(brace)), None) => brace.insert(br#""include_usage":true"#),
            (Some(Options::Other(span)), _) => splice(span, br#"{"include_usage":true}"#),
            (None, _) => match self.body {
                Some(body) => body.insert(br#""stream_options":{"include_usage":true}"#),
                None => return IncludeUsage::NotStreaming,
            },
        };
        IncludeUsage::Splice(splice)
    }
}

impl Brace {
    /// Puts a member before all others.
    fn insert(self, member: &[u8]) -> Splice {
        let comma: &[u8] = if self.is_empty { b"" } else { b"," };
        splice(self.end..self.end, &[member, comma].concat())
    }
}

fn splice(range: Range<u64>, bytes: &[u8]) -> Splice {
    Splice { range, bytes: bytes.to_vec() }
}
