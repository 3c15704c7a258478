//! Limits that are only reported.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn limits(limits: Value) -> Value {
    json!({"limits": limits, "cost": {"bytes_per_token": 1}})
}

#[test]
fn a_quota_that_is_only_reported_refuses_nobody() {
    for (kind, rule) in [
        (json!({"requests": {"count": 1}}), "request_quota"),
        (json!({"tokens": {"count": 60}}), "token_quota"),
    ] {
        let mut limit = kind;
        limit["name"] = json!("soft");
        limit["mode"] = json!("report_only");
        let filter = control(&limits(json!([limit])));
        let trial = Trial::chat(&chat_of(10, 40)).sharing(local_cells());
        let (_, first) = trial.noting(&filter);
        assert_eq!(added(&first, "inference_admission_reported_total"), 0);
        let (outcome, notes) = trial.noting(&filter);
        assert_eq!(rule_of(&outcome), None);
        let reported = format!("inference_admission_reported_total_rule=.={rule};_limit=.=soft;");
        assert_eq!(added(&notes, &reported), 1);
        assert_eq!(fact(&notes, "inference.admission"), Some(&*format!("reported:{rule}")));
        assert_eq!(added(&notes, "inference_admission_admitted_total"), 1);
    }
}

#[test]
fn room_that_is_only_reported_refuses_nobody() {
    let config = limits(json!([{"name": "soft", "in_flight": {"max": 1}, "mode": "report_only"}]));
    let mut worker = Worker::new(&config, local_cells());
    let ask = Ask::of("/v2/models/m/infer");
    for ticket in 0..4 {
        assert_eq!(worker.send(ticket, at(0), &ask), Stage::Goes);
    }
    let reported =
        "inference_admission_reported_total_rule=.=in_flight;_limit=.=soft;_class=.=default;";
    assert_eq!(worker.counted[reported], 3);
    assert_eq!(worker.fact(3, "inference.admission"), Some("reported:in_flight"));
}

#[test]
fn what_was_reported_before_a_wait_is_still_said_after_it() {
    let mut config = limits(json!([
        {"name": "soft", "requests": {"count": 1}, "mode": "report_only"},
        {"name": "room", "in_flight": {"max": 1}},
    ]));
    config["queue"] = json!({"max_requests": 5});
    let mut worker = Worker::new(&config, local_cells());
    let ask = Ask::of("/v2/models/m/infer");
    worker.send(1, at(0), &ask);
    assert_eq!(worker.send(2, at(0), &ask), Stage::Waits);
    worker.answer(1, at(1));
    assert_eq!(worker.stage(2), Stage::Goes);
    assert_eq!(worker.fact(2, "inference.admission"), Some("reported:request_quota"));
}

#[test]
fn one_that_waits_is_reported_once() {
    let mut config = limits(json!([
        {"name": "soft", "in_flight": {"max": 1}, "mode": "report_only"},
        {"name": "hard", "in_flight": {"max": 2}},
    ]));
    config["queue"] = json!({"max_requests": 5, "max_wait_ms": 1000});
    let mut worker = Worker::new(&config, local_cells());
    let ask = Ask::of("/v2/models/m/infer");
    for ticket in 0..3 {
        worker.send(ticket, at(0), &ask);
    }
    assert_eq!(worker.stage(2), Stage::Waits);
    for ms in 1..20 {
        worker.tick(at(ms));
    }
    worker.answer(0, at(20));
    assert_eq!(worker.stage(2), Stage::Goes);
    let reported =
        "inference_admission_reported_total_rule=.=in_flight;_limit=.=soft;_class=.=default;";
    assert_eq!(worker.counted[reported], 2, "the second and the third");
}
