//! What to do with a request, by all that its headers say.

use crate::body::{self, Body, BodyFormat, JsonReading, Reading, is_json};
use crate::contracts::{Contract, Patch};
use crate::headers::{self, Compression, decimal};
use crate::rules::Rule;
use crate::violation::{Findings, Violation};
use filter_kit::HeaderBlock;
use inference_api::dialect::{Call, Dialect, Operation};
use std::rc::Rc;

/// What to do with a request once its headers are known.
pub(crate) enum Plan {
    /// Its body does not matter.
    Pass,
    /// Its body is read.
    Read(Box<Payload>),
    /// What its headers say decides, or is all that there is to be said.
    Decide(Box<Findings>),
}

/// A request whose body is read.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) dialect: Dialect,
    pub(crate) contract: Rc<Contract>,
    pub(crate) body: Body,
    /// How many more bytes may be held.
    pub(crate) room: usize,
}

/// The header that says how many bytes of a body are JSON, before raw tensors.
///
/// Source: Triton, `extension_binary_data.md`.
const JSON_BYTES_HEADER: &str = "inference-header-content-length";

/// What to do with a request, by all that its headers say.
pub(crate) fn plan(
    block: &HeaderBlock<'_>,
    call: &Call<'_>,
    contract: &Rc<Contract>,
    (patches, mut findings): (Vec<Rc<Patch>>, Findings),
) -> Plan {
    let path = without_query(block.headers.first(":path").unwrap_or_default());
    // A list of models, say, has no body that a schema could be about; and who asks for
    // another protocol sends nothing before that is granted.
    let may_have_body = !block.end_of_message && !asks_for_another_protocol(block);
    let may_be_read = call.is_inference() || may_have_body;
    let has_patches = may_be_read && patches.iter().any(|patch| patch.schema.is_some());
    headers::check_length(block.headers, &contract.limits, &mut findings);
    let compression = if call.is_inference() || has_patches {
        headers::check_content(block.headers, call, &contract.limits, &mut findings)
    } else {
        Compression::None
    };
    if findings.enforced().is_some() {
        return Plan::Decide(Box::new(findings));
    }
    let header_bytes = json_bytes(block, call, &mut findings);
    let looks = call.is_inference() && contract.looks_at_bodies();
    let as_json = |patches| Reading::Json(JsonReading { call, patches, header_bytes });
    let reading = match compression {
        Compression::Compressed if looks || has_patches => {
            let violation = || body::unreadable("a compressed body", "a body without an encoding");
            findings.add(Rule::Unreadable, violation);
            Reading::Nothing
        }
        Compression::None if looks => match BodyFormat::of(call, path, contract) {
            BodyFormat::Grpc(messages) => Reading::Grpc(messages),
            BodyFormat::Json => as_json(patches),
            BodyFormat::Form => Reading::Nothing,
            BodyFormat::Unreadable => {
                let found = "a request of an API that the model's contract does not speak of";
                let allowed = "requests that can be held against it";
                findings.add(Rule::Unreadable, || body::unreadable(found, allowed));
                // Limits and patches are for any JSON.
                if is_json(call) { as_json(patches) } else { Reading::Nothing }
            }
        },
        Compression::None if has_patches && is_json(call) => as_json(patches),
        _ => Reading::Nothing,
    };
    if findings.enforced().is_some() {
        return Plan::Decide(Box::new(findings));
    }
    let is_measured = may_have_body
        && contract.limits.max_body_bytes.is_some()
        && !block.headers.contains("content-length");
    if matches!(reading, Reading::Nothing) && !is_measured {
        return if findings.reported().is_empty() {
            Plan::Pass
        } else {
            Plan::Decide(Box::new(findings))
        };
    }
    let body = Body::of_request(reading, contract, findings);
    let dialect = call.dialect;
    Plan::Read(Box::new(Payload { dialect, contract: Rc::clone(contract), body, room: 0 }))
}

/// How many bytes of an inference request are JSON, if that is said.
fn json_bytes(block: &HeaderBlock<'_>, call: &Call<'_>, findings: &mut Findings) -> Option<u64> {
    if (call.dialect, call.operation) != (Dialect::OpenInferenceRest, Operation::Infer) {
        return None;
    }
    let value = block.headers.single(JSON_BYTES_HEADER).map(|value| value.map(decimal));
    match value {
        Ok(None) => None,
        Ok(Some(Some(bytes))) => Some(bytes),
        Ok(Some(None)) | Err(_) => {
            findings.add(Rule::Malformed, || {
                let allowed = "one whole number, as many as the body has bytes at most";
                Violation::new(Rule::Malformed, JSON_BYTES_HEADER, "something else", allowed)
            });
            None
        }
    }
}

fn asks_for_another_protocol(block: &HeaderBlock<'_>) -> bool {
    block.headers.contains("upgrade") || block.headers.first(":method") == Some(b"CONNECT")
}

/// A path as patterns have it.
pub(crate) fn without_query(path: &[u8]) -> &[u8] {
    path.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default()
}
