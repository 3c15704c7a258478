//! Who is of which class, which limits are for whom, and what each class may fill.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn ask(model: &str) -> Ask {
    Ask::of(&format!("/v2/models/{model}/infer"))
}

/// The class of a request, by what is counted.
fn class_of(config: &Value, ask: &Ask) -> String {
    let mut worker = Worker::new(config, local_cells());
    worker.send(1, at(0), ask);
    let admitted = "inference_admission_admitted_total_class=.=";
    let name = worker.counted.keys().find_map(|name| name.strip_prefix(admitted)).unwrap();
    name.trim_end_matches(';').to_owned()
}

#[test]
fn the_first_rule_that_fits_says_the_class() {
    let config = json!({
        "tenant": {"header": "x-tenant-id"},
        "classes": [{"name": "gold"}, {"name": "silver"}, {"name": "bronze"}],
        "default_class": "bronze",
        "class_rules": [
            {"class": "gold", "header": {"name": "X-Class", "value": "gold"}, "tenants": ["acme"]},
            {"class": "silver", "models": ["m"]},
            {"class": "gold", "tenants": ["acme", "initech"]},
        ],
    });
    for (class, ask) in [
        ("gold", ask("m").header("x-class", "gold").header("x-tenant-id", "acme")),
        ("silver", ask("m").header("x-class", "gold").header("x-tenant-id", "initech")),
        ("gold", ask("n").header("x-tenant-id", "initech")),
        ("bronze", ask("n").header("x-class", "gold")),
        ("silver", ask("n").header("x-model-name", "m")),
        ("bronze", ask("n").header("x-tenant-id", "nobody")),
    ] {
        assert_eq!(class_of(&config, &ask), class, "{ask:?}");
    }
}

#[test]
fn a_header_that_stands_there_twice_makes_no_class() {
    let config = json!({
        "classes": [{"name": "gold"}, {"name": "bronze"}],
        "default_class": "bronze",
        "class_rules": [{"class": "gold", "header": {"name": "x-class", "value": "gold"}}],
    });
    let twice = ask("m").header("x-class", "gold").header("x-class", "gold");
    assert_eq!(class_of(&config, &twice), "bronze");
    assert_eq!(class_of(&config, &ask("m").header("x-class", " gold ")), "gold");
}

#[test]
fn a_class_may_fill_its_part_and_the_rest_is_kept_for_higher_ones() {
    let config = json!({
        "limits": [{"name": "room", "in_flight": {"max": 5}}],
        "classes": [
            {"name": "high"},
            {"name": "middle", "room_percent": 80},
            {"name": "low", "room_percent": 50},
        ],
        "class_rules": [
            {"class": "middle", "header": {"name": "x-class", "value": "middle"}},
            {"class": "low", "header": {"name": "x-class", "value": "low"}},
        ],
    });
    let mut worker = Worker::new(&config, local_cells());
    let of = |class: &str| ask("m").header("x-class", class);
    let mut goes = |class: &str, ticket| worker.send(ticket, at(0), &of(class)) == Stage::Goes;
    let low = [1, 2, 3, 4].map(|ticket| goes("low", ticket));
    assert_eq!(low, [true, true, false, false], "half of five, rounded down");
    let middle = [5, 6, 9].map(|ticket| goes("middle", ticket));
    assert_eq!(middle, [true, true, false]);
    let high = [7, 8].map(|ticket| goes("high", ticket));
    assert_eq!(high, [true, false], "the last place is reserved for them");
}

/// How many of these go on, each for itself.
fn going(config: &Value, asks: &[Ask]) -> Vec<bool> {
    let mut worker = Worker::new(config, local_cells());
    let sent = (1..).zip(asks);
    sent.map(|(ticket, ask)| worker.send(ticket, at(0), ask) == Stage::Goes).collect()
}

