//! When the state that workers share can't be changed.

use super::*;
use filter_kit::{CellError, Cells, KeepCells};
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn config(on_fault: &str) -> Value {
    json!({
        "on_fault": on_fault,
        "limits": [
            {"name": "r", "requests": {"count": 9}},
            {"name": "t", "tokens": {"count": 9}},
            {"name": "i", "in_flight": {"max": 1}},
        ],
        "queue": {"max_requests": 5},
    })
}

fn infer() -> Trial {
    Trial::of("POST", "/v2/models/m/infer").body("{}")
}

#[test]
fn requests_go_on_unchecked_and_are_counted_where_that_is_allowed() {
    let (outcome, notes) = infer().noting(&control(&config("allow")));
    assert_eq!(rule_of(&outcome), None);
    assert_eq!(fact(&notes, "inference.admission"), Some("unchecked"));
    assert_eq!(added(&notes, "inference_admission_unchecked_total_class=.=default;"), 1);
    assert_eq!(added(&notes, "inference_admission_admitted_total"), 0);
}

#[test]
fn requests_are_refused_where_that_is_said() {
    let reply = infer().through(&control(&config("deny"))).replied();
    assert_eq!((reply.status, &*reply.reason), (503, "admission-control;shared_state"));
    let mut only_secret = config("deny");
    only_secret["limits"] = json!([]);
    assert_eq!(rule_of(&infer().through(&control(&only_secret))), Some("shared_state"));
}

/// Fails at every change after the first so many.
struct Failing {
    state: Cells,
    left: AtomicUsize,
}

impl KeepCells for Failing {
    fn update(
        &self,
        cell: &str,
        step: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), CellError> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(CellError::Contended);
        }
        self.left.store(left - 1, Ordering::Relaxed);
        self.state.update(cell, |bytes| (step(bytes), ()))
    }
}

/// State that can be changed so often.
fn failing_after(changes: usize, state: Cells) -> Cells {
    Cells::new(Box::leak(Box::new(Failing { state, left: AtomicUsize::new(changes) })))
}

#[test]
fn wherever_it_fails_nobody_waits_or_panics_and_the_exchange_ends() {
    for on_fault in ["allow", "deny"] {
        for changes in 0..12 {
            let mut worker = Worker::new(&config(on_fault), failing_after(changes, local_cells()));
            let ask = Ask::of("/v2/models/m/infer");
            let stage = worker.send(1, at(0), &ask);
            assert_ne!(stage, Stage::Waits);
            let goes = stage == Stage::Goes;
            assert!(goes || on_fault == "deny", "after {changes}");
            if goes {
                worker.answer(1, at(1));
            }
            worker.tick(at(2000));
        }
    }
}

#[test]
fn what_failed_half_way_holds_no_place_in_this_worker() {
    let two = json!({
        "limits": [{"name": "a", "in_flight": {"max": 1}}, {"name": "b", "in_flight": {"max": 1}}],
    });
    for changes in 0..8 {
        let state = local_cells();
        let mut worker = Worker::new(&two, failing_after(changes, state));
        worker.send(1, at(0), &Ask::of("/v2/models/m/infer"));
        worker.finish(1, at(1));
        let held: u32 = worker.filter.seats.iter().map(|seats| seats.get()).sum();
        assert_eq!(held, 0, "after {changes}");
    }
}

#[test]
fn one_that_waits_stays_until_its_time_is_over() {
    let state = local_cells();
    let mut holder = Worker::new(&config("allow"), state);
    holder.send(1, at(0), &Ask::of("/v2/models/m/infer"));
    let mut worker = Worker::new(&config("allow"), failing_after(12, state));
    assert_eq!(worker.send(2, at(0), &Ask::of("/v2/models/m/infer")), Stage::Waits);
    for milliseconds in (10..1000).step_by(10) {
        worker.tick(at(milliseconds));
        assert_eq!(worker.stage(2), Stage::Waits);
    }
    worker.tick(at(1000));
    assert_eq!(worker.refused_by(2).as_deref(), Some("queue_timeout"));
}

/// Counts the changes.
struct Counting {
    state: Cells,
    changes: AtomicUsize,
}

impl KeepCells for Counting {
    fn update(
        &self,
        cell: &str,
        step: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), CellError> {
        self.state.update(cell, |bytes| {
            let replacement = step(bytes);
            self.changes.fetch_add(usize::from(replacement.is_some()), Ordering::Relaxed);
            (replacement, ())
        })
    }
}

#[test]
fn those_who_wait_in_vain_change_nothing() {
    let (state, changes) = (local_cells(), AtomicUsize::new(0));
    let counting: &'static Counting = Box::leak(Box::new(Counting { state, changes }));
    let mut worker = Worker::new(&config("allow"), Cells::new(counting));
    let ask = Ask::of("/v2/models/m/infer");
    worker.send(1, at(0), &ask);
    worker.send(2, at(0), &ask);
    let before = counting.changes.load(Ordering::Relaxed);
    for milliseconds in (10..900).step_by(10) {
        worker.tick(at(milliseconds));
    }
    assert_eq!(worker.stage(2), Stage::Waits);
    assert_eq!(counting.changes.load(Ordering::Relaxed), before, "others need these cells");
}

#[test]
fn a_worker_that_was_stopped_for_long_takes_no_place_that_others_don_t_see() {
    let config = json!({"limits": [{"name": "i", "in_flight": {"max": 1}}]});
    let mut fleet = workers(2, &config, local_cells());
    let ask = Ask::of("/v2/models/m/infer");
    for worker in &mut fleet {
        worker.send(1, at(0), &ask);
        if worker.stage(1) == Stage::Goes {
            worker.answer(1, at(0));
        }
    }
    for second in 1..=20 {
        fleet[0].tick(at(second * 1000));
    }
    // No tick came to the other one for 20 s, and now a request is sooner.
    assert_eq!(fleet[1].send(2, at(20_000), &ask), Stage::Goes);
    fleet[0].send(3, at(20_001), &ask);
    assert_eq!(fleet[0].refused_by(3).as_deref(), Some("in_flight"));
    fleet[1].tick(at(20_002));
    fleet[0].tick(at(21_000));
    fleet[0].send(4, at(21_001), &ask);
    assert_eq!(fleet[0].refused_by(4).as_deref(), Some("in_flight"));
}
