//! Reads the configuration in the two forms in which it may arrive.

use filter_kit::ConfigError;
use prost::Message;
use serde_json::{Map, Value};

/// The configuration as a JSON value.
///
/// Envoy passes a `google.protobuf.StringValue` on as the text in it, and a
/// `google.protobuf.Struct` as its serialised bytes. No configuration at all
/// comes as no bytes and is read as `{}`.
///
/// # Errors
/// When the bytes are neither JSON nor a serialised Struct.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, ConfigError> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    // JSON first: the tag of a Struct's first field is a line feed, with which
    // a JSON text may begin as well.
    serde_json::from_slice(bytes).or_else(|not_json| match Struct::decode(bytes) {
        Ok(fields) if bytes.first() == Some(&FIELDS_TAG) => Ok(fields.into()),
        _ => Err(ConfigError::new("", format!("not JSON: {not_json}"))),
    })
}

/// The first byte of every `Struct` that is not empty: field 1, length-delimited.
const FIELDS_TAG: u8 = 0x0a;

// `google/protobuf/struct.proto`. A double has room for whole numbers up to
// 2^53 only; larger ones have to be written as strings. The map is read as what
// it is on the wire, a list of its entries: one more kind of map would be three
// kilobytes more in the module.

#[derive(Clone, PartialEq, prost::Message)]
struct Struct {
    #[prost(message, repeated, tag = "1")]
    fields: Vec<Field>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Field {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<StructValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StructValue {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Kind {
    #[prost(int32, tag = "1")]
    Null(i32),
    #[prost(double, tag = "2")]
    Number(f64),
    #[prost(string, tag = "3")]
    String(String),
    #[prost(bool, tag = "4")]
    Bool(bool),
    #[prost(message, tag = "5")]
    Struct(Struct),
    #[prost(message, tag = "6")]
    List(ListValue),
}

#[derive(Clone, PartialEq, prost::Message)]
struct ListValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<StructValue>,
}

impl From<Struct> for Value {
    fn from(object: Struct) -> Self {
        let mut map = Map::new();
        // Not collected: that would bring a sorting algorithm into the module.
        for Field { key, value } in object.fields {
            map.insert(key, value.map_or(Value::Null, Self::from));
        }
        Self::Object(map)
    }
}

impl From<StructValue> for Value {
    fn from(value: StructValue) -> Self {
        match value.kind {
            None | Some(Kind::Null(_)) => Self::Null,
            Some(Kind::Number(number)) => number.into(),
            Some(Kind::String(text)) => text.into(),
            Some(Kind::Bool(truth)) => truth.into(),
            Some(Kind::Struct(object)) => object.into(),
            Some(Kind::List(list)) => list.values.into_iter().map(Self::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn value(kind: Kind) -> StructValue {
        StructValue { kind: Some(kind) }
    }

    fn object(fields: impl IntoIterator<Item = (&'static str, Kind)>) -> Struct {
        let field =
            |(key, kind): (&str, Kind)| Field { key: key.to_owned(), value: Some(value(kind)) };
        Struct { fields: fields.into_iter().map(field).collect() }
    }

    #[test]
    fn no_bytes_are_an_empty_object() {
        assert_eq!(read(b"").unwrap(), json!({}));
        assert_eq!(read(b" \n").unwrap(), json!({}));
    }

    #[test]
    fn reads_json_even_if_it_begins_with_a_line_feed() {
        assert_eq!(read(b"\n{\"a\": [1, 2.5]}").unwrap(), json!({"a": [1, 2.5]}));
    }

    #[test]
    fn reads_a_serialised_struct() {
        let list = ListValue { values: vec![value(Kind::Number(90.0)), value(Kind::Null(0))] };
        let bytes = object([
            ("deep", Kind::Struct(object([("text", Kind::String("x".into()))]))),
            ("list", Kind::List(list)),
            ("yes", Kind::Bool(true)),
        ])
        .encode_to_vec();
        let expected = json!({"deep": {"text": "x"}, "list": [90.0, null], "yes": true});
        assert_eq!(read(&bytes).unwrap(), expected);
    }

    #[test]
    fn reads_a_map_as_protobuf_writes_it() {
        let one = b"\x0a\x0e\x0a\x01a\x12\x09\x11\0\0\0\0\0\0\xf0\x3f";
        assert_eq!(read(one).unwrap(), json!({"a": 1.0}));
        let nothing = b"\x0a\x03\x0a\x01a";
        assert_eq!(read(nothing).unwrap(), json!({"a": null}));
        let twice = [&nothing[..], one].concat();
        assert_eq!(read(&twice).unwrap(), json!({"a": 1.0}), "the last one counts");
    }

    #[test]
    fn refuses_what_is_neither() {
        for bytes in [&b"{\"a\": "[..], b"models: []", b"\x0a\xff\xff", b"\xff", b"\x12\x00"] {
            let error = read(bytes).unwrap_err().to_string();
            assert!(error.starts_with("not JSON: "), "{bytes:?}: {error}");
        }
    }
}
