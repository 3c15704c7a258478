//! What an array is like: how many leaves it has, how they are nested, and how
//! large they are.

use super::decimal::{Decimal, MARGIN, WHOLE_BYTES, signed, value_of};
use super::decoded::decoded_bytes;
use super::number::{Number, Step};
use super::{Interest, Kind, Sink};
use crate::tensor::{Depth, Shape, Values};

/// Adds up what is in an array, or in several of them.
///
/// A leaf is whatever is no list; objects are leaves, too. As a [`Sink`] it hears
/// of values: so it can be used on a text of which all is told. Memory: 24 bytes
/// for each list that stands inside another one.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    depth: Depth,
    leaves: u64,
    /// The lists that are open now, and behind them those that were.
    levels: Vec<Level>,
    open: usize,
    /// In how many lists the first leaf stands.
    leaf_level: Option<usize>,
    is_ragged: bool,
    values: Values,
    number: Fragments,
    string_bytes: u64,
}

/// The lists that stand in equally many others.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// How many values are in the one that is open.
    count: u64,
    /// How many are in each one that ended.
    length: Option<u64>,
}

/// A number that comes in pieces.
#[derive(Clone, Debug)]
struct Fragments {
    bytes: [u8; WHOLE_BYTES],
    length: usize,
    /// All of it, where it is longer.
    long: Option<Number>,
}

impl Default for Fragments {
    fn default() -> Self {
        Self { bytes: [0; WHOLE_BYTES], length: 0, long: None }
    }
}

impl Survey {
    /// Nothing was heard yet.
    pub fn new(depth: Depth) -> Self {
        Self { depth, ..Self::default() }
    }

    /// Forgets what it heard.
    pub fn clear(&mut self) {
        self.leaves = 0;
        self.levels.clear();
        self.open = 0;
        self.leaf_level = None;
        self.is_ragged = false;
        self.values = Values::default();
    }

    /// How many leaves there are.
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// In how many lists the next value stands.
    pub const fn open_lists(&self) -> usize {
        self.open
    }

    /// How many values are in the outermost list, leaves or lists.
    pub fn outermost(&self) -> u64 {
        self.levels.first().map_or(0, |level| level.count)
    }

    /// The shape that the lists make: no dimension for a leaf alone. `None` if
    /// lists beside each other differ in length or depth.
    pub fn nesting(&self) -> Option<Shape> {
        self.is_regular().then(|| self.lengths().collect())
    }

    /// Whether this is the shape that the lists make.
    pub fn is_nested_like(&self, shape: &Shape) -> bool {
        self.is_regular()
            && self.levels.len() == shape.rank()
            && self.lengths().zip(shape.dimensions()).all(|(length, other)| length == *other)
    }

    /// What the leaves are like, if that was asked for.
    pub const fn values(&self) -> Values {
        self.values
    }

    /// Says that the last leaf, an object, stands for a string of so many bytes.
    pub fn object_is_string(&mut self, bytes: u64) {
        if self.depth == Depth::Valued {
            self.values.string(bytes);
        }
    }

    /// Says that the last leaf, an object, is of no other kind.
    pub fn object_is_other(&mut self) {
        if self.depth == Depth::Valued {
            self.values.has_others = true;
        }
    }

    pub(super) const fn is_valued(&self) -> bool {
        matches!(self.depth, Depth::Valued)
    }

    pub(super) fn begin_list(&mut self) {
        self.count(1);
        self.open = self.open.saturating_add(1);
        match self.level() {
            Some(level) => level.count = 0,
            None => self.levels.push(Level::default()),
        }
    }

    pub(super) fn end_list(&mut self) {
        if let Some(level) = self.level() {
            let is_first = level.length.is_none();
            let is_ragged = !is_first && level.length != Some(level.count);
            level.length = Some(level.count);
            self.is_ragged |= is_ragged;
        }
        self.open = self.open.saturating_sub(1);
    }

    /// Ends the list and begins one beside it.
    pub(super) fn next_list(&mut self) {
        self.end_list();
        self.begin_list();
    }

    /// So many leaves beside each other.
    #[inline]
    pub(super) fn leaves_pass(&mut self, count: u64) {
        self.leaves = self.leaves.saturating_add(count);
        self.count(count);
        if self.leaf_level != Some(self.open) {
            self.is_ragged |= self.leaf_level.is_some();
            self.leaf_level = Some(self.open);
        }
    }

