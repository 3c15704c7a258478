//! Divides callers among the versions of a model by weight, without a table of
//! who got what.
//!
//! Each version draws a number for the caller, and the smallest number wins:
//! `-ln(u) / weight`, with `u` evenly spread and fixed by caller, model and
//! version. That is an exponential race, also known as weighted rendezvous
//! hashing: a version wins with a probability of its weight over the sum of all.
//!
//! What it is here for: a caller's numbers do not depend on what the others
//! weigh. When a version's weight grows it wins more callers and loses none,
//! for any number of versions, so a rollout from 5 % to 100 % never sends
//! anybody back.

use xxhash_rust::xxh64::xxh64;

/// The versions of one model and their weights.
#[derive(Debug)]
pub(crate) struct Split {
    racers: Vec<Racer>,
}

#[derive(Debug)]
struct Racer {
    version: usize,
    weight: f64,
    seed: u64,
}

/// Who is calling, as far as the split is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller(u64);

impl Caller {
    /// A caller known by these bytes: the same ones mean the same caller.
    pub(crate) fn known_by(key: &[u8]) -> Self {
        Self(xxh64(key, 0))
    }

    /// A caller of whom nothing is known.
    pub(crate) const fn by_chance(chance: u64) -> Self {
        Self(chance)
    }
}

impl Split {
    /// A split among the versions of `model`, given as name and weight.
    pub(crate) fn new<'a>(model: &str, versions: impl Iterator<Item = (&'a str, u32)>) -> Self {
        let of_model = xxh64(model.as_bytes(), 0);
        let racers = versions
            .enumerate()
            .filter(|(_, (_, weight))| *weight > 0)
            .map(|(version, (name, weight))| Racer {
                version,
                weight: f64::from(weight),
                seed: xxh64(name.as_bytes(), of_model),
            })
            .collect();
        Self { racers }
    }

    /// The position of the version that this caller gets, among those that it
    /// may have. None if none of these has any weight.
    pub(crate) fn pick(&self, caller: Caller, allowed: impl Fn(usize) -> bool) -> Option<usize> {
        self.racers
            .iter()
            .filter(|racer| allowed(racer.version))
            .map(|racer| (racer.time(caller), racer.version))
            .min_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, version)| version)
    }
}

impl Racer {
    fn time(&self, caller: Caller) -> f64 {
        -unit(mixed(caller.0 ^ self.seed)).ln() / self.weight
    }
}

