//! Forms against a reader that has the whole body, and against `multer`.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<usize>, &[u8])| {
    let (cuts, body) = input;
    oracle::multipart::agrees("b", body, &cuts);
    let part = [b"--b\r\nContent-Disposition: form-data; name=\"model\"\r\n", body].concat();
    oracle::multipart::agrees("b", &part, &cuts);
});
