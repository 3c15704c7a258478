//! Requests that wait for room.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// One place, a queue of three, two classes.
fn config() -> Value {
    json!({
        "limits": [{"name": "room", "in_flight": {"max": 1}}],
        "classes": [{"name": "high"}, {"name": "low"}],
        "class_rules": [{"class": "low", "header": {"name": "x-class", "value": "low"}}],
        "queue": {"max_requests": 3, "max_wait_ms": 100},
    })
}

fn high() -> Ask {
    Ask::of("/v2/models/a/infer")
}

fn low() -> Ask {
    high().header("x-class", "low")
}

fn of_model(model: &str) -> Ask {
    Ask::of(&format!("/v2/models/{model}/infer"))
}

/// A worker whose place is taken by request 0.
fn full(config: &Value) -> Worker {
    let mut worker = Worker::new(config, local_cells());
    assert_eq!(worker.send(0, at(0), &high()), Stage::Goes);
    worker
}

/// Those that go on, each when the one before is done.
fn order(worker: &mut Worker, first: u32, at_ms: u64) -> Vec<u32> {
    let mut order = Vec::new();
    let mut gone = Some(first);
    while let Some(ticket) = gone {
        worker.woken.clear();
        worker.answer(ticket, at(at_ms));
        let goes = |ticket: &&u32| worker.passages[ticket].stage == Stage::Goes;
        gone = worker.woken.iter().find(goes).copied();
        order.extend(gone);
    }
    order
}

#[test]
fn the_highest_class_goes_first_and_in_it_who_came_first() {
    let mut config = config();
    config["queue"]["max_requests"] = json!(9);
    let mut worker = full(&config);
    for (ticket, ask) in [(1, low()), (2, high()), (3, low()), (4, high())] {
        assert_eq!(worker.send(ticket, at(1), &ask), Stage::Waits);
    }
    assert_eq!(order(&mut worker, 0, 2), [2, 4, 1, 3]);
}

#[test]
fn in_a_full_queue_a_higher_class_displaces_the_last_of_the_lowest() {
    let mut worker = full(&config());
    for (ticket, ask) in [(1, low()), (2, low()), (3, high())] {
        assert_eq!(worker.send(ticket, at(1), &ask), Stage::Waits);
    }
    assert_eq!(worker.send(4, at(2), &high()), Stage::Waits);
    assert_eq!(worker.refused_by(2).as_deref(), Some("queue_full"));
    worker.send(5, at(2), &low());
    assert_eq!(worker.refused_by(5).as_deref(), Some("queue_full"));
    assert_eq!(order(&mut worker, 0, 3), [3, 4, 1]);
}

#[test]
fn nobody_waits_longer_than_is_allowed() {
    let mut worker = full(&config());
    worker.send(1, at(0), &high());
    worker.send(2, at(50), &high());
    worker.tick(at(99));
    assert_eq!(worker.stage(1), Stage::Waits);
    worker.tick(at(100));
    assert_eq!(worker.refused_by(1).as_deref(), Some("queue_timeout"));
    assert_eq!(worker.stage(2), Stage::Waits);
    assert_eq!(order(&mut worker, 0, 120), [2]);
    let refused =
        "inference_admission_refused_total_rule=.=queue_timeout;_limit=.=room;_class=.=high;";
    assert_eq!(worker.counted[refused], 1);
}

#[test]
fn one_that_waited_too_long_makes_way_for_the_next() {
    let mut worker = full(&config());
    worker.send(1, at(0), &high());
    worker.send(2, at(50), &high());
    // No tick came since; the place is free now.
    worker.answer(0, at(110));
    assert_eq!(worker.refused_by(1).as_deref(), Some("queue_timeout"));
    assert_eq!(worker.stage(2), Stage::Goes);
}

#[test]
fn one_that_waited_too_long_overtakes_nobody() {
    let cells = local_cells();
    let mut fleet = workers(2, &config(), cells);
    fleet[1].send(9, at(0), &high());
    fleet[0].send(1, at(0), &low());
    fleet[0].send(2, at(50), &high());
    fleet[1].answer(9, at(99));
    fleet[0].tick(at(100));
    assert_eq!(fleet[0].refused_by(1).as_deref(), Some("queue_timeout"));
    assert_eq!(fleet[0].stage(2), Stage::Goes);
}

