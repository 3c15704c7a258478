use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn key(number: u8) -> Key {
    let mut key = OVERFLOW;
    key[0] = number;
    key
}

fn any(number: u8) -> Target {
    Target { key: key(number), placement: None }
}

fn in_place(number: u8, placement: Placement) -> Target {
    Target { key: key(number), placement: Some(placement) }
}

/// Idle states are those that are a zero.
fn is_idle(state: &[u8]) -> bool {
    state == [0]
}

/// Sets a state in a cell of two entries. What was there, and where.
fn set(cell: &mut Vec<u8>, target: Target, state: &[u8]) -> (Option<Vec<u8>>, Placement) {
    let updated =
        update(cell, target, 2, is_idle, |old| (Some(state.to_vec()), old.map(<[u8]>::to_vec)));
    if let Some(bytes) = updated.bytes {
        *cell = bytes;
    }
    (updated.outcome, updated.placement)
}

fn full() -> Vec<u8> {
    let mut cell = Vec::new();
    set(&mut cell, any(1), &[1]);
    set(&mut cell, any(2), &[2]);
    cell
}

#[test]
fn a_key_finds_its_own_state_again() {
    let mut cell = full();
    assert_eq!(set(&mut cell, any(1), &[9, 9, 9]), (Some(vec![1]), Placement::Own));
    assert_eq!(set(&mut cell, any(2), &[]), (Some(vec![2]), Placement::Own));
    assert_eq!(peek(&cell, key(1)), Some(&[9, 9, 9][..]));
    assert_eq!(peek(&cell, key(2)), Some(&[][..]));
    assert_eq!(peek(&cell, key(3)), None);
}

#[test]
fn new_keys_of_a_full_table_share_one_entry() {
    let mut cell = full();
    assert_eq!(set(&mut cell, any(3), &[3]), (None, Placement::Shared));
    assert_eq!(set(&mut cell, any(4), &[4]), (Some(vec![3]), Placement::Shared));
    assert_eq!(peek(&cell, OVERFLOW), Some(&[4][..]));
    assert_eq!(peek(&cell, key(1)), Some(&[1][..]));
}

#[test]
fn an_idle_entry_makes_way_and_no_other() {
    let mut cell = full();
    set(&mut cell, any(2), &[0]);
    assert_eq!(set(&mut cell, any(3), &[3]), (None, Placement::Own));
    assert_eq!(peek(&cell, key(1)), Some(&[1][..]));
    assert_eq!(peek(&cell, key(2)), None);
    assert_eq!(peek(&cell, key(3)), Some(&[3][..]));
}

#[test]
fn what_was_reserved_in_the_shared_entry_is_settled_there() {
    let mut cell = full();
    set(&mut cell, any(3), &[3]);
    set(&mut cell, any(1), &[0]);
    assert_eq!(set(&mut cell, any(3), &[7]), (None, Placement::Own));
    let settled = set(&mut cell, in_place(3, Placement::Shared), &[8]);
    assert_eq!(settled, (Some(vec![3]), Placement::Shared));
    assert_eq!(peek(&cell, key(3)), Some(&[7][..]));
}

#[test]
fn what_was_reserved_in_an_entry_that_is_gone_never_touches_the_shared_one() {
    let mut cell = full();
    set(&mut cell, any(3), &[3]);
    let before = cell.clone();
    assert_eq!(set(&mut cell, in_place(4, Placement::Own), &[8]), (None, Placement::Own));
    assert_eq!(cell, before);
    set(&mut cell, any(1), &[0]);
    assert_eq!(set(&mut cell, in_place(4, Placement::Own), &[8]), (None, Placement::Own));
    assert_eq!(peek(&cell, key(4)), Some(&[8][..]));
}

#[test]
fn the_key_of_the_shared_entry_is_nobody_s_own() {
    let mut cell = Vec::new();
    let target = Target { key: OVERFLOW, placement: None };
    assert_eq!(set(&mut cell, target, &[1]), (None, Placement::Shared));
}

#[test]
fn a_step_that_changes_nothing_writes_nothing() {
    let cell = full();
    let updated = update(&cell, any(1), 2, is_idle, |old| (None, old.is_some()));
    assert_eq!(updated, Updated { bytes: None, outcome: true, placement: Placement::Own });
}

#[test]
fn the_longest_state_is_kept_and_a_longer_one_is_not() {
    let mut cell = full();
    set(&mut cell, any(1), &vec![5; 65_535]);
    assert_eq!(peek(&cell, key(1)).map(<[u8]>::len), Some(65_535));
    assert_eq!(peek(&cell, key(2)), Some(&[2][..]));
    let before = cell.clone();
    set(&mut cell, any(1), &vec![5; 65_536]);
    assert_eq!(cell, before);
}

#[test]
fn other_versions_and_cut_cells_read_as_empty() {
    let cell = full();
    for length in 0..cell.len() {
        // The cell of the first entry alone is whole.
        let is_whole = length == 1 + ENTRY + 1;
        assert_eq!(peek(&cell[..length], key(1)).is_some(), is_whole, "{length}");
    }
    let mut newer = cell;
    newer[0] = 2;
    assert_eq!(set(&mut newer, any(1), &[4]), (None, Placement::Own));
    assert_eq!(newer[0], VERSION);
}

#[test]
fn a_key_that_stands_twice_in_foreign_bytes_stands_once_afterwards() {
    let mut cell = Vec::new();
    set(&mut cell, any(1), &[1]);
    let once = cell.len();
    cell.extend_from_within(1..);
    set(&mut cell, any(1), &[2]);
    assert_eq!((cell.len(), peek(&cell, key(1))), (once, Some(&[2][..])));
}
