//! Passing over an array's numbers that nobody wants, sixty-four bytes at once.
//!
//! The grammar says of each byte of a number what may stand before and behind
//! it: that is logic on the bits of all bytes together. What a row of digits
//! began as is carried to its end by an addition.

use super::bits::{behind_rows, below_first, count_before, last, rows};
use super::lanes::{BLOCK_BYTES, Block};

/// In what the numbers stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::json) enum Shape {
    /// An array.
    Row,
    /// An array in an array: behind its end and a comma, another one may begin.
    Matrix,
}

/// Hears how many numbers were passed over.
pub(in crate::json) trait Heard {
    /// A stretch with a comma behind each number in these places: between two of
    /// the same row, or between two rows.
    fn pass(&mut self, between_numbers: u64, between_rows: u64);
}

impl Heard for () {
    #[inline(always)]
    fn pass(&mut self, _between_numbers: u64, _between_rows: u64) {}
}

/// How many bytes at the start are numbers of an array, each with its comma and
/// the white space behind that, and none of them out of range.
///
/// It stops before a number that needs a look: the last ones of the array and
/// of `bytes`, a very long one, one with a space before its comma, an error.
/// Within a matrix it may stop in another row than it began.
#[inline(always)]
pub(in crate::json) fn skim_numbers(bytes: &[u8], shape: Shape, heard: &mut impl Heard) -> usize {
    let mut rest = bytes;
    while let Some(block) = rest.first_chunk::<BLOCK_BYTES>() {
        let good = good(Block::new(block), shape, heard);
        if good == 0 {
            break;
        }
        rest = rest.get(good..).unwrap_or_default();
    }
    bytes.len().saturating_sub(rest.len())
}

/// The same of a block that begins where a number may.
#[inline(always)]
fn good(block: Block, shape: Shape, heard: &mut impl Heard) -> usize {
    let marks = Marks::of(block);
    let (rows, exponents) = if marks.all() == u64::MAX {
        (Rows::default(), Exponents::default())
    } else {
        (Rows::of(block, &marks, shape), Exponents::of(block, &marks))
    };
    let commas = marks.commas & !rows.commas;
    let starts = behind_spaces(marks.spaces, commas << 1 | 1);
    let known = marks.all() | rows.closers | rows.openers | exponents.letters | exponents.pluses;
    let wrong = !known
        | marks.wrong(block, starts | rows.openers << 1, &exponents)
        | rows.wrong(&marks)
        | exponents.wrong;
    let last_comma = last(commas & below_first(wrong));
    if last_comma == 0 {
        return 0;
    }
    let good = last_comma | last_comma.wrapping_sub(1);
    heard.pass(commas & good, rows.commas & good);
    count_before(starts & !good)
}

/// What stands where.
struct Marks {
    digits: u64,
    minuses: u64,
    points: u64,
    commas: u64,
    spaces: u64,
}

/// Where a row of a matrix ends and the next one begins.
#[derive(Default)]
struct Rows {
    closers: u64,
    openers: u64,
    /// Those between two rows.
    commas: u64,
}

#[derive(Default)]
struct Exponents {
    letters: u64,
    pluses: u64,
    /// The minuses in exponents.
    minuses: u64,
    wrong: u64,
}

impl Marks {
    #[inline(always)]
    fn of(block: Block) -> Self {
        Self {
            digits: block.digits(),
            minuses: block.equal(b'-'),
            points: block.equal(b'.'),
            commas: block.equal(b','),
            spaces: block.any_of([b' ', b'\n']),
        }
    }

    const fn all(&self) -> u64 {
        self.digits | self.minuses | self.points | self.commas | self.spaces
    }

    /// Bytes that can't be where they are: of what is malformed at least one, at
    /// its comma at the latest. Said of each byte is mostly what must be behind
    /// it; so none needs to be told what must be before it.
    #[inline(always)]
    fn wrong(&self, block: Block, starts: u64, exponents: &Exponents) -> u64 {
        let Self { digits, minuses, points, spaces, .. } = *self;
        let signs = minuses & starts;
        let zeros = block.equal(b'0') & (starts | signs << 1);
        let fractions = digits & points << 1;
        (starts & !(digits | minuses))
            | (minuses & !(signs | exponents.minuses))
            | ((signs | points) << 1 & !digits)
            | (zeros << 1 & digits)
            | (behind_rows(digits, fractions) & points)
            | (spaces & !rows(spaces, spaces & (self.commas << 1 | 1)))
    }
}

impl Rows {
    fn of(block: Block, marks: &Marks, shape: Shape) -> Self {
        if shape == Shape::Row {
            return Self::default();
        }
        let closers = block.equal(b']');
        Self { closers, openers: block.equal(b'['), commas: marks.commas & closers << 1 }
    }

