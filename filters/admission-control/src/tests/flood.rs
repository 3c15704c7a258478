//! A flood of invented tenants.

use super::*;
use filter_kit::{CellError, Cells, KeepCells};
use std::collections::HashMap;
use std::sync::Mutex;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// State whose size can be asked for.
#[derive(Default)]
struct Measured(Mutex<HashMap<String, Vec<u8>>>);

impl KeepCells for Measured {
    fn update(
        &self,
        cell: &str,
        step: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), CellError> {
        let mut cells = self.0.lock().unwrap();
        let bytes = cells.entry(cell.to_owned()).or_default();
        if let Some(replacement) = step(bytes) {
            *bytes = replacement;
        }
        Ok(())
    }
}

impl Measured {
    fn bytes(&self) -> usize {
        self.0.lock().unwrap().values().map(Vec::len).sum()
    }

    fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }
}

fn config() -> Value {
    json!({
        "tenant": {"header": "x-tenant-id"},
        "max_keys": 256,
        "limits": [
            {"name": "r", "per": ["tenant"], "requests": {"count": 3, "window_ms": 60_000}},
            {"name": "i", "per": ["tenant"], "in_flight": {"max": 2}},
        ],
    })
}

fn of(tenant: &str) -> Ask {
    Ask::of("/v2/models/m/infer").header("x-tenant-id", tenant)
}

#[test]
fn invented_tenants_take_nothing_from_those_that_are_known() {
    let state: &'static Measured = Box::leak(Box::default());
    let mut worker = Worker::new(&config(), Cells::new(state));
    // One has used up what it may, one has used a part, one has a request here.
    for ticket in 0..3 {
        worker.send(ticket, at(0), &of("spent"));
        worker.answer(ticket, at(0));
    }
    worker.send(3, at(0), &of("known"));
    worker.answer(3, at(0));
    worker.send(4, at(0), &of("here"));
    let mut ticket = 10;
    let mut admitted = 0;
    for number in 0..2_000 {
        if worker.send(ticket, at(1), &of(&format!("invented-{number}"))) == Stage::Goes {
            admitted += 1;
            worker.answer(ticket, at(1));
        }
        ticket += 1;
        if number == 1_000 {
            let most = worker.filter.cells().len() * 64 * (18 + 152) + 10_000;
            assert!(state.bytes() < most, "{} bytes", state.bytes());
        }
    }
    let before = state.bytes();
    // Those that found no place of their own share what one of them may use.
    assert!(admitted < 3 * 2 * 256, "{admitted} were let in");
    let mut goes = |worker: &mut Worker, tenant: &str| {
        ticket += 1;
        worker.send(ticket, at(2), &of(tenant)) == Stage::Goes
    };
    assert!(!goes(&mut worker, "spent"), "its debt is not forgotten");
    assert_eq!([goes(&mut worker, "known"), goes(&mut worker, "known")], [true, true]);
    assert!(!goes(&mut worker, "known"), "three in all");
    assert!(goes(&mut worker, "here"));
    assert!(!goes(&mut worker, "here"), "two at the same time");
    assert!(state.bytes() <= before + 1000, "it does not grow with the flood");
    // The flood is over, and what it owed is paid off.
    assert_eq!(worker.send(1_000_000, at(61_000), &of("new")), Stage::Goes);
    let known = worker.filter.cells();
    assert!(state.names().iter().all(|name| known.contains(name)), "only cells that are announced");
}