#[test]
fn a_newcomer_does_not_overtake() {
    let mut fleet = workers(2, &config(), local_cells());
    fleet[1].send(9, at(0), &high());
    fleet[0].send(1, at(0), &high());
    fleet[1].answer(9, at(1));
    // Nobody told the first worker of the free place yet.
    assert_eq!(fleet[0].send(2, at(2), &high()), Stage::Waits);
    assert_eq!(fleet[0].stage(1), Stage::Goes, "it is first");
    fleet[0].answer(1, at(3));
    assert_eq!(fleet[0].stage(2), Stage::Goes);
}

#[test]
fn a_newcomer_of_a_higher_class_does() {
    let mut fleet = workers(2, &config(), local_cells());
    fleet[1].send(9, at(0), &high());
    fleet[0].send(1, at(0), &low());
    fleet[1].answer(9, at(1));
    assert_eq!(fleet[0].send(2, at(2), &high()), Stage::Goes);
    assert_eq!(fleet[0].stage(1), Stage::Waits);
}

#[test]
fn those_who_find_room_at_once_all_go_on() {
    let mut config = config();
    config["limits"][0]["in_flight"]["max"] = json!(3);
    let mut fleet = workers(2, &config, local_cells());
    for ticket in 0..3 {
        fleet[1].send(ticket, at(0), &high());
    }
    for ticket in 10..13 {
        assert_eq!(fleet[0].send(ticket, at(0), &high()), Stage::Waits);
    }
    for ticket in 0..3 {
        fleet[1].answer(ticket, at(1));
    }
    fleet[0].tick(at(10));
    for ticket in 10..13 {
        assert_eq!(fleet[0].stage(ticket), Stage::Goes, "{ticket}");
    }
}

#[test]
fn a_client_that_leaves_makes_way() {
    let mut worker = full(&config());
    for ticket in 1..=3 {
        worker.send(ticket, at(0), &high());
    }
    worker.finish(1, at(1));
    assert_eq!(worker.send(4, at(2), &high()), Stage::Waits, "there is room in the queue");
    assert_eq!(order(&mut worker, 0, 3), [2, 3, 4]);
}

#[test]
fn when_the_first_leaves_the_next_tries() {
    let mut fleet = workers(2, &config(), local_cells());
    fleet[1].send(9, at(0), &high());
    fleet[0].send(1, at(0), &high());
    fleet[0].send(2, at(0), &high());
    fleet[1].answer(9, at(1));
    fleet[0].finish(1, at(2));
    assert_eq!(fleet[0].stage(2), Stage::Goes, "there was room, and nobody had told so");
}

#[test]
fn what_one_waits_for_keeps_nobody_from_other_room() {
    let config = json!({
        "limits": [
            {"name": "each", "per": ["model"], "in_flight": {"max": 1}},
        ],
        "queue": {"max_requests": 9},
    });
    let mut worker = Worker::new(&config, local_cells());
    worker.send(0, at(0), &of_model("a"));
    worker.send(1, at(0), &of_model("b"));
    assert_eq!(worker.send(2, at(1), &of_model("a")), Stage::Waits);
    assert_eq!(worker.send(3, at(1), &of_model("b")), Stage::Waits);
    worker.answer(1, at(2));
    assert_eq!([worker.stage(2), worker.stage(3)], [Stage::Waits, Stage::Goes]);
}

#[test]
fn one_that_needs_two_places_blocks_only_the_one_that_it_lacks() {
    let config = json!({
        "limits": [
            {"name": "all", "in_flight": {"max": 2}},
            {"name": "x", "only": {"models": ["x"]}, "in_flight": {"max": 1}},
        ],
        "queue": {"max_requests": 9},
    });
    let mut worker = Worker::new(&config, local_cells());
    worker.send(0, at(0), &of_model("x"));
    worker.send(1, at(0), &of_model("a"));
    assert_eq!(worker.send(2, at(1), &of_model("x")), Stage::Waits, "for a place of all");
    assert_eq!(worker.send(3, at(1), &of_model("a")), Stage::Waits, "behind it");
    worker.answer(1, at(2));
    assert_eq!(worker.stage(2), Stage::Waits, "for a place of `x` now");
    assert_eq!(worker.stage(3), Stage::Goes);
    worker.answer(0, at(3));
    assert_eq!(worker.stage(2), Stage::Goes);
}

