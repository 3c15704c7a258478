//! Any head of a request is told or refused, what is told is clean text, and
//! other names can be put into the path.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use inference_api::dialect::{RequestLine, query_parameter};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], Option<&[u8]>, &[u8], &str, &str)| {
    let (method, content_type, path, model, version) = input;
    oracle::dialect::agrees(&RequestLine { method, path, content_type }, model, version);
    if let Ok(Some(value)) = query_parameter(path, "model") {
        assert!(!value.contains(char::is_control));
    }
});
