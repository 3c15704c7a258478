//! What a body names, against the whole body in the hands of the libraries.

use inference_api::dialect::BodyIdentity;
use inference_api::identity::{BodyReader, Limits, Malformed, Named, NamedVersion, Progress};
use inference_api::protobuf::FieldPath;
use prost::Message;
use serde_json::Value;

use super::pieces;
use super::protobuf::{Choice, Request};

const LIMITS: Limits = Limits { name_bytes: usize::MAX, json_depth: 127 };

/// The model of a JSON body.
pub fn json_agrees(body: &[u8], cuts: &[usize]) {
    let named = read(&BodyIdentity::JsonModel, body, cuts);
    let expected = match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => match object.get("model") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(model)) => Ok(Some(model.clone())),
            Some(_) => Err(()),
        },
        _ => Err(()),
    };
    assert_eq!(named.map(|named| named.model).map_err(|_| ()), expected);
}

/// The model and the version of a body that is one uncompressed gRPC message.
pub fn grpc_agrees(message: &[u8], cuts: &[usize]) {
    let identity = BodyIdentity::Grpc {
        model: FieldPath::new(&[1, 1]),
        version: Some(FieldPath::new(&[1, 2, 1])),
        label: Some(FieldPath::new(&[1, 4])),
    };
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let body = [&[0][..], &length, message].concat();
    let named = read(&identity, &body, cuts);
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
        let named = named.expect("prost takes it");
        assert_eq!(named.model.unwrap_or_default(), spec.name);
        assert_eq!(named.version, version);
    }
}

fn read(identity: &BodyIdentity, body: &[u8], cuts: &[usize]) -> Result<Named, Malformed> {
    let whole = read_pieces(identity, &[body]);
    assert_eq!(read_pieces(identity, &pieces(body, cuts)), whole, "cuts change the answer");
    whole
}

fn read_pieces(identity: &BodyIdentity, pieces: &[&[u8]]) -> Result<Named, Malformed> {
    let mut reader = BodyReader::new(identity, LIMITS);
    for piece in pieces {
        if reader.push(piece)? == Progress::Settled {
            break;
        }
    }
    reader.finish()
}
