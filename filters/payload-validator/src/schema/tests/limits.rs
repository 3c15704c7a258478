use super::{compiled, violation};
use crate::json_check::JsonCheck;
use crate::rules::{Mode, Rule};
use crate::schema::Validation;
use crate::violation::{Findings, Modes};
use inference_api::json::{Interest, Kind, NumberWords, Options};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn interest(schema: &Value, kind: Kind) -> Interest {
    let mut findings = Findings::new(Modes::default());
    Validation::new(compiled(schema)).value(kind, 0, &mut findings)
}

#[test]
fn passes_over_what_no_keyword_looks_into() {
    let kinds = [Kind::Object, Kind::Array, Kind::String, Kind::Number, Kind::Null];
    let names = json!({ "type": ["object", "array", "string", "number", "null"] });
    for kind in kinds {
        assert_eq!(interest(&json!(true), kind), Interest::Skip);
        assert_eq!(interest(&names, kind), Interest::Skip);
    }
    assert_eq!(interest(&json!({ "items": {} }), Kind::Object), Interest::Skip);
    assert_eq!(interest(&json!({ "maxProperties": 1 }), Kind::Array), Interest::Skip);
    assert_eq!(interest(&json!({ "maximum": 1 }), Kind::String), Interest::Skip);
    assert_eq!(interest(&json!({ "maxLength": 1 }), Kind::Number), Interest::Skip);
}

#[test]
fn takes_what_a_keyword_looks_into() {
    for (schema, kind) in [
        (json!({ "items": { "type": "null" } }), Kind::Array),
        (json!({ "maxItems": 1 }), Kind::Array),
        (json!({ "required": ["a"] }), Kind::Object),
        (json!({ "maxProperties": 1 }), Kind::Object),
        (json!({ "dependentSchemas": { "a": false } }), Kind::Object),
        (json!({ "anyOf": [{ "not": { "minimum": 1 } }] }), Kind::Number),
        (json!({ "type": "integer" }), Kind::Number),
        (json!({ "enum": ["a"], "maxLength": 1 }), Kind::String),
    ] {
        assert_eq!(interest(&schema, kind), Interest::Take, "{schema}");
    }
}

#[test]
fn measures_strings_of_which_only_the_length_matters() {
    assert_eq!(interest(&json!({ "maxLength": 1 }), Kind::String), Interest::Measure);
    let one_is_no_string = json!({ "anyOf": [{ "minLength": 1 }, { "const": 1 }] });
    assert_eq!(interest(&one_is_no_string, Kind::String), Interest::Measure);
}

#[test]
fn a_branch_that_has_failed_is_passed_over() {
    let schema = json!({ "anyOf": [
        { "properties": { "kind": { "const": "a" }, "x": { "items": { "minimum": 1 } } } },
        { "properties": { "kind": { "const": "b" } } },
    ] });
    let mut findings = Findings::new(Modes::default());
    let mut validation = Validation::new(compiled(&schema));
    validation.value(Kind::Object, 0, &mut findings);
    validation.key("kind");
    validation.key_end(0..6, &mut findings);
    assert_eq!(validation.value(Kind::String, 7, &mut findings), Interest::Take);
    validation.text("b");
    validation.value_end(Kind::String, 10, &mut findings);
    validation.key("x");
    validation.key_end(11..14, &mut findings);
    assert_eq!(validation.value(Kind::Array, 15, &mut findings), Interest::Skip);
}

#[test]
fn hears_nothing_more_after_a_violation() {
    let mut findings = Findings::new(Modes::default());
    let mut validation = Validation::new(compiled(&json!({ "items": { "items": false } })));
    assert_eq!(validation.value(Kind::Array, 0, &mut findings), Interest::Take);
    assert_eq!(validation.value(Kind::Array, 1, &mut findings), Interest::Take);
    assert_eq!(validation.value(Kind::Null, 2, &mut findings), Interest::Skip);
    assert!(findings.enforced().is_some());
    assert_eq!(validation.value(Kind::Array, 7, &mut findings), Interest::Skip);
}

