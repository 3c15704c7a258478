//! Server-sent events against a reader that has the whole stream.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<usize>, &[u8])| {
    let (cuts, stream) = input;
    oracle::sse::agrees(stream, &cuts);
});
