//! Checks of a JSON text, several of which hear the same one.

use crate::violation::Findings;
use core::ops::Range;
use inference_api::json::{Interest, Kind};

/// Hears what a JSON text is made of, in order, as [`inference_api::json::Sink`]
/// does, and writes down what is wrong with it.
///
/// It hears of the inside of a value only if it took it, whatever others do with
/// the same one. Text, keys and numbers come in as many fragments as the chunks
/// make of them.
pub(crate) trait JsonCheck {
    /// A value begins at this offset.
    fn value(&mut self, kind: Kind, at: u64, findings: &mut Findings) -> Interest;

    /// A value ended before this offset; also for one that was skipped.
    fn value_end(&mut self, kind: Kind, end: u64, findings: &mut Findings);

    /// More of an object's key, decoded.
    fn key(&mut self, fragment: &str);

    /// A key ended; the range has the quotes in it.
    fn key_end(&mut self, span: Range<u64>, findings: &mut Findings);

    /// More of a string that was taken, decoded.
    fn text(&mut self, fragment: &str);

    /// More of a number that was taken, as it was written.
    fn number(&mut self, fragment: &str);

    /// A string that was to be measured has so many characters; comes before its
    /// end.
    fn measured(&mut self, characters: u64) {
        let _ = characters;
    }
}
