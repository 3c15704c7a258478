//! Tells a person what is going on, on standard error: standard output is for the result alone.

use std::cell::Cell;
use std::time::Instant;

#[derive(Debug)]
pub struct Narrator {
    begun: Cell<Instant>,
}

impl Default for Narrator {
    fn default() -> Self {
        Self { begun: Cell::new(Instant::now()) }
    }
}

impl Narrator {
    /// A step begins.
    pub fn begin(&self, what: &str) {
        self.begun.set(Instant::now());
        eprintln!("{what} ...");
    }

    /// Something within a step that takes its time.
    pub fn go_on(&self, what: &str) {
        eprintln!("    ... {what}");
    }

    /// A step has ended.
    pub fn end(&self, as_expected: bool) {
        let outcome = if as_expected { "as expected" } else { "NOT as expected" };
        eprintln!("    {outcome}, {:.1} s", self.begun.get().elapsed().as_secs_f64());
    }

    /// A sentence by itself.
    pub fn note(&self, text: &str) {
        eprintln!("{text}");
    }
}
