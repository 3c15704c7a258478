//! What a body names, against the libraries that have the whole body.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<usize>, &[u8])| {
    let (cuts, body) = input;
    oracle::identity::json_agrees(body, &cuts);
    oracle::identity::grpc_agrees(body, &cuts);
});
