//! Tensors in JSON bodies against a naive reading, and surveys of arrays against
//! `serde_json`, however the text is cut.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<usize>, Option<u16>, &[u8])| {
    let (cuts, header, body) = input;
    oracle::surveys::agrees(body, &cuts);
    oracle::tensors_in_json::inference_agrees(body, header.map(u64::from), &cuts);
    oracle::tensors_in_json::predict_agrees(body, &cuts);
});
