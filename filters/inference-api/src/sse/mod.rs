//! Server-sent events, read as they come.
//!
//! [`Reader`] watches a stream go by and tells each [`Event`] as a client would
//! be told it; it alters nothing. What it takes for an event is what the HTML
//! Standard says:
//!
//! - Lines end with LF, CR or CRLF. A blank line ends an event.
//! - `field: value`, less one space behind the colon; a line without a colon is
//!   a field with an empty value. A line that begins with a colon is a comment.
//! - Several `data` lines are joined by LF; of `event`, `id` and `retry` the last
//!   one counts; an `id` with a NUL in it and a `retry` that is not all digits
//!   don't, nor do other fields.
//! - A block without any `data` line is no event, and neither is one that the
//!   stream ends before its blank line.
//! - A byte order mark at the stream's start is not part of the first line.
//!
//! Bytes stay bytes. A client decodes them and puts U+FFFD for what is not UTF-8;
//! that never swallows a byte of ASCII, so lines and fields are the same before
//! and after it, and who parses the data checks it anyway.
//!
//! Source: HTML Standard (WHATWG), sections 9.2.5 and 9.2.6.

mod block;
mod event;
mod reader;

pub use event::{Data, Event, is_done};
pub use reader::{Limits, Reader};

#[cfg(test)]
mod tests;
