use super::violation;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn fit(schema: &Value, texts: &[&str]) {
    for text in texts {
        assert_eq!(violation(schema, text), None, "{schema} {text}");
    }
}

fn do_not_fit(schema: &Value, texts: &[&str]) {
    for text in texts {
        assert!(violation(schema, text).is_some(), "{schema} {text}");
    }
}

const ONE_OF_EACH: [&str; 7] = [r#"{"a":1}"#, "[1]", r#""text""#, "1.5", "true", "false", "null"];

#[test]
fn a_boolean_schema_allows_all_or_nothing() {
    fit(&json!(true), &ONE_OF_EACH);
    fit(&json!({}), &ONE_OF_EACH);
    do_not_fit(&json!(false), &ONE_OF_EACH);
}

#[test]
fn a_type_allows_its_own_values() {
    for (name, fitting) in [
        ("object", &["{}", r#"{"a":[]}"#][..]),
        ("array", &["[]", "[{}]"]),
        ("string", &[r#""""#, r#""text""#]),
        ("number", &["0", "-1.5", "1e300", "2.0"]),
        ("integer", &["0", "-1", "2.0", "1e3", "18446744073709551616", "-0.0", "25e1"]),
        ("boolean", &["true", "false"]),
        ("null", &["null"]),
    ] {
        fit(&json!({ "type": name }), fitting);
        fit(&json!({ "type": [name] }), fitting);
    }
    do_not_fit(&json!({ "type": "object" }), &["[]", r#""{}""#, "1", "true", "null"]);
    do_not_fit(&json!({ "type": "array" }), &["{}", r#""[]""#, "1", "false", "null"]);
    do_not_fit(&json!({ "type": "string" }), &["{}", "[]", "1", "true", "null"]);
    do_not_fit(&json!({ "type": "number" }), &["{}", "[]", r#""1""#, "true", "null"]);
    do_not_fit(&json!({ "type": "integer" }), &["{}", "[]", r#""1""#, "1.5", "1e-1", "null"]);
    do_not_fit(&json!({ "type": "boolean" }), &["{}", "[]", r#""true""#, "0", "null"]);
    do_not_fit(&json!({ "type": "null" }), &["{}", "[]", r#""null""#, "0", "false"]);
}

#[test]
fn several_types_allow_the_values_of_each() {
    let schema = json!({ "type": ["string", "integer"] });
    fit(&schema, &[r#""a""#, "1"]);
    do_not_fit(&schema, &["1.5", "null", "{}"]);
    fit(&json!({ "type": ["integer", "number"] }), &["1.5"]);
}

#[test]
fn an_enum_allows_its_values() {
    let schema = json!({ "enum": ["b", "a", "é😀", 1, 2.5, null, true] });
    fit(
        &schema,
        &[r#""a""#, r#""b""#, r#""\u00e9\ud83d\ude00""#, "1", "1.0", "25e-1", "null", "true"],
    );
    do_not_fit(&schema, &[r#""c""#, r#""ab""#, r#""""#, "2", "false", "{}", "[]", r#""1""#]);
    do_not_fit(&schema, &[r#""a text that is longer than all of them""#]);
    do_not_fit(&json!({ "enum": [] }), &ONE_OF_EACH);
}

#[test]
fn a_const_allows_one_value() {
    fit(&json!({ "const": "a" }), &[r#""a""#]);
    do_not_fit(&json!({ "const": "a" }), &[r#""b""#, r#""aa""#, "1", "null"]);
    fit(&json!({ "const": 2 }), &["2", "2.0", "2e0"]);
    do_not_fit(&json!({ "const": 2 }), &["2.0000001", r#""2""#]);
    fit(&json!({ "const": 9_007_199_254_740_993_u64 }), &["9007199254740993"]);
    do_not_fit(&json!({ "const": 9_007_199_254_740_993_u64 }), &["9007199254740992"]);
    do_not_fit(&json!({ "const": false }), &["true", "0", "null"]);
}

#[test]
fn a_const_beside_an_enum_leaves_what_is_in_both() {
    let schema = json!({ "const": "a", "enum": ["a", "b"] });
    fit(&schema, &[r#""a""#]);
    do_not_fit(&schema, &[r#""b""#]);
    do_not_fit(&json!({ "const": "c", "enum": ["a", "b"] }), &[r#""a""#, r#""c""#]);
}

#[test]
fn properties_are_held_against_their_schemas() {
    let schema = json!({ "properties": { "a": { "type": "string" }, "b/~": { "type": "null" } } });
    fit(&schema, &["{}", r#"{"a":"x"}"#, r#"{"c":1,"\u0061":"x","b/~":null}"#, "[1]", "1"]);
    do_not_fit(&schema, &[r#"{"a":1}"#, r#"{"\u0061":1}"#, r#"{"c":{},"b/~":1}"#]);
    fit(&schema, &[r#"{"c":{"a":1}}"#, r#"{"aa":1}"#]);
}

#[test]
fn each_occurrence_of_a_duplicate_key_must_fit() {
    let schema = json!({ "properties": { "a": { "type": "string" } } });
    fit(&schema, &[r#"{"a":"x","a":"y"}"#]);
    do_not_fit(&schema, &[r#"{"a":"x","a":1}"#, r#"{"a":1,"a":"x"}"#]);
}

#[test]
fn required_properties_must_be_there() {
    let schema = json!({ "required": ["a", "b"] });
    fit(&schema, &[r#"{"a":1,"b":null}"#, r#"{"b":1,"x":2,"a":3}"#, "[]", "null"]);
    do_not_fit(&schema, &["{}", r#"{"a":1}"#, r#"{"x":{"a":1,"b":1}}"#, r#"{"a":{"b":1}}"#]);
}

#[test]
fn additional_properties_are_those_that_are_not_named() {
    let schema = json!({ "properties": { "a": true }, "additionalProperties": false });
    fit(&schema, &["{}", r#"{"a":1}"#]);
    do_not_fit(&schema, &[r#"{"b":1}"#, r#"{"a":1,"aa":1}"#, r#"{"":1}"#]);
    let schema = json!({ "additionalProperties": { "type": "number" } });
    fit(&schema, &[r#"{"a":1,"b":2}"#]);
    do_not_fit(&schema, &[r#"{"a":1,"b":"x"}"#]);
}

#[test]
fn names_that_stand_elsewhere_in_the_schema_are_not_named_here() {
    let schema = json!({
        "properties": { "a": { "properties": { "b": true } } },
        "additionalProperties": false,
    });
    do_not_fit(&schema, &[r#"{"b":1}"#]);
}

#[test]
fn property_names_are_strings_that_must_fit() {
    let schema = json!({ "propertyNames": { "maxLength": 3 } });
    fit(&schema, &["{}", r#"{"abc":1}"#, r#"{"é😀a":1}"#, r#"[{"abcd":1}]"#]);
    do_not_fit(&schema, &[r#"{"abcd":1}"#, r#"{"a":1,"\u0061bcd":2}"#]);
    let schema = json!({ "propertyNames": { "anyOf": [{ "const": "a" }, { "enum": ["b", 1] }] } });
    fit(&schema, &[r#"{"a":1,"b":2}"#]);
    do_not_fit(&schema, &[r#"{"a":1,"c":2}"#]);
    do_not_fit(&json!({ "propertyNames": { "type": "number" } }), &[r#"{"1":1}"#]);
    do_not_fit(&json!({ "propertyNames": false }), &[r#"{"":1}"#]);
}

#[test]
fn objects_have_as_many_properties_as_they_may() {
    let schema = json!({ "minProperties": 1, "maxProperties": 2 });
    fit(&schema, &[r#"{"a":1}"#, r#"{"a":{"b":1,"c":2,"d":3},"b":2}"#, "[]"]);
    do_not_fit(&schema, &["{}", r#"{"a":1,"b":2,"c":3}"#]);
}

#[test]
fn items_are_all_those_behind_the_first_ones() {
    let schema =
        json!({ "prefixItems": [{ "type": "string" }, true], "items": { "type": "null" } });
    fit(&schema, &["[]", r#"["a"]"#, r#"["a",1]"#, r#"["a",1,null,null]"#, r#"{"0":1}"#]);
    do_not_fit(&schema, &["[1]", r#"["a",1,2]"#, r#"["a",1,null,2]"#]);
    let old = json!({
        "items": [{ "type": "string" }, true],
        "additionalItems": { "type": "null" },
    });
    fit(&old, &[r#"["a",1,null]"#]);
    do_not_fit(&old, &["[1]", r#"["a",1,2]"#]);
    fit(&json!({ "items": { "type": "null" }, "additionalItems": false }), &["[null]"]);
}

#[test]
fn arrays_have_as_many_items_as_they_may() {
    let schema = json!({ "minItems": 1, "maxItems": 2.0 });
    fit(&schema, &["[1]", "[[1,2,3],{}]", "{}"]);
    do_not_fit(&schema, &["[]", "[1,2,3]"]);
}

#[test]
fn an_array_contains_as_many_matches_as_it_should() {
    let schema = json!({ "contains": { "const": 1 } });
    fit(&schema, &["[1]", "[0,1,1]", "{}"]);
    do_not_fit(&schema, &["[]", "[0]", "[[1]]"]);
    let schema = json!({ "contains": { "const": 1 }, "minContains": 2, "maxContains": 3 });
    fit(&schema, &["[1,0,1]", "[1,1,1,0]"]);
    do_not_fit(&schema, &["[1]", "[1,1,1,1]", "[]"]);
    let schema = json!({ "contains": { "const": 1 }, "minContains": 0 });
    fit(&schema, &["[]", "[0]", "[1]"]);
    fit(&json!({ "contains": true }), &["[0]"]);
    do_not_fit(&json!({ "contains": true }), &["[]"]);
    do_not_fit(&json!({ "contains": { "items": false }, "maxContains": 0 }), &["[[]]"]);
    fit(&json!({ "minContains": 2, "maxContains": 1 }), &["[]", "[1,2]"]);
}

#[test]
fn lengths_count_characters() {
    let schema = json!({ "minLength": 2, "maxLength": 3 });
    fit(&schema, &[r#""ab""#, r#""é😀""#, r#""\ud83d\ude00\u00e9\n""#, "1", "[]"]);
    do_not_fit(&schema, &[r#""""#, r#""a""#, r#""😀""#, r#""abcd""#, r#""\n\n\n\n""#]);
    let schema = json!({ "minLength": 2, "enum": ["a", "ab", "abc"] });
    fit(&schema, &[r#""ab""#]);
    do_not_fit(&schema, &[r#""a""#, r#""bb""#]);
}

#[test]
fn numbers_stay_within_their_limits() {
    let schema = json!({ "minimum": 1, "maximum": 2.5 });
    fit(&schema, &["1", "1.0", "2.5", "25e-1", r#""0""#]);
    do_not_fit(&schema, &["0", "0.9999999999", "2.5000001", "-1", "1e300", "-1e300"]);
    let schema = json!({ "exclusiveMinimum": 1, "exclusiveMaximum": 2 });
    fit(&schema, &["1.5", "1.0000001"]);
    do_not_fit(&schema, &["1", "1.0", "2", "2.0"]);
    let schema = json!({ "maximum": 9_007_199_254_740_992.0 });
    do_not_fit(&schema, &["9007199254740993"]);
    fit(&schema, &["9007199254740992"]);
}

#[test]
fn multiples_are_those_of_decimals() {
    fit(&json!({ "multipleOf": 0.01 }), &["19.99", "0", "4.35", "1e20", r#""a""#]);
    do_not_fit(&json!({ "multipleOf": 0.01 }), &["19.999", "0.001"]);
    fit(&json!({ "multipleOf": 3 }), &["9", "-9", "0", "9.0", "9007199254740993"]);
    do_not_fit(&json!({ "multipleOf": 3 }), &["10", "9.5", "9007199254740994"]);
}

#[test]
fn all_of_wants_all() {
    let schema = json!({ "allOf": [{ "minimum": 1 }, { "maximum": 2 }, true] });
    fit(&schema, &["1", "2"]);
    do_not_fit(&schema, &["0", "3"]);
}

#[test]
fn any_of_wants_one_or_more() {
    let schema = json!({ "anyOf": [{ "type": "string" }, { "minimum": 2 }, { "const": 1 }] });
    fit(&schema, &[r#""a""#, "2", "1"]);
    do_not_fit(&schema, &["0", "1.5"]);
    fit(&json!({ "anyOf": [false, true] }), &["0"]);
    do_not_fit(&json!({ "anyOf": [false, false] }), &["0"]);
}

#[test]
fn one_of_wants_exactly_one() {
    let schema = json!({ "oneOf": [{ "multipleOf": 2 }, { "multipleOf": 3 }] });
    fit(&schema, &["2", "3", "9"]);
    do_not_fit(&schema, &["6", "1", r#""a""#]);
    fit(&json!({ "oneOf": [true, false] }), &["0"]);
    do_not_fit(&json!({ "oneOf": [true, true] }), &["0"]);
}

#[test]
fn not_wants_the_contrary() {
    let schema = json!({ "not": { "required": ["a"] } });
    fit(&schema, &["{}", r#"{"b":1}"#]);
    do_not_fit(&schema, &[r#"{"a":1}"#, "[]"]);
    fit(&json!({ "not": { "not": { "type": "null" } } }), &["null"]);
    do_not_fit(&json!({ "not": {} }), &["null"]);
}

#[test]
fn a_condition_chooses_the_branch() {
    let schema = json!({
        "if": { "properties": { "kind": { "const": "a" } }, "required": ["kind"] },
        "then": { "required": ["x"] },
        "else": { "required": ["y"] },
    });
    fit(&schema, &[r#"{"x":1,"kind":"a"}"#, r#"{"kind":"b","y":1}"#, r#"{"y":1}"#]);
    do_not_fit(&schema, &[r#"{"kind":"a","y":1}"#, r#"{"kind":"b","x":1}"#, "{}"]);
    fit(&json!({ "if": { "minimum": 1 }, "then": { "maximum": 2 } }), &["0", "2"]);
    do_not_fit(&json!({ "if": { "minimum": 1 }, "then": { "maximum": 2 } }), &["3"]);
    do_not_fit(&json!({ "if": { "minimum": 1 }, "else": false }), &["0"]);
    fit(&json!({ "then": false, "else": false }), &["0"]);
}

#[test]
fn what_depends_on_a_property_counts_if_it_is_there() {
    let schema = json!({ "dependentRequired": { "a": ["b", "c"] } });
    fit(&schema, &["{}", r#"{"b":1}"#, r#"{"c":1,"a":1,"b":1}"#]);
    do_not_fit(&schema, &[r#"{"a":1}"#, r#"{"a":1,"b":1}"#]);
    let schema = json!({ "dependentSchemas": { "a": { "properties": { "b": { "const": 1 } } } } });
    fit(&schema, &["{}", r#"{"b":2}"#, r#"{"b":1,"a":1}"#]);
    do_not_fit(&schema, &[r#"{"b":2,"a":1}"#, r#"{"a":1,"b":2}"#]);
    fit(&json!({ "dependentSchemas": { "a": false } }), &[r#"{"b":{"a":1}}"#]);
    do_not_fit(&json!({ "dependentSchemas": { "a": false } }), &[r#"{"a":1}"#]);
}

#[test]
fn references_lead_to_other_places() {
    let schema = json!({
        "$defs": { "a/b": { "type": "string" }, "t": { "maxLength": 1 } },
        "definitions": { "n": { "type": "null" } },
        "properties": {
            "one": { "$ref": "#/$defs/a~1b", "minLength": 2 },
            "two": { "$ref": "#/definitions/n" },
            "three": { "$ref": "#/properties/one" },
            "four": { "$ref": "#/%24defs/t" },
        },
    });
    fit(&schema, &[r#"{"one":"ab","two":null,"three":"ab","four":"a"}"#]);
    do_not_fit(&schema, &[r#"{"one":1}"#, r#"{"one":"a"}"#, r#"{"two":1}"#, r#"{"three":"a"}"#]);
    do_not_fit(&schema, &[r#"{"four":"ab"}"#]);
}

#[test]
fn a_schema_may_contain_itself() {
    let schema = json!({
        "type": "object",
        "properties": { "value": { "type": "integer" }, "next": { "$ref": "#" } },
        "required": ["value"],
    });
    fit(&schema, &[r#"{"value":1,"next":{"value":2,"next":{"value":3}}}"#]);
    do_not_fit(&schema, &[r#"{"value":1,"next":{"value":2,"next":{"value":"x"}}}"#]);
    do_not_fit(&schema, &[r#"{"value":1,"next":{"value":2,"next":{}}}"#, r#"{"next":null}"#]);
}

#[test]
fn annotations_say_nothing() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x", "$comment": "x",
        "title": "x", "description": "x", "default": 1, "examples": [{ "type": 1 }],
        "format": "date", "deprecated": true, "readOnly": true, "writeOnly": false,
        "contentEncoding": "base64", "contentMediaType": "x/y", "x-own": 1, "uniqueItems": false,
    });
    fit(&schema, &ONE_OF_EACH);
}
