//! Protobuf messages and gRPC frames, against prost.

use super::changes::{change, changed, cuts};
use super::json_texts::text;
use super::oracle;
use proptest::collection::vec;
use proptest::prelude::*;

/// Fields of every wire type, nested, some of them the wanted ones.
pub fn wire_message() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        (1..6_u32, any::<u64>())
            .prop_map(|(number, value)| [key(number, 0), varint(value)].concat()),
        (1..6_u32, 0..20_u64).prop_map(|(number, value)| [key(number, 0), varint(value)].concat()),
        (1..6_u32, any::<[u8; 8]>())
            .prop_map(|(number, value)| [key(number, 1), value.to_vec()].concat()),
        (1..6_u32, any::<[u8; 4]>())
            .prop_map(|(number, value)| [key(number, 5), value.to_vec()].concat()),
        (1..6_u32, text()).prop_map(|(number, text)| delimited(number, text.as_bytes())),
        (5..400_u32, vec(any::<u8>(), 0..300))
            .prop_map(|(number, bytes)| delimited(number, &bytes)),
        (1..5_u32, text(), 0..4_usize).prop_map(|(number, text, missing)| {
            delimited(number, &text.as_bytes()[..text.len().saturating_sub(missing)])
        }),
        (3..6_u32, 95..103_usize).prop_map(|(number, depth)| {
            [key(number, 3).repeat(depth), key(number, 4).repeat(depth)].concat()
        }),
        // Varints written longer than they need to be.
        (1..6_u32, 1..10_usize)
            .prop_map(|(number, more)| { [key(number, 0), vec![0x80; more], vec![0]].concat() }),
    ];
    let fields = vec(leaf, 0..6).prop_map(|fields| fields.concat());
    let nested = fields.prop_recursive(4, 48, 5, |inner| {
        let field = prop_oneof![
            (1..5_u32, inner.clone()).prop_map(|(number, message)| delimited(number, &message)),
            (3..9_u32, inner.clone()).prop_map(|(number, inside)| [
                key(number, 3),
                inside,
                key(number, 4)
            ]
            .concat()),
            inner,
        ];
        vec(field, 0..5).prop_map(|fields| fields.concat())
    });
    prop_oneof![nested, wanted_message()]
}

/// Only fields of their own types: what prost accepts.
fn wanted_message() -> impl Strategy<Value = Vec<u8>> {
    let member = prop_oneof![
        text().prop_map(|text| delimited(1, text.as_bytes())),
        any::<u64>().prop_map(|value| delimited(2, &[key(1, 0), varint(value)].concat())),
        Just(delimited(2, b"")),
        text().prop_map(|text| delimited(4, text.as_bytes())),
        Just(delimited(4, b"")),
        text().prop_map(|text| delimited(3, text.as_bytes())),
    ];
    let spec = vec(member, 0..6).prop_map(|members| delimited(1, &members.concat()));
    let field = prop_oneof![
        3 => spec,
        1 => text().prop_map(|text| delimited(2, text.as_bytes())),
        1 => any::<u64>().prop_map(|value| [key(3, 0), varint(value)].concat()),
        1 => (7..30_u32, vec(any::<u8>(), 0..200)).prop_map(|(number, bytes)| delimited(number, &bytes)),
    ];
    vec(field, 0..6).prop_map(|fields| fields.concat())
}

/// Repeated numbers, packed and not, some of them in other types than their own.
fn numbers() -> impl Strategy<Value = Vec<u8>> {
    let long = prop_oneof![
        any::<u64>().prop_map(varint),
        (0..200_u64).prop_map(varint),
        (1..11_usize, 0..3_u8).prop_map(|(more, last)| [vec![0x80; more], vec![last]].concat()),
    ];
    let varints = vec(long.clone(), 0..40).prop_map(|varints| varints.concat());
    let field = prop_oneof![
        (1..3_u32, 0..12_usize, 0..8_usize).prop_map(|(number, count, size)| {
            delimited(number, &vec![0xab; count * if size == 0 { 3 } else { 8 }])
        }),
        (3..6_u32, varints).prop_map(|(number, varints)| delimited(number, &varints)),
        (3..8_u32, long).prop_map(|(number, varint)| [key(number, 0), varint].concat()),
        any::<[u8; 4]>().prop_map(|value| [key(1, 5), value.to_vec()].concat()),
        any::<[u8; 8]>().prop_map(|value| [key(2, 1), value.to_vec()].concat()),
    ];
    vec(field, 0..6).prop_map(|fields| fields.concat())
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

fn grpc_body() -> impl Strategy<Value = Vec<u8>> {
    let message = (0..2_u8, vec(any::<u8>(), 0..300)).prop_map(|(flag, payload)| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [vec![flag], length.to_vec(), payload].concat()
    });
    vec(message, 0..5).prop_map(|messages| messages.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn messages_are_read_as_prost_reads_them(message in wire_message(), cuts in cuts()) {
        oracle::protobuf::agrees(&message, &cuts);
        oracle::identity::grpc_agrees(&message, &cuts);
    }

    #[test]
    fn changed_messages_are_judged_as_prost_judges_them(
        message in wire_message(),
        changes in vec(change(), 1..4),
        cuts in cuts(),
    ) {
        let message = changed(message, &changes);
        oracle::protobuf::agrees(&message, &cuts);
        oracle::identity::grpc_agrees(&message, &cuts);
    }

    #[test]
    fn numbers_are_counted_as_prost_counts_them(
        message in numbers(),
        changes in vec(change(), 0..3),
        cuts in cuts(),
    ) {
        oracle::elements::agrees(&message, &cuts);
        oracle::elements::agrees(&changed(message, &changes), &cuts);
    }

    #[test]
    fn noise_is_judged_as_prost_judges_it(message in vec(any::<u8>(), 0..64), cuts in cuts()) {
        oracle::protobuf::agrees(&message, &cuts);
        oracle::identity::grpc_agrees(&message, &cuts);
    }

    #[test]
    fn frames_are_split_as_by_a_reader_that_has_the_whole_body(
        body in grpc_body(),
        changes in vec(change(), 0..3),
        cuts in cuts(),
    ) {
        oracle::grpc::agrees(&body, &cuts);
        oracle::grpc::agrees(&changed(body, &changes), &cuts);
    }
}
