use prost::Message;

use super::{ErrorKind, ErrorReport, Violation, bounded};

/// The value of the header `grpc-status-details-bin`: a `google.rpc.Status`
/// with an `ErrorInfo`, with a `BadRequest` if a field is named, and with a
/// `RetryInfo` if it is known when to try again; in base64 without padding.
///
/// Source: googleapis, `google/rpc/status.proto` and `error_details.proto`.
pub fn status_details(report: &ErrorReport<'_>) -> String {
    let message = bounded(report.message);
    let mut details = vec![Any::new(
        "google.rpc.ErrorInfo",
        &ErrorInfo {
            reason: reason(report),
            domain: DOMAIN.to_owned(),
            metadata: metadata(report),
        },
    )];
    if let Some(field) = report.param {
        let violation = FieldViolation { field: field.to_owned(), description: message.clone() };
        let bad_request = BadRequest { field_violations: vec![violation] };
        details.push(Any::new("google.rpc.BadRequest", &bad_request));
    }
    if let Some(milliseconds) = report.retry_after_ms {
        let retry_delay = Some(Duration::from_milliseconds(milliseconds));
        details.push(Any::new("google.rpc.RetryInfo", &RetryInfo { retry_delay }));
    }
    let status = Status { code: i32::from(report.grpc_code), message, details };
    base64(&status.encode_to_vec())
}

/// Who speaks, in `ErrorInfo.domain`.
const DOMAIN: &str = "inference-gateway";

/// A violation, as the metadata of an `ErrorInfo`.
fn metadata(report: &ErrorReport<'_>) -> Vec<Entry> {
    let Some(Violation { rule, field, found, allowed }) = report.violation else {
        return Vec::new();
    };
    [("rule", rule), ("field", field), ("found", found), ("allowed", allowed)]
        .map(|(key, value)| Entry { key: key.to_owned(), value: bounded(value) })
        .into()
}

fn reason(report: &ErrorReport<'_>) -> String {
    report.code.unwrap_or(word(report.kind)).to_ascii_uppercase()
}

const fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidArgument => "invalid_argument",
        ErrorKind::NotFound => "not_found",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::UnsupportedMedia => "unsupported_media",
        ErrorKind::Unprocessable => "unprocessable",
        ErrorKind::Unauthenticated => "unauthenticated",
        ErrorKind::PermissionDenied => "permission_denied",
        ErrorKind::QuotaExceeded => "quota_exceeded",
        ErrorKind::Overloaded => "overloaded",
        ErrorKind::DeadlineExceeded => "deadline_exceeded",
        ErrorKind::Unimplemented => "unimplemented",
        ErrorKind::Internal => "internal",
    }
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<Entry>,
}

/// An entry of a `map<string, string>`.
#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

#[derive(Clone, PartialEq, Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Duration>,
}

/// A `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
struct Duration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanoseconds: i32,
}

impl Duration {
    fn from_milliseconds(milliseconds: u64) -> Self {
        let duration = core::time::Duration::from_millis(milliseconds);
        Self {
            seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
            nanoseconds: i32::try_from(duration.subsec_nanos()).unwrap_or_default(),
        }
    }
}

impl Any {
    fn new(name: &str, message: &impl Message) -> Self {
        Self { type_url: format!("type.googleapis.com/{name}"), value: message.encode_to_vec() }
    }
}

/// Standard alphabet, no padding, as gRPC wants `-bin` headers to be written.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().saturating_mul(4).div_ceil(3));
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for shift in [18_u32, 12, 6, 0].into_iter().take(group.len().saturating_add(1)) {
            let place = usize::try_from(bits.wrapping_shr(shift) & 63).unwrap_or_default();
            text.push(char::from(ALPHABET.get(place).copied().unwrap_or_default()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// The decoder is the test's own: text back into bytes.
    fn decoded(text: &str) -> Vec<u8> {
        let alphabet: Vec<char> =
            ('A'..='Z').chain('a'..='z').chain('0'..='9').chain("+/".chars()).collect();
        let place = |character| alphabet.iter().position(|known| *known == character).unwrap();
        let bits: String =
            text.chars().map(|character| format!("{:06b}", place(character))).collect();
        let (octets, _) = bits.as_bytes().as_chunks::<8>();
        octets
            .iter()
            .map(|octet| u8::from_str_radix(str::from_utf8(octet).unwrap(), 2).unwrap())
            .collect()
    }

    #[test]
    fn base64_is_as_the_rfc_has_it_without_padding() {
        for (plain, encoded) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "+/+/");
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(decoded(&base64(&all)), all);
    }

    #[test]
    fn details_name_the_reason_and_the_field() {
        let mut report = ErrorKind::NotFound.report(Dialect::Grpc, "no such model");
        report.param = Some("model_name");
        report.code = Some("model_not_found");
        let status = Status::decode(decoded(&status_details(&report)).as_slice()).unwrap();
        assert_eq!((status.code, status.message.as_str()), (5, "no such model"));
        let urls: Vec<&str> = status.details.iter().map(|any| any.type_url.as_str()).collect();
        let expected = [
            "type.googleapis.com/google.rpc.ErrorInfo",
            "type.googleapis.com/google.rpc.BadRequest",
        ];
        assert_eq!(urls, expected);
        let reason = ErrorInfo::decode(status.details[0].value.as_slice()).unwrap();
        assert_eq!(reason.reason, "MODEL_NOT_FOUND");
        let bad_request = BadRequest::decode(status.details[1].value.as_slice()).unwrap();
        assert_eq!(bad_request.field_violations[0].field, "model_name");
    }

    #[test]
    fn details_of_a_violation_tell_it_for_programs() {
        let mut report = ErrorKind::Unprocessable.report(Dialect::Grpc, "too many");
        report.violation = Some(Violation {
            rule: "tensor_shape",
            field: "inputs[0].shape",
            found: "[2]",
            allowed: "[1]",
        });
        let status = Status::decode(decoded(&status_details(&report)).as_slice()).unwrap();
        let info = ErrorInfo::decode(status.details[0].value.as_slice()).unwrap();
        let told: Vec<(&str, &str)> =
            info.metadata.iter().map(|entry| (&*entry.key, &*entry.value)).collect();
        let expected = [
            ("rule", "tensor_shape"),
            ("field", "inputs[0].shape"),
            ("found", "[2]"),
            ("allowed", "[1]"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn details_say_when_to_try_again() {
        let mut report = ErrorKind::QuotaExceeded.report(Dialect::Grpc, "too many");
        report.retry_after_ms = Some(61_250);
        let status = Status::decode(decoded(&status_details(&report)).as_slice()).unwrap();
        assert_eq!(status.details[1].type_url, "type.googleapis.com/google.rpc.RetryInfo");
        let retry = RetryInfo::decode(status.details[1].value.as_slice()).unwrap();
        let delay = retry.retry_delay.unwrap();
        assert_eq!((delay.seconds, delay.nanoseconds), (61, 250_000_000));
    }

    #[test]
    fn details_of_an_error_without_a_field_name_only_the_reason() {
        let report = ErrorKind::Overloaded.report(Dialect::Grpc, "full");
        let status = Status::decode(decoded(&status_details(&report)).as_slice()).unwrap();
        assert_eq!(status.details.len(), 1);
        let reason = ErrorInfo::decode(status.details[0].value.as_slice()).unwrap();
        assert_eq!((reason.reason.as_str(), reason.domain.as_str()), ("OVERLOADED", DOMAIN));
    }
}