#[test]
fn a_deadline_that_can_not_be_met_is_told_at_once() {
    let mut worker = full(&config());
    worker.send(1, at(0), &high());
    worker.answer(0, at(80));
    // Requests take 80 ms: one that comes now has to wait as long, and then takes 80.
    for (ticket, name, value) in [
        (2, "x-request-timeout-ms", "159"),
        (3, "grpc-timeout", "159m"),
        (4, "grpc-timeout", "100u"),
    ] {
        worker.send(ticket, at(80), &high().header(name, value));
        assert_eq!(worker.refused_by(ticket).as_deref(), Some("deadline"), "{name}: {value}");
    }
    let Stage::Refused(reply) = worker.stage(2) else { panic!("it is not refused") };
    assert_eq!(header(&reply, "retry-after"), Some("1"));
    assert_eq!(worker.send(5, at(80), &high().header("grpc-timeout", "170m")), Stage::Waits);
    worker.send(
        6,
        at(80),
        &high().header("grpc-timeout", "9S").header("x-request-timeout-ms", "1"),
    );
    assert_eq!(worker.refused_by(6).as_deref(), Some("deadline"), "the sooner of both");
    assert_eq!(
        worker.send(7, at(80), &high().header("x-request-timeout-ms", "soon")),
        Stage::Waits,
        "what can't be read is none",
    );
}

#[test]
fn those_that_state_none_have_the_default_deadline() {
    let mut config = config();
    config["deadline"] = json!({"default_ms": 30, "header": "X-Patience"});
    let mut worker = full(&config);
    assert_eq!(worker.send(1, at(0), &high()), Stage::Waits);
    assert_eq!(worker.send(2, at(0), &high().header("x-patience", "60")), Stage::Waits);
    worker.tick(at(30));
    assert_eq!(worker.refused_by(1).as_deref(), Some("deadline"));
    assert_eq!(worker.stage(2), Stage::Waits);
}

#[test]
fn one_whose_deadline_comes_while_it_waits_is_told_so() {
    let mut worker = full(&config());
    worker.answer(0, at(20));
    worker.send(1, at(20), &high());
    assert_eq!(worker.send(2, at(20), &high().header("x-request-timeout-ms", "60")), Stage::Waits);
    worker.tick(at(59));
    assert_eq!(worker.stage(2), Stage::Waits);
    // It takes 20 ms, so by 60 it must have begun.
    worker.tick(at(60));
    assert_eq!(worker.refused_by(2).as_deref(), Some("deadline"));
}

#[test]
fn what_waited_and_did_not_go_on_used_nothing() {
    let mut config = config();
    config["limits"] = json!([
        {"name": "r", "requests": {"count": 3, "window_ms": 3_600_000}},
        {"name": "t", "tokens": {"count": 1000}},
        {"name": "room", "in_flight": {"max": 1}},
    ]);
    let mut worker = full(&config);
    worker.send(1, at(0), &high());
    worker.finish(1, at(1));
    worker.send(2, at(0), &high());
    worker.tick(at(100));
    assert_eq!(worker.refused_by(2).as_deref(), Some("queue_timeout"));
    worker.send(3, at(101), &low());
    worker.send(4, at(101), &low());
    worker.finish(3, at(102));
    worker.finish(4, at(102));
    let of =
        |what: &str| worker.counted[&format!("inference_admission_tokens_{what}_total_limit=.=t;")];
    assert_eq!(of("reserved"), 5);
    assert_eq!(of("refunded"), 4);
    worker.answer(0, at(103));
    assert_eq!(worker.send(5, at(104), &high()), Stage::Goes);
    worker.answer(5, at(105));
    assert_eq!(worker.send(6, at(106), &high()), Stage::Goes, "the third of three");
    worker.answer(6, at(107));
    worker.send(7, at(108), &high());
    assert_eq!(worker.refused_by(7).as_deref(), Some("request_quota"));
}

#[test]
fn one_that_is_answered_while_it_waits_leaves_the_queue() {
    let mut worker = full(&config());
    worker.send(1, at(0), &high());
    worker.answer_headers(1, at(1), &[(":status", "504")]);
    worker.finish(1, at(2));
    worker.send(2, at(3), &high());
    assert_eq!(order(&mut worker, 0, 4), [2]);
    assert_eq!(worker.send(3, at(5), &high()), Stage::Goes);
}

#[test]
fn the_length_of_the_queue_is_told() {
    let mut worker = full(&config());
    worker.send(1, at(0), &high());
    worker.send(2, at(0), &high());
    worker.tick(at(50));
    worker.tick(at(1000));
    assert_eq!(worker.gauges["inference_admission_queue_length"], 2);
    assert_eq!(worker.gauges["inference_admission_in_flight_limit=.=room;"], 1);
}
