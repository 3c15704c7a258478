//! Other names in a body, against what the libraries read before and after.

use inference_api::dialect::BodyIdentity;
use inference_api::identity::{BodyReader, Named, NamedVersion, Place, Reading, Repeats, Splice};
use inference_api::protobuf::{FieldPath, MAX_PLACES};
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};
use serde_json::Value;

use super::identity::WHOLE;
use super::protobuf::{Choice, Int64Value, Request};

/// What the splices make of the body. They must be ascending, apart from each
/// other, and within it.
pub fn spliced(body: &[u8], splices: &[Splice]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut done = 0;
    for splice in splices {
        let start = usize::try_from(splice.range.start).unwrap();
        let end = usize::try_from(splice.range.end).unwrap();
        assert!(done <= start && start <= end && end <= body.len(), "{splices:?}");
        result.extend_from_slice(&body[done..start]);
        result.extend_from_slice(&splice.bytes);
        done = end;
    }
    result.extend_from_slice(&body[done..]);
    result
}

/// One message as a gRPC body.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, message].concat()
}

/// A JSON body with another model is the same value but for that.
pub fn json_agrees(body: &[u8], model: &str) {
    for repeats in [Repeats::Refused, Repeats::LastCounts] {
        let mut reader = reader(&BodyIdentity::JsonModel, repeats);
        if reader.push(body).is_err()
            || reader.forbid_repeats().is_err()
            || reader.finish().is_err()
        {
            continue;
        }
        let named = reader.named().unwrap();
        let Some(place) = &named.place else {
            assert_eq!(named.model, None);
            continue;
        };
        let splices = place.rewrite(model, Some("has none"));
        if named.model.as_deref() == Some(model) {
            assert_eq!(splices, []);
        }
        for splice in &splices {
            let range =
                splice.range.start.try_into().unwrap()..splice.range.end.try_into().unwrap();
            let said: String = serde_json::from_slice(&body[range]).unwrap();
            assert_eq!(Some(said), named.model, "only the name is replaced");
        }
        let mut expected: Value = serde_json::from_slice(body).unwrap();
        expected["model"] = Value::from(model);
        let after: Value = serde_json::from_slice(&spliced(body, &splices)).unwrap();
        assert_eq!(after, expected);
    }
}

/// A message with other names is the same message but for these, to prost and
/// field by field.
pub fn grpc_agrees(message: &[u8], model: &str, version: Option<&str>) {
    let identity = BodyIdentity::Grpc {
        model: FieldPath::new(&[1, 1]),
        version: Some(FieldPath::new(&[1, 2, 1])),
        label: Some(FieldPath::new(&[1, 4])),
    };
    let body = framed(message);
    let Some(named) = read(&identity, &body) else { return };
    let before = tree(message, &[]);
    if before.iter().flat_map(Node::names).any(|name| *name == Node::Version(None)) {
        // A text where a number must be is for the server to refuse.
        return;
    }
    let Some(place) = &named.place else {
        let names = before.iter().flat_map(Node::names).count();
        let says_nothing = named.model.is_none() && named.version.is_none();
        assert!(says_nothing || names > MAX_PLACES, "{named:?} stands somewhere");
        return;
    };
    let served = Served::new(&named, model, version);
    let after = rewritten(&body, place, model, version);
    let expected: Vec<Node> = before.iter().map(|node| node.with(&served)).collect();
    assert_eq!(tree(&after, &[]), expected, "field by field");
    let now = read(&identity, &framed(&after)).expect("it is well-formed");
    assert_eq!(now.model, served.model.map(str::to_owned).or(named.model));
    assert_eq!(now.version, served.version.clone().or(named.version));
    match now.place {
        Some(place) => assert_eq!(place.rewrite(model, version), [], "nothing more to do"),
        // A label became one version more than are kept.
        None => {
            let names = before.iter().flat_map(Node::names).count();
            assert!(names > MAX_PLACES, "it stands where it stood");
        }
    }
    if let Ok(mut expected) = Request::decode(message) {
        let spec = expected.spec.get_or_insert_default();
        spec.name = served.model.map_or(spec.name.clone(), str::to_owned);
        spec.choice = served.choice().or(spec.choice.clone());
        assert_eq!(Request::decode(&*after).as_ref(), Ok(&expected), "to prost");
    }
}

fn reader(identity: &BodyIdentity, repeats: Repeats) -> BodyReader {
    BodyReader::new(identity, None, Reading { limits: WHOLE, repeats, ..Reading::default() })
}

