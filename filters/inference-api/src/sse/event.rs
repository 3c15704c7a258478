use core::ops::Range;

/// An event, as a client of the stream is told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its type: the last `event` line, or `message` without one.
    pub kind: &'a [u8],
    /// Its `data` lines.
    pub data: Data<'a>,
    /// The last `id` line of this event. A client keeps it for the events behind
    /// that have none.
    pub id: Option<&'a [u8]>,
    /// The last `retry` line of this event, in milliseconds.
    pub retry_ms: Option<u64>,
    /// Where it stands, in bytes from the stream's start: all its lines, comments
    /// too, with the blank line that ends it.
    pub span: Range<u64>,
}

/// The data of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data<'a> {
    /// All of it, lines joined by LF.
    Whole(&'a [u8]),
    /// More than the limit; nothing of it was kept.
    Oversized {
        /// How long it is, lines joined.
        bytes: u64,
    },
}

/// Whether this data ends a stream of the `OpenAI` API. Its client looks no
/// further than these bytes either.
pub fn is_done(data: &[u8]) -> bool {
    data.starts_with(b"[DONE]")
}
