//! What a body names, against the whole body in the hands of the libraries.

use std::ops::Range;

use inference_api::dialect::BodyIdentity;
use inference_api::identity::{
    BodyReader, Limits, Malformed, Named, NamedVersion, Progress, Reading, Repeats,
};
use inference_api::json::ByteOrderMark;
use inference_api::multipart::{Boundary, FieldLimits, FieldReader};
use inference_api::protobuf::FieldPath;
use prost::Message;
use serde_json::Value;

use super::pieces;
use super::protobuf::{Choice, Request};
use super::rewriting::spliced;

/// Reads every message to its end.
pub const WHOLE: Limits =
    Limits { name_bytes: usize::MAX, json_depth: 127, whole_message_bytes: u64::MAX };

/// Where a body names its model, and the content type beside it.
struct Subject {
    identity: BodyIdentity,
    content_type: Option<String>,
}

const JSON: Subject = Subject { identity: BodyIdentity::JsonModel, content_type: None };

/// The model of a JSON body.
pub fn json_agrees(body: &[u8], cuts: &[usize]) {
    let strict = read(&JSON, reading(Repeats::Refused, WHOLE), body, cuts);
    let lenient = read(&JSON, reading(Repeats::LastCounts, WHOLE), body, cuts);
    strictness_only_refuses(&strict, &lenient);
    let expected = match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => match object.get("model") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(model)) => Ok(Some(model.clone())),
            Some(_) => Err(()),
        },
        _ => Err(()),
    };
    assert_eq!(lenient.map(|named| named.model).map_err(|_| ()), expected);
}

/// The model and the version of a body that is one uncompressed gRPC message.
pub fn grpc_agrees(message: &[u8], cuts: &[usize]) {
    let identity = BodyIdentity::Grpc {
        model: FieldPath::new(&[1, 1]),
        version: Some(FieldPath::new(&[1, 2, 1])),
        label: Some(FieldPath::new(&[1, 4])),
    };
    let subject = Subject { identity, content_type: None };
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let body = [&[0][..], &length, message].concat();
    let strict = read(&subject, reading(Repeats::Refused, WHOLE), &body, cuts);
    let lenient = read(&subject, reading(Repeats::LastCounts, WHOLE), &body, cuts);
    strictness_only_refuses(&strict, &lenient);
    decided_early_is_decided_alike(&subject, &body, cuts, &strict);
    // What identity does not read, it does not check: one way only.
    if let Ok(expected) = Request::decode(message) {
        let spec = expected.spec.unwrap_or_default();
        let version = match spec.choice {
            None => None,
            Some(Choice::Version(version)) => {
                Some(NamedVersion::Version(version.value.to_string()))
            }
            Some(Choice::Label(label)) if label.is_empty() => None,
            Some(Choice::Label(label)) => Some(NamedVersion::Label(label)),
        };
        // An integer where the version is a string is for the server to refuse.
        let named = lenient.expect("prost takes it");
        assert_eq!(named.model.unwrap_or_default(), spec.name);
        assert_eq!(named.version, version);
    }
}

/// The model of a form is the field of that name.
pub fn form_agrees(boundary: &str, body: &[u8], cuts: &[usize], served: &str) {
    let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
    let limits = FieldLimits { value_bytes: usize::MAX, ..FieldLimits::default() };
    let boundary = Boundary::from_content_type(content_type.as_bytes()).unwrap();
    let mut fields = FieldReader::new(boundary, "model", limits);
    let is_form = fields.push(body).and_then(|()| fields.finish()).is_ok();
    let field = fields.field();

    let content_type = Some(content_type);
    let subject = Subject { identity: BodyIdentity::FormModel, content_type };
    let strict = read(&subject, reading(Repeats::Refused, WHOLE), body, cuts);
    let lenient = read(&subject, reading(Repeats::LastCounts, WHOLE), body, cuts);
    strictness_only_refuses(&strict, &lenient);
    assert_eq!(lenient.is_ok(), is_form, "{lenient:?}");
    let is_clear = field.is_none_or(|field| !field.is_contradictory);
    assert_eq!(strict.is_ok(), is_form && is_clear, "{strict:?}");
    let Ok(named) = lenient else { return };
    let last = field.map(|field| &field.last);
    assert_eq!(named.model.as_deref(), last.and_then(|last| last.text()));
    let (Some(place), Some(last)) = (named.place, last) else { return };
    let range = last.span.start.try_into().unwrap()..last.span.end.try_into().unwrap();
    let mut expected = body.to_vec();
    expected.splice::<Range<usize>, _>(range, served.bytes());
    assert_eq!(spliced(body, &place.rewrite(served, None)), expected, "another name");
}

