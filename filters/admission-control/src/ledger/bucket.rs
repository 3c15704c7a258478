//! A token bucket with reservations that are settled exactly.
//!
//! What a request will cost is known only when it has been answered: its tokens
//! are reserved by an estimate, and settled by what was used. The bucket holds a
//! debt in nanoseconds (see [`Quota`]) that drains by one in each nanosecond. A
//! request is let in if the debt and its own charge fit the capacity together.
//! (The generic cell rate algorithm of ITU-T I.371 counts the same way.)
//!
//! **What a refund may take back.** Settling must leave the debt that there would
//! be, had only the used units been reserved to begin with. For a queue that
//! drains at a steady rate (Lindley's recursion) that is
//!
//! ```text
//! refund = min(reserved - used, lowest debt since the reservation)
//! ```
//!
//! because time in which the bucket would have stood empty earns nothing. Example:
//! a quota of 100 per minute. One request reserves 100 at 0 s, and the debt has
//! drained at 60 s, when another reserves 100. The first then settles with nothing
//! used at 61 s. A refund of 100 would let in 200 units of use between 60 s and
//! 61 s, the other's debt forgiven by this one's. The debt was zero since, so
//! nothing is refunded. If instead both reserve at 0 s, in a bucket that holds
//! 200, the first gets all of it back at 60 s: without it, the other's 100 would
//! have drained by then, and the debt is zero.
//!
//! The lowest debt since a reservation is known from `lows`, never overstated.
//! So whatever is reserved, settled and refunded in whatever order: the use of
//! all requests let in within a time `t` is at most `burst + count * t / window`,
//! and less than a unit of rounding, as long as none uses more than it reserved.
//! What one uses beyond that is added to the debt, even above the capacity.

use super::lows::{Lows, RUNGS};
use super::quota::Quota;
use super::wire::Reader;

/// Clocks differ by less than this between two workers' steps. A clock further
/// behind has been set back: its time is taken over, so that no bucket stands
/// still until the old time comes again.
const SET_BACK_NS: u64 = 10_000_000_000;

/// What was reserved and not yet drained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Nanoseconds until the bucket is empty.
    debt: u64,
    /// When that was.
    at: u64,
    /// The position of the next charge. It starts as the time of the first, so a
    /// bucket that was forgotten and begun again knows older reservations as such.
    next: u64,
    lows: Lows,
}

/// A charge that is to be settled. It belongs to the bucket that it was reserved
/// in; to a bucket begun since, it is one that has drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Which of the bucket's charges this is.
    pub position: u64,
    /// Nanoseconds of debt.
    pub charge: u64,
}

/// Why a reservation did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// When the same would fit.
    pub wait: Wait,
}

/// When a reservation would fit, if nothing else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// After exactly so many nanoseconds.
    Nanoseconds(u64),
    /// It is more than the bucket holds.
    Never,
}

/// What became of a reservation, in nanoseconds of debt. `charged` is what the
/// use is worth; `refunded` and `extra` are how the debt changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The use.
    pub charged: u64,
    /// Taken off the debt.
    pub refunded: u64,
    /// Added to the debt.
    pub extra: u64,
}

impl Bucket {
    /// The most bytes of a bucket.
    pub const MAX_BYTES: usize = 24 + 16 * RUNGS;

    /// A bucket without any debt.
    pub fn new(at: u64) -> Self {
        Self { debt: 0, at, next: at, lows: Lows::default() }
    }

    /// Reserves `cost` units, if they fit.
    pub fn reserve(
        self,
        quota: &Quota,
        cost: u64,
        at: u64,
    ) -> (Self, Result<Reservation, Shortage>) {
        let mut bucket = self.drained(at);
        let charge = quota.charge(cost);
        if charge > quota.capacity() {
            return (bucket, Err(Shortage { wait: Wait::Never }));
        }
        let excess = bucket.debt.saturating_add(charge).saturating_sub(quota.capacity());
        if excess > 0 {
            let wait = Wait::Nanoseconds(excess.saturating_add(bucket.behind(at)));
            return (bucket, Err(Shortage { wait }));
        }
        let position = bucket.raise(charge);
        (bucket, Ok(Reservation { position, charge }))
    }

    /// Settles a reservation by the units that were used. Once: what is settled
    /// twice is refunded twice.
    pub fn settle(
        self,
        quota: &Quota,
        reservation: Reservation,
        actual: u64,
        at: u64,
    ) -> (Self, Settlement) {
        let mut bucket = self.drained(at);
        let charged = quota.charge(actual);
        let extra = charged.saturating_sub(reservation.charge);
        if extra > 0 {
            bucket.raise(extra);
            return (bucket, Settlement { charged, refunded: 0, extra });
        }
        let unused = reservation.charge.saturating_sub(charged);
        let refunded = unused.min(bucket.lows.lowest_after(reservation.position, bucket.debt));
        bucket.lows.lower_after(reservation.position, refunded);
        bucket.debt = bucket.debt.saturating_sub(refunded);
        (bucket, Settlement { charged, refunded, extra: 0 })
    }

    /// The units that could be reserved now.
    pub fn remaining(&self, quota: &Quota, at: u64) -> u64 {
        quota.units(quota.capacity().saturating_sub(self.debt_at(at)))
    }

    /// The nanoseconds until the bucket is empty, and a whole burst fits.
    pub fn reset_ns(&self, at: u64) -> u64 {
        self.debt_at(at).saturating_add(self.behind(at))
    }

    /// Whether the bucket can be forgotten: a new one would answer the same.
    pub fn is_idle(&self, at: u64) -> bool {
        self.debt_at(at) == 0
    }

    /// The bucket in bytes, at most [`Self::MAX_BYTES`]: debt, time and position,
    /// each a little-endian `u64`, then the lows, two of these each.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::MAX_BYTES);
        for number in [self.debt, self.at, self.next] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        self.lows.write(&mut bytes);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote. None for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (debt, at, next) = (reader.u64()?, reader.u64()?, reader.u64()?);
        Some(Self { debt, at, next, lows: Lows::read(reader)? })
    }

    fn drained(mut self, at: u64) -> Self {
        self.debt = self.debt_at(at);
        if at > self.at || self.is_set_back(at) {
            self.at = at;
        }
        self
    }

    const fn debt_at(&self, at: u64) -> u64 {
        self.debt.saturating_sub(at.saturating_sub(self.at))
    }

    /// How long until the bucket drains again, for a clock that is a little
    /// behind the last step's.
    const fn behind(&self, at: u64) -> u64 {
        if self.is_set_back(at) { 0 } else { self.at.saturating_sub(at) }
    }

    const fn is_set_back(&self, at: u64) -> bool {
        self.at.saturating_sub(at) > SET_BACK_NS
    }

    /// Adds a charge to the debt. The position of that charge.
    fn raise(&mut self, charge: u64) -> u64 {
        let position = self.next;
        self.lows.note(position, self.debt);
        self.next = position.saturating_add(1);
        self.debt = self.debt.saturating_add(charge);
        position
    }
}

#[cfg(test)]
mod tests;
