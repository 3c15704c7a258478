use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const START: u64 = 1_800_000_000 * SECOND;

fn hundred_per_minute(burst: u64) -> Quota {
    Quota::new(100, MINUTE, Some(burst)).unwrap()
}

/// Reserves, or panics.
fn reserve(bucket: Bucket, quota: &Quota, cost: u64, at: u64) -> (Bucket, Reservation) {
    let (bucket, reserved) = bucket.reserve(quota, cost, at);
    (bucket, reserved.unwrap())
}

#[test]
fn a_burst_is_let_in_unit_by_unit() {
    let quota = Quota::new(3, SECOND, None).unwrap();
    let mut bucket = Bucket::new(START);
    for _ in 0..3 {
        bucket = reserve(bucket, &quota, 1, START).0;
    }
    assert!(bucket.reserve(&quota, 1, START).1.is_err());
}

#[test]
fn the_wait_is_exact() {
    let quota = hundred_per_minute(100);
    let (bucket, _) = reserve(Bucket::new(START), &quota, 100, START);
    let (bucket, refused) = bucket.reserve(&quota, 30, START + SECOND);
    let Wait::Nanoseconds(wait) = refused.unwrap_err().wait else { panic!("30 fit some day") };
    assert_eq!(wait, 17 * SECOND - 100, "18 s for 30 units, less 1 s and the rounding's room");
    assert!(bucket.clone().reserve(&quota, 30, START + SECOND + wait - 1).1.is_err());
    assert!(bucket.reserve(&quota, 30, START + SECOND + wait).1.is_ok());
}

#[test]
fn more_than_a_burst_never_fits() {
    let quota = hundred_per_minute(100);
    let (_, refused) = Bucket::new(START).reserve(&quota, 101, START);
    assert_eq!(refused, Err(Shortage { wait: Wait::Never }));
}

#[test]
fn what_was_not_used_is_given_back() {
    let quota = hundred_per_minute(100);
    let (bucket, reservation) = reserve(Bucket::new(START), &quota, 100, START);
    let (bucket, settled) = bucket.settle(&quota, reservation, 40, START);
    assert_eq!(settled.charged, quota.charge(40));
    assert_eq!(settled.refunded, quota.charge(60));
    assert_eq!(bucket.remaining(&quota, START), 60);
}

#[test]
fn what_was_used_beyond_the_reservation_is_added_even_above_the_capacity() {
    let quota = hundred_per_minute(100);
    let (bucket, reservation) = reserve(Bucket::new(START), &quota, 100, START);
    let (bucket, settled) = bucket.settle(&quota, reservation, 150, START);
    assert_eq!(settled.extra, 30 * SECOND);
    assert_eq!(bucket.reset_ns(START), 90 * SECOND);
    assert_eq!(bucket.remaining(&quota, START), 0);
}

#[test]
fn nothing_is_refunded_of_what_has_drained_before_another_came() {
    let quota = hundred_per_minute(100);
    let (bucket, first) = reserve(Bucket::new(START), &quota, 100, START);
    let (bucket, _) = reserve(bucket, &quota, 100, START + MINUTE);
    let (bucket, settled) = bucket.settle(&quota, first, 0, START + MINUTE + SECOND);
    assert_eq!(settled.refunded, 0);
    assert_eq!(bucket.reset_ns(START + MINUTE + SECOND), 59 * SECOND);
}

#[test]
fn a_refund_gives_back_the_time_for_which_others_waited_behind_it() {
    let quota = hundred_per_minute(200);
    let (bucket, first) = reserve(Bucket::new(START), &quota, 100, START);
    let (bucket, _) = reserve(bucket, &quota, 100, START);
    let (bucket, settled) = bucket.settle(&quota, first, 0, START + MINUTE);
    assert_eq!(settled.refunded, MINUTE);
    assert!(bucket.is_idle(START + MINUTE));
}

#[test]
fn the_last_to_come_may_settle_first() {
    let quota = hundred_per_minute(200);
    let (bucket, first) = reserve(Bucket::new(START), &quota, 100, START);
    let (bucket, second) = reserve(bucket, &quota, 100, START);
    let (bucket, settled) = bucket.settle(&quota, second, 0, START);
    assert_eq!(settled.refunded, MINUTE);
    let (bucket, settled) = bucket.settle(&quota, first, 0, START);
    assert_eq!(settled.refunded, MINUTE);
    assert!(bucket.is_idle(START));
}

#[test]
fn a_bucket_begun_again_refunds_nothing_of_the_one_before() {
    let quota = hundred_per_minute(200);
    let (bucket, first) = reserve(Bucket::new(START), &quota, 100, START);
    assert!(bucket.is_idle(START + MINUTE) && !bucket.is_idle(START + MINUTE - 1));
    let (begun, _) = reserve(Bucket::new(START + MINUTE), &quota, 100, START + MINUTE);
    assert_eq!(begun.settle(&quota, first, 0, START + MINUTE).1.refunded, 0);
}

#[test]
fn a_clock_a_little_behind_drains_nothing_twice() {
    let quota = hundred_per_minute(100);
    let (bucket, _) = reserve(Bucket::new(START), &quota, 100, START);
    let (bucket, _) = bucket.reserve(&quota, 100, START - SECOND);
    assert_eq!(bucket.reset_ns(START), MINUTE);
    assert_eq!(bucket.reset_ns(START - SECOND), MINUTE + SECOND);
    let (_, refused) = bucket.reserve(&quota, 100, START - SECOND);
    let wait = MINUTE + SECOND - 100;
    assert_eq!(refused.unwrap_err().wait, Wait::Nanoseconds(wait));
}

#[test]
fn a_clock_set_back_by_an_hour_does_not_stop_the_bucket_for_an_hour() {
    let quota = hundred_per_minute(100);
    let (bucket, _) = reserve(Bucket::new(START), &quota, 100, START);
    let back = START - 60 * MINUTE;
    assert_eq!(bucket.reset_ns(back), MINUTE);
    let (bucket, refused) = bucket.reserve(&quota, 100, back);
    assert_eq!(refused.unwrap_err().wait, Wait::Nanoseconds(MINUTE - 100));
    assert_eq!(bucket.reset_ns(back + SECOND), 59 * SECOND);
}

#[test]
fn a_smaller_quota_of_a_new_configuration_keeps_the_debt() {
    let (bucket, _) = reserve(Bucket::new(START), &hundred_per_minute(100), 100, START);
    let smaller = Quota::new(10, MINUTE, None).unwrap();
    assert_eq!(bucket.remaining(&smaller, START), 0);
    assert_eq!(bucket.remaining(&smaller, START + MINUTE), 10);
}

#[test]
fn decoding_undoes_encoding_and_reads_nothing_else() {
    let quota = hundred_per_minute(200);
    let mut bucket = Bucket::new(START);
    for step in 0..20 {
        bucket = bucket.reserve(&quota, step, START + step).0;
        let bytes = bucket.to_bytes();
        assert!(bytes.len() <= Bucket::MAX_BYTES);
        assert_eq!(Bucket::from_bytes(&bytes), Some(bucket.clone()));
        assert_eq!(Bucket::from_bytes(&bytes[..bytes.len() - 1]), None);
    }
    assert_eq!(Bucket::from_bytes(b""), None);
}
