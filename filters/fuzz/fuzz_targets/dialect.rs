//! Any head of a request is told or refused, and what is told is clean text.
#![no_main]

use inference_api::dialect::{RequestLine, classify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], Option<&[u8]>, &[u8])| {
    let (method, content_type, path) = input;
    if let Ok(call) = classify(&RequestLine { method, path, content_type }, &[]) {
        let version = call.path_version.as_ref().map(|version| version.text());
        for name in call.path_model.iter().chain(version) {
            assert!(!name.is_empty() && !name.contains(char::is_control));
        }
    }
});
