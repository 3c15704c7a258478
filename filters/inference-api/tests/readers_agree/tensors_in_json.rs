//! Tensors in JSON bodies, against a naive reading of the whole body.

use super::changes::{change, changed, cuts};
use super::oracle;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Nested lists of leaves, mostly regular ones.
fn value() -> impl Strategy<Value = String> {
    let shape = vec(0..4_usize, 0..4);
    let odd = (any::<Index>(), leaf());
    (shape, vec(leaf(), 1..4), option::weighted(0.3, odd)).prop_map(|(shape, leaves, odd)| {
        let mut leaves = leaves.iter().cycle();
        let text = nested(&shape, &mut || leaves.next().unwrap().clone());
        let Some((place, leaf)) = odd else { return text };
        let brackets: Vec<usize> = text.match_indices(']').map(|(at, _)| at).collect();
        if brackets.is_empty() {
            return text;
        }
        let (before, after) = text.split_at(brackets[place.index(brackets.len())]);
        let comma = if before.ends_with('[') { "" } else { "," };
        format!("{before}{comma}{leaf}{after}")
    })
}

fn nested(shape: &[usize], leaf: &mut impl FnMut() -> String) -> String {
    let Some((&length, inner)) = shape.split_first() else { return leaf() };
    let elements: Vec<String> = (0..length).map(|_| nested(inner, leaf)).collect();
    format!("[{}]", elements.join(","))
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => "-?[1-9][0-9]{0,2}(\\.[0-9]{1,4})?",
        1 => "0\\.[0-9]{15,70}e-?[0-9]",
        1 => Just("\"a\\u00e9\\n\"".to_owned()),
        1 => select(vec!["true", "null", "\"\"", "\"text\"", "\"caf\u{e9}\"", "{}", "[]"])
            .prop_map(str::to_owned),
        1 => select(vec![
            r#"{"b64":"aGVsbG8="}"#, r#"{"b64":"aGVs\nbG8"}"#, r#"{"b64":"","b64":"YQ=="}"#,
            r#"{"b64":1}"#, r#"{"b64":"YQ==","x":[1,{}]}"#, r#"{"x":"YQ=="}"#,
            r#"{"\u0062\u00364":"YQ=="}"#, r#"{"b64":{"b64":""}}"#,
        ]).prop_map(str::to_owned),
    ]
}

