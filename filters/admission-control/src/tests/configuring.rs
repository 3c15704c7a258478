//! What is wrong with a configuration, each with its path.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn limit(mut limit: Value) -> Value {
    limit["name"] = json!("l");
    json!({"limits": [limit]})
}

fn adaptive(settings: Value) -> Value {
    limit(json!({"in_flight": {"adaptive": settings}}))
}

#[test]
fn each_problem_is_told_with_its_path() {
    let header = "must be a header's name";
    let one_kind = "must have exactly one of `requests`, `tokens` and `in_flight`";
    for (config, path, text) in [
        (json!({"store": ""}), "store", "must be a name without slashes"),
        (json!({"store": "a/b"}), "store", "must be a name without slashes"),
        (json!({"max_keys": 0}), "max_keys", "must be within 1 and 65536"),
        (json!({"max_keys": 65537}), "max_keys", "must be within 1 and 65536"),
        (json!({"cost": {"bytes_per_token": 0}}), "cost.bytes_per_token", "must be at least 1"),
        (
            json!({"queue": {"max_requests": 0}}),
            "queue.max_requests",
            "must be within 1 and 100000",
        ),
        (
            json!({"queue": {"max_requests": 1, "max_wait_ms": 0}}),
            "queue.max_wait_ms",
            "must be at least 1",
        ),
        (
            json!({"queue": {"max_requests": 1, "poll_ms": 0}}),
            "queue.poll_ms",
            "must be within 1 and 1000",
        ),
        (
            json!({"queue": {"max_requests": 1, "poll_ms": 1001}}),
            "queue.poll_ms",
            "must be within 1 and 1000",
        ),
        (json!({"deadline": {"header": "a b"}}), "deadline.header", header),
        (json!({"tenant": {"header": ""}}), "tenant.header", header),
        (
            json!({"tenant": {"header": "a", "forward_hash_as": ":"}}),
            "tenant.forward_hash_as",
            header,
        ),
        (json!({"tenant": {"header": "a", "hash_secret": ""}}), "tenant.hash_secret", "is empty"),
        (json!({"classes": [{"name": ""}]}), "classes[0].name", "is empty"),
        (
            json!({"classes": [{"name": "a"}, {"name": "a"}]}),
            "classes[1].name",
            "`a` is here twice",
        ),
        (
            json!({"classes": [{"name": "a", "room_percent": 0}]}),
            "classes[0].room_percent",
            "must be within 1 and 100",
        ),
        (
            json!({"classes": [{"name": "a", "room_percent": 101}]}),
            "classes[0].room_percent",
            "must be within 1 and 100",
        ),
        (
            json!({"classes": [{"name": "a", "room_percent": 50}, {"name": "b", "room_percent": 51}]}),
            "classes[1].room_percent",
            "is more than a more important class may fill",
        ),
        (
            json!({"classes": [{"name": "a", "refuse_above_load_percent": 90}]}),
            "classes[0].refuse_above_load_percent",
            "needs `load_reports.metrics`, which are empty",
        ),
        (json!({"default_class": "x"}), "default_class", "there is no class `x`"),
        (json!({"class_rules": [{"class": "x"}]}), "class_rules[0].class", "there is no class `x`"),
        (
            json!({"class_rules": [{"class": "default", "header": {"name": "?", "value": ""}}]}),
            "class_rules[0].header.name",
            header,
        ),
        (
            json!({"limits": [{"name": "a b", "in_flight": {"max": 1}}]}),
            "limits[0].name",
            "must be letters, digits, `-` and `_`",
        ),
        (
            json!({"limits": [{"name": "a", "in_flight": {"max": 1}}, {"name": "a", "in_flight": {"max": 1}}]}),
            "limits[1].name",
            "`a` is here twice",
        ),
        (limit(json!({})), "limits[0]", one_kind),
        (limit(json!({"requests": {"count": 1}, "tokens": {"count": 1}})), "limits[0]", one_kind),
        (
            limit(json!({"per": ["tenant"], "requests": {"count": 1}})),
            "limits[0].per",
            "has `tenant`, and `tenant` does not say how they are told apart",
        ),
        (
            limit(json!({"per": [{"header": "a b"}], "requests": {"count": 1}})),
            "limits[0].per[0].header",
            header,
        ),
        (
            limit(json!({"only": {"classes": ["x"]}, "requests": {"count": 1}})),
            "limits[0].only.classes[0]",
            "there is no class `x`",
        ),
        (
            limit(json!({"except": {"classes": ["default", "x"]}, "requests": {"count": 1}})),
            "limits[0].except.classes[1]",
            "there is no class `x`",
        ),
        (
            limit(json!({"requests": {"count": 0}})),
            "limits[0].requests",
            "must be at least 1 in each window",
        ),
        (
            limit(json!({"tokens": {"count": 1, "burst": 0}})),
            "limits[0].tokens",
            "the burst must be at least 1",
        ),
        (
            limit(json!({"tokens": {"count": 1, "window_ms": 0}})),
            "limits[0].tokens",
            "the window must be at least 1 ms",
        ),
        (
            limit(json!({"in_flight": {"max": 0}})),
            "limits[0].in_flight.max",
            "is 0, so nobody would be let in",
        ),
        (
            limit(json!({"in_flight": {}})),
            "limits[0].in_flight",
            "must have either `max` or `adaptive`",
        ),
        (
            limit(json!({"in_flight": {"max": 1, "adaptive": {}}})),
            "limits[0].in_flight",
            "must have either `max` or `adaptive`",
        ),
        (
            adaptive(json!({"min": 0})),
            "limits[0].in_flight.adaptive.min",
            "must be within 1 and `max`",
        ),
        (
            adaptive(json!({"initial": 1})),
            "limits[0].in_flight.adaptive.initial",
            "must be within `min` and `max`",
        ),
        (
            adaptive(json!({"samples": 4})),
            "limits[0].in_flight.adaptive.samples",
            "must be within 5 and 128",
        ),
        (
            adaptive(json!({"tolerance_percent": 1001})),
            "limits[0].in_flight.adaptive.tolerance_percent",
            "must be at most 1000",
        ),
        (
            adaptive(json!({"remeasure_ms": 999})),
            "limits[0].in_flight.adaptive.remeasure_ms",
            "must be at least 1000",
        ),
        (
            json!({"load_reports": {"metrics": [{"name": ""}]}}),
            "load_reports.metrics[0].name",
            "is empty",
        ),
        (
            json!({"load_reports": {"metrics": [{"name": "a", "full_at": 0}]}}),
            "load_reports.metrics[0].full_at",
            "must be more than 0",
        ),
        (
            json!({"load_reports": {"half_life_ms": 0}}),
            "load_reports.half_life_ms",
            "must be at least 1",
        ),
    ] {
        assert_eq!(problems(config.clone()), [format!("{path}: {text}")], "{config}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let config = json!({"store": "", "max_keys": 0, "limits": [{"name": "l"}]});
    assert_eq!(problems(config).len(), 3);
}

#[test]
fn keys_that_nobody_knows_are_refused() {
    for config in [json!({"limit": []}), limit(json!({"requests": {"count": 1, "bust": 2}}))] {
        assert_eq!(problems(config.clone()).len(), 1, "{config}");
    }
}

#[test]
fn nothing_at_all_is_a_configuration() {
    assert_eq!(problems(json!({})), [""; 0]);
    let filter = control(&json!({}));
    assert_eq!(filter.tick_ms(), None);
    let outcome = Trial::chat(&chat_of(1, 1)).sharing(local_cells()).through(&filter);
    assert_eq!(outcome.forwarded(), Default::default());
}

#[test]
fn ticks_come_as_often_as_they_are_needed() {
    let room = json!({"limits": [{"name": "l", "in_flight": {"max": 1}}]});
    assert_eq!(control(&room).tick_ms(), Some(1000));
    let mut queue = room;
    queue["queue"] = json!({"max_requests": 1, "poll_ms": 7});
    assert_eq!(control(&queue).tick_ms(), Some(7));
    queue["limits"] = json!([]);
    assert_eq!(control(&queue).tick_ms(), None, "nobody can wait");
}

#[test]
fn stores_and_limits_of_other_names_share_nothing() {
    let cells = |store: &str, limit: &str| {
        control(&json!({
            "store": store,
            "limits": [{"name": limit, "requests": {"count": 1}}],
        }))
        .cells()
    };
    let one = cells("a", "workers");
    assert!(!cells("b", "workers").iter().any(|cell| one.contains(cell)));
    let distinct: std::collections::BTreeSet<&String> = one.iter().collect();
    assert_eq!(distinct.len(), one.len(), "a limit can have any name");
    for other in ["loads", "secret", "x"] {
        let mine = format!("/{other}/0");
        assert!(cells("a", other).iter().any(|cell| cell.ends_with(&mine)));
    }
}
