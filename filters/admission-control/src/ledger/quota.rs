//! How much may be spent: so many units in each window, and so many at once.

use std::fmt;

/// Units per window, with room for a burst: the rate of a token bucket.
///
/// A bucket counts in nanoseconds of debt rather than in units. `n` units are
/// worth `ceil(n * window / count)` nanoseconds, the time in which the quota
/// earns them. So the state does not depend on the quota: a new configuration
/// finds the debts of the old one in a measure that it understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    count: u64,
    window_ns: u64,
    burst: u64,
    capacity: u64,
}

/// Why a quota can't be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaError {
    /// No units in a window: nobody would ever be let in.
    NoUnits,
    /// No units at once: nobody would ever be let in.
    NoBurst,
    /// The window is shorter than a millisecond.
    ShortWindow,
    /// More than one unit in each nanosecond.
    TooFast,
    /// A full burst takes more than [`Quota::LONGEST_NS`] to be earned.
    TooLong,
}

impl Quota {
    /// The shortest window: a millisecond.
    pub const SHORTEST_NS: u64 = 1_000_000;

    /// The longest time that a full burst may take to be earned: 2^55 ns, some
    /// 417 days. Sums of debts are then far from the end of 64 bits.
    pub const LONGEST_NS: u64 = 1 << 55;

    /// `count` units in each window, at most `burst` at once; without a burst,
    /// those of a window.
    pub fn new(count: u64, window_ns: u64, burst: Option<u64>) -> Result<Self, QuotaError> {
        let burst = burst.unwrap_or(count);
        if count == 0 {
            return Err(QuotaError::NoUnits);
        }
        if burst == 0 {
            return Err(QuotaError::NoBurst);
        }
        if window_ns < Self::SHORTEST_NS {
            return Err(QuotaError::ShortWindow);
        }
        if count > window_ns {
            return Err(QuotaError::TooFast);
        }
        let quota = Self { count, window_ns, burst, capacity: 0 };
        let capacity = quota.charge(burst).saturating_add(quota.slack());
        if capacity > Self::LONGEST_NS {
            return Err(QuotaError::TooLong);
        }
        Ok(Self { capacity, ..quota })
    }

    /// Units earned in each window.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The window, in nanoseconds.
    pub const fn window_ns(&self) -> u64 {
        self.window_ns
    }

    /// The most units at once.
    pub const fn burst(&self) -> u64 {
        self.burst
    }

    /// What `units` are worth, in nanoseconds: `ceil(units * window / count)`.
    pub fn charge(&self, units: u64) -> u64 {
        let count = self.count.max(1);
        // Dividing 128 bits takes a Wasm module a microsecond.
        if let Some(product) = units.checked_mul(self.window_ns) {
            return product.div_ceil(count);
        }
        let product = u128::from(units).saturating_mul(u128::from(self.window_ns));
        u64::try_from(product.div_ceil(u128::from(count))).unwrap_or(u64::MAX)
    }

    /// The debt that a bucket can hold, in nanoseconds.
    ///
    /// Each charge is rounded up, so a burst spent unit by unit is worth up to a
    /// nanosecond per unit more than the burst as a whole: three thirds of a
    /// second are more than a second, and the third request of three would wait.
    /// The capacity makes up for that, as long as it stays below one unit.
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The most units that are worth no more than `charge` nanoseconds:
    /// `floor(charge * count / window)`.
    pub fn units(&self, charge: u64) -> u64 {
        if let Some(product) = charge.checked_mul(self.count) {
            return product.checked_div(self.window_ns).unwrap_or(0);
        }
        let product = u128::from(charge).saturating_mul(u128::from(self.count));
        let units = product.checked_div(u128::from(self.window_ns)).unwrap_or(0);
        u64::try_from(units).unwrap_or(u64::MAX)
    }

    fn slack(&self) -> u64 {
        let unit = self.window_ns.checked_div(self.count).unwrap_or(0);
        self.burst.min(unit.saturating_sub(1))
    }
}

impl fmt::Display for QuotaError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoUnits => "must be at least 1 in each window",
            Self::NoBurst => "the burst must be at least 1",
            Self::ShortWindow => "the window must be at least 1 ms",
            Self::TooFast => "must be at most 1000000000 per second",
            Self::TooLong => "the burst must be earned within 417 days",
        })
    }
}

impl std::error::Error for QuotaError {}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_charge_is_rounded_up() {
        let quota = Quota::new(3, SECOND, None).unwrap();
        assert_eq!(quota.charge(0), 0);
        assert_eq!(quota.charge(1), 333_333_334);
        assert_eq!(quota.charge(3), SECOND);
        assert_eq!(quota.charge(u64::MAX), 6_148_914_691_236_517_205_u64.saturating_mul(SECOND));
    }

    #[test]
    fn units_undo_a_charge() {
        let quota = Quota::new(7_000_000, 60 * SECOND, None).unwrap();
        for units in [0, 1, 2, 3, 999, 7_000_000, 1 << 40] {
            assert_eq!(quota.units(quota.charge(units)), units);
        }
    }

    #[test]
    fn an_empty_bucket_holds_a_burst_and_not_a_unit_more() {
        for (count, window, burst) in
            [(1, SECOND, 1), (3, SECOND, 3), (7, SECOND, 100), (SECOND, SECOND, 5), (9, 1 << 40, 9)]
        {
            let quota = Quota::new(count, window, Some(burst)).unwrap();
            assert!(quota.charge(burst) <= quota.capacity(), "{quota:?}");
            assert!(quota.charge(burst + 1) > quota.capacity(), "{quota:?}");
            assert_eq!(quota.units(quota.capacity()), burst, "{quota:?}");
        }
    }

    #[test]
    fn what_can_not_be_kept_is_refused() {
        for (count, window, burst, expected) in [
            (0, SECOND, None, QuotaError::NoUnits),
            (1, SECOND, Some(0), QuotaError::NoBurst),
            (1, Quota::SHORTEST_NS - 1, None, QuotaError::ShortWindow),
            (SECOND + 1, SECOND, None, QuotaError::TooFast),
            (1, SECOND, Some(u64::MAX), QuotaError::TooLong),
            (1, u64::MAX, None, QuotaError::TooLong),
        ] {
            assert_eq!(Quota::new(count, window, burst), Err(expected));
        }
    }
}
