//! The bucket against an oracle that remembers everything, in simulated time.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use admission_control::ledger::bucket::{Bucket, Reservation, Wait};
use admission_control::ledger::quota::Quota;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const START: u64 = 1_800_000_000_000_000_000;

/// What happens, one after the other.
#[derive(Clone, Copy, Debug)]
enum Event {
    Pass { thousandths: u64 },
    Reserve { cost: u64 },
    Settle { which: prop::sample::Index, percent: u64 },
}

/// Large charges, of which a few fill the bucket.
fn events(most_percent: u64, most: usize) -> impl Strategy<Value = Vec<Event>> {
    vec(event(most_percent, 1), 1..most)
}

/// Small charges, of which many are open at once.
fn small_events() -> impl Strategy<Value = Vec<Event>> {
    vec(event(100, 40), 1..300)
}

fn event(most_percent: u64, grain: u64) -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0_u64..400 / grain).prop_map(|thousandths| Event::Pass { thousandths }),
        4 => (0_u64..=1_000 / grain).prop_map(|cost| Event::Reserve { cost }),
        3 => (any::<prop::sample::Index>(), 0..=most_percent)
            .prop_map(|(which, percent)| Event::Settle { which, percent }),
    ]
}

fn quotas() -> impl Strategy<Value = Quota> {
    (1_u64..=5_000, 1_u64..=120_000, 1_u64..=2_000).prop_map(|(count, window_ms, burst)| {
        Quota::new(count, window_ms * 1_000_000, Some(burst)).expect("a quota")
    })
}

/// A charge that was let in: when, how much of it counts, and what was used.
struct Charge {
    at: u64,
    charge: u64,
    used: Option<u64>,
    reservation: Option<Reservation>,
    cost: u64,
}

/// The debt at a time, of charges in the order they came: Lindley's recursion
/// over all of history, with what is known of it by now.
fn debt(charges: &[Charge], at: u64) -> i128 {
    let (mut debt, mut last) = (0_i128, START);
    for charge in charges {
        debt = (debt - i128::from(charge.at - last)).max(0) + i128::from(charge.charge);
        last = charge.at;
    }
    (debt - i128::from(at - last)).max(0)
}

/// Plays the events, checking at each. The most by which the debt was above what
/// it would be had all uses been known, in nanoseconds.
fn play(quota: &Quota, events: &[Event]) -> i128 {
    let (mut bucket, mut at) = (Bucket::new(START), START);
    let mut charges: Vec<Charge> = Vec::new();
    let mut overstated = 0;
    for event in events {
        match *event {
            Event::Pass { thousandths } => at += quota.charge(quota.burst()) / 1_000 * thousandths,
            Event::Reserve { cost } => {
                let cost = cost * quota.burst() / 800;
                let (next, reserved) = bucket.clone().reserve(quota, cost, at);
                check_decision(
                    &bucket,
                    quota,
                    cost,
                    at,
                    reserved.map_err(|shortage| shortage.wait),
                );
                bucket = next;
                if let Ok(reservation) = reserved {
                    let charge = reservation.charge;
                    let reservation = Some(reservation);
                    charges.push(Charge { at, charge, used: None, reservation, cost });
                }
            }
            Event::Settle { which, percent } => {
                let open: Vec<usize> = (0..charges.len())
                    .filter(|index| charges[*index].reservation.is_some())
                    .collect();
                if open.is_empty() {
                    continue;
                }
                let charge = &mut charges[open[which.index(open.len())]];
                let used = charge.cost * percent / 100;
                let reservation = charge.reservation.take().expect("it is open");
                let (next, settled) = bucket.settle(quota, reservation, used, at);
                bucket = next;
                charge.used = Some(used);
                assert_eq!(settled.charged, quota.charge(used));
                if settled.extra > 0 {
                    let (charge, used, cost) = (settled.extra, None, 0);
                    charges.push(Charge { at, charge, used, reservation: None, cost });
                } else {
                    charge.charge = settled.charged;
                }
            }
        }
        check_windows(quota, &charges);
        let bytes = bucket.to_bytes();
        assert_eq!(Bucket::from_bytes(&bytes), Some(bucket.clone()));
        assert_eq!(bucket.is_idle(at), bucket.reset_ns(at) == 0);
        let (have, ideal) = (i128::from(bucket.reset_ns(at)), debt(&charges, at));
        assert!(have >= ideal, "the debt is {have}, and should be at least {ideal}");
        overstated = overstated.max(have - ideal);
        if charges.iter().all(|charge| charge.used.is_none_or(|used| used <= charge.cost)) {
            assert!(have <= i128::from(quota.capacity()), "above its capacity");
        }
        if charges.len() <= 8 {
            assert_eq!(have, ideal, "so few charges leave no rungs to merge");
        }
    }
    overstated
}

