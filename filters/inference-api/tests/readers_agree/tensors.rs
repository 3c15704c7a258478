//! Tensors in protobuf messages, against prost and a look at each value.

use super::changes::{change, changed, cuts};
use super::json_texts::text;
use super::oracle;
use inference_api::tensor::{Datatype, Depth, RawValues};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A request whose inputs and raw entries come in any order.
pub fn infer_request() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        4 => input().prop_map(|input| delimited(5, &input)),
        4 => raw_data().prop_map(|raw| delimited(7, &raw)),
        1 => text().prop_map(|text| delimited(1, text.as_bytes())),
        1 => any::<u64>().prop_map(|value| integer(9, value)),
    ];
    vec(field, 0..7).prop_map(|fields| fields.concat())
}

fn input() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        2 => text().prop_map(|name| delimited(1, name.as_bytes())),
        4 => datatype_name().prop_map(|name| delimited(2, name.as_bytes())),
        3 => numbers(3),
        1 => parameter(),
        2 => vec(any_contents(), 0..3).prop_map(|contents| delimited(5, &contents.concat())),
        3 => contents().prop_map(|contents| delimited(5, &contents)),
        1 => (6..9_u32, text()).prop_map(|(number, text)| delimited(number, text.as_bytes())),
    ];
    vec(field, 0..5).prop_map(|fields| fields.concat())
}

fn datatype_name() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => select(&Datatype::ALL).prop_map(|datatype| datatype.name().to_owned()),
        1 => text(),
    ]
}

fn parameter() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![Just("shared_memory_region".to_owned()), text()];
    (key, 0..3_u32).prop_map(|(key, value)| {
        delimited(4, &[delimited(1, key.as_bytes()), integer(2 * value, 1)].concat()[..])
    })
}

/// A field of `InferTensorContents`.
fn contents() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![(1..6_u32).prop_flat_map(numbers), floats(6, 5, 4), floats(7, 1, 8), strings(8),]
}

fn any_contents() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![9 => contents(), 1 => (9..12_u32).prop_flat_map(numbers)]
}

pub fn predict_request() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        1 => text().prop_map(|key| delimited(1, key.as_bytes())),
        4 => vec(tensor_proto_field(), 0..6).prop_map(|fields| delimited(2, &fields.concat())),
        2 => ordered_tensor_proto().prop_map(|tensor| delimited(2, &tensor)),
    ];
    let entry = vec(part, 0..4).prop_map(|parts| delimited(2, &parts.concat()));
    let field = prop_oneof![
        9 => entry,
        1 => text().prop_map(|text| delimited(1, text.as_bytes())),
    ];
    vec(field, 0..4).prop_map(|fields| fields.concat())
}

/// As clients write it.
fn ordered_tensor_proto() -> impl Strategy<Value = Vec<u8>> {
    (dtype(), shape(), content()).prop_map(|fields| [fields.0, fields.1, fields.2].concat())
}

fn dtype() -> impl Strategy<Value = Vec<u8>> {
    (0..27_u64).prop_map(|number| integer(1, number))
}

fn shape() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        8 => (0..4_u64).prop_map(|size| delimited(2, &integer(1, size))),
        1 => any::<u64>().prop_map(|size| delimited(2, &integer(1, size))),
        1 => text().prop_map(|name| delimited(2, &delimited(2, name.as_bytes()))),
        1 => (0..2_u64).prop_map(|is_unknown| integer(3, is_unknown)),
    ];
    vec(part, 0..4).prop_map(|parts| delimited(2, &parts.concat()))
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let lengths = vec(0..5_u64, 0..5).prop_map(|lengths| {
        let total: u64 = lengths.iter().sum();
        let lengths: Vec<u8> = lengths.into_iter().flat_map(varint).collect();
        [lengths, vec![b'x'; usize::try_from(total).unwrap()]].concat()
    });
    prop_oneof![2 => raw_data(), 1 => lengths].prop_map(|content| delimited(4, &content))
}

fn tensor_proto_field() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => dtype(),
        2 => shape(),
        2 => content(),
        1 => floats(5, 5, 4),
        1 => floats(6, 1, 8),
        1 => strings(8),
        3 => select(vec![7, 10, 11, 13, 16, 17]).prop_flat_map(numbers),
        1 => (18..30_u32, text()).prop_map(|(number, text)| delimited(number, text.as_bytes())),
    ]
}

