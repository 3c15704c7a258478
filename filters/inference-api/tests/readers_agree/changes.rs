//! What is done to valid bytes, and where they are cut.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Where bytes are cut, as lengths of pieces.
pub fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![vec(0..4_usize, 0..40), vec(any::<usize>(), 0..6)]
}

/// Something done to valid bytes.
#[derive(Clone, Debug)]
pub enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    CutOff(Index),
    Repeat(Index, Index),
}

pub fn change() -> impl Strategy<Value = Change> {
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

pub fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
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
