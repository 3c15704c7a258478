//! Passing over containers that nobody wants, a whole token at a time.
//!
//! What takes more than a look at the bytes that are here is left to the state
//! machine: a token that the end of a piece cuts, one that is wrong, and the end
//! of the outermost container, of which the sink hears.

use super::Sink;
use super::blocks::Shape;
use super::reader::{Container, Cursor, Reader, State};
use super::skim::skim;
use super::tally::{Tally, Untold, before};

/// Where in the text the next token begins.
#[derive(Clone, Copy)]
struct Place<'a> {
    state: State,
    rest: &'a [u8],
    /// How many numbers came before it, without an object between them.
    numbers: u32,
}

/// After so many numbers, it is worth it to look at many at once.
const FEW: u32 = 4;

impl Reader {
    /// As far as it goes within the container that nobody wants.
    #[inline]
    pub(super) fn skip(&mut self, cursor: &mut Cursor<'_>, sink: &mut impl Sink) {
        if self.skipped.is_some() && self.state.is_between_tokens() {
            match self.survey(sink) {
                Some(survey) => self.pass(cursor, survey),
                None => self.pass(cursor, &mut Untold),
            }
        }
    }

    #[inline(always)]
    fn pass(&mut self, cursor: &mut Cursor<'_>, tally: &mut impl Tally) {
        let mut place = Place { state: self.state, rest: cursor.rest, numbers: 0 };
        while let Some(next) = self.behind_token(place, tally) {
            place = next;
        }
        self.state = place.state;
        cursor.rest = place.rest;
    }

    #[inline(always)]
    fn behind_token<'a, T: Tally>(&mut self, place: Place<'a>, tally: &mut T) -> Option<Place<'a>> {
        let (byte, after) = place.rest.split_first()?;
        let (state, rest) = match (place.state, byte) {
            (state, b' ' | b'\n' | b'\r' | b'\t') => (state, after),
            (State::Key | State::FirstKey, b'"') => match self.behind_string(after)? {
                // The colon comes at once, as good as always.
                [b':', after @ ..] => (State::Value, after),
                after => (State::Colon, after),
            },
            (State::Colon, b':') => (State::Value, after),
            (State::Separator, b',') => match self.open.last()? {
                Container::Object => (State::Key, after),
                Container::Array if place.numbers >= FEW && begins_number(after) => {
                    let length = tally.numbers(after, self.shape());
                    // If that didn't help, it won't for the next ones.
                    let numbers = if length == 0 { 0 } else { FEW };
                    let rest = after.get(length..).unwrap_or_default();
                    return Some(Place { state: State::Value, rest, numbers });
                }
                Container::Array => (State::Value, after),
            },
            (State::FirstKey | State::Separator, b'}') => {
                (self.close_skipped(Container::Object)?, after)
            }
            (State::FirstElement | State::Separator, b']') => {
                let state = self.close_skipped(Container::Array)?;
                tally.list_end();
                (state, after)
            }
            // What is in objects is told, or passed over by itself.
            (State::Value | State::FirstElement, b'{') if T::HEARS => return None,
            (State::Value | State::FirstElement, b'{' | b'[') => {
                let state = self.open_skipped(*byte)?;
                tally.list();
                (state, after)
            }
            (State::Value | State::FirstElement, b'"') => {
                let rest = self.behind_string(after)?;
                tally.string(before(after, rest).strip_suffix(b"\"").unwrap_or_default());
                (State::Separator, rest)
            }
            (State::Value | State::FirstElement, b'-' | b'0'..=b'9') => {
                let rest = behind_number(place.rest)?;
                tally.number(before(place.rest, rest));
                let numbers = place.numbers.saturating_add(1);
                return Some(Place { state: State::Separator, rest, numbers });
            }
            (State::Value | State::FirstElement, _) => {
                let rest = behind_word(place.rest)?;
                tally.word(*byte);
                (State::Separator, rest)
            }
            _ => return None,
        };
        // The rows of a matrix may be short.
        let numbers = if state == State::Key { 0 } else { place.numbers };
        Some(Place { state, rest, numbers })
    }

    /// In what the numbers of the innermost array stand, of which nobody wants to
    /// hear if it ends.
    fn shape(&self) -> Shape {
        let around = self.open.len().saturating_sub(1);
        match self.open.get(..around).and_then(<[_]>::last) {
            Some(Container::Array) if self.skipped != Some(around) => Shape::Matrix,
            _ => Shape::Row,
        }
    }

    /// What is behind the string, given what is behind its first quote. One that is
    /// too long is left to the state machine.
    #[inline]
    fn behind_string<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let length = skim(text);
        match text.get(length..) {
            Some([b'"', after @ ..]) if crate::wide(length) <= self.options.max_string_bytes => {
                Some(after)
            }
            _ => None,
        }
    }

    fn open_skipped(&mut self, byte: u8) -> Option<State> {
        if self.open.len() >= self.options.max_depth {
            return None;
        }
        let (container, state) = match byte {
            b'{' => (Container::Object, State::FirstKey),
            _ => (Container::Array, State::FirstElement),
        };
        self.open.push(container);
        Some(state)
    }

    fn close_skipped(&mut self, container: Container) -> Option<State> {
        let around = self.open.len().checked_sub(1)?;
        if self.skipped == Some(around) || self.open.last() != Some(&container) {
            return None;
        }
        self.open.pop();
        Some(State::Separator)
    }
}

/// Whether a number begins here, or at least a line of them.
const fn begins_number(text: &[u8]) -> bool {
    matches!(text, [b'-' | b'0'..=b'9', ..] | [b' ', b'-' | b'0'..=b'9', ..] | [b'\n', ..])
}

#[inline]
fn behind_word(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b't', b'r', b'u', b'e', after @ ..]
        | [b'n', b'u', b'l', b'l', after @ ..]
        | [b'f', b'a', b'l', b's', b'e', after @ ..] => Some(after),
        _ => None,
    }
}

/// What is behind the number, if it ends here and is certainly in range: has no
/// exponent, and not too many digits.
#[inline]
fn behind_number(text: &[u8]) -> Option<&[u8]> {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let integer = digits(unsigned);
    if integer == 0 || (integer > 1 && unsigned.starts_with(b"0")) || integer > MOST_DIGITS {
        return None;
    }
    let mut rest = unsigned.get(integer..)?;
    if let [b'.', fraction @ ..] = rest {
        let length = digits(fraction);
        if length == 0 {
            return None;
        }
        rest = fraction.get(length..)?;
    }
    match rest {
        [] | [b'.' | b'e' | b'E', ..] => None,
        _ => Some(rest),
    }
}

/// A number of so many digits is not too large for a float.
const MOST_DIGITS: usize = 300;
