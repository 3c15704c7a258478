use crate::schema::Schema;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Where the problems are, and how each text begins.
fn problems(schema: &Value) -> Vec<(String, String)> {
    let problems = Schema::compile(schema).map(|_| ()).expect_err("problems");
    problems.into_iter().map(|problem| (problem.pointer, problem.text)).collect()
}

fn refused(schema: &Value, pointer: &str, text: &str) {
    let problems = problems(schema);
    let [(found, sentence)] = problems.as_slice() else { panic!("{schema}: {problems:?}") };
    assert_eq!(found, pointer, "{schema}");
    assert!(sentence.starts_with(text), "{schema}: {sentence}");
}

#[test]
fn refuses_what_would_keep_the_body() {
    refused(&json!({ "uniqueItems": true }), "/uniqueItems", "can't be checked while the body");
    refused(
        &json!({ "properties": { "x": { "unevaluatedProperties": false } } }),
        "/properties/x/unevaluatedProperties",
        "can't be checked while the body",
    );
    refused(&json!({ "unevaluatedItems": true }), "/unevaluatedItems", "can't be checked");
    refused(&json!({ "const": [1] }), "/const", "is an object or array");
    refused(&json!({ "enum": [1, {}] }), "/enum/1", "is an object or array");
}

#[test]
fn refuses_what_it_does_not_support() {
    refused(&json!({ "$dynamicRef": "#x" }), "/$dynamicRef", "is not supported");
    refused(&json!({ "items": { "$anchor": "x" } }), "/items/$anchor", "is not supported");
    refused(&json!({ "not": { "$id": "x" } }), "/not/$id", "would change what `$ref` means");
    refused(&json!({ "pattern": "^a" }), "/pattern", "is not supported");
    refused(&json!({ "patternProperties": {} }), "/patternProperties", "is not supported");
    refused(&json!({ "dependencies": {} }), "/dependencies", "is not supported");
}

#[test]
fn refuses_a_keyword_that_it_does_not_know() {
    refused(&json!({ "maxLenght": 1 }), "/maxLenght", "is not a keyword");
    refused(
        &json!({ "properties": { "a/b": { "tipe": "x" } } }),
        "/properties/a~1b/tipe",
        "is not",
    );
    refused(&json!({ "$defs": { "unused": { "x": 1 } } }), "/$defs/unused/x", "is not a keyword");
    refused(&json!({ "then": { "x": 1 } }), "/then/x", "is not a keyword");
}

#[test]
fn refuses_values_that_are_none_of_the_keywords() {
    for (schema, pointer, text) in [
        (json!(1), "", "must be a schema"),
        (json!({ "items": "x" }), "/items", "must be a schema"),
        (json!({ "type": "float" }), "/type", "must be object"),
        (json!({ "type": ["string", 1] }), "/type", "must be a list of strings"),
        (json!({ "enum": "a" }), "/enum", "must be a list"),
        (json!({ "required": "a" }), "/required", "must be a list of strings"),
        (json!({ "properties": [] }), "/properties", "must be an object"),
        (json!({ "properties": { "a": 1 } }), "/properties/a", "must be a schema"),
        (json!({ "minLength": -1 }), "/minLength", "must be a whole number"),
        (json!({ "maxItems": 1.5 }), "/maxItems", "must be a whole number"),
        (json!({ "minContains": "1" }), "/minContains", "must be a whole number"),
        (json!({ "minimum": "1" }), "/minimum", "must be a number"),
        (json!({ "multipleOf": 0 }), "/multipleOf", "must be more than zero"),
        (json!({ "anyOf": [] }), "/anyOf", "must be a list of at least one"),
        (json!({ "allOf": {} }), "/allOf", "must be a list of at least one"),
        (json!({ "prefixItems": [], }), "/prefixItems", "must be a list of at least one"),
        (json!({ "dependentRequired": { "a": 1 } }), "/dependentRequired/a", "must be a list"),
        (json!({ "items": [true], "prefixItems": [true] }), "/items", "is a list, but"),
    ] {
        refused(&schema, pointer, text);
    }
}

#[test]
fn refuses_references_that_lead_nowhere() {
    for target in ["#/$defs/x", "#x", "x.json", "https://example.com/x", "#/%zz", "", "#/%ff"] {
        let problems = problems(&json!({ "not": { "$ref": target } }));
        assert_eq!(problems.len(), 1, "{target}: {problems:?}");
        assert_eq!(problems[0].0, "/not/$ref", "{target}");
    }
    refused(&json!({ "$ref": 1 }), "/$ref", "must be a place in this schema");
}

#[test]
fn refuses_references_that_lead_back_without_going_into_a_value() {
    let text = "leads back to itself";
    refused(&json!({ "$ref": "#" }), "/$ref", text);
    refused(&json!({ "anyOf": [true, { "$ref": "#" }] }), "/anyOf/1/$ref", text);
    refused(&json!({ "if": { "not": { "$ref": "#/if" } } }), "/if/not/$ref", text);
    let two = json!({
        "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "allOf": [{ "$ref": "#/$defs/a" }] } },
        "properties": { "x": { "$ref": "#/$defs/a" } },
    });
    let pointers: Vec<_> = problems(&two).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/$defs/a/$ref", "/$defs/b/allOf/0/$ref"]);
}

#[test]
fn says_all_problems_at_once() {
    let schema = json!({
        "type": "strin",
        "properties": { "b": { "minimum": "x" }, "a": { "uniqueItems": true, "$ref": "#/x" } },
    });
    let pointers: Vec<_> = problems(&schema).into_iter().map(|(pointer, _)| pointer).collect();
    let expected =
        ["/properties/a/$ref", "/properties/a/uniqueItems", "/properties/b/minimum", "/type"];
    assert_eq!(pointers, expected);
}

#[test]
fn refuses_a_schema_of_too_many_subschemas() {
    let list = vec![json!(true); 4096];
    refused(&json!({ "prefixItems": list }), "", "has more than 4096 subschemas");
    assert!(Schema::compile(&json!({ "prefixItems": &list[1..] })).is_ok());
}
