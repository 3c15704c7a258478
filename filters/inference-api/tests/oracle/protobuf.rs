//! Protobuf against prost.

use inference_api::protobuf::{
    Field, FieldPath, FieldReader, FoundValue, OneOf, ProtobufError, Shape, WantedField,
};
use prost::Message;

use super::pieces;

/// A message of which the wanted fields are declared, and nothing else: of what
/// it doesn't declare, prost checks no more than we do.
#[derive(Clone, PartialEq, Message)]
pub struct Request {
    /// Wanted as a message, like TensorFlow Serving's.
    #[prost(message, optional, tag = "1")]
    pub spec: Option<ModelSpec>,
    /// Wanted as a name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Wanted as an integer.
    #[prost(int64, tag = "3")]
    pub number: i64,
}

/// `tensorflow.serving.ModelSpec`, without its signature.
#[derive(Clone, PartialEq, Message)]
pub struct ModelSpec {
    /// The model.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Version or label.
    #[prost(oneof = "Choice", tags = "2, 4")]
    pub choice: Option<Choice>,
}

/// `version_choice`
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Choice {
    /// The version.
    #[prost(message, tag = "2")]
    Version(Int64Value),
    /// The label.
    #[prost(string, tag = "4")]
    Label(String),
}

/// `google.protobuf.Int64Value`
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Int64Value {
    /// The value.
    #[prost(int64, tag = "1")]
    pub value: i64,
}

const CHOICE: Option<OneOf> = Some(OneOf { group: 0, depth: 2 });

const WANTED: [WantedField; 5] = [
    WantedField { path: FieldPath::new(&[1, 1]), shape: Shape::Text, one_of: None },
    WantedField { path: FieldPath::new(&[1, 2, 1]), shape: Shape::Integer, one_of: CHOICE },
    WantedField { path: FieldPath::new(&[1, 4]), shape: Shape::Text, one_of: CHOICE },
    WantedField { path: FieldPath::new(&[2]), shape: Shape::Text, one_of: None },
    WantedField { path: FieldPath::new(&[3]), shape: Shape::Integer, one_of: None },
];

/// Accepted or refused and the wanted fields are what prost makes of the same
/// bytes; neither depends on the cuts, nor on whether the length is known.
pub fn agrees(bytes: &[u8], cuts: &[usize]) {
    let expected = Request::decode(bytes);
    let cut = pieces(bytes, cuts);
    let fields = read(&cut, None);
    assert_eq!(fields.is_ok(), expected.is_ok(), "accepted: {fields:?}, {expected:?}");
    assert_eq!(read(&[bytes], None), fields, "cuts change the answer");

    let length = Some(u64::try_from(bytes.len()).unwrap());
    let of_known_length = read(&cut, length);
    assert_eq!(read(&[bytes], length), of_known_length, "cuts change the answer");
    assert_eq!(of_known_length.as_ref().ok(), fields.as_ref().ok(), "a known length");

    if let (Ok(expected), Ok([model, version, label, name, number])) = (expected, fields) {
        for field in [&model, &label, &name] {
            span_holds_text(field, bytes);
        }
        let spec = expected.spec.unwrap_or_default();
        assert_eq!(text(&model), spec.name);
        assert_eq!(choice(&version, &label), spec.choice);
        assert_eq!(text(&name), expected.name);
        assert_eq!(integer(&number), expected.number);
    }
}

fn read(pieces: &[&[u8]], length: Option<u64>) -> Result<[Field; 5], ProtobufError> {
    let mut reader = FieldReader::new(&WANTED, usize::MAX, length);
    for piece in pieces {
        reader.push(piece)?;
    }
    reader.finish()?;
    Ok([0, 1, 2, 3, 4].map(|place| reader.field(place).unwrap().clone()))
}

fn text(field: &Field) -> String {
    match field.last.as_ref().map(|found| &found.value) {
        None => String::new(),
        Some(FoundValue::Text(text)) => text.clone(),
        Some(other) => panic!("{other:?} is no text"),
    }
}

fn integer(field: &Field) -> i64 {
    match field.last.as_ref().map(|found| &found.value) {
        None => 0,
        Some(FoundValue::Integer(integer)) => integer.cast_signed(),
        Some(other) => panic!("{other:?} is no integer"),
    }
}

fn choice(version: &Field, label: &Field) -> Option<Choice> {
    match (version.is_chosen, label.is_chosen) {
        (true, false) => Some(Choice::Version(Int64Value { value: integer(version) })),
        (false, true) => Some(Choice::Label(text(label))),
        (false, false) => None,
        (true, true) => panic!("both members of a oneof"),
    }
}

fn span_holds_text(field: &Field, bytes: &[u8]) {
    let Some(found) = &field.last else { return };
    let span = found.extent.value();
    let range = usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap();
    assert_eq!(bytes[range], *text(field).as_bytes(), "span");
}
