//! The table against a model of a map, a set of idle keys and one shared entry.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::HashMap;

use admission_control::ledger::table::{Key, OVERFLOW, Placement, Target, peek, update};
use admission_control::ledger::workers::Workers;
use proptest::collection::vec;
use proptest::prelude::*;

const CAPACITY: usize = 4;

#[derive(Clone, Debug)]
struct Step {
    key: u8,
    placement: Option<Placement>,
    state: Option<Vec<u8>>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let placement = prop_oneof![
        3 => Just(None),
        1 => Just(Some(Placement::Own)),
        1 => Just(Some(Placement::Shared)),
    ];
    let step = (0_u8..10, placement, prop::option::weighted(0.8, vec(0_u8..3, 0..6)))
        .prop_map(|(key, placement, state)| Step { key, placement, state });
    vec(step, 1..80)
}

/// States that begin with a zero.
fn is_idle(state: &[u8]) -> bool {
    state.first() == Some(&0)
}

fn key(number: u8) -> Key {
    [number; 16]
}

/// The entries in the order they were made, without the shared one.
#[derive(Default)]
struct Model {
    order: Vec<Key>,
    states: HashMap<Key, Vec<u8>>,
}

impl Model {
    /// The entry that a step has, if there is one, and who makes way for it.
    fn entry(&self, step: &Step) -> (Option<Key>, Option<Key>) {
        let key = key(step.key);
        if step.placement == Some(Placement::Shared) || key == OVERFLOW {
            return (Some(OVERFLOW), None);
        }
        if self.order.contains(&key) || self.order.len() < CAPACITY {
            return (Some(key), None);
        }
        let idle = |key: &&Key| self.states.get(*key).is_some_and(|state| is_idle(state));
        match (self.order.iter().find(idle), step.placement) {
            (Some(evicted), _) => (Some(key), Some(*evicted)),
            (None, None) => (Some(OVERFLOW), None),
            (None, Some(_)) => (None, None),
        }
    }

    fn set(&mut self, key: Key, state: Vec<u8>, evicted: Option<Key>) {
        if let Some(evicted) = evicted {
            self.order.retain(|other| *other != evicted);
            self.states.remove(&evicted);
        }
        if key != OVERFLOW && !self.order.contains(&key) {
            self.order.push(key);
        }
        self.states.insert(key, state);
    }
}

proptest! {
    #[test]
    fn the_table_is_the_map_of_the_model(steps in steps()) {
        let (mut cell, mut model) = (Vec::new(), Model::default());
        for step in steps {
            let (entry, evicted) = model.entry(&step);
            let target = Target { key: key(step.key), placement: step.placement };
            let updated = update(&cell, target, CAPACITY, is_idle, |old| {
                (step.state.clone(), old.map(<[u8]>::to_vec))
            });
            let expected = entry.and_then(|entry| model.states.get(&entry).cloned());
            prop_assert_eq!(updated.outcome, expected);
            let shared = if entry == Some(OVERFLOW) { Placement::Shared } else { Placement::Own };
            prop_assert_eq!(updated.placement, step.placement.unwrap_or(shared));
            prop_assert_eq!(updated.bytes.is_some(), step.state.is_some() && entry.is_some());
            cell = updated.bytes.unwrap_or(cell);
            if let (Some(entry), Some(state)) = (entry, step.state) {
                model.set(entry, state, evicted);
            }
            for number in 0..10 {
                let state = model.states.get(&key(number)).map(Vec::as_slice);
                prop_assert_eq!(peek(&cell, key(number)), state);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_table_or_an_empty_one(mut bytes in vec(any::<u8>(), 0..200)) {
        if let Some(version) = bytes.first_mut() {
            *version = 1;
        }
        let target = Target { key: key(1), placement: None };
        let updated = update(&bytes, target, CAPACITY, is_idle, |_| (Some(vec![7]), ()));
        if let Some(cell) = updated.bytes {
            let found = peek(&cell, if updated.placement == Placement::Own { key(1) } else { OVERFLOW });
            prop_assert_eq!(found, Some(&[7][..]));
        }
        let workers = Workers::from_bytes(&bytes);
        prop_assert_eq!(Workers::from_bytes(&workers.to_bytes()), workers);
    }
}
