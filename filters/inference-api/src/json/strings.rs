//! Strings: runs of text at memory speed, everything else byte by byte.

use super::reader::{Cursor, Outcome, Reader, State};
use super::scan::{plain_run, text_run};
use super::skim::{skim, skim_measured};
use super::{Interest, JsonErrorKind, Kind, Sink, Spelling};
use crate::utf8::Utf8;

/// The string that is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct StringState {
    purpose: Purpose,
    spelling: Spelling,
    utf8: Utf8,
    escape_start: u64,
    /// How many there were, if it is measured.
    characters: u64,
    /// How many hexadecimal digits of an escape are missing.
    missing_digits: u8,
    code_unit: u16,
    first_half: Option<u16>,
}

/// What happens to the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Key,
    SkippedKey,
    Text,
    SkippedText,
    MeasuredText,
}

impl Default for StringState {
    fn default() -> Self {
        Self {
            purpose: Purpose::SkippedText,
            spelling: Spelling::Plain,
            utf8: Utf8::default(),
            escape_start: 0,
            characters: 0,
            missing_digits: 0,
            code_unit: 0,
            first_half: None,
        }
    }
}

impl StringState {
    fn is_wanted(&self) -> bool {
        matches!(self.purpose, Purpose::Key | Purpose::Text)
    }

    /// Some of the text, decoded.
    fn emit(&mut self, text: &str, sink: &mut impl Sink) {
        if self.purpose == Purpose::MeasuredText {
            let characters = crate::wide(text.chars().count());
            self.characters = self.characters.saturating_add(characters);
        } else {
            self.purpose.emit(text, sink);
        }
    }
}

impl From<Interest> for Purpose {
    /// Of a string that is a value.
    fn from(interest: Interest) -> Self {
        match interest {
            Interest::Take => Self::Text,
            Interest::Skip | Interest::Survey => Self::SkippedText,
            Interest::Measure => Self::MeasuredText,
        }
    }
}

impl Purpose {
    fn emit(self, text: &str, sink: &mut impl Sink) {
        match self {
            _ if text.is_empty() => {}
            Self::Key => sink.key(text),
            Self::Text => sink.text(text),
            Self::SkippedKey | Self::SkippedText | Self::MeasuredText => {}
        }
    }
}

impl Reader {
    #[inline]
    pub(super) fn begin_string(&mut self, purpose: Purpose, at: u64) {
        // The rest is as it was: a string leaves nothing pending behind.
        self.string.purpose = purpose;
        self.string.spelling = Spelling::Plain;
        self.token_start = at;
        self.state = State::String;
    }

    /// As much of a string as there is.
    #[inline]
    pub(super) fn string(&mut self, cursor: &mut Cursor<'_>, sink: &mut impl Sink) -> Outcome {
        while self.state == State::String {
            if self.string.utf8.is_complete() {
                if self.string.is_wanted() {
                    let text = cursor.take(plain_run(cursor.rest));
                    self.string.purpose.emit(str::from_utf8(text).unwrap_or_default(), sink);
                } else if self.string.purpose == Purpose::MeasuredText {
                    let (length, characters) = skim_measured(cursor.rest);
                    cursor.take(length);
                    self.string.characters = self.string.characters.saturating_add(characters);
                } else {
                    cursor.take(skim(cursor.rest));
                }
            }
            let Some((&byte, after)) = cursor.rest.split_first() else { return Ok(()) };
            match byte {
                b'"' | b'\\' | ..0x20 if !self.string.utf8.is_complete() => {
                    let start = self.string.utf8.pending_since(cursor.at());
                    return self.fail(JsonErrorKind::InvalidUtf8, start);
                }
                b'"' => {
                    cursor.rest = after;
                    self.end_string(cursor.at(), sink)?;
                }
                b'\\' => self.begin_escape(cursor, sink)?,
                ..0x20 => return self.fail(JsonErrorKind::ControlCharacter, cursor.at()),
                _ => self.beyond_ascii(cursor, sink)?,
            }
        }
        Ok(())
    }

    /// A backslash, and what is behind it if that is here.
    fn begin_escape(&mut self, cursor: &mut Cursor<'_>, sink: &mut impl Sink) -> Outcome {
        self.string.spelling = Spelling::Escaped;
        self.string.escape_start = cursor.at();
        self.state = State::Escape;
        cursor.take(1);
        match *cursor.take(1) {
            [byte] => self.escape(byte, cursor.at(), sink),
            _ => Ok(()),
        }
    }