#[test]
fn a_rule_that_is_only_reported_is_reported_once() {
    let mut modes = Modes::default();
    modes.set(Rule::JsonSchema, Mode::ReportOnly);
    let mut findings = Findings::new(modes);
    let mut validation = Validation::new(compiled(&json!({ "items": false })));
    validation.value(Kind::Array, 0, &mut findings);
    for at in 1..5 {
        validation.value(Kind::Null, at, &mut findings);
        validation.value_end(Kind::Null, at, &mut findings);
    }
    assert_eq!(findings.reported().len(), 1);
}

#[test]
fn a_rule_that_is_off_looks_at_nothing() {
    let mut modes = Modes::default();
    modes.set(Rule::JsonSchema, Mode::Off);
    let mut findings = Findings::new(modes);
    let mut validation = Validation::new(compiled(&json!({ "items": false })));
    assert_eq!(validation.value(Kind::Array, 0, &mut findings), Interest::Skip);
}

#[test]
fn a_number_that_is_looked_at_is_not_longer_than_the_limit() {
    let digits = |count: usize| format!("{:1<count$}", "0.");
    let schema = json!({ "not": { "maximum": 0 } });
    assert_eq!(violation(&schema, &digits(1024)), None);
    let found = violation(&schema, &digits(1025)).expect("a violation").to_string();
    assert_eq!(
        found,
        "a number of more than 1024 characters; allowed: at most 1024 characters in a number"
    );
    assert_eq!(violation(&json!({ "type": "number" }), &digits(2000)), None);
}

#[test]
fn schemas_that_ask_for_each_other_in_many_ways_are_held_once() {
    let level = |next: u32| {
        let target = json!({ "$ref": format!("#/$defs/{next}") });
        json!({ "allOf": [target, target] })
    };
    let mut definitions: serde_json::Map<_, _> =
        (0_u32..60).map(|place| (place.to_string(), level(place.saturating_add(1)))).collect();
    definitions.insert("60".to_owned(), json!({ "type": "null" }));
    let schema = json!({ "$defs": definitions, "anyOf": [{ "$ref": "#/$defs/0" }] });
    assert_eq!(violation(&schema, "null"), None);
    assert!(violation(&schema, "1").is_some());
}

#[test]
fn branches_that_contain_the_whole_schema_do_not_multiply() {
    let branch = |name: &str| json!({ "type": "object", "properties": { "a": { "$ref": "#" } }, "required": [name] });
    let schema = json!({ "anyOf": [branch("x"), branch("y"), { "type": "null" }] });
    let deep = |end: &str| format!("{}{end}{}", r#"{"x":1,"y":2,"a":"#.repeat(60), "}".repeat(60));
    let read = |text: &str| {
        let pieces = [text.as_bytes()];
        super::violation_of(&compiled(&schema), &pieces, Options::default()).unwrap()
    };
    assert_eq!(read(&deep("null")), None);
    assert!(read(&deep("1")).is_some());
}

#[test]
fn more_schemas_at_once_than_the_limit_do_not_fit() {
    let branches: Vec<_> = (0..1000)
        .map(|place| json!({ "additionalProperties": { "$ref": "#" }, "minimum": place }))
        .collect();
    let schema = json!({ "anyOf": branches });
    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let read = |text: &str| {
        let pieces = [text.as_bytes()];
        super::violation_of(&compiled(&schema), &pieces, Options::default()).unwrap()
    };
    assert_eq!(read(&nested(3)), None);
    let found = read(&nested(20)).expect("a violation").to_string();
    assert!(found.ends_with("at most 16384 schemas are looked at together"), "{found}");
    assert!(found.starts_with("/*/*/"), "{found}");
}

#[test]
fn what_is_not_a_number_is_within_no_limit() {
    let options = Options { words: NumberWords::NonFinite, ..Options::default() };
    let read = |schema: &Value, text: &str| {
        super::violation_of(&compiled(schema), &[text.as_bytes()], options).unwrap()
    };
    for schema in [json!({ "minimum": 0 }), json!({ "maximum": 0 }), json!({ "type": "integer" })] {
        assert!(read(&schema, "NaN").is_some(), "{schema}");
    }
    assert!(read(&json!({ "maximum": 0 }), "Infinity").is_some());
    assert!(read(&json!({ "minimum": 0 }), "-Infinity").is_some());
    assert!(read(&json!({ "type": "integer" }), "Infinity").is_some());
    assert_eq!(read(&json!({ "type": "number" }), "NaN"), None);
    assert_eq!(read(&json!({ "minimum": 0 }), "Infinity"), None);
}
