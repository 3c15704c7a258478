use core::ops::Range;

use super::Survey;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{...}`
    Object,
    /// `[...]`
    Array,
    /// `"..."`
    String,
    /// `-1.5e3`, and `NaN` where [`NumberWords::NonFinite`](super::NumberWords)
    /// allows it.
    Number,
    /// `true` or `false`.
    Boolean(bool),
    /// `null`
    Null,
}

/// Whether the sink wants what is inside a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Tell all of it.
    Take,
    /// Check it and tell only its end. This goes at memory speed for strings.
    Skip,
    /// Of a string, tell how many characters it has, and its end; anything else
    /// is skipped. This goes at nearly the same speed.
    Measure,
    /// Of an array, tell what is in it to the sink's [`Survey`], but objects that
    /// are in it to the sink as if it were taken; anything else is skipped. This
    /// goes at nearly the same speed.
    Survey,
}

/// How a key or string was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// As it is.
    Plain,
    /// With at least one backslash.
    Escaped,
}

/// Hears what a JSON text is made of, in order.
///
/// Offsets count bytes from the start of the text. Text, keys and numbers come
/// in as many fragments as the chunks make of them, none of them for an empty
/// string; text is decoded.
pub trait Sink {
    /// A value begins at this offset.
    fn value(&mut self, kind: Kind, at: u64) -> Interest;

    /// A value ended before this offset; also for one that was skipped.
    fn value_end(&mut self, kind: Kind, end: u64) {
        let _ = (kind, end);
    }

    /// More of an object's key, decoded.
    fn key(&mut self, fragment: &str) {
        let _ = fragment;
    }

    /// A key ended; the range has the quotes in it.
    fn key_end(&mut self, span: Range<u64>, spelling: Spelling) {
        let _ = (span, spelling);
    }

    /// More of a string, decoded.
    fn text(&mut self, fragment: &str) {
        let _ = fragment;
    }

    /// A string that was taken ended; follows its last fragment.
    fn text_end(&mut self, spelling: Spelling) {
        let _ = spelling;
    }

    /// A string that was to be measured has so many characters (Unicode scalar
    /// values, decoded); comes before its end.
    fn measured(&mut self, characters: u64) {
        let _ = characters;
    }

    /// More of a number, as it was written.
    fn number(&mut self, fragment: &str) {
        let _ = fragment;
    }

    /// What hears of the inside of the innermost array that is to be surveyed:
    /// its lists, numbers, strings and words. Of its own beginning and end, and of
    /// objects, the sink hears, which tells the survey.
    ///
    /// A sink that has none never surveys, and carries no code for it.
    fn survey(&mut self) -> Option<&mut Survey> {
        None
    }
}
