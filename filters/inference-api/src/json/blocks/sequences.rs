//! UTF-8, checked in a block of bytes at once.
//!
//! Each condition of the standard's table is a line of logic on the bits of all
//! bytes together. Source: Unicode 16.0, table 3-7.

use super::bits::{LAST, below_first, first, last};
use super::lanes::Block;

/// Where sequences begin that are malformed, the first one at least, or that
/// the block's end cuts.
#[inline(always)]
pub(super) fn malformed(block: Block) -> u64 {
    let beyond = block.bit::<7>();
    let leads = beyond & block.bit::<6>();
    let bit_5 = block.bit::<5>();
    let of_three = leads & bit_5;
    let mut expected = leads << 1;
    let mut stops = leads & LAST;
    let is_rare = if of_three == 0 {
        block.has_rare_lead_of_two()
    } else {
        let bit_4 = block.bit::<4>();
        let of_four = of_three & bit_4;
        expected |= of_three << 2 | of_four << 3;
        stops |= (of_three & LAST >> 1) | (of_four & LAST >> 2);
        // `F0` with less than `90` behind it.
        stops |= of_four & !((bit_4 | bit_5) >> 1);
        block.has_rare_lead()
    };
    if is_rare {
        stops |= wrong_pairs(block, leads);
    }
    let continuations = beyond ^ leads;
    if expected != continuations {
        stops |= beginning_of_first(expected ^ continuations, leads, continuations);
    }
    stops
}

/// Leads that begin nothing, or nothing with the continuation behind them.
#[inline(always)]
fn wrong_pairs(block: Block, leads: u64) -> u64 {
    let [bit_0, bit_1, bit_2] = [block.bit::<0>(), block.bit::<1>(), block.bit::<2>()];
    let [bit_3, bit_4, bit_5] = [block.bit::<3>(), block.bit::<4>(), block.bit::<5>()];
    let of_three = leads & bit_5;
    let of_four = of_three & bit_4;
    // Of the continuation behind each byte.
    let from_a0 = bit_5 >> 1;
    let from_90 = (bit_4 | bit_5) >> 1;

    let zero_or_one = !bit_3 & !bit_2 & !bit_1;
    let c0_or_c1 = leads & !of_three & !bit_4 & zero_or_one;
    let e0 = of_three & !of_four & zero_or_one & !bit_0;
    let ed = of_three & !of_four & bit_3 & bit_2 & !bit_1 & bit_0;
    let f0 = of_four & zero_or_one & !bit_0;
    let f4 = of_four & !bit_3 & bit_2 & !bit_1 & !bit_0;
    let beyond_f4 = of_four & (bit_3 | (bit_2 & (bit_1 | bit_0)));
    c0_or_c1 | (e0 & !from_a0) | (ed & from_a0) | (f0 & !from_90) | (f4 & from_90) | beyond_f4
}

/// Where the sequence begins to which the first mismatch belongs: a continuation
/// that nothing asked for, or something else where one was asked for.
const fn beginning_of_first(mismatches: u64, leads: u64, continuations: u64) -> u64 {
    let mismatch = first(mismatches);
    if mismatch & continuations == 0 { last(leads & below_first(mismatch)) } else { mismatch }
}