fn input_member() -> impl Strategy<Value = String> {
    let parameters = vec(
        prop_oneof![
            (0..20_u32).prop_map(|size| format!(r#""binary_data_size":{size}"#)),
            select(vec![
                r#""binary_data_size":8"#,
                r#""binary_data_size":-1"#,
                r#""binary_data_size":1.0"#,
                r#""binary_data_size":"8""#,
                r#""binary_data_size":18446744073709551615"#,
                r#""shared_memory_region":"r""#,
                r#""shared_memory_region":7"#,
                r#""priority":1"#,
                r#""x":{"binary_data_size":5}"#,
            ])
            .prop_map(str::to_owned),
        ],
        0..3,
    );
    prop_oneof![
        4 => value().prop_map(|value| format!(r#""data":{value}"#)),
        2 => parameters.prop_map(|members| format!(r#""parameters":{{{}}}"#, members.join(","))),
        6 => select(vec![
            r#""name":"x""#, r#""name":"caf\u00e9""#, r#""na\u006de":"y""#, r#""name":null"#,
            r#""shape":[2,3]"#, r#""shape":[]"#, r#""shape":[-1, 2]"#, r#""shape":[1.5,true]"#,
            r#""shape":[9223372036854775808]"#, r#""shape":6"#, r#""shape":[[1]]"#,
            r#""datatype":"FP32""#, r#""datatype":"INT64""#, r#""datatype":"BOOL""#,
            r#""datatype":"fp32""#, r#""datatype":1"#, r#""other":{"data":[1],"shape":0}"#,
            r#""parameters":[]"#,
        ]).prop_map(str::to_owned),
        1 => (250..262_usize, select(vec!["n", "é", "€"]))
            .prop_map(|(length, letter)| format!(r#""name":"{}""#, letter.repeat(length))),
    ]
}

fn input() -> impl Strategy<Value = String> {
    let usual = [r#""name":"x""#, r#""datatype":"FP32""#, r#""shape":[2,3]"#].map(str::to_owned);
    let members = (Just(usual), vec(input_member(), 0..3))
        .prop_map(|(usual, more)| [&usual[..], &more].concat())
        .prop_shuffle();
    let members = prop_oneof![4 => members, 1 => vec(input_member(), 0..5)];
    prop_oneof![
        12 => members.prop_map(|members| format!("{{{}}}", members.join(", "))),
        1 => value(),
    ]
}

pub fn inference() -> impl Strategy<Value = String> {
    let inputs = (select(vec!["inputs", "outputs"]), vec(input(), 0..5))
        .prop_map(|(list, inputs)| format!("\"{list}\":[{}]", inputs.join(",")));
    let member = prop_oneof![
        8 => inputs,
        1 => value().prop_map(|value| format!("\"inputs\":{value}")),
        1 => Just(r#""id":"4","parameters":{"binary_data_size":4}"#.to_owned()),
    ];
    let members = vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(",")));
    prop_oneof![12 => members, 1 => value()]
}

fn instance() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        8 => select(vec!["a", "b", "b64", "\\u0061"]).prop_map(str::to_owned),
        1 => (256..258_usize).prop_map(|length| "k".repeat(length)),
    ];
    let named = vec((key, value()), 0..5).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    });
    let alike = (value(), value()).prop_map(|(a, b)| format!(r#"{{"a":{a},"b":{b}}}"#));
    prop_oneof![6 => alike, 2 => named, 1 => value()]
}

pub fn predict() -> impl Strategy<Value = String> {
    let equal = (instance(), 0..4_usize).prop_map(|(instance, rows)| vec![instance; rows]);
    let rows =
        prop_oneof![equal, vec(instance(), 0..4)].prop_map(|rows| format!("[{}]", rows.join(", ")));
    let member = prop_oneof![
        4 => rows.prop_map(|rows| format!("\"instances\":{rows}")),
        1 => value().prop_map(|value| format!("\"instances\":{value}")),
        2 => instance().prop_map(|value| format!("\"inputs\":{value}")),
        2 => instance().prop_map(|value| format!("\"predictions\":[{value}]")),
        1 => instance().prop_map(|value| format!("\"outputs\":{value}")),
        1 => select(vec![
            r#""signature_name":"s""#, r#""signature_name":1"#, r#""x":{"instances":[1]}"#,
        ]).prop_map(str::to_owned),
    ];
    let members = prop_oneof![
        3 => vec(member.clone(), 1),
        1 => vec(member, 0..4),
    ];
    let words = select(vec!["7", "NaN", "-Infinity", "Infinity"]);
    let message = members.prop_map(|members| format!("{{{}}}", members.join(",")));
    (prop_oneof![12 => message, 1 => value()], words).prop_map(|(text, word)| {
        text.replace("[7", &format!("[{word}")).replace(",8,", &format!(",{word},"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn inference_messages_have_the_tensors_that_are_in_them(text in inference(), cuts in cuts()) {
        oracle::tensors_in_json::inference_agrees(text.as_bytes(), None, &cuts);
    }

    #[test]
    fn binary_data_belongs_to_the_tensors_in_their_order(
        text in inference(),
        data in vec(any::<u8>(), 0..40),
        header in prop_oneof![4 => Just(None), 1 => (0..400_u64).prop_map(Some)],
        cuts in cuts(),
    ) {
        let header = header.or(u64::try_from(text.len()).ok());
        let body = [text.as_bytes(), &data].concat();
        oracle::tensors_in_json::inference_agrees(&body, header, &cuts);
    }

    #[test]
    fn predict_messages_have_the_tensors_that_are_in_them(text in predict(), cuts in cuts()) {
        oracle::tensors_in_json::predict_agrees(text.as_bytes(), &cuts);
    }

    #[test]
    fn changed_messages_are_still_read_as_they_are(
        (inference, predict) in (inference(), predict()),
        changes in vec(change(), 1..3),
        cuts in cuts(),
    ) {
        let inference = changed(inference.into_bytes(), &changes);
        oracle::tensors_in_json::inference_agrees(&inference, None, &cuts);
        let predict = changed(predict.into_bytes(), &changes);
        oracle::tensors_in_json::predict_agrees(&predict, &cuts);
    }
}
