mod agreement;

use super::*;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Fleet {
    ships: Vec<Ship>,
    #[serde(default)]
    harbour: Option<String>,
    #[serde(default)]
    flags: BTreeMap<String, u8>,
    #[serde(default)]
    orders: Vec<Order>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Ship {
    name: String,
    #[serde(default)]
    guns: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Order {
    Anchor,
    Follow(Ship),
    Wait(u32),
}

fn problems(value: Value) -> Vec<String> {
    let parsed = parse_config::<Fleet>(value);
    parsed.problems.iter().map(ToString::to_string).collect()
}

/// The problems of a fleet that has no ships and this.
fn problems_with(key: &str, value: Value) -> Vec<String> {
    problems(json!({"ships": [], key: value}))
}

#[test]
fn reads_what_is_right() {
    let parsed = parse_config::<Fleet>(json!({
        "ships": [{"name": "a", "guns": 12.0}],
        "flags": {"red": 1},
        "orders": ["anchor", {"wait": 2}, {"follow": {"name": "b"}}],
    }));
    assert!(parsed.problems.is_empty());
    let orders =
        vec![Order::Anchor, Order::Wait(2), Order::Follow(Ship { name: "b".to_owned(), guns: 0 })];
    let ships = vec![Ship { name: "a".to_owned(), guns: 12 }];
    let flags = BTreeMap::from([("red".to_owned(), 1)]);
    assert_eq!(parsed.config, Some(Fleet { ships, harbour: None, flags, orders }));
}

#[test]
fn finds_every_problem_with_its_path() {
    let found = problems(json!({
        "ships": [
            {"name": 7},
            {"name": "b", "sails": 3},
            {"guns": 1},
            {"name": "d", "guns": -4},
            {"name": "e", "mast": true},
        ],
        "harbor": "x",
        "harbour": 5,
    }));
    let expected = [
        "harbor: unknown field `harbor`, expected one of `ships`, `harbour`, `flags`, `orders`",
        "harbour: invalid type: integer `5`, expected a string",
        "ships[0].name: invalid type: integer `7`, expected a string",
        "ships[1].sails: unknown field `sails`, expected `name` or `guns`",
        "ships[2]: missing field `name`",
        "ships[3].guns: invalid value: integer `-4`, expected u32",
        "ships[4].mast: unknown field `mast`, expected `name` or `guns`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn finds_every_problem_of_one_object() {
    let found = problems(json!({"ships": [{"mast": 1, "guns": "many", "sails": {}}]}));
    let expected = [
        "ships[0].guns: invalid type: string \"many\", expected u32",
        "ships[0].mast: unknown field `mast`, expected `name` or `guns`",
        "ships[0].sails: unknown field `sails`, expected `name` or `guns`",
        "ships[0]: missing field `name`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn finds_every_problem_of_a_map() {
    assert_eq!(
        problems_with("flags", json!({"blue": "no", "green": 1, "red": 256})),
        [
            "flags.blue: invalid type: string \"no\", expected u8",
            "flags.red: invalid value: integer `256`, expected u8",
        ]
    );
}

#[test]
fn a_key_that_would_be_taken_for_a_path_is_quoted() {
    let found = problems_with("flags", json!({"v1.2": -1, "": -1, "a b": -1, "x-1_Y": -1}));
    let paths: Vec<&str> = found.iter().filter_map(|text| text.split(": ").next()).collect();
    assert_eq!(paths, ["flags[\"\"]", "flags[\"a b\"]", "flags[\"v1.2\"]", "flags.x-1_Y"]);
    let found = problems_with("har.bour", json!(1));
    assert!(found[0].starts_with("[\"har.bour\"]: unknown field `har.bour`"), "{found:?}");
}

#[test]
fn an_order_is_a_word_or_an_object_with_one_key() {
    let wrong = |order: Value| problems_with("orders", json!([order])).join("; ");
    for (order, problem) in [
        (json!("sink"), ": unknown variant `sink`, expected one of `anchor`, `follow`, `wait`"),
        (
            json!({"sink": 1}),
            ": unknown variant `sink`, expected one of `anchor`, `follow`, `wait`",
        ),
        (json!(["anchor"]), ": invalid type: sequence, expected string or map"),
        (json!({}), ": invalid value: map, expected map with a single key"),
        (
            json!({"wait": 1, "anchor": null}),
            ": invalid value: map, expected map with a single key",
        ),
        (json!("wait"), ": invalid type: string \"wait\", expected an object with the key `wait`"),
        (json!({"anchor": 1}), ": invalid type: map, expected string \"anchor\""),
        (json!({"wait": null}), ".wait: invalid type: null, expected u32"),
        (json!({"follow": {"guns": 1}}), ".follow: missing field `name`"),
        (
            json!({"follow": {"name": "a", "mast": 1}}),
            ".follow.mast: unknown field `mast`, expected `name` or `guns`",
        ),
        (
            json!({"follow": {"name": true}}),
            ".follow.name: invalid type: boolean `true`, expected a string",
        ),
    ] {
        assert_eq!(wrong(order.clone()), format!("orders[0]{problem}"), "{order}");
    }
}

#[test]
fn an_object_is_never_a_list_of_its_values() {
    assert_eq!(
        problems(json!({"ships": [["a", 12], null]})),
        [
            "ships[0]: invalid type: sequence, expected an object",
            "ships[1]: invalid type: null, expected an object",
        ]
    );
}

#[test]
fn unknown_keys_do_not_hide_what_else_is_wrong() {
    let parsed = parse_config::<Fleet>(json!({"ships": [], "harbor": 1}));
    assert!(!parsed.problems.is_empty());
    assert!(parsed.config.is_some(), "the rest can still be looked at");
    let parsed = parse_config::<Fleet>(json!({"ships": [{"name": 1}]}));
    assert!(parsed.config.is_none(), "a ship is missing now: nothing true can be said");
    let parsed = parse_config::<Fleet>(json!({"ships": [], "flags": {"red": -1}, "harbor": 1}));
    assert!(parsed.config.is_none(), "so is a flag");
}

#[test]
fn a_key_of_a_map_that_is_wrong_is_not_only_unknown() {
    #[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Colour {
        Red,
    }
    let parsed = parse_config::<BTreeMap<Colour, u8>>(json!({"Red": 1, "Rad": 2}));
    let problems: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["Rad: unknown variant `Rad`, expected `Red`"]);
    assert_eq!(parsed.config, None);
}

#[test]
fn the_whole_can_be_wrong() {
    assert_eq!(problems(json!([])), ["invalid type: sequence, expected an object"]);
    assert_eq!(problems(json!({})), ["missing field `ships`"]);
    assert_eq!(problems(json!({"ships": {}})), ["ships: invalid type: map, expected a sequence"]);
}

#[test]
fn a_fraction_is_not_a_whole_number() {
    let found = problems(json!({"ships": [{"name": "a", "guns": 1.5}]}));
    assert_eq!(found, ["ships[0].guns: invalid type: floating point `1.5`, expected u32"]);
}

#[test]
fn a_double_that_has_no_exact_neighbours_is_not_a_whole_number() {
    let guns = |guns: f64| problems(json!({"ships": [{"name": "a", "guns": guns}]}));
    let found = guns(18_014_398_509_481_984.0);
    assert_eq!(
        found,
        ["ships[0].guns: invalid type: floating point `1.8014398509481984e+16`, expected u32"]
    );
    assert_eq!(
        guns(9_007_199_254_740_992.0),
        ["ships[0].guns: invalid value: integer `9007199254740992`, expected u32"]
    );
}

#[test]
fn says_that_it_does_not_tell_all_of_very_many_problems() {
    let ships = |count: usize| json!({"ships": vec![json!({}); count]});
    assert_eq!(problems(ships(32)).len(), 32);
    let found = problems(ships(33));
    assert_eq!(found.len(), 33);
    assert_eq!(found[32], "more is wrong than these 32 problems");
}
