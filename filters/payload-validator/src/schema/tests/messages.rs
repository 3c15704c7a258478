use super::violation;
use crate::rules::Rule;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn says(schema: &Value, text: &str, sentence: &str) {
    let violation = violation(schema, text).expect("a violation");
    assert_eq!(violation.rule, Rule::JsonSchema);
    assert_eq!(violation.to_string(), sentence, "{schema} {text}");
}

#[test]
fn says_what_was_found_and_what_is_allowed() {
    for (schema, text, sentence) in [
        (json!({ "type": "string" }), "1", "a number; allowed: a string"),
        (
            json!({ "type": ["null", "integer"] }),
            "1.5",
            "a number; allowed: a whole number or null",
        ),
        (json!(false), "[]", "an array; allowed: nothing"),
        (json!({ "enum": ["a", 1] }), r#""secret""#, r#"a string; allowed: one of "a", 1"#),
        (json!({ "const": null }), "true", "a boolean; allowed: null"),
        (
            json!({ "maxLength": 1 }),
            r#""ab""#,
            "a string of 2 characters; allowed: at most 1 character",
        ),
        (
            json!({ "minLength": 3 }),
            r#""é""#,
            "a string of 1 character; allowed: at least 3 characters",
        ),
        (
            json!({ "maxItems": 2 }),
            "[1,2,3,4]",
            "an array of more than 2 items; allowed: at most 2 items",
        ),
        (json!({ "minItems": 1 }), "[]", "an array of 0 items; allowed: at least 1 item"),
        (
            json!({ "maxProperties": 0 }),
            r#"{"a":1}"#,
            "an object of more than 0 properties; allowed: at most 0 properties",
        ),
        (
            json!({ "minProperties": 1 }),
            "{}",
            "an object of 0 properties; allowed: at least 1 property",
        ),
        (json!({ "minimum": 1.5 }), "1", "a number; allowed: at least 1.5"),
        (json!({ "exclusiveMinimum": 1 }), "1", "a number; allowed: more than 1"),
        (json!({ "maximum": 0 }), "1", "a number; allowed: at most 0"),
        (json!({ "exclusiveMaximum": 1 }), "1", "a number; allowed: less than 1"),
        (json!({ "multipleOf": 2 }), "1", "a number; allowed: a multiple of 2"),
        (
            json!({ "required": ["a/b"] }),
            "{}",
            "/a~1b: nothing; allowed: a value, since it is required",
        ),
        (
            json!({ "dependentRequired": { "a": ["b"] } }),
            r#"{"a":1}"#,
            "/b: nothing; allowed: a value, since there is `a`",
        ),
        (
            json!({ "contains": false }),
            "[1]",
            "an array with 0 such items; allowed: at least 1 item that `contains` allows",
        ),
        (
            json!({ "contains": true, "maxContains": 1 }),
            "[1,1]",
            "an array with more than 1 such items; allowed: at most 1 item that `contains` allows",
        ),
        (
            json!({ "anyOf": [{ "type": "null" }, false] }),
            "1",
            "a number; allowed: what one of 2 schemas (`anyOf`) allows",
        ),
        (
            json!({ "oneOf": [true, true] }),
            "1",
            "a number that 2 of 2 schemas allow; allowed: what exactly one of 2 schemas (`oneOf`) allows",
        ),
        (json!({ "not": {} }), "1", "a number; allowed: what the schema does not forbid (`not`)"),
        (
            json!({ "if": true, "then": false }),
            "1",
            "a number; allowed: what the schema's `then` allows",
        ),
        (
            json!({ "dependentSchemas": { "a": false } }),
            r#"{"a":1}"#,
            "an object; allowed: what the schema allows beside `a` (`dependentSchemas`)",
        ),
        (
            json!({ "propertyNames": { "maxLength": 1 } }),
            r#"{"ab":1}"#,
            "/*: a property name of 2 characters; allowed: at most 1 character",
        ),
    ] {
        says(&schema, text, sentence);
    }
}

#[test]
fn says_where_it_is_in_names_of_the_schema() {
    let schema = json!({
        "properties": { "a/b": { "items": { "additionalProperties": { "type": "null" } } } },
    });
    says(&schema, r#"{"x":1,"a/b":[{},{"secret":1}]}"#, "/a~1b/1/*: a number; allowed: null");
}

#[test]
fn names_are_escaped_in_a_pointer() {
    let schema = json!({ "properties": { "~/~1": { "type": "null" } } });
    says(&schema, r#"{"~/~1":1}"#, "/~0~1~01: a number; allowed: null");
}

#[test]
fn what_must_hold_anyway_is_said_by_the_schema_that_says_it() {
    let schema = json!({ "allOf": [{ "$ref": "#/$defs/x" }], "$defs": { "x": { "maximum": 1 } } });
    says(&schema, "2", "a number; allowed: at most 1");
}

#[test]
fn what_one_may_and_another_must_hold_must_hold() {
    let schema = json!({ "allOf": [
        { "anyOf": [{ "maximum": 1 }, { "type": "null" }] },
        { "allOf": [{ "$ref": "#/allOf/0/anyOf/0" }] },
    ] });
    says(&schema, "2", "a number; allowed: at most 1");
}

#[test]
fn the_first_thing_that_does_not_fit_is_said() {
    let schema = json!({ "items": { "maximum": 1 }, "maxItems": 2 });
    says(&schema, "[2,3,4]", "/0: a number; allowed: at most 1");
    says(&schema, "[1,1,4]", "an array of more than 2 items; allowed: at most 2 items");
}

#[test]
fn long_lists_of_values_are_counted() {
    let many: Vec<_> = (0..13).collect();
    says(&json!({ "enum": many }), "true", "a boolean; allowed: one of 13 values");
    let long = "x".repeat(300);
    says(&json!({ "enum": [long, 1] }), "true", "a boolean; allowed: one of 2 values");
    says(
        &json!({ "const": "x".repeat(300) }),
        "true",
        "a boolean; allowed: the schema's one value",
    );
}
