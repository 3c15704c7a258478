//! What a body names, and what it is with other names in it, against the
//! libraries that have the whole body.
#![no_main]

#[path = "../../inference-api/tests/oracle/mod.rs"]
#[allow(dead_code, reason = "the other targets' oracles")]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<usize>, &str, Option<&str>, &[u8])| {
    let (cuts, model, version, body) = input;
    oracle::identity::json_agrees(body, &cuts);
    oracle::identity::grpc_agrees(body, &cuts);
    oracle::identity::form_agrees("b", body, &cuts, model);
    // Nobody serves a model without a name.
    if !model.is_empty() && version != Some("") {
        oracle::rewriting::json_agrees(body, model);
        oracle::rewriting::grpc_agrees(body, model, version);
    }
});