fn check_decision(
    bucket: &Bucket,
    quota: &Quota,
    cost: u64,
    at: u64,
    reserved: Result<Reservation, Wait>,
) {
    let remaining = bucket.remaining(quota, at);
    let overdrawn = bucket.reset_ns(at) > quota.capacity();
    assert_eq!(reserved.is_ok(), cost <= remaining && !overdrawn);
    match reserved {
        Ok(_) => assert!(cost <= quota.burst()),
        Err(Wait::Never) => assert!(cost > quota.burst()),
        Err(Wait::Nanoseconds(wait)) => {
            assert!(!bucket.is_idle(at), "an idle bucket lets in a burst");
            assert!(bucket.clone().reserve(quota, cost, at + wait).1.is_ok());
            assert!(bucket.clone().reserve(quota, cost, at + wait - 1).1.is_err());
        }
    }
}

/// The use of those let in within any window, in exact fractions: at most the
/// burst, what the window earned, and one unit. Unsettled ones may use all that
/// they reserved. Only without overspending.
fn check_windows(quota: &Quota, charges: &[Charge]) {
    if charges.iter().any(|charge| charge.used.is_some_and(|used| used > charge.cost)) {
        return;
    }
    let (count, window) = (i128::from(quota.count()), i128::from(quota.window_ns()));
    for (first, from) in charges.iter().enumerate() {
        let mut used = 0_i128;
        for to in &charges[first..] {
            used += i128::from(to.used.unwrap_or(to.cost));
            let earned = i128::from(to.at - from.at) * count;
            let most = (i128::from(quota.burst()) + 1) * window + earned;
            assert!(used * window <= most, "{used} used within {} ns", to.at - from.at);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn settles_as_if_the_use_had_been_known(quota in quotas(), events in events(100, 40)) {
        play(&quota, &events);
    }

    #[test]
    fn is_as_exact_when_more_is_used_than_reserved(
        quota in quotas(), events in events(300, 16),
    ) {
        play(&quota, &events);
    }

    #[test]
    fn is_safe_with_many_reservations_open(quota in quotas(), events in small_events()) {
        play(&quota, &events);
    }

    #[test]
    fn where_nothing_drains_the_debt_is_the_use(
        quota in quotas(), uses in vec((1_u64..20, 0_u64..=100, any::<u32>()), 1..8),
    ) {
        let mut bucket = Bucket::new(START);
        let mut open = Vec::new();
        for (share, percent, order) in uses {
            let cost = share * quota.burst() / 100;
            let (next, reserved) = bucket.reserve(&quota, cost, START);
            bucket = next;
            if let Ok(reservation) = reserved {
                open.push((order, reservation, cost * percent / 100));
            }
        }
        open.sort_by_key(|(order, _, _)| *order);
        let mut total = 0;
        for (_, reservation, used) in open {
            total += quota.charge(used);
            bucket = bucket.settle(&quota, reservation, used, START).0;
        }
        prop_assert_eq!(bucket.reset_ns(START), total);
    }

    #[test]
    fn any_bytes_are_a_bucket_or_none(bytes in vec(any::<u8>(), 0..200), at in any::<u64>()) {
        if let Some(bucket) = Bucket::from_bytes(&bytes) {
            let quota = Quota::new(5, 1_000_000, None).expect("a quota");
            let (bucket, reserved) = bucket.reserve(&quota, 3, at);
            if let Ok(reservation) = reserved {
                bucket.settle(&quota, reservation, 1, at);
            }
        }
    }
}

#[test]
fn many_open_reservations_cost_little_more_than_was_used() {
    let mut runner = TestRunner::deterministic();
    let thousandths = (0..300).map(|_| {
        let quota = quotas().new_tree(&mut runner).expect("a quota").current();
        let events = small_events().new_tree(&mut runner).expect("some events").current();
        play(&quota, &events) * 1_000 / i128::from(quota.capacity())
    });
    let most: Vec<i128> = thousandths.collect();
    let mean = most.iter().sum::<i128>() / 300;
    assert!(mean <= 10, "the worst moment of each run is {mean}/1000 of the capacity off");
    assert!(most.iter().all(|most| *most <= 200), "{most:?}");
}
