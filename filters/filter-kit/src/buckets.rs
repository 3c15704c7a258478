//! Bounds of buckets that several metrics share.

/// For waits of a tenth of a millisecond up to ten minutes, in microseconds: 1, 2.5
/// and 5 of each power of ten, since between two neighbours a quantile is a guess.
pub const MICROSECONDS: &[u64] = &[
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
];
