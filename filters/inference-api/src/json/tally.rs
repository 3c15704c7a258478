//! What is heard of what is passed over a whole token at a time.

use super::blocks::{Heard, Shape, below_first, skim_numbers, without_first};
use super::decimal::Decimal;
use super::{Kind, Survey};

/// Hears of the tokens that are passed over, all of them well-formed.
pub(super) trait Tally {
    /// Whether it hears of them: then objects are none of its business.
    const HEARS: bool;

    /// A list begins.
    fn list(&mut self);

    /// A list ends.
    fn list_end(&mut self);

    /// A number, as it is written.
    fn number(&mut self, text: &[u8]);

    /// A string, as it is written between its quotes.
    fn string(&mut self, text: &[u8]);

    /// A word that begins with this byte.
    fn word(&mut self, first: u8);

    /// Passes over as many numbers of an array as it goes, each with its comma and
    /// the white space behind that; gives the number of bytes.
    fn numbers(&mut self, text: &[u8], shape: Shape) -> usize;
}

/// For what nobody wants to hear of.
pub(super) struct Untold;

impl Tally for Untold {
    const HEARS: bool = false;

    #[inline(always)]
    fn list(&mut self) {}

    #[inline(always)]
    fn list_end(&mut self) {}

    #[inline(always)]
    fn number(&mut self, _text: &[u8]) {}

    #[inline(always)]
    fn string(&mut self, _text: &[u8]) {}

    #[inline(always)]
    fn word(&mut self, _first: u8) {}

    #[inline(always)]
    fn numbers(&mut self, text: &[u8], shape: Shape) -> usize {
        skim_unheard(text, shape)
    }
}

#[inline(never)]
fn skim_unheard(text: &[u8], shape: Shape) -> usize {
    skim_numbers(text, shape, &mut ())
}

impl Tally for Survey {
    const HEARS: bool = true;

    fn list(&mut self) {
        self.begin_list();
    }

    fn list_end(&mut self) {
        self.end_list();
    }

    #[inline]
    fn number(&mut self, text: &[u8]) {
        self.leaves_pass(1);
        if self.is_valued() {
            self.number_text(text);
        }
    }

    #[inline]
    fn string(&mut self, text: &[u8]) {
        self.leaves_pass(1);
        if self.is_valued() {
            self.string_text(text);
        }
    }

    fn word(&mut self, first: u8) {
        self.leaves_pass(1);
        if self.is_valued() {
            self.word_value(if first == b'n' { Kind::Null } else { Kind::Boolean(first == b't') });
        }
    }

    #[inline(never)]
    fn numbers(&mut self, text: &[u8], shape: Shape) -> usize {
        if self.is_valued() {
            return read_numbers(text, shape, self);
        }
        skim_numbers(text, shape, self)
    }
}

impl Heard for Survey {
    #[inline(always)]
    fn pass(&mut self, between_numbers: u64, between_rows: u64) {
        let mut between_numbers = between_numbers;
        let mut between_rows = between_rows;
        while between_rows != 0 {
            let before = below_first(between_rows);
            self.leaves_pass(u64::from((between_numbers & before).count_ones()).saturating_add(1));
            self.next_list();
            between_numbers &= !before;
            between_rows = without_first(between_rows);
        }
        if between_numbers != 0 {
            self.leaves_pass(u64::from(between_numbers.count_ones()));
        }
    }
}

/// The same as [`skim_numbers`], with a look at each value.
fn read_numbers(text: &[u8], shape: Shape, survey: &mut Survey) -> usize {
    let mut rest = text;
    let mut leaves = 0_u64;
    while let Some((decimal, after)) = Decimal::read(rest) {
        let number = rest;
        let ends_row = match after {
            [b',', next @ ..] => {
                rest = behind_spaces(next);
                false
            }
            [b']', b',', next @ ..] if shape == Shape::Matrix => match behind_spaces(next) {
                [b'[', next @ ..] if matches!(next, [b'-' | b'0'..=b'9', ..]) => {
                    rest = next;
                    true
                }
                _ => break,
            },
            _ => break,
        };
        leaves = leaves.saturating_add(1);
        survey.decimal(decimal, before(number, after));
        if ends_row {
            survey.leaves_pass(leaves);
            survey.next_list();
            leaves = 0;
        }
    }
    if leaves != 0 {
        survey.leaves_pass(leaves);
    }
    text.len().saturating_sub(rest.len())
}

#[inline(always)]
fn behind_spaces(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\n', rest @ ..] = text {
        text = rest;
    }
    text
}

/// What of a text comes before its rest.
#[inline]
pub(super) fn before<'a>(text: &'a [u8], rest: &[u8]) -> &'a [u8] {
    text.get(..text.len().saturating_sub(rest.len())).unwrap_or_default()
}
