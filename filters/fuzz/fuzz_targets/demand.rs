//! What a request asks for, and the edit that makes it ask for its usage, against
//! `serde_json`.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (usize, Vec<usize>, &[u8])| {
    let (api, cuts, body) = input;
    oracle::demand::agrees(api, body, &cuts);
});
