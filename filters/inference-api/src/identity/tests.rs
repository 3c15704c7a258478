use super::*;
use crate::cuts::same_however_cut;
use crate::dialect::BodyIdentity;
use crate::grpc::FrameError;
use crate::json::{ByteOrderMark, JsonError, JsonErrorKind, Kind};
use crate::multipart::{BoundaryError, MultipartError, MultipartErrorKind};
use crate::protobuf::{FieldPath, ProtobufError, ProtobufErrorKind};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LIMITS: Limits = Limits { name_bytes: 16, json_depth: 127, whole_message_bytes: 64 };

const STRICT: Reading =
    Reading { limits: LIMITS, repeats: Repeats::Refused, byte_order_mark: ByteOrderMark::Refused };

const LAST_COUNTS: Reading = Reading { repeats: Repeats::LastCounts, ..STRICT };

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

/// What is known of so many bytes.
type Known = (Option<Named>, Option<Malformed>);

fn reader(identity: &BodyIdentity, reading: Reading) -> BodyReader {
    BodyReader::new(identity, BOUNDARY, reading)
}

/// What is known of each prefix of the body, by the number of its bytes.
fn history(identity: &BodyIdentity, reading: Reading, body: &[u8]) -> Vec<Known> {
    let known = |reader: &BodyReader, result: Result<Progress, Malformed>| {
        let named = reader.named().cloned();
        if let Ok(progress) = result {
            assert_eq!(progress != Progress::Open, named.is_some(), "{progress:?}");
        }
        (named, result.err())
    };
    let mut bytewise = reader(identity, reading);
    let mut history = Vec::new();
    for end in 0..=body.len() {
        let result = bytewise.push(&body[end.saturating_sub(1)..end]);
        let in_pieces = known(&bytewise, result);
        let mut whole = reader(identity, reading);
        let result = whole.push(&body[..end]);
        assert_eq!(known(&whole, result), in_pieces, "{} bytes", end);
        history.push(in_pieces);
    }
    history
}

fn read_by(identity: &BodyIdentity, reading: Reading, body: &[u8]) -> Result<Named, Malformed> {
    history(identity, reading, body);
    same_however_cut(body, |chunks| {
        let mut reader = reader(identity, reading);
        for chunk in chunks {
            reader.push(chunk)?;
        }
        reader.finish()?;
        Ok(reader.named().unwrap().clone())
    })
}

/// What a body names, however it is cut.
fn read(identity: &BodyIdentity, body: &[u8]) -> Result<Named, Malformed> {
    read_by(identity, STRICT, body)
}

fn json(body: &str) -> Result<Named, Malformed> {
    read(&BodyIdentity::JsonModel, body.as_bytes())
}

fn lenient_json(body: &str) -> Result<Named, Malformed> {
    read_by(&BodyIdentity::JsonModel, LAST_COUNTS, body.as_bytes())
}

/// After how many bytes the body is certain, and after how many it is wrong.
fn turning_points(
    identity: &BodyIdentity,
    reading: Reading,
    body: &[u8],
) -> (Option<usize>, Option<(usize, Malformed)>) {
    let history = history(identity, reading, body);
    let certain = history.iter().position(|(named, _)| named.is_some());
    if let Some(certain) = certain {
        let named = &history[certain].0;
        assert!(history[certain..].iter().all(|(now, _)| now == named), "it is final");
    }
    let wrong = history.iter().position(|(_, error)| error.is_some());
    (certain, wrong.map(|wrong| (wrong, history[wrong].1.unwrap())))
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
    assert_eq!((named.is_contradictory, named.is_escaped), (false, false));
}

