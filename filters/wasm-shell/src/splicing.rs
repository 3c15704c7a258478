//! A body with other bytes in some places.
//!
//! Envoy lets a filter replace all of what it holds of a body, or put bytes
//! before or behind it, and nothing else. So a body that is edited anywhere is
//! written anew, once.

use core::ops::Range;
use filter_kit::Splice;

/// Why splices can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misplaced {
    /// One begins before the end of the one before it.
    Unordered,
    /// One reaches beyond the bytes that may be edited.
    Outside,
}

/// Whether these splices can be made in the first `shown` bytes of a body.
///
/// # Errors
/// What is wrong with the first that can't.
pub(crate) fn check(splices: &[Splice], shown: usize) -> Result<(), Misplaced> {
    let shown = u64::try_from(shown).unwrap_or(u64::MAX);
    let mut done = 0;
    for splice in splices {
        if splice.range.start < done || splice.range.end < splice.range.start {
            return Err(Misplaced::Unordered);
        }
        if splice.range.end > shown {
            return Err(Misplaced::Outside);
        }
        done = splice.range.end;
    }
    Ok(())
}

/// A part of a body, as it was read.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// Where in the body it begins.
    pub(crate) start: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Window {
    /// What it has of a range, from the range's start on.
    fn part(&self, range: &Range<usize>) -> &[u8] {
        let Some(skipped) = range.start.checked_sub(self.start) else { return &[] };
        let part = self.bytes.get(skipped..).unwrap_or_default();
        part.get(..range.len()).unwrap_or(part)
    }
}

/// What becomes of a body of which `held` bytes are here. `window` is what was
/// read of it last, and `read` reads the part that begins at a position: each
/// is read once. None when that gives nothing.
pub(crate) fn spliced(
    splices: &[Splice],
    held: usize,
    mut window: Window,
    mut read: impl FnMut(usize) -> Option<Window>,
) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(room_for(splices, held));
    let mut at = 0;
    let mut keep = |body: &mut Vec<u8>, mut range: Range<usize>| {
        while !range.is_empty() {
            if window.part(&range).is_empty() {
                window = read(range.start)?;
            }
            let part = window.part(&range);
            if part.is_empty() {
                return None;
            }
            body.extend_from_slice(part);
            range.start = range.start.saturating_add(part.len());
        }
        Some(())
    };
    for splice in splices {
        keep(&mut body, at..position(splice.range.start))?;
        body.extend_from_slice(&splice.bytes);
        at = position(splice.range.end);
    }
    keep(&mut body, at..held)?;
    Some(body)
}

/// The number that a `content-length` is.
pub(crate) fn length(value: &[u8]) -> Option<u64> {
    let text =
        str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    text.parse().ok()
}

/// A `content-length`, after `held` bytes of its body became `now` bytes. None
/// if it was not true: who reads the message next would then find its end
/// somewhere else.
pub(crate) fn corrected(length: u64, held: usize, now: usize) -> Option<u64> {
    let (held, now) = (u64::try_from(held).ok()?, u64::try_from(now).ok()?);
    length.checked_sub(held)?.checked_add(now)
}

/// Whether they put in more than they take out.
pub(crate) fn grows(splices: &[Splice]) -> bool {
    let taken = splices.iter().fold(0, |sum, splice| gone(splice).saturating_add(sum));
    room_for(splices, taken) > taken
}

fn room_for(splices: &[Splice], held: usize) -> usize {
    splices.iter().fold(held, |room, splice| {
        room.saturating_sub(gone(splice)).saturating_add(splice.bytes.len())
    })
}

