//! Admission control: whether a request is let in now.
//!
//! - `ledger`: what all workers know together: quotas, places, who is alive.

pub mod ledger;