fn one(limit: Value) -> Value {
    let mut limit = limit;
    limit["name"] = json!("l");
    limit["requests"] = json!({"count": 1});
    json!({
        "limits": [limit],
        "tenant": {"header": "x-tenant-id"},
        "classes": [{"name": "a"}, {"name": "b"}],
        "class_rules": [{"class": "b", "models": ["b"]}],
    })
}

#[test]
fn a_limit_is_for_those_that_it_selects() {
    let tenant = |name: &str| ask("m").header("x-tenant-id", name);
    let only = one(json!({"only": {"tenants": ["acme"]}}));
    let asks = [tenant("acme"), tenant("acme"), tenant("x"), ask("m")];
    assert_eq!(going(&only, &asks), [true, false, true, true]);
    let except = one(json!({"except": {"tenants": ["acme"]}}));
    assert_eq!(going(&except, &asks), [true, true, true, false]);
    let both = one(json!({"only": {"models": ["m"]}, "except": {"tenants": ["acme"]}}));
    let asks = [tenant("acme"), tenant("acme"), tenant("x"), tenant("x"), ask("n"), ask("n")];
    assert_eq!(going(&both, &asks), [true, true, true, false, true, true]);
    let classes = one(json!({"only": {"classes": ["b"]}}));
    assert_eq!(
        going(&classes, &[ask("b"), ask("b"), ask("c"), ask("c")]),
        [true, false, true, true]
    );
    let versions = one(json!({"only": {"versions": ["2"]}}));
    let version = |number: u32| Ask::of(&format!("/v2/models/m/versions/{number}/infer"));
    let asks = [version(2), version(2), version(1), ask("m")];
    assert_eq!(going(&versions, &asks), [true, false, true, true]);
    let all = one(json!({"only": {"tenants": ["acme"], "models": ["m"]}}));
    let other = ask("n").header("x-tenant-id", "acme");
    let asks = [tenant("acme"), other.clone(), other, tenant("acme")];
    assert_eq!(going(&all, &asks), [true, true, true, false], "all that is said must fit");
}

#[test]
fn what_is_kept_apart_has_the_whole_limit_each() {
    let header = |value: &str| ask("m").header("x-region", value);
    let by_header = one(json!({"per": [{"header": "X-Region"}]}));
    let asks = [header("eu"), header("us"), header("eu"), ask("m"), ask("m"), header("")];
    assert_eq!(going(&by_header, &asks), [true, true, false, true, false, true]);
    let by_both = one(json!({"per": ["tenant", "model", "version"]}));
    let of = |tenant: &str, model: &str| ask(model).header("x-tenant-id", tenant);
    let version = Ask::of("/v2/models/m/versions/2/infer").header("x-tenant-id", "a");
    let asks = [of("a", "m"), of("a", "n"), of("b", "m"), version, of("a", "m"), of("b", "m")];
    assert_eq!(going(&by_both, &asks), [true, true, true, true, false, false]);
    assert_eq!(going(&one(json!({})), &[ask("x"), of("b", "y")]), [true, false], "all together");
}

#[test]
fn models_are_read_where_the_configuration_says() {
    let mut config = one(json!({"per": ["model"]}));
    let asks = [ask("m").header("x-model-name", "z"), ask("n").header("x-model-name", "z")];
    assert_eq!(going(&config, &asks), [true, false]);
    config["model_headers"] = json!("ignore");
    assert_eq!(going(&config, &asks), [true, true]);
}

#[test]
fn only_inference_is_counted_unless_all_is() {
    let mut config = one(json!({}));
    let list = Ask::of("/grpc.health.v1.Health/Check").header("content-type", "application/grpc");
    assert_eq!(going(&config, &[list.clone(), list.clone()]), [true, true]);
    let unknown = || Ask::of("/invocations");
    assert_eq!(going(&config, &[unknown(), unknown()]), [true, false], "a model may be there");
    config["applies_to"] = json!("all");
    assert_eq!(going(&config, &[list.clone(), list]), [true, false]);
}
