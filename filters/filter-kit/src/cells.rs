//! State that all of Envoy's workers share.

use core::fmt;

/// State that all of Envoy's workers share, in named cells of bytes.
///
/// Each worker runs a filter in a virtual machine of its own; what holds for all
/// of them together, such as a limit, is kept here. A filter changes a cell by a
/// pure step, from the bytes that are there to those that are to be: whoever
/// keeps the cells runs it, and runs it again when another worker was faster. So
/// a step must not do anything beside, and must give the same for the same.
#[derive(Clone, Copy)]
pub struct Cells(&'static dyn KeepCells);

/// Whoever keeps the cells: the shell has one, over Envoy's shared data, and
/// tests have another.
pub trait KeepCells {
    /// Runs a step on a cell: it is given the bytes (none, for a cell that is
    /// new) and gives those to be put in their place, or none when they are to
    /// stay. Runs it anew with what is there by then, when another worker put
    /// something there in the meantime.
    ///
    /// # Errors
    /// When the state could not be changed; nothing was, then.
    fn update(
        &self,
        cell: &str,
        step: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), CellError>;
}

/// The state could not be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellError {
    /// There is no state that could be shared.
    Unshared,
    /// Other workers were faster, again and again.
    Contended,
}

impl Cells {
    /// Those that somebody keeps.
    pub const fn new(keeper: &'static dyn KeepCells) -> Self {
        Self(keeper)
    }

    /// Runs a pure step on a cell: from the bytes that are there (none, for a
    /// cell that is new) to those that are to be, if they are to change, and
    /// what comes of it.
    ///
    /// # Errors
    /// When the state could not be changed; nothing was, then.
    pub fn update<T>(
        self,
        cell: &str,
        mut step: impl FnMut(&[u8]) -> (Option<Vec<u8>>, T),
    ) -> Result<T, CellError> {
        let mut outcome = None;
        self.0.update(cell, &mut |bytes| {
            let (replacement, result) = step(bytes);
            outcome = Some(result);
            replacement
        })?;
        outcome.ok_or(CellError::Unshared)
    }
}

impl Default for Cells {
    /// No state at all: every change fails.
    fn default() -> Self {
        Self(&Nowhere)
    }
}

impl fmt::Debug for Cells {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Cells")
    }
}

struct Nowhere;

impl KeepCells for Nowhere {
    fn update(
        &self,
        _: &str,
        _: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), CellError> {
        Err(CellError::Unshared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::RefCell;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// One cell, in which somebody else counts once while a step runs.
    struct Raced(RefCell<Vec<u8>>);

    impl KeepCells for Raced {
        fn update(
            &self,
            _: &str,
            step: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>,
        ) -> Result<(), CellError> {
            let seen = self.0.borrow().clone();
            let _lost = step(&seen);
            self.0.borrow_mut().push(b'x');
            let seen = self.0.borrow().clone();
            if let Some(replacement) = step(&seen) {
                *self.0.borrow_mut() = replacement;
            }
            Ok(())
        }
    }

    #[test]
    fn what_comes_of_the_step_that_counted_is_what_is_told() {
        let keeper: &'static Raced = Box::leak(Box::new(Raced(RefCell::default())));
        let cells = Cells::new(keeper);
        let length = cells.update("a", |bytes| (Some([bytes, b"y"].concat()), bytes.len()));
        assert_eq!(length, Ok(1));
        assert_eq!(*keeper.0.borrow(), b"xy");
    }

    #[test]
    fn without_shared_state_every_change_fails() {
        assert_eq!(Cells::default().update("a", |_| (None, ())), Err(CellError::Unshared));
    }
}