    /// A stretch of a string that is not all ASCII.
    fn beyond_ascii(&mut self, cursor: &mut Cursor<'_>, sink: &mut impl Sink) -> Outcome {
        let at = cursor.at();
        // What nobody wants goes by faster elsewhere, once no character is cut.
        let near = if self.string.is_wanted() { usize::MAX } else { 4 };
        let text = cursor.take(text_run(cursor.rest.get(..near).unwrap_or(cursor.rest)));
        // The checker is part of the string's state: it works on a copy.
        let mut utf8 = self.string.utf8;
        let checked = utf8.push(text, at, |text| self.string.emit(text, sink));
        self.string.utf8 = utf8;
        checked.or_else(|start| self.fail(JsonErrorKind::InvalidUtf8, start))
    }

    fn end_string(&mut self, end: u64, sink: &mut impl Sink) -> Outcome {
        let length = end.saturating_sub(self.token_start).saturating_sub(2);
        if length > self.options.max_string_bytes {
            self.beyond_limit(JsonErrorKind::StringTooLong, self.token_start)?;
        }
        let spelling = self.string.spelling;
        match self.string.purpose {
            Purpose::Key => {
                self.state = State::Colon;
                sink.key_end(self.token_start..end, spelling);
            }
            Purpose::SkippedKey => self.state = State::Colon,
            Purpose::Text => {
                sink.text_end(spelling);
                self.ended(Kind::String, end, sink);
            }
            Purpose::SkippedText => self.ended(Kind::String, end, sink),
            Purpose::MeasuredText => {
                sink.measured(core::mem::take(&mut self.string.characters));
                self.ended(Kind::String, end, sink);
            }
        }
        Ok(())
    }

    /// One byte behind a backslash; it ends at `end`.
    pub(super) fn escape(&mut self, byte: u8, end: u64, sink: &mut impl Sink) -> Outcome {
        let at = end.saturating_sub(1);
        match self.state {
            State::Hex => return self.hexadecimal(byte, at, sink),
            State::SecondHalf => match self.expected.split_first() {
                Some((&first, [])) if first == byte => self.begin_hexadecimal(),
                Some((&first, rest)) if first == byte => self.expected = rest,
                _ => return self.lone_surrogate(),
            },
            _ => {
                let character = match byte {
                    b'"' => "\"",
                    b'\\' => "\\",
                    b'/' => "/",
                    b'b' => "\u{8}",
                    b'f' => "\u{c}",
                    b'n' => "\n",
                    b'r' => "\r",
                    b't' => "\t",
                    b'u' => {
                        self.begin_hexadecimal();
                        return Ok(());
                    }
                    _ => return self.fail(JsonErrorKind::InvalidEscape, at),
                };
                self.string.emit(character, sink);
                self.state = State::String;
            }
        }
        Ok(())
    }

    fn begin_hexadecimal(&mut self) {
        self.string.code_unit = 0;
        self.string.missing_digits = 4;
        self.state = State::Hex;
    }

    fn hexadecimal(&mut self, byte: u8, at: u64, sink: &mut impl Sink) -> Outcome {
        let digit = char::from(byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
        let Some(digit) = digit else { return self.fail(JsonErrorKind::InvalidEscape, at) };
        self.string.code_unit = self.string.code_unit << 4 | digit;
        self.string.missing_digits = self.string.missing_digits.saturating_sub(1);
        if self.string.missing_digits == 0 { self.code_unit(sink) } else { Ok(()) }
    }

    /// An escaped UTF-16 code unit is complete.
    fn code_unit(&mut self, sink: &mut impl Sink) -> Outcome {
        let unit = self.string.code_unit;
        let character = match (self.string.first_half.take(), unit) {
            (None, 0xd800..=0xdbff) => {
                self.string.first_half = Some(unit);
                self.expected = b"\\u";
                self.state = State::SecondHalf;
                return Ok(());
            }
            (None, _) => char::decode_utf16([unit]).next(),
            (Some(first), _) => char::decode_utf16([first, unit]).next(),
        };
        let Some(Ok(character)) = character else { return self.lone_surrogate() };
        self.string.emit(character.encode_utf8(&mut [0; 4]), sink);
        self.state = State::String;
        Ok(())
    }

    fn lone_surrogate(&mut self) -> Outcome {
        self.fail(JsonErrorKind::LoneSurrogate, self.string.escape_start)
    }
}
