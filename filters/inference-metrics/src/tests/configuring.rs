//! What is wrong with a configuration, each with its path.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn problems(config: Value) -> Vec<String> {
    let parsed = parse_config(config);
    let mut told: Vec<String> = parsed.problems.iter().map(Problem::to_string).collect();
    if let Some(Err(error)) = parsed.config.map(InferenceMetrics::configure) {
        told.extend(error.problems().iter().map(Problem::to_string));
    }
    told
}

fn model(mut model: Value) -> Value {
    model["name"] = json!("demo");
    json!({"models": [model]})
}

#[test]
fn each_problem_is_told_with_its_path() {
    let header = "must be a header's name";
    let least = crate::family::Group::most_series() * 3;
    let too_few = format!("must be at least {least}: there would be room for no model");
    let tenants = "is here, and `tenant` does not say how they are told apart";
    let taken = |name: &str| format!("`{name}` is the label of those that have none of their own");
    for (config, path, text) in [
        (json!({"models": [{"name": ""}]}), "models[0].name", "is empty"),
        (
            json!({"models": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}),
            "models[2].name",
            "`a` is here twice",
        ),
        (json!({"models": [{"name": "other"}]}), "models[0].name", &taken("other")),
        (json!({"models": [{"name": "none"}]}), "models[0].name", &taken("none")),
        (model(json!({"versions": ["1", ""]})), "models[0].versions[1]", "is empty"),
        (model(json!({"versions": ["1", "1"]})), "models[0].versions[1]", "`1` is here twice"),
        (model(json!({"versions": ["other"]})), "models[0].versions[0]", &taken("other")),
        (model(json!({"versions": ["none"]})), "models[0].versions[0]", &taken("none")),
        (
            json!({"class_rules": [{"class": "a", "tenants": ["t"]}]}),
            "class_rules[0].tenants",
            tenants,
        ),
        (json!({"class_rules": [{"class": ""}]}), "class_rules[0].class", "is empty"),
        (
            json!({"class_rules": [
                {"class": "a"}, {"class": "b", "header": {"name": "a b", "value": ""}},
            ]}),
            "class_rules[1].header.name",
            header,
        ),
        (json!({"default_class": ""}), "default_class", "is empty"),
        (json!({"tenant": {"header": ""}}), "tenant.header", header),
        (json!({"tenant": {"header": "x:y"}}), "tenant.header", header),
        (json!({"tenant": {"header": "x", "hash_secret": ""}}), "tenant.hash_secret", "is empty"),
        (
            json!({"tenant": {"header": "Authorization", "stated_as": "name"}}),
            "tenant.stated_as",
            "`name` would write credentials into logs and traces",
        ),
        (json!({"input_hash": {"secret": ""}}), "input_hash.secret", "is empty"),
        (json!({"store": ""}), "store", "must be a name without slashes"),
        (json!({"store": "a/b"}), "store", "must be a name without slashes"),
        (json!({"bytes_per_token": 0}), "bytes_per_token", "must be at least 1"),
        (json!({"max_series": 0}), "max_series", &too_few),
        (json!({"max_series": least - 1}), "max_series", &too_few),
    ] {
        assert_eq!(problems(config.clone()), [format!("{path}: {text}")], "{config}");
    }
}

#[test]
fn each_price_must_be_within_its_range() {
    for name in [
        "request_microunits",
        "input_token_microunits",
        "cached_token_microunits",
        "cache_write_token_microunits",
        "output_token_microunits",
    ] {
        for price in [-0.000_001, 1_000_000_000.1] {
            let told = problems(model(json!({"price": {name: price}})));
            let text = "must be within 0 and 1000000000";
            assert_eq!(told, [format!("models[0].price.{name}: {text}")], "{price}");
        }
        for price in [0.0, 0.15, 1e9] {
            assert_eq!(problems(model(json!({"price": {name: price}}))), [""; 0], "{name} {price}");
        }
    }
}

#[test]
fn keys_that_nobody_knows_are_refused_wherever_they_stand() {
    for config in [
        json!({"model": []}),
        model(json!({"version": []})),
        model(json!({"price": {"token": 1}})),
        json!({"tenant": {"header": "x", "hash": "y"}}),
        json!({"class_rules": [{"class": "x", "tenant": "y"}]}),
        json!({"class_rules": [{"class": "x", "header": {"name": "a", "value": "b", "is": "c"}}]}),
        json!({"input_hash": {"secret": "x", "salt": "y"}}),
    ] {
        assert_eq!(problems(config.clone()).len(), 1, "{config}");
    }
}

#[test]
fn words_that_mean_nothing_are_refused() {
    for (key, word) in [
        ("model_from", "body"),
        ("applies_to", "some"),
        ("compressed_answers", "unpack"),
        ("facts", "some"),
    ] {
        assert_eq!(problems(json!({key: word})).len(), 1, "{key}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let config = json!({
        "models": [{"name": "", "versions": [""], "price": {"request_microunits": -1}}],
        "class_rules": [{"class": ""}],
        "bytes_per_token": 0,
    });
    assert_eq!(problems(config).len(), 5);
}

#[test]
fn nothing_at_all_is_a_configuration() {
    assert_eq!(problems(json!({})), [""; 0]);
}

#[test]
fn one_name_may_stand_in_two_models_and_a_model_may_be_called_like_its_version() {
    let config = json!({"models": [
        {"name": "a", "versions": ["1", "a"]}, {"name": "b", "versions": ["1"]},
    ]});
    assert_eq!(problems(config), [""; 0]);
}

#[test]
fn as_few_series_as_there_must_be_are_enough() {
    let least = crate::family::Group::most_series() * 3;
    assert_eq!(problems(json!({"max_series": least})), [""; 0]);
}

#[test]
fn filters_of_other_stores_share_nothing() {
    let cells = |store: &str| metrics(json!({"store": store})).cells();
    assert_eq!(cells("a"), cells("a"));
    assert!(!cells("b").iter().any(|cell| cells("a").contains(cell)));
}