    fn wrong(&self, marks: &Marks) -> u64 {
        (self.closers << 1 & !marks.commas)
            | (self.openers ^ behind_spaces(marks.spaces, self.commas << 1))
    }
}

impl Exponents {
    fn of(block: Block, marks: &Marks) -> Self {
        let Marks { digits, minuses, points, .. } = *marks;
        let letters = block.any_of([b'e', b'E']);
        let pluses = block.equal(b'+');
        let signs = letters << 1 & (minuses | pluses);
        let first = digits & (letters | signs) << 1;
        // With three digits it may be out of range; with two it is not, as there
        // are no more digits before it than a block has bytes.
        let long = first & digits >> 1 & digits >> 2;
        let wrong = (letters << 1 & !(digits | signs))
            | (pluses & !signs)
            | (signs << 1 & !digits)
            | (behind_rows(digits, first) & (points | letters))
            | long;
        Self { letters, pluses, minuses: minuses & signs, wrong }
    }
}

/// The places behind these, past spaces.
#[inline(always)]
const fn behind_spaces(spaces: u64, places: u64) -> u64 {
    (places & !spaces) | behind_rows(spaces, places & spaces)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn stops_before_what_needs_a_look() {
        let row = "-0.25, 12,3e-5,\n0,1.5E+10,7e0,";
        for (next, is_number) in [
            ("1,", true),
            ("-0,", true),
            ("0.0e00,", true),
            ("1e99,", true),
            ("1e100,", false),
            ("1 ,", false),
            ("01,", false),
            ("-01,", false),
            ("-,", false),
            ("1.,", false),
            (".5,", false),
            ("1.2.3,", false),
            ("1e5.2,", false),
            ("1e5e6,", false),
            ("1e,", false),
            ("1e+,", false),
            ("1e+-1,", false),
            ("1-2,", false),
            ("1+2,", false),
            ("+1,", false),
            ("--1,", false),
            ("1 2,", false),
            ("1]", false),
            ("[1,", false),
            ("\"a\",", false),
            ("null,", false),
            (",", false),
            ("é,", false),
        ] {
            for times in 0..4 {
                let before = row.repeat(times);
                let text = [&before, next, &"8,".repeat(64)].concat();
                let passed = skim_numbers(text.as_bytes(), Shape::Row, &mut ());
                assert_eq!(passed > before.len(), is_number, "{text}: {passed}");
                assert!(is_number || passed == before.len(), "{text}: {passed}");
            }
        }
    }

    #[test]
    fn goes_from_row_to_row_of_a_matrix_and_no_further() {
        let rows = "1.5,2],[-3,4], [5,6e1],[7],\n [8,9";
        let text = [rows, &",0".repeat(64)].concat();
        let passed = skim_numbers(text.as_bytes(), Shape::Matrix, &mut ());
        assert!(passed > rows.len(), "{passed}");
        assert_eq!(skim_numbers(text.as_bytes(), Shape::Row, &mut ()), "1.5,".len());
        for next in [
            "2]]", "2],3", "2][", "2],,[", "],[", "2] ,[", "2],[]", "2],[[", "2],[,", "2]3,",
            "2] 3,", "2].5,", "2],[ 3",
        ] {
            let text = ["1,2],[0,1,", next, &",0".repeat(64)].concat();
            let passed = skim_numbers(text.as_bytes(), Shape::Matrix, &mut ());
            assert_eq!(passed, "1,2],[0,1,".len(), "{next}");
        }
    }

    #[test]
    fn what_it_passes_over_are_elements_of_an_array() {
        let pieces = [
            "0", "1", "-", "12.5", ".", ",", ", ", ",\n  ", ",", ",", "e", "E-1", "e+12", "7", " ",
            "+",
        ];
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = |limit: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random >> 33).unwrap() % limit
        };
        let mut passed_over = 0;
        for _ in 0..20_000 {
            let mut text = "3,-0.5, ".repeat(below(10));
            text.extend((0..below(8)).map(|_| pieces[below(pieces.len())]));
            text.push_str(&",4.25".repeat(20));
            let passed = skim_numbers(text.as_bytes(), Shape::Row, &mut ());
            let (before, rest) = text.split_at(passed);
            let array = format!("[{before}0]");
            assert!(serde_json::from_str::<Vec<f64>>(&array).is_ok(), "{text}: {passed}");
            // Beyond it stands none that is shorter than a block and common.
            let next = rest.split(',').next().unwrap();
            let exponent = next.rsplit(['e', 'E', '-', '+']).next().unwrap();
            let is_common = serde_json::from_str::<f64>(next).is_ok()
                && next.trim_end() == next
                && (exponent.len() < 3 || exponent == next);
            assert!(!is_common || rest.len() < BLOCK_BYTES, "{text}: {passed}");
            passed_over += passed;
        }
        assert!(passed_over > 100_000);
    }
}
