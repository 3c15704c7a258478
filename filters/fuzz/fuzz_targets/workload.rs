//! What a request brings, whichever API it speaks, against readers that have its whole
//! body.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (usize, u16, Vec<usize>, &[u8])| {
    let (api, header, cuts, body) = input;
    oracle::workload::agrees(api, u64::from(header), body, &cuts);
});
