//! The readers against their oracles: valid bytes, valid bytes with something
//! changed, and noise; cut anywhere.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod changes;
mod demand;
mod events;
mod forms;
mod json;
mod json_texts;
mod members;
mod messages;
mod names;
#[path = "../oracle/mod.rs"]
mod oracle;
mod orca;
mod surveys;
mod tensors;
mod tensors_in_json;
mod usage;
mod workloads;