fn gone(splice: &Splice) -> usize {
    position(splice.range.end.saturating_sub(splice.range.start))
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ops::Range;
    use filter_kit::Edits;

    fn splices(all: &[(Range<u64>, &str)]) -> Vec<Splice> {
        let edits = all
            .iter()
            .fold(Edits::none(), |edits, (range, bytes)| edits.splice(range.clone(), *bytes));
        edits.splices().to_vec()
    }

    /// The edited text, and how often it was read, so many bytes at a time.
    fn read_and_edited(
        text: &str,
        all: &[(Range<u64>, &str)],
        known: Range<usize>,
        piece: usize,
    ) -> (String, usize) {
        let splices = splices(all);
        check(&splices, text.len()).unwrap();
        let window = |range: Range<usize>| Window {
            start: range.start,
            bytes: text.as_bytes()[range].to_vec(),
        };
        let mut reads = Vec::new();
        let read = |start: usize| {
            reads.push(start);
            Some(window(start..start.saturating_add(piece).min(text.len())))
        };
        let now = spliced(&splices, text.len(), window(known), read).unwrap();
        assert_eq!(now.len(), room_for(&splices, text.len()), "its room was made at once");
        (String::from_utf8(now).unwrap(), reads.len())
    }

    /// However it is read.
    fn edited(text: &str, all: &[(Range<u64>, &str)]) -> String {
        let (now, _) = read_and_edited(text, all, 0..text.len(), 0);
        for piece in 1..=text.len() {
            for start in 0..text.len() {
                let known = start..text.len().min(start.saturating_add(piece));
                assert_eq!(read_and_edited(text, all, known, piece).0, now);
            }
        }
        now
    }

    #[test]
    fn the_bytes_between_stay() {
        let edited = |all: &[(Range<u64>, &str)]| edited("hello world", all);
        assert_eq!(edited(&[]), "hello world");
        assert_eq!(edited(&[(0..5, "bye")]), "bye world");
        assert_eq!(edited(&[(6..11, "everybody")]), "hello everybody");
        assert_eq!(edited(&[(0..0, "> "), (5..5, ","), (11..11, "!")]), "> hello, world!");
        assert_eq!(edited(&[(0..11, "")]), "");
        assert_eq!(edited(&[(0..2, "sh"), (2..5, "out"), (5..6, "")]), "shoutworld");
        assert_eq!(edited(&[(4..4, "a"), (4..4, "b"), (4..5, "c")]), "hellabc world");
    }

    #[test]
    fn nothing_is_read_twice_and_what_goes_is_not_read() {
        let reads =
            |all: &[(Range<u64>, &str)], known| read_and_edited("0123456789", all, known, 4).1;
        assert_eq!(reads(&[(2..3, "x"), (5..6, "y")], 0..10), 0);
        assert_eq!(reads(&[(2..3, "x"), (5..6, "y")], 0..0), 3);
        assert_eq!(reads(&[(4..9, "x")], 0..0), 2);
    }

    #[test]
    fn no_body_becomes_what_is_put_into_it() {
        assert_eq!(edited("", &[(0..0, "new")]), "new");
    }

    #[test]
    fn only_ascending_splices_of_what_is_there_can_be_made() {
        let checked = |all: &[(Range<u64>, &str)]| check(&splices(all), 10);
        assert_eq!(checked(&[(0..10, ""), (10..10, "x")]), Ok(()));
        assert_eq!(checked(&[(4..6, ""), (5..7, "")]), Err(Misplaced::Unordered));
        assert_eq!(checked(&[(4..6, ""), (0..1, "")]), Err(Misplaced::Unordered));
        let (start, end) = (6, 4);
        assert_eq!(checked(&[(start..end, "")]), Err(Misplaced::Unordered));
        assert_eq!(checked(&[(9..11, "")]), Err(Misplaced::Outside));
        assert_eq!(checked(&[(11..11, "x")]), Err(Misplaced::Outside));
        assert_eq!(checked(&[(u64::MAX..u64::MAX, "x")]), Err(Misplaced::Outside));
    }

    #[test]
    fn a_body_that_can_not_be_read_is_not_edited() {
        let edited = |read: fn(usize) -> Option<Window>| {
            spliced(&splices(&[(0..1, "x")]), 4, Window::default(), read)
        };
        assert_eq!(edited(|_| None), None);
        assert_eq!(edited(|_| Some(Window::default())), None);
    }

    #[test]
    fn a_length_moves_by_as_much_as_its_body() {
        assert_eq!(corrected(100, 10, 14), Some(104), "more of it is to come");
        assert_eq!(corrected(10, 10, 0), Some(0));
        assert_eq!(corrected(0, 0, 3), Some(3));
        assert_eq!(corrected(9, 10, 11), None, "it was not true before");
        assert_eq!(corrected(u64::MAX, 0, 1), None);
    }

    #[test]
    fn a_length_is_digits_and_nothing_else() {
        assert_eq!(length(b"0"), Some(0));
        assert_eq!(length(b"18446744073709551615"), Some(u64::MAX));
        for value in
            [&b""[..], b"+10", b"-1", b"ten", b"1 0", b"10, 10", b"\xff", b"99999999999999999999"]
        {
            assert_eq!(length(value), None, "{}", value.escape_ascii());
        }
    }
}