pub fn own_message() -> impl Strategy<Value = Vec<u8>> {
    let inner = prop_oneof![numbers(1), strings(2), numbers(3)];
    let field = prop_oneof![
        floats(1, 5, 4),
        numbers(2),
        floats(3, 1, 8),
        text().prop_map(|text| delimited(4, text.as_bytes())),
        vec(inner, 0..4).prop_map(|fields| delimited(5, &fields.concat())),
        (6..9_u32, text()).prop_map(|(number, text)| delimited(number, text.as_bytes())),
    ];
    vec(field, 0..7).prop_map(|fields| fields.concat())
}

/// Varints, packed or not.
fn numbers(number: u32) -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![0..4_u64, 0..100_000_u64, any::<u64>(), (0..9_u64).prop_map(|n| !n)];
    prop_oneof![
        vec(value.clone(), 0..20).prop_map(move |values| delimited(
            number,
            &values.into_iter().flat_map(varint).collect::<Vec<_>>()
        )),
        value.prop_map(move |value| integer(number, value)),
    ]
}

/// Numbers of four or eight bytes, packed or not.
fn floats(number: u32, wire_type: u32, size: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        raw_data().prop_map(move |mut bytes| {
            bytes.truncate(bytes.len() - bytes.len() % size);
            delimited(number, &bytes)
        }),
        any::<[u8; 8]>()
            .prop_map(move |bytes| [key(number, wire_type), bytes[..size].to_vec()].concat()),
    ]
}

fn strings(number: u32) -> impl Strategy<Value = Vec<u8>> {
    vec(vec(any::<u8>(), 0..9), 0..4).prop_map(move |strings| {
        strings.iter().flat_map(|string| delimited(number, string)).collect()
    })
}

/// Numbers of many sizes, some of them not finite; byte strings; noise.
fn raw_data() -> impl Strategy<Value = Vec<u8>> {
    let single = prop_oneof![
        any::<f32>(),
        select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::MIN_POSITIVE]),
    ];
    prop_oneof![
        vec(single, 0..70)
            .prop_map(|floats| floats.iter().flat_map(|float| float.to_le_bytes()).collect()),
        vec(any::<f64>(), 0..40)
            .prop_map(|floats| floats.iter().flat_map(|float| float.to_le_bytes()).collect()),
        vec(any::<u8>(), 0..300),
        vec(0..2_u8, 0..9),
        vec(vec(any::<u8>(), 0..9), 0..5).prop_map(|strings| {
            let prefixed = |string: Vec<u8>| {
                let length = u32::try_from(string.len()).unwrap().to_le_bytes();
                [length.to_vec(), string].concat()
            };
            strings.into_iter().flat_map(prefixed).collect()
        }),
    ]
}

fn integer(number: u32, value: u64) -> Vec<u8> {
    [key(number, 0), varint(value)].concat()
}

fn key(number: u32, wire_type: u32) -> Vec<u8> {
    varint(u64::from(number << 3 | wire_type))
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(value, &mut bytes);
    bytes
}

fn delimited(number: u32, payload: &[u8]) -> Vec<u8> {
    [key(number, 2), varint(u64::try_from(payload.len()).unwrap()), payload.to_vec()].concat()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn open_inference_tensors_are_what_prost_decodes(message in infer_request(), cuts in cuts()) {
        oracle::tensors::agrees(&message, &cuts);
    }

    #[test]
    fn tensorflow_tensors_are_what_prost_decodes(message in predict_request(), cuts in cuts()) {
        oracle::tensors::agrees(&message, &cuts);
    }

    #[test]
    fn tensors_of_ones_own_are_what_prost_decodes(message in own_message(), cuts in cuts()) {
        oracle::tensors::agrees(&message, &cuts);
    }

    #[test]
    fn changed_tensors_are_judged_as_prost_judges_them(
        message in prop_oneof![infer_request(), predict_request(), own_message()],
        changes in vec(change(), 1..4),
        cuts in cuts(),
    ) {
        oracle::tensors::agrees(&changed(message, &changes), &cuts);
    }

    #[test]
    fn raw_values_are_those_of_each_element(
        datatype in select(&Datatype::ALL),
        bytes in raw_data(),
        cuts in cuts(),
    ) {
        let mut raw = RawValues::new(Some(datatype), Depth::Valued);
        oracle::pieces(&bytes, &cuts).into_iter().for_each(|piece| raw.push(piece));
        let (elements, values) = oracle::tensors::values::raw(Some(datatype), &bytes);
        prop_assert_eq!(raw.elements(), elements);
        if elements.is_some() || datatype != Datatype::Bytes {
            prop_assert_eq!(raw.values(), values);
        }
    }
}
