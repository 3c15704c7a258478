//! The oracle: what is read is what serde_json reads, and what is refused is
//! what serde_json refuses, but for what [`parse_config`] says itself.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// All that a configuration may be made of.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Everything {
    text: String,
    truth: bool,
    #[serde(default)]
    letter: Option<char>,
    numbers: Numbers,
    #[serde(default = "a_thousand")]
    limit: u32,
    #[serde(default)]
    list: Vec<Element>,
    #[serde(default)]
    lists: Vec<Vec<i16>>,
    #[serde(default)]
    texts: BTreeMap<String, String>,
    #[serde(default)]
    elements: BTreeMap<String, Element>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    conditions: Vec<Condition>,
    #[serde(default)]
    wrapped: Option<Wrapped>,
    #[serde(default)]
    boxed: Option<Box<Element>>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Numbers {
    u8: u8,
    u16: u16,
    u32: u32,
    u64: u64,
    i8: i8,
    i16: i16,
    i32: i32,
    i64: i64,
    f32: f32,
    f64: f64,
    nothing: (),
}

/// With keys that nobody knows, which are passed over here.
#[derive(Debug, Deserialize, PartialEq)]
struct Element {
    name: String,
    weight: Option<u32>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Enforce,
    ReportOnly,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Condition {
    Always,
    Header(Element),
    Tenant(Vec<String>),
    Share(f64),
    Maybe(Option<Mode>),
    Between {
        low: i64,
        #[serde(default)]
        high: Option<i64>,
    },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Wrapped(u16);

fn a_thousand() -> u32 {
    1_000
}

fn everything() -> Value {
    json!({
        "text": "t",
        "truth": true,
        "letter": "é",
        "numbers": {
            "u8": 255, "u16": 65_535, "u32": 4_294_967_295_u32, "u64": u64::MAX,
            "i8": -128, "i16": -32_768, "i32": i32::MIN, "i64": i64::MIN,
            "f32": 0.5, "f64": -1e300, "nothing": null,
        },
        "limit": 5.0,
        "list": [{"name": "a", "weight": 1, "other": [{}]}, {"name": "b", "weight": null}],
        "lists": [[], [1, -2]],
        "texts": {"latest": "v2", "a.b": ""},
        "elements": {"x": {"name": "y"}},
        "mode": "report_only",
        "conditions": [
            "always",
            {"always": null},
            {"header": {"name": "h"}},
            {"tenant": ["a", "b"]},
            {"share": 1},
            {"maybe": null},
            {"maybe": "enforce"},
            {"between": {"low": -1, "high": 1}},
        ],
        "wrapped": 7,
        "boxed": {"name": "c"},
    })
}

/// Values that fit in one place or another, and some that fit in none.
fn oddities() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-0.0),
        json!(300.0),
        json!(1.5),
        json!(-1),
        json!(u64::MAX),
        json!(1e19),
        json!(""),
        json!("enforce"),
        json!("always"),
        json!("header"),
        json!([]),
        json!([1]),
        json!(["a", 1]),
        json!({}),
        json!({"name": "n"}),
        json!({"header": {"name": "n", "weight": -1}}),
        json!({"always": 1}),
        json!({"enforce": null}),
        json!({"between": {"low": 1, "lower": 2}}),
        json!({"always": null, "share": 1}),
    ]
}

/// Reads it in both ways and compares.
fn check(value: &Value) {
    let parsed = parse_config::<Everything>(value.clone());
    let problems: Vec<String> = parsed.problems.iter().map(ToString::to_string).collect();
    let ours = parsed.config.filter(|_| problems.is_empty());
    let theirs = serde_json::from_value::<Everything>(with_whole_numbers(value.clone()));
    match (ours, theirs) {
        (Some(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{value}"),
        (Some(_), Err(error)) => panic!("serde_json refuses it: {error}: {value}"),
        (None, Ok(_)) => assert!(
            problems.iter().all(|text| text.ends_with("sequence, expected an object")),
            "serde_json accepts it: {problems:?}: {value}"
        ),
        (None, Err(_)) => assert!(!problems.is_empty(), "refused without a reason: {value}"),
    }
}

/// Doubles that are whole numbers become whole numbers.
fn with_whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let double = number.as_f64().unwrap();
            let text = format!("{double:.0}");
            match text.parse::<i64>() {
                Ok(whole) if double.fract() == 0.0 && double.abs() < 1e15 => whole.into(),
                _ => Value::Number(number),
            }
        }
        Value::Array(list) => list.into_iter().map(with_whole_numbers).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(key, value)| (key, with_whole_numbers(value))).collect()
        }
        other => other,
    }
}

/// The value with each of its values, however deep, replaced by `other` in turn.
fn with_one_replaced(value: &Value, other: &Value) -> Vec<Value> {
    let mut all = vec![other.clone()];
    match value {
        Value::Array(list) => {
            for (index, element) in list.iter().enumerate() {
                all.extend(with_one_replaced(element, other).into_iter().map(|element| {
                    let mut list = list.clone();
                    list[index] = element;
                    Value::Array(list)
                }));
            }
        }
        Value::Object(object) => {
            for (key, member) in object {
                all.extend(with_one_replaced(member, other).into_iter().map(|member| {
                    let mut object = object.clone();
                    object.insert(key.clone(), member);
                    Value::Object(object)
                }));
            }
        }
        _ => {}
    }
    all
}

