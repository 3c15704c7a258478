//! Numbers and the words `true`, `false` and `null`.

use super::number::{Number, Step};
use super::reader::{Cursor, NumberWords, Outcome, Reader, State};
use super::{Interest, JsonErrorKind, Kind, Sink};

impl Reader {
    pub(super) fn begin_number(&mut self, byte: u8, at: u64, sink: &mut impl Sink) {
        self.number_is_wanted = self.begin(Kind::Number, at, sink) == Interest::Take;
        self.number = Number::begin(byte);
        self.token_start = at;
        self.state = State::Number;
        if self.number_is_wanted {
            let first = [byte];
            let first = str::from_utf8(&first).unwrap_or_default();
            match self.survey(sink) {
                Some(survey) => survey.number(first),
                None => sink.number(first),
            }
        }
    }

    /// As much of a number as there is; its first byte was read before.
    pub(super) fn number(&mut self, cursor: &mut Cursor<'_>, sink: &mut impl Sink) -> Outcome {
        // In a local variable it stays in registers.
        let mut number = self.number;
        let mut length = 0_usize;
        let mut step = Step::Within;
        for &byte in cursor.rest {
            step = number.step(byte);
            if step != Step::Within {
                break;
            }
            length = length.saturating_add(1);
        }
        self.number = number;
        let text = cursor.take(length);
        if self.number_is_wanted && !text.is_empty() {
            sink.number(str::from_utf8(text).unwrap_or_default());
        }
        match step {
            Step::Within => Ok(()),
            Step::Ended => self.end_number(cursor.at(), sink),
            Step::Refused if self.infinity_begins(cursor.rest) => {
                cursor.take(1);
                self.literal = Kind::Number;
                self.expected = b"nfinity";
                self.state = State::Literal;
                Ok(())
            }
            Step::Refused => self.fail(JsonErrorKind::InvalidNumber, cursor.at()),
        }
    }

    pub(super) fn end_number(&mut self, end: u64, sink: &mut impl Sink) -> Outcome {
        if self.number.is_out_of_range() {
            return self.fail(JsonErrorKind::NumberOutOfRange, self.token_start);
        }
        self.ended(Kind::Number, end, sink);
        Ok(())
    }

    fn infinity_begins(&self, rest: &[u8]) -> bool {
        self.options.words == NumberWords::NonFinite
            && self.number.is_only_minus()
            && rest.first() == Some(&b'I')
    }

    pub(super) fn begin_literal(
        &mut self,
        kind: Kind,
        rest: &'static [u8],
        at: u64,
        sink: &mut impl Sink,
    ) {
        let interest = self.begin(kind, at, sink);
        self.number_is_wanted = kind == Kind::Number && interest == Interest::Take;
        self.token_start = at;
        self.literal = kind;
        self.expected = rest;
        self.state = State::Literal;
    }

    /// As much of a word as there is.
    pub(super) fn literal(&mut self, cursor: &mut Cursor<'_>, sink: &mut impl Sink) -> Outcome {
        let length = self.expected.len().min(cursor.rest.len());
        let (expected, missing) = self.expected.split_at_checked(length).unwrap_or_default();
        if cursor.take(length) != expected {
            return self.fail(JsonErrorKind::InvalidLiteral, self.token_start);
        }
        self.expected = missing;
        if missing.is_empty() {
            if self.number_is_wanted {
                sink.number(if expected.ends_with(b"N") { "NaN" } else { "Infinity" });
            }
            self.ended(self.literal, cursor.at(), sink);
        }
        Ok(())
    }
}
