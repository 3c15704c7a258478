//! Server-sent events against a reader that has the whole stream.

use std::ops::Range;

use inference_api::sse::{Data, Event, Limits, Reader};

use super::pieces;

/// An event that outlives its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub kind: Vec<u8>,
    /// The data, or how long it is.
    pub data: Result<Vec<u8>, u64>,
    pub id: Option<Vec<u8>>,
    pub retry_ms: Option<u64>,
    pub span: Range<u64>,
}

/// All of every event, within limits that all, some or none of them keep; and an
/// event that is taken out of the stream leaves the others as they are.
pub fn agrees(stream: &[u8], cuts: &[usize]) {
    let all = naive(stream, usize::MAX);
    assert_eq!(read(&[stream], usize::MAX), all, "in one piece");
    let longest = all.iter().filter_map(|told| told.data.as_ref().ok()).map(Vec::len).max();
    let longest = longest.unwrap_or_default();
    for limit in [0, 3, longest.saturating_sub(1), longest, usize::MAX] {
        assert_eq!(read(&pieces(stream, cuts), limit), naive(stream, limit), "limit {limit}");
    }
    for taken in 0..all.len().min(3) {
        let left = naive(&without(stream, &all[taken].span), usize::MAX);
        let mut expected = all.clone();
        expected.remove(taken);
        assert_eq!(contents(&left), contents(&expected), "without event {taken}");
    }
}

/// The stream without this event, which leaves the others as they are.
fn without(stream: &[u8], span: &Range<u64>) -> Vec<u8> {
    let place = |at: u64| usize::try_from(at).unwrap();
    let (before, after) = (&stream[..place(span.start)], &stream[place(span.end)..]);
    // What looks like a byte order mark, and now would be one.
    let after = if before.is_empty() { &[b"\n", after].concat() } else { after };
    [before, after].concat()
}

/// The events less their places.
fn contents(events: &[Told]) -> Vec<Told> {
    events.iter().map(|told| Told { span: 0..0, ..told.clone() }).collect()
}

fn read(pieces: &[&[u8]], event_bytes: usize) -> Vec<Told> {
    let mut reader = Reader::new(Limits { event_bytes });
    let mut events = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while let Some(event) = reader.next(&mut rest) {
            events.push(Told::from(event));
        }
        assert!(rest.is_empty(), "all bytes were read");
    }
    events.extend(reader.finish().map(Told::from));
    events
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Self {
        Self {
            kind: event.kind.to_vec(),
            data: match event.data {
                Data::Whole(data) => Ok(data.to_vec()),
                Data::Oversized { bytes } => Err(bytes),
            },
            id: event.id.map(<[u8]>::to_vec),
            retry_ms: event.retry_ms,
            span: event.span,
        }
    }
}

/// The events of a stream that is there whole.
pub(super) fn naive(stream: &[u8], limit: usize) -> Vec<Told> {
    let text = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let mut at = stream.len() - text.len();
    let mut events = Vec::new();
    let mut block = Block { start: at, ..Block::default() };
    for line in lines(text) {
        at += line.len();
        let line = without_break(line);
        if line.is_empty() {
            events.extend(block.dispatch(at));
            block = Block { start: at, ..Block::default() };
        } else {
            block.process(line, limit);
        }
    }
    events
}

/// The lines that are complete, with what ends them.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, byte) in text.iter().enumerate() {
        let ends = match byte {
            b'\n' => true,
            b'\r' => text.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        if ends {
            lines.push(&text[start..=at]);
            start = at + 1;
        }
    }
    lines
}

fn without_break(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |at| at + 1);
    &line[..end]
}

#[derive(Default)]
struct Block {
    start: usize,
    kind: Vec<u8>,
    data: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
    retry_ms: Option<u64>,
    is_oversized: bool,
}

impl Block {
    fn process(&mut self, line: &[u8], limit: usize) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = match colon {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let is_too_long = value.len() > limit;
        match name {
            b"data" => {
                let data = self.data.get_or_insert_default();
                data.extend(value);
                data.push(b'\n');
            }
            b"event" | b"id" | b"retry" if is_too_long => self.is_oversized = true,
            b"event" if self.allows(value.len() + self.id_length(), limit) => {
                self.kind = value.to_vec();
            }
            b"id" if !value.contains(&0) && self.allows(value.len() + self.kind.len(), limit) => {
                self.id = Some(value.to_vec());
            }
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let number = std::str::from_utf8(value).unwrap().parse();
                self.retry_ms = Some(number.unwrap_or(u64::MAX));
            }
            _ => {}
        }
        let kept = self.kind.len() + self.id_length() + self.data_length();
        self.is_oversized |= kept > limit;
    }

    /// A type and an id of this length together: they are let go only if they are
    /// too long without any data.
    fn allows(&mut self, length: usize, limit: usize) -> bool {
        self.is_oversized |= length > limit;
        length <= limit
    }

    fn dispatch(self, end: usize) -> Option<Told> {
        let wide = |length: usize| u64::try_from(length).unwrap();
        let length = wide(self.data_length());
        let mut data = self.data?;
        data.pop();
        Some(Told {
            kind: if self.kind.is_empty() { b"message".to_vec() } else { self.kind },
            data: if self.is_oversized { Err(length) } else { Ok(data) },
            id: self.id,
            retry_ms: self.retry_ms,
            span: wide(self.start)..wide(end),
        })
    }

    fn id_length(&self) -> usize {
        self.id.as_ref().map_or(0, Vec::len)
    }

    /// Without the line feed behind the last line.
    fn data_length(&self) -> usize {
        self.data.as_ref().map_or(0, |data| data.len() - 1)
    }
}