    /// A leaf that is this number. Only if it could be the least or the largest
    /// one, its value matters.
    #[inline(always)]
    pub(super) fn decimal(&mut self, decimal: Decimal, text: &[u8]) {
        let values = &mut self.values;
        values.has_fractions |= !decimal.is_whole;
        if let Some(value) = decimal.exact() {
            values.finite(value);
            return;
        }
        let is_between = decimal.near().is_some_and(|near| {
            let margin = near.abs() * MARGIN;
            values.least < near - margin && near + margin < values.largest
        });
        if !is_between {
            values.finite(value_of(text));
        }
    }

    /// What a leaf is worth that is this number, well-formed and in range.
    pub(super) fn number_text(&mut self, text: &[u8]) {
        match Decimal::read(text) {
            Some((decimal, [])) => self.decimal(decimal, text),
            _ => self.long_number(value_of(text), is_whole(text)),
        }
    }

    /// A leaf that is a string, as it is written.
    pub(super) fn string_text(&mut self, text: &[u8]) {
        self.values.string(decoded_bytes(text));
    }

    pub(super) fn word_value(&mut self, kind: Kind) {
        match kind {
            Kind::Boolean(_) => self.values.has_booleans = true,
            _ => self.values.has_others = true,
        }
    }

    fn is_regular(&self) -> bool {
        !self.is_ragged && self.leaf_level.is_none_or(|level| level == self.levels.len())
    }

    /// How long the lists are, outermost first.
    fn lengths(&self) -> impl Iterator<Item = i64> {
        let length = |level: &Level| i64::try_from(level.length.unwrap_or(0)).unwrap_or(i64::MAX);
        self.levels.iter().map(length)
    }

    /// A number that came in pieces ended.
    fn number_end(&mut self) {
        let Fragments { bytes, length, long } = &self.number;
        let text = bytes.get(..*length).unwrap_or_default();
        let Some(long) = long else {
            let (value, is_whole) = match Decimal::read(text) {
                Some((decimal, [])) => (decimal.exact(), decimal.is_whole),
                _ => (None, is_whole(text)),
            };
            return self.long_number(value.unwrap_or_else(|| value_of(text)), is_whole);
        };
        let first = text.first().copied().unwrap_or_default();
        self.long_number(signed(long.nearest(), first), long.is_whole());
    }

    fn long_number(&mut self, value: f64, is_whole: bool) {
        self.values.has_fractions |= !is_whole && value.is_finite();
        self.values.number(value);
    }

    #[inline]
    fn count(&mut self, count: u64) {
        if let Some(level) = self.level() {
            level.count = level.count.saturating_add(count);
        }
    }

    #[inline]
    fn level(&mut self) -> Option<&mut Level> {
        self.levels.get_mut(self.open.checked_sub(1)?)
    }
}

impl Sink for Survey {
    fn value(&mut self, kind: Kind, _at: u64) -> Interest {
        match kind {
            Kind::Array => {
                self.begin_list();
                return Interest::Take;
            }
            Kind::String => self.string_bytes = 0,
            Kind::Number => self.number.clear(),
            _ => {}
        }
        self.leaves_pass(1);
        match kind {
            Kind::String | Kind::Number if self.is_valued() => Interest::Take,
            _ => Interest::Skip,
        }
    }

    fn value_end(&mut self, kind: Kind, _end: u64) {
        match kind {
            Kind::Array => self.end_list(),
            _ if !self.is_valued() => {}
            Kind::Number => self.number_end(),
            Kind::String => self.values.string(self.string_bytes),
            Kind::Boolean(_) | Kind::Null => self.word_value(kind),
            Kind::Object => {}
        }
    }

    fn text(&mut self, fragment: &str) {
        self.string_bytes = self.string_bytes.saturating_add(crate::wide(fragment.len()));
    }

    fn number(&mut self, fragment: &str) {
        self.number.push(fragment.as_bytes());
    }
}

impl Fragments {
    fn clear(&mut self) {
        self.length = 0;
        self.long = None;
    }

    fn push(&mut self, fragment: &[u8]) {
        let end = self.length.saturating_add(fragment.len());
        if self.long.is_none()
            && let Some(place) = self.bytes.get_mut(self.length..end)
        {
            place.copy_from_slice(fragment);
            self.length = end;
            return;
        }
        let kept = self.bytes.get(..self.length).unwrap_or_default();
        let number = self.long.get_or_insert_with(|| {
            let (first, rest) = kept.split_first().unwrap_or((&b'0', &[]));
            let mut number = Number::begin(*first);
            step(&mut number, rest);
            number
        });
        step(number, fragment);
    }
}

fn step(number: &mut Number, bytes: &[u8]) {
    for byte in bytes {
        let step = number.step(*byte);
        debug_assert_eq!(step, Step::Within, "the number is well-formed");
    }
}

fn is_whole(number: &[u8]) -> bool {
    memchr::memchr3(b'.', b'e', b'E', number).is_none()
}
