//! What can be said of a request by its headers alone.

use crate::access::Access;
use crate::body::too_large;
use crate::config::Limits;
use crate::rules::Rule;
use crate::violation::{Findings, Violation};
use filter_kit::Headers;
use inference_api::dialect::Call;

/// Whether the path is open.
pub(crate) fn check_access(access: &Access, path: &[u8], call: &Call<'_>, findings: &mut Findings) {
    if let Err(closed) = access.check(path, call.operation) {
        let allowed = "paths and methods that are open to clients";
        findings.add(Rule::Access, || {
            Violation::new(Rule::Access, ":path", closed.sentence(), allowed)
        });
    }
}

/// Whether there are more headers than allowed.
pub(crate) fn check_size(headers: &Headers, limits: &Limits, findings: &mut Findings) {
    if let Some(limit) = limits.max_headers {
        let count = headers.len();
        if u32::try_from(count).unwrap_or(u32::MAX) > limit {
            findings.add(Rule::HeaderCount, || {
                let found = format!("{count} headers");
                Violation::new(Rule::HeaderCount, "", found, format!("at most {limit}"))
            });
        }
    }
    if let Some(limit) = limits.max_header_bytes {
        let bytes = headers.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        let bytes = bytes.fold(0_usize, usize::saturating_add);
        if u64::try_from(bytes).unwrap_or(u64::MAX) > limit {
            findings.add(Rule::HeaderCount, || {
                let found = format!("{bytes} bytes of headers");
                Violation::new(Rule::HeaderCount, "", found, format!("at most {limit}"))
            });
        }
    }
}

/// Whether the length that is announced is accepted.
pub(crate) fn check_length(headers: &Headers, limits: &Limits, findings: &mut Findings) {
    let (Some(limit), Some(length)) = (limits.max_body_bytes, headers.first("content-length"))
    else {
        return;
    };
    // What is no number of 64 bits is none of the lengths within the limit.
    if decimal(length).is_none_or(|length| length > limit) {
        findings.add(Rule::BodyBytes, || too_large(limit));
    }
}

/// Whether the content type and the encoding are accepted. Whether the body is
/// compressed.
pub(crate) fn check_content(
    headers: &Headers,
    call: &Call<'_>,
    limits: &Limits,
    findings: &mut Findings,
) -> Compression {
    if let Some(accepted) = &limits.content_types
        && !call.dialect.is_grpc()
    {
        let written = headers.first("content-type").unwrap_or_default();
        let media_type = written.split(|byte| *byte == b';').next().unwrap_or_default();
        let media_type = media_type.trim_ascii();
        if !accepted.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(media_type)) {
            findings.add(Rule::ContentType, || {
                let found = if written.is_empty() { "none" } else { "another one" };
                Violation::new(Rule::ContentType, "content-type", found, accepted.join(", "))
            });
        }
    }
    check_encodings(headers, limits, findings)
}

/// Whether a body can be read as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// It can.
    None,
    /// It is compressed.
    Compressed,
}

fn check_encodings(headers: &Headers, limits: &Limits, findings: &mut Findings) -> Compression {
    let mut compression = Compression::None;
    let values =
        headers.all("content-encoding").flat_map(|value| value.split(|byte| *byte == b','));
    for encoding in values.map(<[u8]>::trim_ascii) {
        if encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity") {
            continue;
        }
        compression = Compression::Compressed;
        let accepted = limits.content_encodings.as_deref().unwrap_or_default();
        if !accepted.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(encoding)) {
            findings.add(Rule::ContentEncoding, || {
                let allowed = [&["identity".to_owned()], accepted].concat().join(", ");
                let field = "content-encoding";
                Violation::new(Rule::ContentEncoding, field, "another one", allowed)
            });
        }
    }
    compression
}

/// A header's value that is a whole number.
pub(crate) fn decimal(value: &[u8]) -> Option<u64> {
    let is_decimal = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    str::from_utf8(value).ok().filter(|_| is_decimal)?.parse().ok()
}
