//! The readers against their oracles: valid bytes, valid bytes with something
//! changed, and noise; cut anywhere.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod json_texts;
mod oracle;

use json_texts::{json_number, json_numbers, json_salad, json_string, json_text, text};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![vec(0..4_usize, 0..40), vec(any::<usize>(), 0..6)]
}

#[derive(Clone, Debug)]
enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    CutOff(Index),
    Repeat(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = prop_oneof![
        any::<u8>(),
        select(b"{}[]\",:\\/u0123456789eE+-.tfn \n\t\x80\xc3\xe2\xed\xf0\xff".to_vec()),
    ];
    prop_oneof![
        (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), byte).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        any::<Index>().prop_map(Change::CutOff),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Repeat(from, to)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len();
        match change {
            Change::Insert(at, byte) => bytes.insert(at.index(length + 1), *byte),
            _ if length == 0 => {}
            Change::Replace(at, byte) => bytes[at.index(length)] = *byte,
            Change::Remove(at) => {
                bytes.remove(at.index(length));
            }
            Change::CutOff(at) => bytes.truncate(at.index(length)),
            Change::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.splice(from.min(to)..from.min(to), part);
            }
        }
    }
    bytes
}

/// Fields of every wire type, nested, some of them the wanted ones.
fn wire_message() -> impl Strategy<Value = Vec<u8>> {
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
    fn valid_json_is_read_as_serde_json_reads_it(text in json_text(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
        oracle::identity::json_agrees(&text, &cuts);
    }

    #[test]
    fn changed_json_is_judged_as_serde_json_judges_it(
        text in json_text(),
        changes in vec(change(), 1..4),
        cuts in cuts(),
    ) {
        let text = changed(text, &changes);
        oracle::json::agrees(&text, &cuts);
        oracle::identity::json_agrees(&text, &cuts);
    }

    #[test]
    fn pieces_of_json_are_judged_as_serde_json_judges_them(text in json_salad(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
    }

    #[test]
    fn long_strings_are_judged_as_serde_json_judges_them(text in json_string(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
    }

    #[test]
    fn rows_of_numbers_are_judged_as_serde_json_judges_them(
        text in json_numbers(),
        cuts in cuts(),
    ) {
        oracle::json::agrees(&text, &cuts);
    }

    #[test]
    fn numbers_are_judged_as_serde_json_judges_them(text in json_number(), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
        oracle::json::agrees(&[&b"[["[..], &text, b",1]]"].concat(), &cuts);
    }

    #[test]
    fn noise_is_judged_as_serde_json_judges_it(text in vec(any::<u8>(), 0..64), cuts in cuts()) {
        oracle::json::agrees(&text, &cuts);
        oracle::json::agrees(&[&b"\""[..], &text, b"\""].concat(), &cuts);
    }

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
