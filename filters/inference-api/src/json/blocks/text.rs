//! Sixty-four bytes of a string at once, whatever is in them: common text takes
//! no branch for each of its escapes and none for what is beyond ASCII.

use super::bits::{LAST, below, count_before, escaped, first, without_first};
use super::lanes::{BLOCK_BYTES, Block};
use super::sequences::malformed;

/// How far a block is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::json) enum Good {
    /// To its end, all of it plain text.
    Plain,
    /// To its end.
    Whole,
    /// So many bytes of it. Then comes the string's end, `\u`, something
    /// malformed, or, in the last three bytes, what the block's end cuts.
    Until(usize),
}

/// How far a block that begins with a whole character is well-formed text of a
/// string, whatever comes behind it.
#[inline(always)]
pub(in crate::json) fn good(bytes: &[u8; BLOCK_BYTES]) -> Good {
    let block = Block::new(bytes);
    let quotes = block.equal(b'"');
    let backslashes = block.equal(b'\\');
    let goes_beyond_ascii = block.goes_beyond_ascii();
    let has_control = block.has_control();
    if quotes | backslashes == 0 && !goes_beyond_ascii && !has_control {
        return Good::Plain;
    }
    let mut stops = quotes;
    if backslashes != 0 {
        stops = quotes & !escaped(backslashes);
        stops |= first_bad_escape(bytes, block, quotes, backslashes);
    }
    if goes_beyond_ascii {
        stops |= malformed(block);
    }
    if has_control {
        stops |= block.controls();
    }
    if stops == 0 { Good::Whole } else { Good::Until(count_before(stops)) }
}

/// How many of the first `length` bytes of a block stand beyond one for each
/// character, where they are good: the letters of escapes, and what continues a
/// UTF-8 sequence.
#[inline(always)]
pub(in crate::json) fn surplus(bytes: &[u8; BLOCK_BYTES], length: usize) -> u64 {
    let block = Block::new(bytes);
    let surplus = escaped(block.equal(b'\\')) | block.continuations();
    u64::from((surplus & below(length)).count_ones())
}

/// Where an escape begins that is malformed, one of `\u`, or cut.
#[inline(always)]
fn first_bad_escape(bytes: &[u8; BLOCK_BYTES], block: Block, quotes: u64, backslashes: u64) -> u64 {
    let escaped = escaped(backslashes);
    let cut = backslashes & !escaped & LAST;
    let mut rare = escaped & !(quotes | backslashes | block.equal(b'n'));
    while rare != 0 {
        if !is_one_letter(bytes.get(count_before(rare))) {
            return cut | first(rare) >> 1;
        }
        rare = without_first(rare);
    }
    cut
}

const fn is_one_letter(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b'/' | b'b' | b'f' | b'r' | b't'))
}
