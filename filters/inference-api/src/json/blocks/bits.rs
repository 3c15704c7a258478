//! Sets of places in a block, as the bits of a number.

/// The last place of a block.
pub(super) const LAST: u64 = 1 << 63;

/// The first one of these, if there is one.
pub(super) const fn first(bits: u64) -> u64 {
    bits & bits.wrapping_neg()
}

/// The last one of these, if there is one.
pub(super) const fn last(bits: u64) -> u64 {
    match LAST.checked_shr(bits.leading_zeros()) {
        Some(last) => last,
        None => 0,
    }
}

/// All without the first one.
pub(in crate::json) const fn without_first(bits: u64) -> u64 {
    bits & bits.wrapping_sub(1)
}

/// All places below the first one of these; all that there are, if there is
/// none.
pub(in crate::json) const fn below_first(bits: u64) -> u64 {
    first(bits).wrapping_sub(1)
}

/// The first so many places.
pub(super) fn below(count: usize) -> u64 {
    let shift = u32::try_from(count).unwrap_or(u32::MAX);
    1_u64.checked_shl(shift).unwrap_or_default().wrapping_sub(1)
}

/// The places right behind the rows in `bits` that begin with these: as far as
/// an addition carries.
pub(super) const fn behind_rows(bits: u64, begin: u64) -> u64 {
    bits.wrapping_add(begin) & !bits
}

/// The rows in `bits` that begin with these.
pub(super) const fn rows(bits: u64, begin: u64) -> u64 {
    (bits.wrapping_add(begin) ^ bits) & bits
}

/// Which bytes have a backslash before them that isn't escaped itself: of a row
/// of backslashes and the byte behind it, that is every other one.
///
/// With all odd places set, a subtraction borrows through a row only where it
/// begins at an even one. (The trick is simdjson's.)
pub(super) const fn escaped(backslashes: u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    (backslashes << 1 | ODD).wrapping_sub(backslashes) ^ ODD ^ backslashes
}

/// How many places come before the first one of these: 64 if there is none.
pub(super) fn count_before(bits: u64) -> usize {
    usize::try_from(bits.trailing_zeros()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_behind_a_backslash_is_escaped_unless_that_is() {
        for backslashes in 0..=u64::from(u16::MAX) {
            for shift in [0, 1, 20, 47, 48] {
                let backslashes = backslashes << shift;
                let mut expected = 0_u64;
                for place in 0..63 {
                    let bit = 1 << place;
                    if backslashes & bit != 0 && expected & bit == 0 {
                        expected |= bit << 1;
                    }
                }
                assert_eq!(escaped(backslashes), expected, "{backslashes:b}");
            }
        }
    }

    #[test]
    fn the_first_and_the_last_are_told_apart() {
        let bits = 0b1011_0100;
        assert_eq!((first(bits), last(bits)), (0b100, 0b1000_0000));
        assert_eq!((without_first(bits), below_first(bits)), (0b1011_0000, 0b11));
        assert_eq!(count_before(bits), 2);
        assert_eq!((first(0), last(0), without_first(0), below_first(0)), (0, 0, 0, u64::MAX));
        assert_eq!((last(LAST), count_before(0)), (LAST, 64));
        assert_eq!((below(0), below(3), below(63)), (0, 0b111, !LAST));
        assert_eq!((below(64), below(usize::MAX)), (u64::MAX, u64::MAX));
    }

    #[test]
    fn a_row_is_carried_to_its_end() {
        assert_eq!(behind_rows(0b0110_1110, 0b0000_0010), 0b0001_0000);
        assert_eq!(behind_rows(0b0110_1110, 0b0010_0000), 0b1000_0000);
        assert_eq!(behind_rows(LAST, LAST), 0, "beyond the block");
        assert_eq!(rows(0b0110_1110, 0b0000_0010), 0b0000_1110);
        assert_eq!(rows(LAST, LAST), LAST);
    }
}
