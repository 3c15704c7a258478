use core::ops::Range;

/// An event of a streamed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerEvent {
    /// What it brings.
    pub kind: EventKind,
    /// Where it stands, in bytes from the stream's start, with the blank line
    /// that ends it. A stream less these bytes is the stream less this event.
    pub span: Range<u64>,
    /// How long the text is that it adds to the answer, in bytes, decoded.
    pub content_bytes: u64,
}

/// What an event brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Something that the model generated: text, reasoning, a refusal, a call of
    /// a tool, audio. An event that only says who speaks is none of these.
    Content,
    /// Of `OpenAI`'s API: no choice, but the usage. A client gets this event if it
    /// asked for it with `stream_options.include_usage`.
    UsageOnly,
    /// An error, or that the answer failed.
    Error,
    /// The last one of an answer that did not fail.
    Done,
    /// Anything else, also what is not understood or longer than the limit.
    Other,
}