/// Spreads a number over all 64 bits: the finaliser of `SplitMix64`.
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// An even spread over (0, 1], of 2^52 values: never zero, which has no
/// logarithm.
fn unit(number: u64) -> f64 {
    /// The bits of 1.0: with a random fraction that is a number in [1, 2).
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    2.0 - f64::from_bits(ONE | (number >> 12))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn split(weights: &[u32]) -> Split {
        const NAMES: [&str; 6] = ["v1", "v2", "v3", "v4", "v5", "v6"];
        Split::new("demo", NAMES.into_iter().zip(weights.iter().copied()))
    }

    fn anybody(_version: usize) -> bool {
        true
    }

    fn callers(count: u32) -> impl Iterator<Item = Caller> {
        (0..count).map(|number| Caller::known_by(format!("user-{number}").as_bytes()))
    }

    #[test]
    fn shares_are_within_one_percent_over_a_hundred_thousand_callers() {
        let weights = [90, 0, 7, 3];
        let mut counts = [0_u32; 4];
        for caller in callers(100_000) {
            counts[split(&weights).pick(caller, anybody).unwrap()] += 1;
        }
        for (weight, count) in weights.iter().zip(counts) {
            let share = f64::from(count) / 1_000.0;
            assert!((share - f64::from(*weight)).abs() < 1.0, "{weight} % got {share} %");
        }
        assert_eq!(counts[1], 0, "a version without weight gets nobody");
    }

    #[test]
    fn nobody_is_moved_back_while_a_rollout_grows() {
        let all: Vec<Caller> = callers(5_000).collect();
        let mut moved = vec![false; all.len()];
        for share in [0, 1, 5, 10, 25, 50, 75, 99, 100] {
            let split = split(&[100 - share, share]);
            for (caller, moved) in all.iter().zip(&mut moved) {
                let now = split.pick(*caller, anybody) == Some(1);
                assert!(now || !*moved, "a caller was moved back at {share} %");
                *moved = now;
            }
        }
        assert!(moved.iter().all(|moved| *moved), "at 100 % everybody has moved");
    }

    #[test]
    fn the_same_caller_gets_the_same_version_in_every_process() {
        let picks: Vec<usize> =
            callers(12).map(|caller| split(&[50, 30, 20]).pick(caller, anybody).unwrap()).collect();
        // Written down: a change of the hash would move callers on an upgrade.
        assert_eq!(picks, PINNED);
    }

    const PINNED: [usize; 12] = [1, 1, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0];

    #[test]
    fn models_are_split_independently() {
        let weights = || [("v1", 50), ("v2", 50)].into_iter();
        let (one, other) = (Split::new("one", weights()), Split::new("other", weights()));
        let same = callers(2_000)
            .filter(|caller| one.pick(*caller, anybody) == other.pick(*caller, anybody))
            .count();
        assert!((800..1_200).contains(&same), "{same} of 2000 are in the same half of both");
    }

    #[test]
    fn no_weight_at_all_picks_nobody() {
        assert_eq!(split(&[]).pick(Caller::by_chance(1), anybody), None);
        assert_eq!(split(&[0, 0]).pick(Caller::by_chance(1), anybody), None);
    }

    #[test]
    fn extreme_draws_have_a_winner() {
        for number in [0, 1, u64::MAX, u64::MAX >> 1] {
            assert!((0.0..=1.0).contains(&unit(number)) && unit(number) > 0.0);
            assert!(split(&[1, 99]).pick(Caller::by_chance(number), anybody).is_some());
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod properties {
        use super::*;
        use proptest::prelude::*;

        /// Weights before and after a rollout of one version: its own grows, no
        /// other's does.
        fn rollout() -> impl Strategy<Value = (usize, Vec<u32>, Vec<u32>)> {
            let weights = proptest::collection::vec((0_u32..=100, 0_u32..=100), 2..40);
            (weights, any::<prop::sample::Index>()).prop_map(|(weights, grown)| {
                let grown = grown.index(weights.len());
                let (low, high): (Vec<u32>, Vec<u32>) =
                    weights.iter().map(|(one, other)| (one.min(other), one.max(other))).unzip();
                let (mut before, mut after) = (high.clone(), low.clone());
                before[grown] = low[grown];
                after[grown] = high[grown];
                (grown, before, after)
            })
        }

        fn split(weights: &[u32]) -> Split {
            let names: Vec<String> =
                (0..weights.len()).map(|number| format!("v{number}")).collect();
            Split::new("demo", names.iter().map(String::as_str).zip(weights.iter().copied()))
        }

        proptest! {
            #[test]
            fn nobody_is_moved_back_among_any_number_of_versions(
                (grown, before, after) in rollout(), seed in any::<u64>(),
            ) {
                let (before, after) = (split(&before), split(&after));
                for number in 0..200_u64 {
                    let caller = Caller::by_chance(mixed(seed ^ number));
                    if before.pick(caller, anybody) == Some(grown) {
                        prop_assert_eq!(after.pick(caller, anybody), Some(grown));
                    }
                }
            }

            #[test]
            fn who_may_not_have_a_version_does_not_disturb_the_others(
                weights in proptest::collection::vec(1_u32..=100, 2..20), seed in any::<u64>(),
            ) {
                let split = split(&weights);
                for number in 0..100_u64 {
                    let caller = Caller::by_chance(mixed(seed ^ number));
                    let picked = split.pick(caller, anybody).unwrap();
                    let other = if picked == 0 { 1 } else { 0 };
                    prop_assert_eq!(split.pick(caller, |version| version != other), Some(picked));
                }
            }
        }
    }
}
