use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const START: u64 = 1_800_000_000 * SECOND_NS;
const LEASE: u64 = 10 * SECOND_NS;

#[test]
fn numbers_are_never_given_twice() {
    let mut workers = Workers::default();
    let first = workers.join(START, LEASE).unwrap();
    let second = workers.join(START, LEASE).unwrap();
    let later = workers.join(START + 3 * LEASE, LEASE).unwrap();
    assert!(first < second && second < later);
    assert_eq!(workers.live(START + 3 * LEASE, LEASE).len(), 1);
}

#[test]
fn a_registry_that_was_lost_gives_no_number_again() {
    let mut workers = Workers::default();
    let before: Vec<u32> = (0..8).map(|_| workers.join(START, LEASE).unwrap()).collect();
    let mut workers = Workers::from_bytes(b"something else");
    let after = workers.join(START + 60 * SECOND_NS, LEASE).unwrap();
    assert!(before.iter().all(|number| *number < after));
}

#[test]
fn a_worker_lives_as_long_as_its_lease() {
    let mut workers = Workers::default();
    let me = workers.join(START, LEASE).unwrap();
    assert!(workers.live(START + LEASE, LEASE).contains(me));
    assert!(workers.live(START + LEASE + 1, LEASE).is_empty());
    workers.beat(me, &[], START + LEASE, LEASE);
    assert!(workers.live(START + 2 * LEASE, LEASE).contains(me));
}

#[test]
fn a_worker_given_up_for_dead_must_join_anew() {
    let mut workers = Workers::default();
    let me = workers.join(START, LEASE).unwrap();
    workers.beat(me, &[], START + LEASE + 1, LEASE);
    assert!(!workers.has(me));
    assert!(!workers.live(START + LEASE + 1, LEASE).contains(me));
    assert!(workers.join(START + LEASE + 1, LEASE).unwrap() > me);
}

#[test]
fn who_joined_after_somebody_looked_is_alive_for_them() {
    let mut workers = Workers::default();
    let me = workers.join(START, LEASE).unwrap();
    let live = workers.live(START, LEASE);
    let other = workers.join(START, LEASE).unwrap();
    assert!(live.contains(me) && live.contains(other));
}

#[test]
fn gauges_are_added_up_over_the_living() {
    let mut workers = Workers::default();
    for gauges in [&[(1, 1), (2, 2), (3, 3)][..], &[(2, 20), (1, 10)], &[(4, 100)]] {
        let me = workers.join(START, LEASE).unwrap();
        workers.beat(me, &named(gauges), START, LEASE);
    }
    let total = |workers: &Workers, name, at| workers.total(name, at, LEASE);
    assert_eq!([1, 2, 3, 4, 5].map(|name| total(&workers, name, START)), [11, 22, 3, 100, 0]);
    let late = START + LEASE + 1;
    let me = workers.join(late - 1, LEASE).unwrap();
    workers.beat(me, &named(&[(1, 7), (2, u32::MAX)]), late - 1, LEASE);
    assert_eq!([1, 2, 3].map(|name| total(&workers, name, late)), [7, u64::from(u32::MAX), 0]);
}

fn named(gauges: &[(u32, u32)]) -> Vec<Gauge> {
    gauges.iter().map(|(name, value)| Gauge { name: *name, value: *value }).collect()
}

#[test]
fn no_more_than_the_most_are_alive_at_once() {
    let mut workers = Workers::default();
    for _ in 0..MOST_WORKERS {
        workers.join(START, LEASE).unwrap();
    }
    assert_eq!(workers.join(START, LEASE), Err(TooMany));
    assert!(workers.join(START + LEASE + 1, LEASE).is_ok());
}

#[test]
fn decoding_undoes_encoding_and_reads_nothing_else() {
    let mut workers = Workers::default();
    let me = workers.join(START, LEASE).unwrap();
    workers.join(START, LEASE).unwrap();
    workers.beat(me, &named(&[(5, 1); 100]), START, LEASE);
    assert_eq!(workers.total(5, START, LEASE), u64::try_from(MOST_GAUGES).unwrap());
    let bytes = workers.to_bytes();
    assert_eq!(Workers::from_bytes(&bytes), workers);
    assert_eq!(Workers::from_bytes(&bytes[..bytes.len() - 1]), Workers::default());
    assert_eq!(Workers::from_bytes(b""), Workers::default());
}
