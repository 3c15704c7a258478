//! What the workers share, over Envoy's shared data.
//!
//! A cell is put there when a filter is configured, which Envoy does once before
//! any worker does it: were it made by whoever comes first, two could come first,
//! and Envoy lets the later one overwrite what the other wrote.

use crate::host::{self, HostError};
use filter_kit::{CellError, Cells, KeepCells};

/// How often a step is tried while other workers are faster. One that loses takes
/// two microseconds.
const MOST_TRIES: u32 = 1000;

/// Envoy's shared data.
pub(crate) const SHARED: Cells = Cells::new(&SharedData);

struct SharedData;

impl KeepCells for SharedData {
    fn update(
        &self,
        cell: &str,
        step: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), CellError> {
        for _ in 0..MOST_TRIES {
            let (bytes, version) = host::shared_data(cell).map_err(|_| CellError::Unshared)?;
            let Some(replacement) = step(&bytes) else { return Ok(()) };
            match host::set_shared_data(cell, &replacement, version) {
                Ok(()) => return Ok(()),
                Err(HostError::CAS_MISMATCH) => {}
                Err(_) => return Err(CellError::Unshared),
            }
        }
        Err(CellError::Contended)
    }
}

/// Makes a cell that is not there yet.
pub(crate) fn make(cell: &str) {
    if host::shared_data(cell) == Err(HostError::NOT_FOUND) {
        let _ = host::set_shared_data(cell, &[], 0);
    }
}