fn read(identity: &BodyIdentity, body: &[u8]) -> Option<Named> {
    let mut reader = reader(identity, Repeats::LastCounts);
    reader.push(body).ok()?;
    reader.finish().ok()?;
    reader.named().cloned()
}

/// The message with other names in it, out of a frame with the right length.
pub fn rewritten(body: &[u8], place: &Place, model: &str, version: Option<&str>) -> Vec<u8> {
    let after = spliced(body, &place.rewrite(model, version));
    assert_eq!(framed(&after[5..]), after, "the frame's length");
    after[5..].to_vec()
}

/// What is to stand in a message; `None` leaves what is there.
struct Served<'a> {
    model: Option<&'a str>,
    version: Option<NamedVersion>,
}

impl<'a> Served<'a> {
    fn new(named: &Named, model: &'a str, version: Option<&str>) -> Self {
        let version = version.filter(|_| named.version.is_some()).map(|version| {
            let is_number = version.parse::<i64>().is_ok_and(|it| it.to_string() == version);
            let kind = if is_number { NamedVersion::Version } else { NamedVersion::Label };
            kind(version.to_owned())
        });
        Self { model: named.model.as_ref().map(|_| model), version }
    }

    fn choice(&self) -> Option<Choice> {
        Some(match self.version.clone()? {
            NamedVersion::Version(version) => {
                Choice::Version(Int64Value { value: version.parse().unwrap() })
            }
            NamedVersion::Label(label) => Choice::Label(label),
        })
    }
}

/// A field: the spec with what is in it, a name, or any other one byte by byte.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Spec(Vec<Node>),
    Model(Vec<u8>),
    /// `None` when it is none of TensorFlow Serving's.
    Version(Option<Int64Value>),
    Label(Vec<u8>),
    Other(Vec<u8>),
}

impl Node {
    fn names(&self) -> Vec<&Self> {
        match self {
            Self::Spec(inside) => inside.iter().flat_map(Self::names).collect(),
            Self::Other(_) => Vec::new(),
            name => vec![name],
        }
    }

    fn with(&self, served: &Served<'_>) -> Self {
        match (self, served.model, &served.version) {
            (Self::Spec(inside), ..) => {
                Self::Spec(inside.iter().map(|node| node.with(served)).collect())
            }
            (Self::Model(_), Some(model), _) => Self::Model(model.as_bytes().to_vec()),
            (Self::Version(_) | Self::Label(_), _, Some(NamedVersion::Label(label))) => {
                Self::Label(label.as_bytes().to_vec())
            }
            (Self::Version(_) | Self::Label(_), _, Some(NamedVersion::Version(version))) => {
                Self::Version(Some(Int64Value { value: version.parse().unwrap() }))
            }
            _ => self.clone(),
        }
    }
}

/// A valid message, field by field.
fn tree(mut message: &[u8], path: &[u32]) -> Vec<Node> {
    let mut nodes = Vec::new();
    while !message.is_empty() {
        let start = message;
        let (number, wire_type) = decode_key(&mut message).unwrap();
        let payload = value(&mut message, wire_type);
        let is_delimited = wire_type == WireType::LengthDelimited;
        let whole = &start[..start.len() - message.len()];
        nodes.push(match (path, number) {
            ([], 1) if is_delimited => Node::Spec(tree(payload, &[1])),
            ([1], 1) if is_delimited => Node::Model(payload.to_vec()),
            ([1], 2) if is_delimited => Node::Version(Int64Value::decode(payload).ok()),
            ([1], 4) if is_delimited => Node::Label(payload.to_vec()),
            _ => Node::Other(whole.to_vec()),
        });
    }
    nodes
}

/// Takes a field's value off the message; of a group, all up to its end.
fn value<'a>(message: &mut &'a [u8], wire_type: WireType) -> &'a [u8] {
    let length = match wire_type {
        WireType::ThirtyTwoBit => 4,
        WireType::SixtyFourBit => 8,
        WireType::LengthDelimited => decode_varint(message).unwrap().try_into().unwrap(),
        WireType::Varint => {
            decode_varint(message).unwrap();
            0
        }
        WireType::StartGroup => loop {
            match decode_key(message).unwrap() {
                (_, WireType::EndGroup) => break 0,
                (_, wire_type) => value(message, wire_type),
            };
        },
        WireType::EndGroup => panic!("the end of a group that was not begun"),
    };
    let (value, rest) = message.split_at(length);
    *message = rest;
    value
}
