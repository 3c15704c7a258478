use super::*;
use crate::cuts::same_however_cut;
use crate::dialect::BodyIdentity;
use crate::grpc::FrameError;
use crate::json::{JsonError, JsonErrorKind, Kind};
use crate::protobuf::{FieldPath, ProtobufError, ProtobufErrorKind};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LIMITS: Limits = Limits { name_bytes: 16, json_depth: 127 };

const OPEN_INFERENCE: BodyIdentity = BodyIdentity::Grpc {
    model: FieldPath::new(&[1]),
    version: Some(FieldPath::new(&[2])),
    label: None,
};

const TENSORFLOW_SERVING: BodyIdentity = BodyIdentity::Grpc {
    model: FieldPath::new(&[1, 1]),
    version: Some(FieldPath::new(&[1, 2, 1])),
    label: Some(FieldPath::new(&[1, 4])),
};

fn read_in_pieces(identity: &BodyIdentity, chunks: &[&[u8]]) -> Result<Named, Malformed> {
    let mut reader = BodyReader::new(identity, LIMITS);
    for chunk in chunks {
        if reader.push(chunk)? == Progress::Settled {
            return reader.finish();
        }
    }
    reader.finish()
}

/// What a body names: whole, and the same cut at every byte.
fn read(identity: &BodyIdentity, body: &[u8]) -> Result<Named, Malformed> {
    same_however_cut(body, |chunks| read_in_pieces(identity, chunks))
}

fn json(body: &str) -> Result<Named, Malformed> {
    read(&BodyIdentity::JsonModel, body.as_bytes())
}

fn message(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[0][..], &length, payload].concat()
}

fn delimited(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2, u8::try_from(payload.len()).unwrap()];
    bytes.extend_from_slice(payload);
    bytes
}

fn version(text: &str) -> Option<NamedVersion> {
    Some(NamedVersion::Version(text.to_owned()))
}