impl Subject {
    fn reader(&self, reading: Reading) -> BodyReader {
        let content_type = self.content_type.as_deref().map(str::as_bytes);
        BodyReader::new(&self.identity, content_type, reading)
    }
}

const fn reading(repeats: Repeats, limits: Limits) -> Reading {
    Reading { limits, repeats, byte_order_mark: ByteOrderMark::Refused }
}

/// Refusing repetitions changes nothing else.
fn strictness_only_refuses(strict: &Result<Named, Malformed>, lenient: &Result<Named, Malformed>) {
    match (strict, lenient) {
        (Ok(strict), Ok(lenient)) => {
            assert_eq!(names(strict), names(lenient), "one name, two policies");
        }
        (Ok(strict), Err(error)) => panic!("{strict:?} is accepted only strictly: {error:?}"),
        (Err(Malformed::Repeated(_)), Ok(_)) | (Err(_), Err(_)) => {}
        (Err(error), Ok(lenient)) => assert!(lenient.is_contradictory, "{error:?}, {lenient:?}"),
    }
}

/// A message that is decided before its end names what it names at its end.
fn decided_early_is_decided_alike(
    subject: &Subject,
    body: &[u8],
    cuts: &[usize],
    strict: &Result<Named, Malformed>,
) {
    let limits = Limits { whole_message_bytes: 0, ..WHOLE };
    let early = read(subject, reading(Repeats::Refused, limits), body, cuts);
    match (early, strict) {
        (Ok(early), Ok(strict)) => assert_eq!(names(&early), names(strict), "early"),
        (Ok(early), Err(error)) => panic!("{early:?} is accepted only early: {error:?}"),
        // A name that comes late is another one than none.
        (Err(Malformed::Repeated(_)), Ok(_)) | (Err(_), Err(_)) => {}
        (Err(error), Ok(strict)) => panic!("{strict:?} is refused only early: {error:?}"),
    }
}

fn names(named: &Named) -> (&Option<String>, &Option<NamedVersion>) {
    (&named.model, &named.version)
}

/// What the body names. After every piece as much is known of it as if it had
/// come in one.
fn read(
    subject: &Subject,
    reading: Reading,
    body: &[u8],
    cuts: &[usize],
) -> Result<Named, Malformed> {
    let whole = read_pieces(subject, reading, &[body]);
    let pieces = pieces(body, cuts);
    assert_eq!(read_pieces(subject, reading, &pieces), whole, "cuts change the answer");
    let mut reader = subject.reader(reading);
    let mut end = 0;
    for piece in pieces {
        end += piece.len();
        let known = (reader.push(piece), reader.named());
        let mut whole = subject.reader(reading);
        let known_whole = (whole.push(&body[..end]), whole.named());
        assert_eq!(known, known_whole, "cuts change what is known of {end} bytes");
        if let (Ok(progress), named) = known {
            assert_eq!(progress != Progress::Open, named.is_some());
        }
    }
    whole
}

fn read_pieces(subject: &Subject, reading: Reading, pieces: &[&[u8]]) -> Result<Named, Malformed> {
    let mut reader = subject.reader(reading);
    for piece in pieces {
        let before = reader.named().cloned();
        let result = reader.push(piece);
        assert!(before.is_none() || reader.named() == before.as_ref(), "a name is final");
        result?;
    }
    reader.finish()?;
    Ok(reader.named().expect("the body was read").clone())
}
