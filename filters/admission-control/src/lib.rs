//! Admission control: whether a request is let in now.
//!
//! - `ledger`: what all workers know together: quotas, places, who is alive.
//! - `queue`: who waits for a place, in one worker.

pub mod ledger;
pub mod queue;
