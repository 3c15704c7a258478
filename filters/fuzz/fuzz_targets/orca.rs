//! Any header is a load report or none, and what prost and `serde_json` write of
//! one is read as it was.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| oracle::orca::agrees(header));
