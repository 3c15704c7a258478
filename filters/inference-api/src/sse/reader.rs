use super::Event;
use super::block::{Block, Field};
use crate::cursor::Cursor;

/// Finds the events of a stream whose bytes come in pieces.
///
/// Memory: what [`Limits`] allow, three times at most.
#[derive(Clone, Debug)]
pub struct Reader {
    line: Line,
    block: Block,
    offset: u64,
}

/// How much is kept of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest event that is told whole: its type, its id and its data
    /// together, in bytes. Of a longer one the data is not told.
    pub event_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { event_bytes: 65_536 }
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where in a line the reader is.
#[derive(Clone, Copy, Debug)]
enum Line {
    /// At the stream's start; so much of a byte order mark has come.
    Mark(usize),
    Start,
    /// Inside the field's name.
    Name(Name),
    /// Behind the colon, where a space may stand.
    Colon(Field),
    /// At the first byte of a value.
    Value(Field),
    /// Inside a value that began in an earlier piece.
    CutValue(Field),
    /// In a comment, or in a field that means nothing.
    Ignored,
    /// Behind a CR, which may be the first half of a CRLF.
    Return(Ended),
    /// Behind an event that was told.
    Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Field,
    Blank,
}

/// The first bytes of a line that may be the name of a field.
#[derive(Clone, Copy, Debug, Default)]
struct Name {
    bytes: [u8; Field::LONGEST_NAME],
    length: usize,
}

impl Reader {
    /// Ready for the first byte of a stream.
    pub const fn new(limits: Limits) -> Self {
        Self { line: Line::Mark(0), block: Block::new(limits.event_bytes), offset: 0 }
    }

    /// The next event; what belongs to it is taken off the front of `bytes`.
    /// `None` when it takes more bytes to tell one; `bytes` is empty then.
    ///
    /// An event is told as soon as the blank line behind it is there. Only if
    /// that ends with a CR, the byte behind it must be: it may belong to it.
    ///
    /// Data of one line is not copied if that line lies in `bytes` whole.
    pub fn next<'a, 'b: 'a>(&'a mut self, bytes: &mut &'b [u8]) -> Option<Event<'a>> {
        if matches!(self.line, Line::Told) {
            self.line = Line::Start;
            self.block.begin(self.offset);
        }
        let mut cursor = Cursor::new(bytes, self.offset);
        let mut uncopied = None;
        let progress = self.read(&mut cursor, &mut uncopied);
        *bytes = cursor.rest;
        self.offset = cursor.at();
        if progress == Progress::Event {
            return Some(self.block.event(uncopied, self.offset));
        }
        self.copy(&mut uncopied);
        None
    }

