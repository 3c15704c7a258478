//! Schemas of all supported keywords, and values that have a chance with them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

const NAMES: [&str; 5] = ["a", "b", "model", "", "a/~é"];

/// Numbers on both sides of the limits, of each way to write them.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => select(vec![
            json!(0), json!(1), json!(2), json!(3), json!(-1), json!(4), json!(1.0), json!(2.0),
            json!(-0.0), json!(0.5), json!(1.5), json!(2.5), json!(-1.5), json!(1e3),
            json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992.0), json!(u64::MAX),
            json!(i64::MIN), json!(18_446_744_073_709_551_616.0), json!(1e300), json!(5e-324),
        ]),
        1 => any::<i8>().prop_map(Value::from),
        1 => (-40..40_i32).prop_map(|tenths| json!(f64::from(tenths) / 10.0)),
    ]
}

fn string() -> impl Strategy<Value = Value> {
    let pieces = vec!["", "a", "b", "model", "é", "😀", "\u{0}", "\"", "\\", "longer text "];
    vec(select(pieces), 0..3).prop_map(|pieces| Value::from(pieces.concat()))
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number(), string()]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![9 => select(&NAMES[..]).prop_map(str::to_owned), 1 => any::<String>()]
}

/// A text's value.
pub fn instance() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((name(), inner), 0..5)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// A schema with all that it refers to.
pub fn schema() -> impl Strategy<Value = Value> {
    (subschema(), subschema(), subschema()).prop_map(|(root, one, two)| {
        let within = |one| json!({ "properties": { "a": one, "model": true }, "items": one });
        let definitions = json!({ "one": one, "two": within(&two), "three": within(&one) });
        match root {
            Value::Object(mut root) => {
                root.insert("$defs".to_owned(), definitions);
                root.into()
            }
            other => json!({ "allOf": [other], "$defs": definitions }),
        }
    })
}

fn subschema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        2 => Just(json!(true)),
        1 => Just(json!(false)),
        12 => keywords_of_scalars(),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let keyword = prop_oneof![
            3 => keyword_of_scalars(),
            3 => keyword_beside(inner.clone()),
            3 => keyword_of_objects(inner.clone()),
            3 => keyword_of_arrays(inner),
        ];
        vec(keyword, 1..4).prop_map(joined)
    })
}

fn joined(parts: Vec<Value>) -> Value {
    let members = parts.into_iter().filter_map(|part| match part {
        Value::Object(members) => Some(members),
        _ => None,
    });
    members.flatten().collect::<Map<_, _>>().into()
}

fn keywords_of_scalars() -> impl Strategy<Value = Value> {
    vec(keyword_of_scalars(), 1..3).prop_map(joined)
}

fn keyword_of_scalars() -> impl Strategy<Value = Value> {
    let types = vec!["object", "array", "string", "number", "integer", "boolean", "null"];
    let limits = vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
    let divisors = vec![json!(1), json!(2), json!(3.0), json!(0.5), json!(1.5), json!(0.1)];
    prop_oneof![
        select(types.clone()).prop_map(|name| json!({ "type": name })),
        subsequence(types, 1..6).prop_map(|names| json!({ "type": names })),
        vec(scalar(), 1..5).prop_map(|values| json!({ "enum": values })),
        scalar().prop_map(|value| json!({ "const": value })),
        (select(limits), number()).prop_map(|(limit, number)| json!({ (limit): number })),
        select(divisors).prop_map(|divisor| json!({ "multipleOf": divisor })),
        counts("Length"),
    ]
}

fn counts(what: &'static str) -> impl Strategy<Value = Value> {
    (select(vec!["min", "max"]), 0..4_u8)
        .prop_map(move |(end, count)| json!({ (format!("{end}{what}")): count }))
}

fn keyword_beside(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let lists = vec!["allOf", "anyOf", "oneOf"];
    prop_oneof![
        (select(lists), vec(inner.clone(), 1..4)).prop_map(|(name, list)| json!({ (name): list })),
        inner.clone().prop_map(|schema| json!({ "not": schema })),
        (inner.clone(), inner.clone(), inner.clone())
            .prop_map(|(one, two, three)| json!({ "if": one, "then": two, "else": three })),
        (inner.clone(), inner).prop_map(|(one, two)| json!({ "if": one, "then": two })),
    ]
}

fn keyword_of_objects(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    // A `$ref` goes into a property: then it does not lead back to the same value.
    let target = select(vec!["#", "#/$defs/one", "#/$defs/two", "#/$defs/three"]);
    let reference = target.prop_map(|target| json!({ "$ref": target }));
    let beside = map_of(inner.clone());
    let inner = prop_oneof![6 => inner, 1 => reference].boxed();
    let map = map_of(inner.clone());
    let names = subsequence(&NAMES[..], 0..3);
    prop_oneof![
        3 => map.clone().prop_map(|map| json!({ "properties": map })),
        2 => (map.clone(), inner.clone())
            .prop_map(|(map, other)| json!({ "properties": map, "additionalProperties": other })),
        1 => inner.clone().prop_map(|other| json!({ "additionalProperties": other })),
        1 => inner.clone().prop_map(|name| json!({ "propertyNames": name })),
        1 => keywords_of_scalars().prop_map(|name| json!({ "propertyNames": name })),
        1 => beside.prop_map(|map| json!({ "dependentSchemas": map })),
        1 => names.clone().prop_map(|names| json!({ "required": names })),
        1 => (name(), names)
            .prop_map(|(name, names)| json!({ "dependentRequired": { (name): names } })),
        1 => counts("Properties"),
    ]
}

fn map_of(schema: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let members = vec((name(), schema), 1..4);
    members.prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()).boxed()
}

fn keyword_of_arrays(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let list = vec(inner.clone(), 1..3);
    prop_oneof![
        2 => inner.clone().prop_map(|item| json!({ "items": item })),
        1 => list.clone().prop_map(|list| json!({ "prefixItems": list })),
        1 => (list, inner.clone())
            .prop_map(|(list, item)| json!({ "prefixItems": list, "items": item })),
        1 => inner.clone().prop_map(|item| json!({ "contains": item })),
        1 => (inner, 0..3_u8, 0..3_u8).prop_map(|(item, least, most)| {
            // On its own: beside other keywords the oracle takes the item's for them.
            let contains = json!({ "contains": item, "minContains": least, "maxContains": most });
            json!({ "allOf": [contains] })
        }),
        1 => counts("Items"),
    ]
}
