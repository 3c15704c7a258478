//! For tests: the same answer however the bytes are cut.

use core::fmt::Debug;

/// Reads the bytes whole, and cut in two at every place, and gives the answer
/// if it is always the same.
pub(crate) fn same_however_cut<T: Debug + PartialEq>(
    bytes: &[u8],
    read: impl Fn(&[&[u8]]) -> T,
) -> T {
    let whole = read(&[bytes]);
    for cut in 0..=bytes.len() {
        let (before, after) = bytes.split_at(cut);
        assert_eq!(read(&[before, after]), whole, "{} cut at {cut}", bytes.escape_ascii());
    }
    whole
}
