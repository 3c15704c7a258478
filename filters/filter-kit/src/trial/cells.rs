use crate::{CellError, Cells, KeepCells};
use std::collections::HashMap;
use std::sync::Mutex;

/// State that is shared by whoever is given it, and by nobody else. It stays for
/// ever, as Envoy's does.
pub fn local_cells() -> Cells {
    Cells::new(Box::leak(Box::new(Local::default())))
}

#[derive(Default)]
struct Local(Mutex<HashMap<String, Vec<u8>>>);

impl KeepCells for Local {
    fn update(
        &self,
        cell: &str,
        step: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), CellError> {
        let mut cells = self.0.lock().map_err(|_| CellError::Unshared)?;
        let bytes = cells.entry(cell.to_owned()).or_default();
        if let Some(replacement) = step(bytes) {
            *bytes = replacement;
        }
        Ok(())
    }
}
