use super::*;
use crate::ledger::adaptive::{Adaptive, Sample, Settings};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn all(_worker: u32) -> bool {
    true
}

fn filled(counts: &[(u32, u32)]) -> Room {
    let mut room = Room::default();
    for (worker, count) in counts {
        for _ in 0..*count {
            room.enter(&all, *worker, u32::MAX).unwrap();
        }
    }
    room
}

#[test]
fn the_limit_holds_for_all_workers_together() {
    let mut room = Room::default();
    assert_eq!(room.enter(&all, 1, 2), Ok(InFlight { count: 1 }));
    assert_eq!(room.enter(&all, 2, 2), Ok(InFlight { count: 2 }));
    assert_eq!(room.enter(&all, 3, 2), Err(Full { in_flight: 2 }));
    assert_eq!(room.leave(&all, 1), InFlight { count: 2 });
    assert_eq!(room.enter(&all, 3, 2), Ok(InFlight { count: 2 }));
}

#[test]
fn places_of_a_dead_worker_are_dropped() {
    let mut room = filled(&[(1, 5), (2, 3)]);
    let alive = |worker| worker != 1;
    assert_eq!(room.enter(&alive, 2, 4), Ok(InFlight { count: 4 }));
    assert_eq!(room.in_flight(), 4);
}

#[test]
fn a_worker_whose_places_were_dropped_gives_none_back() {
    let mut room = filled(&[(1, 2), (2, 3)]);
    room.leave(&|worker| worker != 1, 2);
    assert_eq!(room.leave(&all, 1), InFlight { count: 2 });
    assert_eq!(room.in_flight(), 2);
}

#[test]
fn the_worker_that_asks_is_alive() {
    let mut room = filled(&[(1, 2)]);
    assert_eq!(room.leave(&|_| false, 1), InFlight { count: 2 });
    assert_eq!(room.in_flight(), 1);
}

#[test]
fn no_more_workers_than_fit_hold_places() {
    let mut room = Room::default();
    for worker in 0..MOST_HOLDERS {
        room.enter(&all, u32::try_from(worker).unwrap(), u32::MAX).unwrap();
    }
    assert_eq!(room.enter(&all, 9_999, u32::MAX), Err(Full { in_flight: 256 }));
    assert!(room.enter(&all, 7, u32::MAX).is_ok());
    room.adaptive = Some(Adaptive::new(&Settings::default(), 0));
    assert!(room.to_bytes().len() <= Room::MAX_BYTES);
    assert_eq!(Room::from_bytes(&room.to_bytes()), Some(room));
}

#[test]
fn a_room_is_idle_once_nobody_alive_is_in_it() {
    let room = filled(&[(1, 2)]);
    assert!(!room.is_idle(&all));
    assert!(room.is_idle(&|worker| worker != 1));
}

#[test]
fn the_mean_service_time_follows_by_an_eighth() {
    let mut room = Room::default();
    room.served(800);
    assert_eq!(room.service_us(), 800);
    room.served(1_600);
    assert_eq!(room.service_us(), 900);
    room.served(u32::MAX);
    room.served(u32::MAX);
    assert!(room.service_us() > 900);
}

#[test]
fn the_wait_grows_with_those_ahead() {
    let mut room = Room::default();
    assert_eq!(room.wait_us(3, 4), 0, "nothing is known");
    room.served(1_000);
    assert_eq!(room.wait_us(0, 4), 250);
    assert_eq!(room.wait_us(7, 4), 2_000);
    assert_eq!(room.wait_us(0, 0), 1_000);
}

#[test]
fn a_share_leaves_something_and_is_never_nothing() {
    assert_eq!(share(10, 100), 10);
    assert_eq!(share(10, 25), 2);
    assert_eq!(share(4, 80), 3);
    assert_eq!(share(10, 0), 1);
    assert_eq!(share(0, 50), 1);
    assert_eq!(share(u32::MAX, 100), u32::MAX);
}

#[test]
fn decoding_undoes_encoding_at_full_length_only() {
    let mut room = filled(&[(1, 2), (70_000, 1)]);
    room.served(42);
    let bytes = room.to_bytes();
    assert_eq!(Room::from_bytes(&bytes), Some(room.clone()));
    for length in 0..bytes.len() {
        assert_eq!(Room::from_bytes(&bytes[..length]), None);
    }
    let settings = Settings::default();
    let mut adaptive = Adaptive::new(&settings, 5);
    adaptive.record(&settings, Sample { started: 5, rtt_us: 7, in_flight: 1 }, 12);
    room.adaptive = Some(adaptive);
    assert_eq!(Room::from_bytes(&room.to_bytes()), Some(room));
}

#[test]
fn a_worker_that_has_given_all_back_takes_no_bytes() {
    let mut room = filled(&[(1, 2), (2, 1)]);
    room.leave(&all, 1);
    room.leave(&all, 1);
    room.leave(&all, 2);
    assert_eq!(room, Room::default());
}