#[test]
fn a_json_body_may_name_no_model() {
    assert_eq!(json("{}"), Ok(Named::default()));
    assert_eq!(json(r#"{"model":null}"#).unwrap().model, None);
    assert_eq!(json(r#"{"model":""}"#).unwrap().model.as_deref(), Some(""));
}

#[test]
fn a_json_body_is_certain_behind_its_first_model() {
    let points =
        |body: &str, reading| turning_points(&BodyIdentity::JsonModel, reading, body.as_bytes());
    let body = r#"{"model":"a","messages":[]}"#;
    assert_eq!(points(body, STRICT), (Some(12), None));
    assert_eq!(points(body, LAST_COUNTS), (None, None), "only at its end");
    assert_eq!(points(r#"{"n":1}"#, STRICT), (None, None));
    // Null is absent, and that is certain as well.
    assert_eq!(points(r#"{"model":null,"n":1}"#, STRICT), (Some(13), None));
    let broken = JsonError { kind: JsonErrorKind::ExpectedKey, offset: 13 };
    let (certain, wrong) = points(r#"{"model":"a",}"#, STRICT);
    assert_eq!((certain, wrong), (Some(12), Some((14, Malformed::Json(broken)))));
}

#[test]
fn a_second_model_that_is_another_one_is_refused_where_it_stands() {
    let repeated = Malformed::Repeated(NamePart::Model);
    for (body, at) in [
        (r#"{"model":"a","model":"b"}"#, 24),
        (r#"{"model":"a","model":"b",broken"#, 24),
        (r#"{"model":"a","mod\u0065l":"b"}"#, 29),
        (r#"{"model":"a","model":"a","model":null}"#, 37),
        (r#"{"model":null,"model":"a"}"#, 25),
        (r#"{"model":"a","model":["a"]}"#, 26),
        (r#"{"model":"a","model":"xxxxxxxxxxxxxxxxx"}"#, 40),
    ] {
        let (certain, wrong) = turning_points(&BodyIdentity::JsonModel, STRICT, body.as_bytes());
        assert_eq!(wrong, Some((at, repeated)), "{body}");
        assert!(certain.is_some(), "{body}");
    }
    assert_eq!(json(r#"{"model":"a","model":"a"}"#).unwrap().model.as_deref(), Some("a"));
    assert_eq!(json(r#"{"model":null,"model":null}"#).unwrap().model, None);
}

#[test]
fn the_last_model_counts_if_that_is_the_policy() {
    let named = lenient_json(r#"{"model":"a","model":"b"}"#).unwrap();
    assert_eq!((named.model.as_deref(), named.is_contradictory), (Some("b"), true));
    let named = lenient_json(r#"{"model":7,"model":"b"}"#).unwrap();
    assert_eq!(named.model.as_deref(), Some("b"));
    let wrong = lenient_json(r#"{"model":"b","model":7}"#);
    assert_eq!(wrong, Err(Malformed::ModelNotText(Kind::Number)));
    assert!(lenient_json(r#"{"m\u006fdel":"a","model":"b"}"#).unwrap().is_escaped);
}

#[test]
fn what_was_replaced_may_not_be_repeated() {
    let repeated = Err(Malformed::Repeated(NamePart::Model));
    let grpc = message(&[delimited(1, b"a"), delimited(7, &[0; 70]), delimited(1, b"a")].concat());
    let json = br#"{"model":"a","model":"a"}"#;
    let half = form(&[("model", "a")]);
    let form = format!("{half}{half}--b--");
    for (identity, body, certain) in [
        (BodyIdentity::JsonModel, &json[..], 12),
        (BodyIdentity::FormModel, form.as_bytes(), half.len() + 5),
        (OPEN_INFERENCE, &grpc, 9),
    ] {
        let mut reader = reader(&identity, STRICT);
        assert_eq!(reader.push(&body[..certain]), Ok(Progress::Certain));
        assert_eq!(reader.forbid_repeats(), Ok(()));
        assert_eq!(reader.push(&body[certain..]).map(|_| ()), repeated);
        // It was there already.
        let mut reader = self::reader(&identity, STRICT);
        reader.push(body).unwrap();
        assert_eq!(reader.forbid_repeats(), repeated);
        assert_eq!(reader.finish(), repeated);
        // It is allowed otherwise.
        let mut reader = self::reader(&identity, STRICT);
        reader.push(body).unwrap();
        assert_eq!(reader.finish(), Ok(()));
    }
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
    let mut reader = reader(&BodyIdentity::JsonModel, STRICT);
    assert_eq!(reader.push(b" ["), Err(Malformed::NotAnObject(Kind::Array)));
    assert_eq!(reader.push(b"{}"), Err(Malformed::NotAnObject(Kind::Array)));
    assert_eq!(reader.finish(), Err(Malformed::NotAnObject(Kind::Array)));
}

const BOUNDARY: Option<&[u8]> = Some(b"multipart/form-data; boundary=b");

/// A form of these fields, less its last boundary.
fn form(fields: &[(&str, &str)]) -> String {
    let field = |(name, value): &(&str, &str)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(field).collect()
}

#[test]
fn a_form_names_its_model_in_a_field() {
    let named = |fields: &[(&str, &str)]| {
        read(&BodyIdentity::FormModel, format!("{}--b--", form(fields)).as_bytes())
    };
    let named_whisper = named(&[("file", "model"), ("model", "whisper"), ("n", "1")]).unwrap();
    assert_eq!(named_whisper.model.as_deref(), Some("whisper"));
    assert_eq!(named(&[("file", "x")]), Ok(Named::default()));
    assert_eq!(named(&[("model", "")]).unwrap().model.as_deref(), Some(""));
    let long = named(&[("model", "xxxxxxxxxxxxxxxxx")]);
    assert_eq!(long, Err(Malformed::NameTooLong { limit: 16 }));
    let repeated = Err(Malformed::Repeated(NamePart::Model));
    assert_eq!(named(&[("model", "a"), ("model", "b")]), repeated);
    assert!(named(&[("model", "a"), ("model", "a")]).is_ok());
    assert_eq!(read(&BodyIdentity::FormModel, b""), Err(Malformed::Empty));
}

#[test]
fn a_form_is_certain_behind_its_model_and_settled_behind_its_end() {
    let points =
        |body: &str, reading| turning_points(&BodyIdentity::FormModel, reading, body.as_bytes());
    let open = form(&[("model", "a")]);
    let behind = open.len() + "--b\r\n".len();
    let (two, end) = (format!("{open}{open}--b--"), open.len() * 2 + 5);
    assert_eq!(points(&two, STRICT), (Some(behind), None));
    assert_eq!(points(&two, LAST_COUNTS), (Some(end), None));
    let other = format!("{open}{}--b--", form(&[("model", "b")]));
    let repeated = Some((end, Malformed::Repeated(NamePart::Model)));
    assert_eq!(points(&other, STRICT), (Some(behind), repeated));
    let last = read_by(&BodyIdentity::FormModel, LAST_COUNTS, other.as_bytes()).unwrap();
    assert_eq!((last.model.as_deref(), last.is_contradictory), (Some("b"), true));
    let mut reader = reader(&BodyIdentity::FormModel, STRICT);
    assert_eq!(reader.push(two.as_bytes()), Ok(Progress::Settled));
    assert_eq!(reader.push(b"\r\nwhatever"), Ok(Progress::Settled));
}

#[test]
fn a_body_that_is_no_form_is_malformed() {
    let body = form(&[("model", "a")]);
    for (content_type, error) in [
        (None, BoundaryError::NotFormData),
        (Some(&b"application/json"[..]), BoundaryError::NotFormData),
        (Some(b"multipart/form-data"), BoundaryError::Missing),
    ] {
        let mut reader = BodyReader::new(&BodyIdentity::FormModel, content_type, STRICT);
        assert_eq!(reader.named(), None);
        assert_eq!(reader.push(body.as_bytes()), Err(Malformed::NotAForm(error)));
        assert_eq!(reader.finish(), Err(Malformed::NotAForm(error)));
    }
    let error = read(&BodyIdentity::FormModel, body.as_bytes()).unwrap_err();
    let end = MultipartErrorKind::UnexpectedEnd;
    assert!(matches!(error, Malformed::Form(MultipartError { kind, .. }) if kind == end));
}

#[test]
fn a_grpc_message_names_its_model_and_version() {
    let payload = [delimited(1, b"resnet"), delimited(2, b"3"), delimited(7, &[0; 9])].concat();
    let named = read(&OPEN_INFERENCE, &message(&payload)).unwrap();
    assert_eq!(named.model.as_deref(), Some("resnet"));
    assert_eq!(named.version, version("3"));
}

#[test]
fn an_empty_name_is_an_absent_one_in_protobuf() {
    assert_eq!(read(&OPEN_INFERENCE, &message(b"")), Ok(Named::default()));
    let named = read(&OPEN_INFERENCE, &message(&delimited(1, b""))).unwrap();
    assert_eq!((named.model, named.place, named.version), (None, None, None));
}

#[test]
fn the_first_message_decides_and_the_rest_is_not_looked_at() {
    let first = message(&delimited(1, b"a"));
    let mut reader = reader(&OPEN_INFERENCE, STRICT);
    assert_eq!(reader.push(&first[..4]), Ok(Progress::Open));
    assert_eq!(reader.push(&first[4..]), Ok(Progress::Settled));
    assert_eq!(reader.push(&[9; 100]), Ok(Progress::Settled));
    assert_eq!(reader.finish(), Ok(()));
    assert_eq!(reader.named().unwrap().model.as_deref(), Some("a"));
    let second = message(&delimited(1, b"b"));
    let named = read(&OPEN_INFERENCE, &[first, second].concat()).unwrap();
    assert_eq!(named.model.as_deref(), Some("a"));
    assert!(!named.is_contradictory);
}

/// A field that makes the message longer than what is read whole.
fn tensor() -> Vec<u8> {
    delimited(7, &[0; 70])
}

#[test]
fn a_long_message_is_certain_where_a_field_behind_its_names_begins() {
    let points = |identity: &BodyIdentity, reading, fields: &[&[u8]]| {
        turning_points(identity, reading, &message(&fields.concat()))
    };
    let (name, other) = (delimited(1, b"a"), delimited(1, b"b"));
    let repeated = |at| Some((at, Malformed::Repeated(NamePart::Model)));
    let (short, long) = (delimited(7, b"x"), tensor());
    assert_eq!(points(&OPEN_INFERENCE, STRICT, &[&name, &short]), (Some(11), None));
    assert_eq!(points(&OPEN_INFERENCE, STRICT, &[&name, &long]), (Some(9), None));
    // The model comes last: only at the end.
    assert_eq!(points(&OPEN_INFERENCE, STRICT, &[&long, &name]), (Some(80), None));
    // A field that is not behind both of them decides nothing.
    let id = delimited(2, b"1");
    assert_eq!(points(&OPEN_INFERENCE, STRICT, &[&name, &id, &long]), (Some(12), None));
    // Another model before that, and behind it.
    assert_eq!(points(&OPEN_INFERENCE, STRICT, &[&name, &other, &long]), (None, repeated(11)));
    let broken = points(&OPEN_INFERENCE, STRICT, &[&name, &other, &[0], &long]);
    assert_eq!(broken, (None, repeated(11)), "what stands first is told");
    let points_behind = points(&OPEN_INFERENCE, STRICT, &[&name, &long, &other]);
    assert_eq!(points_behind, (Some(9), repeated(83)));
    assert_eq!(points(&OPEN_INFERENCE, STRICT, &[&name, &long, &name]), (Some(9), None));
    // The last one counts up to there, and not behind it.
    let lenient = points(&OPEN_INFERENCE, LAST_COUNTS, &[&other, &name, &long, &other]);
    assert_eq!(lenient, (Some(12), repeated(86)));
    // A version that comes late is another one than none.
    let (certain, wrong) = points(&OPEN_INFERENCE, STRICT, &[&name, &long, &id]);
    assert_eq!((certain, wrong), (Some(9), Some((83, Malformed::Repeated(NamePart::Version)))));
    let none = delimited(2, b"");
    assert_eq!(points(&OPEN_INFERENCE, STRICT, &[&name, &long, &none]), (Some(9), None));
    // What is inside field 1 decides nothing.
    let spec = delimited(1, &[&name[..], &delimited(3, b"signature")].concat());
    assert_eq!(points(&TENSORFLOW_SERVING, STRICT, &[&spec, &long]), (Some(22), None));
    let label = delimited(1, &delimited(4, b"stable"));
    let (certain, wrong) = points(&TENSORFLOW_SERVING, STRICT, &[&spec, &long, &label]);
    assert_eq!((certain, wrong), (Some(22), Some((103, Malformed::Repeated(NamePart::Version)))));
    let version_0 = delimited(1, &delimited(2, b""));
    let (_, wrong) = points(&TENSORFLOW_SERVING, STRICT, &[&spec, &long, &version_0]);
    assert_eq!(wrong, Some((97, Malformed::Repeated(NamePart::Version))));
}

#[test]
fn a_tensorflow_version_is_an_integer_in_a_message_or_a_label() {
    let spec = |parts: &[&[u8]]| {
        let spec = [&delimited(1, b"m")[..], &parts.concat()].concat();
        read_by(&TENSORFLOW_SERVING, LAST_COUNTS, &message(&delimited(1, &spec))).unwrap()
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
    let both = message(&delimited(1, &[five, stable].concat()));
    let repeated = Malformed::Repeated(NamePart::Version);
    assert_eq!(read(&TENSORFLOW_SERVING, &both), Err(repeated));
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
    let mut reader = reader(&OPEN_INFERENCE, STRICT);
    assert_eq!(reader.push(&[1, 0, 0, 0, 0]), Err(Malformed::Compressed));
    assert_eq!(reader.push(&message(b"")), Err(Malformed::Compressed));
    assert_eq!(reader.finish(), Err(Malformed::Compressed));
}

#[test]
fn a_body_without_identity_is_settled_before_it_comes() {
    let mut reader = reader(&BodyIdentity::None, STRICT);
    assert_eq!(reader.named(), Some(&Named::default()));
    assert_eq!(reader.push(b""), Ok(Progress::Settled));
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn a_name_may_carry_a_version() {
    assert_eq!(split_name_at_version("llama@v2"), ("llama", Some("v2")));
    assert_eq!(split_name_at_version("a@b@c"), ("a@b", Some("c")));
    for name in ["llama", "", "@", "@v2", "llama@"] {
        assert_eq!(split_name_at_version(name), (name, None));
    }
}