#[test]
fn a_json_body_names_its_model() {
    let named = json(r#"{"messages":[{"model":"no"}],"model":"gpt","n":1}"#).unwrap();
    assert_eq!(named.model.as_deref(), Some("gpt"));
    assert_eq!(named.model_span, Some(37..42));
    assert_eq!(
        (named.is_repeated, named.is_contradictory, named.is_escaped),
        (false, false, false)
    );
}

#[test]
fn a_json_body_may_name_no_model() {
    assert_eq!(json("{}"), Ok(Named::default()));
    assert_eq!(json(r#"{"model":null}"#).unwrap().model, None);
    assert_eq!(json(r#"{"model":""}"#).unwrap().model.as_deref(), Some(""));
}

#[test]
fn of_duplicate_keys_the_last_one_counts_and_it_is_told() {
    let named = json(r#"{"model":"a","model":"b"}"#).unwrap();
    assert_eq!(named.model.as_deref(), Some("b"));
    assert!(named.is_repeated && named.is_contradictory);
    let named = json(r#"{"model":"a","model":"a"}"#).unwrap();
    assert!(named.is_repeated && !named.is_contradictory);
    let named = json(r#"{"model":7,"model":"b"}"#).unwrap();
    assert!(named.model.as_deref() == Some("b") && named.is_contradictory);
}

#[test]
fn escapes_are_decoded_and_told() {
    for body in [r#"{"model":"forb\u0069dden"}"#, r#"{"mod\u0065l":"forbidden"}"#] {
        let named = json(body).unwrap();
        assert_eq!(named.model.as_deref(), Some("forbidden"));
        assert!(named.is_escaped);
    }
}

#[test]
fn a_body_that_is_not_what_it_must_be_is_malformed() {
    let broken = |kind, offset| Err(Malformed::Json(JsonError { kind, offset }));
    assert_eq!(json(""), Err(Malformed::Empty));
    assert_eq!(json("{broken"), broken(JsonErrorKind::ExpectedKey, 1));
    assert_eq!(json("{\"model\":\"a\""), broken(JsonErrorKind::UnexpectedEnd, 12));
    assert_eq!(json("\u{feff}{}"), broken(JsonErrorKind::ByteOrderMark, 0));
    assert_eq!(json("{} {}"), broken(JsonErrorKind::TrailingBytes, 3));
    assert_eq!(json("[\"array\"]"), Err(Malformed::NotAnObject(Kind::Array)));
    assert_eq!(json("\"model\""), Err(Malformed::NotAnObject(Kind::String)));
    assert_eq!(json("null"), Err(Malformed::NotAnObject(Kind::Null)));
    assert_eq!(json("nonsense"), broken(JsonErrorKind::InvalidLiteral, 0));
    assert_eq!(json("[{broken"), Err(Malformed::NotAnObject(Kind::Array)));
    assert_eq!(json(r#"{"model":7}"#), Err(Malformed::ModelNotText(Kind::Number)));
    assert_eq!(json(r#"{"model":["a"]}"#), Err(Malformed::ModelNotText(Kind::Array)));
    let long = format!(r#"{{"model":"{}"}}"#, "x".repeat(17));
    assert_eq!(json(&long), Err(Malformed::NameTooLong { limit: 16 }));
    let gzip = read(&BodyIdentity::JsonModel, b"\x1f\x8b\x08\0");
    assert_eq!(gzip, broken(JsonErrorKind::ExpectedValue, 0));
}

#[test]
fn what_cannot_become_an_object_is_refused_at_its_first_byte() {
    let mut reader = BodyReader::new(&BodyIdentity::JsonModel, LIMITS);
    assert_eq!(reader.push(b" ["), Err(Malformed::NotAnObject(Kind::Array)));
    assert_eq!(reader.push(b"{}"), Err(Malformed::NotAnObject(Kind::Array)));
    assert_eq!(reader.finish(), Err(Malformed::NotAnObject(Kind::Array)));
}

#[test]
fn a_grpc_message_names_its_model_and_version() {
    let payload = [delimited(1, b"resnet"), delimited(2, b"3"), delimited(7, &[0; 9])].concat();
    let named = read(&OPEN_INFERENCE, &message(&payload)).unwrap();
    assert_eq!(named.model.as_deref(), Some("resnet"));
    assert_eq!(named.version, version("3"));
    assert_eq!(named.model_span, Some(7..13));
}

#[test]
fn an_empty_name_is_an_absent_one_in_protobuf() {
    assert_eq!(read(&OPEN_INFERENCE, &message(b"")), Ok(Named::default()));
    let named = read(&OPEN_INFERENCE, &message(&delimited(1, b""))).unwrap();
    assert_eq!((named.model, named.model_span, named.version), (None, None, None));
}

#[test]
fn the_first_message_decides_and_the_rest_is_not_looked_at() {
    let first = message(&delimited(1, b"a"));
    let mut reader = BodyReader::new(&OPEN_INFERENCE, LIMITS);
    assert_eq!(reader.push(&first[..4]), Ok(Progress::MoreNeeded));
    assert_eq!(reader.push(&first[4..]), Ok(Progress::Settled));
    assert_eq!(reader.push(&[9; 100]), Ok(Progress::Settled));
    assert_eq!(reader.finish().unwrap().model.as_deref(), Some("a"));
    let second = message(&delimited(1, b"b"));
    let named = read(&OPEN_INFERENCE, &[first, second].concat()).unwrap();
    assert_eq!(named.model.as_deref(), Some("a"));
    assert!(!named.is_repeated);
}

#[test]
fn a_tensorflow_version_is_an_integer_in_a_message_or_a_label() {
    let spec = |parts: &[&[u8]]| {
        let spec = [&delimited(1, b"m")[..], &parts.concat()].concat();
        read(&TENSORFLOW_SERVING, &message(&delimited(1, &spec))).unwrap()
    };
    let five = delimited(2, &[1 << 3, 5]);
    let stable = delimited(4, b"stable");
    let label = Some(NamedVersion::Label("stable".to_owned()));
    assert_eq!(spec(&[]).version, None);
    assert_eq!(spec(&[&five]).version, version("5"));
    assert_eq!(spec(&[&stable]).version, label);
    let negative = [&[1 << 3][..], &[0xff; 9], &[1]].concat();
    assert_eq!(spec(&[&delimited(2, &negative)]).version, version("-1"));
    // An Int64Value that holds nothing is zero.
    assert_eq!(spec(&[&delimited(2, b"")]).version, version("0"));
    // Of both, the last one on the wire counts.
    assert_eq!(spec(&[&five, &stable]).version, label);
    assert_eq!(spec(&[&stable, &five]).version, version("5"));
    assert!(spec(&[&five, &stable]).is_contradictory);
    assert!(!spec(&[&five]).is_contradictory);
}

#[test]
fn an_integer_version_of_its_own_is_absent_when_zero() {
    let version_field = Some(FieldPath::new(&[3]));
    let identity =
        BodyIdentity::Grpc { model: FieldPath::new(&[2]), version: version_field, label: None };
    let read = |bytes: &[u8]| read(&identity, &message(bytes)).unwrap().version;
    assert_eq!(read(&[3 << 3, 0]), None);
    assert_eq!(read(&[3 << 3, 12]), version("12"));
}

#[test]
fn a_grpc_body_that_is_not_what_it_must_be_is_malformed() {
    let error = |body: &[u8]| read(&OPEN_INFERENCE, body).unwrap_err();
    assert_eq!(error(b""), Malformed::Empty);
    assert_eq!(error(b"\x01\0\0\0\x01x"), Malformed::Compressed);
    assert_eq!(error(b"{\"model\":1}"), Malformed::Frame(FrameError::UnknownFlag(b'{')));
    let beyond = ProtobufError { kind: ProtobufErrorKind::BeyondMessage, offset: 2 };
    assert_eq!(error(&message(b"\x0a\x05m")), Malformed::Protobuf(beyond));
    assert_eq!(error(b"\0\0\0\0\x05\x0a\x03m"), Malformed::Frame(FrameError::UnexpectedEnd));
    let long = message(&delimited(1, &[b'x'; 17]));
    assert_eq!(error(&long), Malformed::NameTooLong { limit: 16 });
    assert!(matches!(error(&message(&delimited(1, b"\xff"))), Malformed::Protobuf(_)));
}

#[test]
fn an_error_stays() {
    let mut reader = BodyReader::new(&OPEN_INFERENCE, LIMITS);
    assert_eq!(reader.push(&[1, 0, 0, 0, 0]), Err(Malformed::Compressed));
    assert_eq!(reader.push(&message(b"")), Err(Malformed::Compressed));
    assert_eq!(reader.finish(), Err(Malformed::Compressed));
}

#[test]
fn a_body_without_identity_is_settled_before_it_comes() {
    let mut reader = BodyReader::new(&BodyIdentity::None, LIMITS);
    assert_eq!(reader.push(b""), Ok(Progress::Settled));
    assert_eq!(reader.finish(), Ok(Named::default()));
}

#[test]
fn a_name_may_carry_a_version() {
    assert_eq!(split_name_at_version("llama@v2"), ("llama", Some("v2")));
    assert_eq!(split_name_at_version("a@b@c"), ("a@b", Some("c")));
    for name in ["llama", "", "@", "@v2", "llama@"] {
        assert_eq!(split_name_at_version(name), (name, None));
    }
}
