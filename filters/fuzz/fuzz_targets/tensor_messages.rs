//! Tensors in protobuf messages against prost, however the message is cut.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<usize>, &[u8])| {
    let (cuts, message) = input;
    oracle::tensors::agrees(message, &cuts);
});
