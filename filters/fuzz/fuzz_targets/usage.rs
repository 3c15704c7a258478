//! What an answer says it used, against a reader that has all of it.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (usize, Vec<usize>, &[u8])| {
    let (api, cuts, answer) = input;
    oracle::usage::whole_agrees(api, answer, &cuts);
    oracle::usage::stream_agrees(api, answer, &cuts);
});