/// The value without each of its objects' members in turn.
fn with_one_removed(value: &Value) -> Vec<Value> {
    let Value::Object(object) = value else { return Vec::new() };
    let mut all = Vec::new();
    for (key, member) in object {
        let mut without = object.clone();
        without.remove(key);
        all.push(Value::Object(without));
        all.extend(with_one_removed(member).into_iter().map(|member| {
            let mut object = object.clone();
            object.insert(key.clone(), member);
            Value::Object(object)
        }));
    }
    all
}

#[test]
fn reads_everything() {
    let parsed = parse_config::<Everything>(everything());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    assert_eq!(parsed.config, serde_json::from_value(with_whole_numbers(everything())).ok());
}

#[test]
fn agrees_with_serde_json_when_one_value_is_another() {
    for other in oddities() {
        with_one_replaced(&everything(), &other).iter().for_each(check);
    }
}

#[test]
fn agrees_with_serde_json_when_one_key_is_missing() {
    with_one_removed(&everything()).iter().for_each(check);
}

#[test]
fn agrees_with_serde_json_when_one_key_is_more() {
    let whole = everything();
    let mut more = vec![whole.clone()];
    for key in ["numbers", "boxed", "texts", "elements"] {
        let mut member = whole[key].as_object().unwrap().clone();
        member.insert("more".to_owned(), json!("m"));
        let mut whole = whole.as_object().unwrap().clone();
        whole.insert(key.to_owned(), Value::Object(member));
        more.push(Value::Object(whole));
    }
    more.iter().for_each(check);
}

/// Any combination of what else may be wrong, natively only: proptest is too
/// large for wasm32.
#[cfg(not(target_arch = "wasm32"))]
mod at_random {
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use proptest::sample::{Index, select, subsequence};
    use serde_json::Map;

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            select(oddities()),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i8>().prop_map(|number| Value::from(f64::from(number))),
            "[a-c.]{0,2}".prop_map(Value::from),
        ];
        let key = prop_oneof![
            4 => select(vec!["name", "weight", "header", "share", "low", "between", "tenant"])
                .prop_map(str::to_owned),
            1 => "[a-c.]{0,2}",
        ];
        leaf.prop_recursive(3, 12, 3, move |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Value::Array),
                btree_map(key.clone(), inner, 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Everything, with some values replaced by anything, wherever they are.
    fn nearly_everything() -> impl Strategy<Value = Value> {
        vec((any::<Index>(), anything()), 0..4).prop_map(|changes| {
            changes.into_iter().fold(everything(), |value, (place, other)| {
                let all = with_one_replaced(&value, &other);
                place.get(&all).clone()
            })
        })
    }

    /// A mistake: where it is made, what is put there, and the path that is told.
    type Mistake = (&'static str, Value, &'static str);

    /// Mistakes that can be made at once, in the order of their places.
    fn mistakes() -> Vec<Mistake> {
        vec![
            ("/conditions/2/header/name", json!(1), "conditions[2].header.name"),
            ("/conditions/3/tenant/1", json!(1), "conditions[3].tenant[1]"),
            ("/conditions/4/share", json!("1"), "conditions[4].share"),
            ("/conditions/7/between/high", json!(1.5), "conditions[7].between.high"),
            ("/elements/x/name", json!(null), "elements.x.name"),
            ("/letter", json!("ab"), "letter"),
            ("/limit", json!(-1), "limit"),
            ("/list/0/weight", json!({}), "list[0].weight"),
            ("/list/1", json!([]), "list[1]"),
            ("/lists/1/0", json!(32_768), "lists[1][0]"),
            ("/lists/1/1", json!(true), "lists[1][1]"),
            ("/mode", json!("enforced"), "mode"),
            ("/more", json!(1), "more"),
            ("/numbers/f64", json!("1"), "numbers.f64"),
            ("/numbers/more", json!(1), "numbers.more"),
            ("/numbers/u8", json!(256), "numbers.u8"),
            ("/text", json!([]), "text"),
            ("/texts/a.b", json!(1), "texts[\"a.b\"]"),
            ("/texts/latest", json!(1), "texts.latest"),
            ("/truth", json!(0), "truth"),
            ("/wrapped", json!(-1), "wrapped"),
        ]
    }

    fn make(value: &mut Value, (pointer, mistake, _): &Mistake) {
        let (holder, key) = pointer.rsplit_once('/').unwrap();
        match value.pointer_mut(holder).unwrap() {
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = mistake.clone(),
            holder => {
                let members: &mut Map<String, Value> = holder.as_object_mut().unwrap();
                members.insert(key.to_owned(), mistake.clone());
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(value in nearly_everything()) {
            check(&value);
        }

        #[test]
        fn agrees_with_serde_json_on_anything(value in anything()) {
            check(&value);
        }

        #[test]
        fn tells_each_mistake_and_nothing_else(made in subsequence(mistakes(), 0..=mistakes().len())) {
            let mut value = everything();
            made.iter().for_each(|mistake| make(&mut value, mistake));
            let parsed = parse_config::<Everything>(value);
            let found: Vec<&str> =
                parsed.problems.iter().map(|problem| problem.path.as_str()).collect();
            let expected: Vec<&str> = made.iter().map(|(_, _, path)| *path).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
