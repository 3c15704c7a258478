//! Where a bucket's debt was low: what a refund has to know of the past.
//!
//! A refund may take back at most the lowest debt since its reservation (see
//! `bucket`). Keeping the debt at all times would be exact and without bounds.
//! Of these only the lows are needed, those below all later ones: a ladder,
//! rising from the oldest to the newest. It is cut to a few rungs by merging two
//! into one that is both as low and as late as either. That can only understate
//! the lowest debt, and so a refund. Merged are the two nearest in proportion:
//! a rung that is at least half of the next one loses nothing, unless a single
//! charge is larger than the rung.

use super::wire::Reader;

/// The most rungs.
pub(super) const RUNGS: usize = 8;

/// A debt before a charge was added to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Low {
    position: u64,
    debt: u64,
}

/// The lows of a bucket's debt, rising from the oldest to the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lows {
    rungs: Vec<Low>,
}

impl Lows {
    /// Notes the debt before the charge at a position; positions only rise.
    pub(super) fn note(&mut self, position: u64, debt: u64) {
        while self.rungs.last().is_some_and(|low| low.debt >= debt) {
            self.rungs.pop();
        }
        self.rungs.push(Low { position, debt });
        if self.rungs.len() > RUNGS {
            self.merge();
        }
    }

    /// The lowest debt noted after a position, or `now` if that is lower.
    pub(super) fn lowest_after(&self, position: u64, now: u64) -> u64 {
        let low = self.rungs.iter().find(|low| low.position > position);
        low.map_or(now, |low| low.debt.min(now))
    }

    /// Takes `credit` off every debt noted after a position.
    pub(super) fn lower_after(&mut self, position: u64, credit: u64) {
        let lows = self.rungs.iter_mut().filter(|low| low.position > position);
        lows.for_each(|low| low.debt = low.debt.saturating_sub(credit));
        let mut above = u64::MAX;
        let mut kept: Vec<Low> = Vec::with_capacity(self.rungs.len());
        for low in self.rungs.iter().rev().filter(|low| {
            let lower = low.debt < above;
            above = above.min(low.debt);
            lower
        }) {
            kept.push(*low);
        }
        kept.reverse();
        self.rungs = kept;
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for low in &self.rungs {
            out.extend_from_slice(&low.position.to_le_bytes());
            out.extend_from_slice(&low.debt.to_le_bytes());
        }
    }

    /// Reads rungs to the end of the bytes.
    pub(super) fn read(mut bytes: Reader<'_>) -> Option<Self> {
        let mut rungs: Vec<Low> = Vec::with_capacity(RUNGS.saturating_add(1));
        while !bytes.is_done() {
            let low = Low { position: bytes.u64()?, debt: bytes.u64()? };
            let rises = rungs
                .last()
                .is_none_or(|last| last.debt < low.debt && last.position < low.position);
            if !rises || rungs.len() >= RUNGS {
                return None;
            }
            rungs.push(low);
        }
        Some(Self { rungs })
    }

    /// Merges the two neighbours whose debts are nearest in proportion.
    fn merge(&mut self) {
        // 32 bits of each debt are enough to compare, and products of 64.
        let highest = self.rungs.last().map_or(0, |low| low.debt);
        let spare = 32_u32.saturating_sub(highest.leading_zeros());
        let short = |low: &Low| low.debt.wrapping_shr(spare);
        let pairs = self.rungs.iter().zip(self.rungs.iter().skip(1)).enumerate();
        let nearest = pairs.min_by(|(_, (low, high)), (_, (lower, higher))| {
            // low / high against lower / higher, the larger quotient first.
            let one = short(low).saturating_mul(short(higher));
            let other = short(lower).saturating_mul(short(high));
            other.cmp(&one)
        });
        let Some((at, (low, high))) = nearest else { return };
        let merged = Low { position: high.position, debt: low.debt };
        self.rungs.remove(at);
        if let Some(rung) = self.rungs.get_mut(at) {
            *rung = merged;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn noted(debts: &[u64]) -> Lows {
        let mut lows = Lows::default();
        for (position, debt) in (0..).zip(debts) {
            lows.note(position, *debt);
        }
        lows
    }

    #[test]
    fn a_later_low_hides_the_earlier_higher_ones() {
        let lows = noted(&[0, 50, 20, 30]);
        assert_eq!(lows.lowest_after(0, 90), 20);
        assert_eq!(lows.lowest_after(1, 90), 20);
        assert_eq!(lows.lowest_after(2, 90), 30);
        assert_eq!(lows.lowest_after(3, 90), 90);
        assert_eq!(lows.lowest_after(2, 7), 7);
    }

    #[test]
    fn a_credit_lowers_only_what_came_after() {
        let mut lows = noted(&[0, 10, 20, 30]);
        lows.lower_after(2, 25);
        assert_eq!(lows.rungs, [Low { position: 0, debt: 0 }, Low { position: 3, debt: 5 }]);
    }

    #[test]
    fn a_full_ladder_understates_and_keeps_its_bottom() {
        let debts: Vec<u64> = (0..100).map(|number| number * 10).collect();
        let lows = noted(&debts);
        assert_eq!(lows.rungs.len(), RUNGS);
        for position in 0..99 {
            let lowest = lows.lowest_after(position, 1_000);
            assert!(lowest <= (position + 1) * 10);
            assert!(lowest >= 10, "position {position} keeps its own charge of 10");
        }
    }

    #[test]
    fn what_is_not_a_ladder_is_not_read() {
        let mut bytes = Vec::new();
        noted(&[0, 10]).write(&mut bytes);
        assert_eq!(Lows::read(Reader::new(&bytes)), Some(noted(&[0, 10])));
        assert_eq!(Lows::read(Reader::new(&bytes[1..])), None);
        bytes.extend_from_within(0..16);
        assert_eq!(Lows::read(Reader::new(&bytes)), None);
    }
}
