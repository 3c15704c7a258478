//! The limit that finds itself, before a simulated server of 16 slots that
//! answers in 100 ms, with three times the load that it can serve.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::integer_division,
    reason = "a test fails by panicking"
)]

mod simulation;

use admission_control::ledger::adaptive::Settings;
use simulation::{Load, Moment, SECOND, run};

const SLOTS: u32 = 16;
const BASE_NS: u64 = SECOND / 10;

fn load(service_ns: fn(u64) -> u64) -> Load {
    let settings = Settings { interval_ns: 20 * SECOND, ..Settings::default() };
    let every_ns = BASE_NS / u64::from(SLOTS) / 3;
    Load { slots: 16, service_ns, every_ns, seconds: 120, settings }
}

/// Whether the limit is within its band, and answers come near the base time.
///
/// The formula settles at 25. The band is 22 to 28 in the mean and 16 to 40 at any
/// moment, for a window's median has noise. Latency is that of the slots and of the
/// queue that the limit lets form: at most twice the base in the mean.
fn check(seconds: std::ops::Range<u64>, moments: &[Moment], base_ns: u64) {
    let span = |moment: &&Moment| seconds.contains(&(moment.tenth / 10));
    let all: Vec<Moment> = moments.iter().filter(span).copied().collect();
    let settled: Vec<&Moment> = all.iter().filter(|moment| !moment.probing).collect();
    assert!(settled.len() * 10 >= all.len() * 8, "at most a fifth of the time is probing");
    for moment in &settled {
        assert!((SLOTS..=SLOTS * 5 / 2).contains(&moment.limit), "{moment:?}");
    }
    let limits: u32 = settled.iter().map(|moment| moment.limit).sum();
    let mean = f64::from(limits) / settled.len() as f64;
    assert!((22.0..=28.0).contains(&mean), "a mean limit of {mean}");
    let latencies: Vec<u64> = settled.iter().filter_map(|moment| moment.latency_ns).collect();
    let mean = latencies.iter().sum::<u64>() / latencies.len() as u64;
    assert!((base_ns..=2 * base_ns).contains(&mean), "{mean} ns for a base of {base_ns} ns");
    let answered: u64 = all.iter().map(|moment| moment.answered).sum();
    let possible = u64::from(SLOTS) * SECOND / base_ns * (seconds.end - seconds.start);
    assert!(answered * 10 >= possible * 8, "{answered} of {possible} possible were answered");
}

#[test]
fn finds_the_slots_of_a_server_under_three_times_its_load() {
    for seed in 0..6 {
        let moments = run(load(|_| BASE_NS), seed);
        check(10..120, &moments, BASE_NS);
    }
}

#[test]
fn finds_them_again_after_the_server_became_half_as_fast() {
    for seed in 0..6 {
        let moments = run(load(|second| if second < 50 { BASE_NS } else { 2 * BASE_NS }), seed);
        check(10..50, &moments, BASE_NS);
        check(80..120, &moments, 2 * BASE_NS);
    }
}

#[test]
fn finds_them_again_after_the_server_became_twice_as_fast() {
    for seed in 0..6 {
        let mut load = load(|second| if second < 50 { BASE_NS } else { BASE_NS / 2 });
        load.every_ns /= 2;
        let moments = run(load, seed);
        check(10..50, &moments, BASE_NS);
        check(80..120, &moments, BASE_NS / 2);
    }
}

#[test]
fn a_light_load_is_never_refused_but_by_a_probe() {
    for seed in 0..6 {
        let mut load = load(|_| BASE_NS);
        load.every_ns = BASE_NS / 4;
        let moments = run(load, seed);
        let probing = |tenth: u64| moments.iter().any(|m| m.tenth == tenth && m.probing);
        let refused = |moment: &&Moment| moment.refused > 0 && moment.tenth > 20;
        for moment in moments.iter().filter(refused) {
            let near = (moment.tenth.saturating_sub(12)..=moment.tenth + 12).any(probing);
            assert!(near, "{moment:?}");
        }
    }
}
