//! Sixty-four bytes of a string at once, whatever is in them: no branch depends
//! on where its escapes are and hardly any on where it leaves ASCII.

use super::lanes::{BLOCK_BYTES, Block};
use super::sequences::malformed;

/// How many bytes at the start are well-formed text of a string whatever comes
/// behind them: plain text, common escapes, whole UTF-8 sequences.
///
/// Where it stops is the string's end, an escape that is rare, something
/// malformed, or something that the block's end cuts: in its last three bytes.
#[inline(always)]
pub(super) fn clean(bytes: &[u8; BLOCK_BYTES]) -> usize {
    let block = Block::new(bytes);
    if block.is_plain() {
        return BLOCK_BYTES;
    }
    let mut stops = delimiters(block);
    let low_or_beyond = block.low_or_beyond();
    if low_or_beyond != 0 {
        let beyond = block.bit::<7>();
        stops |= (low_or_beyond & !beyond) | malformed(block, beyond);
    }
    if stops == 0 {
        return BLOCK_BYTES;
    }
    usize::try_from(stops.trailing_zeros()).unwrap_or_default()
}

const LAST: u64 = 1 << 63;

/// Every other bit, from the first one on.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// Where there is a quote that ends the string, or an escape that is not a
/// common one.
#[inline(always)]
fn delimiters(block: Block) -> u64 {
    let quotes = block.equal(b'"');
    let backslashes = block.equal(b'\\');
    if backslashes == 0 {
        return quotes;
    }
    let escaped = escaped(backslashes);
    let common = block.escape_letters() | quotes | backslashes;
    let cut = backslashes & !escaped & LAST;
    (quotes & !escaped) | ((escaped & !common) >> 1) | cut
}

/// Which bytes have a backslash before them that isn't escaped itself: in a row
/// of backslashes, and up to the byte behind it, that is every other one.
const fn escaped(backslashes: u64) -> u64 {
    let first = backslashes & !(backslashes << 1);
    let from_even = row_and_next(backslashes, first & EVEN);
    let from_odd = row_and_next(backslashes, first & !EVEN);
    (from_even & !EVEN) | (from_odd & EVEN)
}

/// The rows of bits that begin with one of `first`, and the bit behind each: as
/// far as an addition carries.
const fn row_and_next(rows: u64, first: u64) -> u64 {
    rows.wrapping_add(first) ^ rows
}