    /// Says that the stream ends here. An event comes out of that only if its
    /// last byte was the CR of a blank line.
    pub fn finish(&mut self) -> Option<Event<'_>> {
        let Line::Return(ended) = self.line else { return None };
        match self.end_line(ended, self.offset) {
            Progress::Event => Some(self.block.event(None, self.offset)),
            Progress::Line => None,
        }
    }

    /// How many bytes were read.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads up to the end of an event, or of the bytes.
    fn read<'b>(&mut self, cursor: &mut Cursor<'b>, uncopied: &mut Option<&'b [u8]>) -> Progress {
        while let Some(&byte) = cursor.rest.first() {
            let progress = match self.line {
                Line::Mark(seen) => self.mark(seen, byte, cursor),
                Line::Start | Line::Told => self.begin_line(byte, cursor),
                Line::Name(name) => self.name(name, byte, cursor),
                Line::Colon(field) => {
                    cursor.take(usize::from(byte == b' '));
                    self.line = Line::Value(field);
                    Progress::Line
                }
                Line::Value(field) => self.value(field, cursor, uncopied),
                Line::CutValue(field) => self.cut_value(field, cursor),
                Line::Ignored => {
                    cursor.take_line();
                    self.line_break(Ended::Field, cursor)
                }
                Line::Return(ended) => {
                    cursor.take(usize::from(byte == b'\n'));
                    self.end_line(ended, cursor.at())
                }
            };
            if progress == Progress::Event {
                return progress;
            }
        }
        Progress::Line
    }

    fn mark(&mut self, seen: usize, byte: u8, cursor: &mut Cursor<'_>) -> Progress {
        if BYTE_ORDER_MARK.get(seen) == Some(&byte) {
            cursor.take(1);
            self.line = Line::Mark(seen.saturating_add(1));
        } else if seen == BYTE_ORDER_MARK.len() {
            self.block.begin(cursor.at());
            self.line = Line::Start;
        } else {
            // A part of the mark is the beginning of a name that means nothing.
            self.line = if seen == 0 { Line::Start } else { Line::Ignored };
        }
        Progress::Line
    }

    #[inline]
    fn begin_line(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Progress {
        if matches!(byte, b'\r' | b'\n') {
            return self.line_break(Ended::Blank, cursor);
        }
        self.line = match Field::at_start(cursor.rest) {
            Some((field, value)) => {
                cursor.rest = value;
                Line::Colon(field)
            }
            None => Line::Name(Name::default()),
        };
        Progress::Line
    }

    fn name(&mut self, mut name: Name, byte: u8, cursor: &mut Cursor<'_>) -> Progress {
        self.line = match byte {
            b':' => {
                cursor.take(1);
                name.field().map_or(Line::Ignored, Line::Colon)
            }
            // All of the line is the name: the value is what stands here.
            b'\r' | b'\n' => name.field().map_or(Line::Ignored, Line::Value),
            _ => {
                cursor.take(1);
                if name.push(byte).is_some() { Line::Name(name) } else { Line::Ignored }
            }
        };
        Progress::Line
    }

    #[inline]
    fn value<'b>(
        &mut self,
        field: Field,
        cursor: &mut Cursor<'b>,
        uncopied: &mut Option<&'b [u8]>,
    ) -> Progress {
        let is_first_data = field == Field::Data && !self.block.has_data();
        if field == Field::Data {
            self.copy(uncopied);
            self.block.begin_data_line();
        }
        let value = cursor.take_line();
        if cursor.rest.is_empty() {
            self.append(field, value);
            self.line = Line::CutValue(field);
            return Progress::Line;
        }
        if is_first_data {
            self.block.count_data(value);
            *uncopied = Some(value);
        } else if field == Field::Data {
            self.block.append_data(value);
        } else {
            self.block.set(field, value);
        }
        self.line_break(Ended::Field, cursor)
    }

    fn cut_value(&mut self, field: Field, cursor: &mut Cursor<'_>) -> Progress {
        let value = cursor.take_line();
        self.append(field, value);
        if cursor.rest.is_empty() {
            return Progress::Line;
        }
        if field != Field::Data {
            self.block.end_value(field);
        }
        self.line_break(Ended::Field, cursor)
    }

    fn append(&mut self, field: Field, piece: &[u8]) {
        if field == Field::Data {
            self.block.append_data(piece);
        } else {
            self.block.append_value(piece);
        }
    }

    /// Data that was left where it lies, and can't be any longer.
    fn copy(&mut self, uncopied: &mut Option<&[u8]>) {
        if let Some(data) = uncopied.take() {
            self.block.copy_data(data);
        }
    }

    /// At a CR or LF, or at the end of the bytes.
    #[inline]
    fn line_break(&mut self, ended: Ended, cursor: &mut Cursor<'_>) -> Progress {
        match cursor.take(1) {
            b"\n" => self.end_line(ended, cursor.at()),
            b"\r" => {
                self.line = Line::Return(ended);
                Progress::Line
            }
            _ => Progress::Line,
        }
    }

    /// Behind the line's last byte.
    fn end_line(&mut self, ended: Ended, at: u64) -> Progress {
        self.line = Line::Start;
        match ended {
            Ended::Field => Progress::Line,
            Ended::Blank if self.block.has_data() => {
                self.line = Line::Told;
                Progress::Event
            }
            Ended::Blank => {
                self.block.begin(at);
                Progress::Line
            }
        }
    }
}

/// What a step led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// A place in a line.
    Line,
    /// The end of an event.
    Event,
}

impl Name {
    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.length)? = byte;
        self.length = self.length.saturating_add(1);
        Some(())
    }

    fn field(&self) -> Option<Field> {
        Field::named(self.bytes.get(..self.length)?)
    }
}
