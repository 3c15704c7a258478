use core::ops::Range;

use super::message::MessagePlace;

/// Where a body names its model, so that another name can be put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(Kind);

/// Bytes to stand in the place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The bytes to be replaced, counted from the start of the body.
    pub range: Range<u64>,
    /// What is to stand there.
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A JSON string, with its quotes.
    Json {
        model: String,
        span: Range<u64>,
    },
    /// The value of a form's field.
    Form {
        model: String,
        span: Range<u64>,
    },
    Message(Box<MessagePlace>),
}

impl Place {
    pub(super) const fn json(model: String, span: Range<u64>) -> Self {
        Self(Kind::Json { model, span })
    }

    pub(super) const fn form(model: String, span: Range<u64>) -> Self {
        Self(Kind::Form { model, span })
    }

    pub(super) fn message(place: MessagePlace) -> Self {
        Self(Kind::Message(Box::new(place)))
    }

    /// What to replace in the body so that it names this model, and this
    /// version: ascending, not overlapping, and empty when it does already.
    /// Lengths around what changes are right again; no other byte is touched.
    ///
    /// A version is written only where the body names one. In TensorFlow
    /// Serving's oneof a decimal number becomes a version and anything else a
    /// label; in a field that is an integer, what is no number is not written.
    pub fn rewrite(&self, model: &str, version: Option<&str>) -> Vec<Splice> {
        match &self.0 {
            Kind::Json { model: said, .. } | Kind::Form { model: said, .. } if said == model => {
                Vec::new()
            }
            Kind::Json { span, .. } => {
                let bytes = serde_json::Value::from(model).to_string().into_bytes();
                vec![Splice { range: span.clone(), bytes }]
            }
            Kind::Form { span, .. } => {
                vec![Splice { range: span.clone(), bytes: model.as_bytes().to_vec() }]
            }
            Kind::Message(place) => place.rewrite(model, version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::BodyIdentity;
    use crate::identity::{BodyReader, Limits, Reading};
    use crate::protobuf::FieldPath;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

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

    fn place(identity: &BodyIdentity, body: &[u8]) -> Option<Place> {
        let mut reader = BodyReader::new(identity, None, Reading::default());
        assert_eq!(reader.push(body).and_then(|_| reader.finish()), Ok(()));
        reader.named().and_then(|named| named.place.clone())
    }

    fn rewritten(
        identity: &BodyIdentity,
        body: &[u8],
        model: &str,
        version: Option<&str>,
    ) -> Vec<u8> {
        let mut result = body.to_vec();
        for splice in place(identity, body).unwrap().rewrite(model, version).into_iter().rev() {
            let range =
                splice.range.start.try_into().unwrap()..splice.range.end.try_into().unwrap();
            result.splice::<Range<usize>, _>(range, splice.bytes);
        }
        result
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [&[0][..], &length, message].concat()
    }

    /// A length-delimited field.
    fn delimited(number: u8, value: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2];
        prost::encoding::encode_varint(crate::wide(value.len()), &mut field);
        [&field, value].concat()
    }

    /// An Open Inference request: some tensor, a name, and perhaps a version.
    fn infer(name: &str, version: &[u8]) -> Vec<u8> {
        let tensor = delimited(7, &[9; 5]);
        framed(&[&tensor[..], &delimited(1, name.as_bytes()), version, &tensor].concat())
    }

    /// A TensorFlow Serving request whose spec holds this.
    fn predict(spec: &[&[u8]]) -> Vec<u8> {
        framed(&[delimited(1, &spec.concat()), delimited(2, b"inputs")].concat())
    }

    #[test]
    fn in_json_the_string_is_replaced_with_its_quotes() {
        let rewritten = |body: &str, model: &str| {
            let after =
                rewritten(&BodyIdentity::JsonModel, body.as_bytes(), model, Some("no version"));
            String::from_utf8(after).unwrap()
        };
        let body = r#"{ "model" : "a\u0062" , "n":1.0}"#;
        assert_eq!(rewritten(body, "q\"é\n"), "{ \"model\" : \"q\\\"é\\n\" , \"n\":1.0}");
        assert_eq!(rewritten(body, "ab"), body, "it says so already");
        assert_eq!(place(&BodyIdentity::JsonModel, b"{}"), None);
        assert_eq!(place(&BodyIdentity::JsonModel, br#"{"model":null}"#), None);
    }

    #[test]
    fn in_a_form_the_value_is_replaced() {
        let body = |model: &str| {
            let name = "Content-Disposition: form-data; name=\"model\"";
            format!("--b\r\n{name}\r\n\r\n{model}\r\n--b--\r\nbehind").into_bytes()
        };
        let content_type = Some(&b"multipart/form-data; boundary=b"[..]);
        let identity = BodyIdentity::FormModel;
        let mut reader = BodyReader::new(&identity, content_type, Reading::default());
        reader.push(&body("whisper-1")).unwrap();
        let place = reader.named().unwrap().place.clone().unwrap();
        let splices = place.rewrite("whisper-large", Some("no version"));
        let start = body("").windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let start = crate::wide(start);
        let expected = Splice { range: start..start + 9, bytes: b"whisper-large".to_vec() };
        assert_eq!(splices, [expected]);
        assert_eq!(place.rewrite("whisper-1", None), []);
    }

    #[test]
    fn in_a_message_the_lengths_around_a_name_follow() {
        let rewritten =
            |model: &str| rewritten(&OPEN_INFERENCE, &infer("model", b""), model, Some("3"));
        for model in ["m".to_owned(), "other".to_owned(), "x".repeat(127), "x".repeat(128)] {
            assert_eq!(rewritten(&model), infer(&model, b""), "no version is added");
        }
        let name = |length| delimited(1, "x".repeat(length).as_bytes());
        let signature = delimited(3, b"signature");
        for (from, to) in [(1, 113), (1, 115), (1, 116), (200, 1), (115, 20_000), (256, 3)] {
            let body = predict(&[&name(from), &signature]);
            let expected = predict(&[&name(to), &signature]);
            let after = self::rewritten(&TENSORFLOW_SERVING, &body, &"x".repeat(to), None);
            assert_eq!(after, expected, "from {from} to {to}");
        }
    }

    #[test]
    fn what_keeps_its_length_keeps_how_the_length_is_written() {
        let spec = [&[0x0a, 0x85, 0x00][..], b"model"].concat();
        let body = framed(&[&[0x0a, 0x88, 0x00][..], &spec].concat());
        let after = rewritten(&TENSORFLOW_SERVING, &body, "other", None);
        assert_eq!(after, framed(b"\x0a\x88\x00\x0a\x85\x00other"));
        // Otherwise they become as short as they can be.
        let after = rewritten(&TENSORFLOW_SERVING, &body, "ab", None);
        assert_eq!(after, framed(b"\x0a\x04\x0a\x02ab"));
    }

    #[test]
    fn a_version_is_replaced_where_it_is_named() {
        let body = infer("m", &delimited(2, b"stable"));
        let expected = infer("m", &delimited(2, b"12"));
        assert_eq!(rewritten(&OPEN_INFERENCE, &body, "m", Some("12")), expected);
        assert_eq!(rewritten(&OPEN_INFERENCE, &body, "m", None), body);
        assert_eq!(rewritten(&OPEN_INFERENCE, &body, "m", Some("stable")), body);
        let empty = infer("m", &delimited(2, b""));
        assert_eq!(rewritten(&OPEN_INFERENCE, &empty, "m", Some("12")), empty);
    }

    #[test]
    fn a_version_and_a_label_take_each_others_place() {
        let name = delimited(1, b"m");
        let number = |value: u8| delimited(2, &[1 << 3, value]);
        let label = |text: &str| delimited(4, text.as_bytes());
        for (from, version, to) in [
            (number(5), "7", number(7)),
            (number(5), "5", number(5)),
            (number(5), "stable", label("stable")),
            (label("canary"), "7", number(7)),
            (label("canary"), "stable", label("stable")),
            (label("7"), "7", number(7)),
            (number(7), "007", label("007")),
            (delimited(2, b""), "0", delimited(2, b"")),
            (delimited(2, b""), "1", number(1)),
            (Vec::new(), "7", Vec::new()),
        ] {
            let after =
                rewritten(&TENSORFLOW_SERVING, &predict(&[&from, &name]), "m", Some(version));
            assert_eq!(after, predict(&[&to, &name]), "{from:x?} to {version}");
        }
        let minus_one = delimited(2, &[&[1 << 3][..], &[0xff; 9], &[1]].concat());
        let after = rewritten(&TENSORFLOW_SERVING, &predict(&[&number(5)]), "m", Some("-1"));
        assert_eq!(after, predict(&[&minus_one]), "a model of another source is not added");
    }

    #[test]
    fn an_integer_becomes_another_integer_and_nothing_else() {
        let identity = BodyIdentity::Grpc {
            model: FieldPath::new(&[1]),
            version: Some(FieldPath::new(&[2])),
            label: None,
        };
        let body = |value: &[u8]| framed(&[&delimited(1, b"m"), &[2 << 3][..], value].concat());
        let rewritten = |version: &str| rewritten(&identity, &body(&[5]), "m", Some(version));
        assert_eq!(rewritten("300"), body(&[0xac, 0x02]));
        assert_eq!(rewritten("stable"), body(&[5]));
    }

    #[test]
    fn in_a_oneof_of_texts_each_stays_what_it_is() {
        let identity = BodyIdentity::Grpc {
            model: FieldPath::new(&[1]),
            version: Some(FieldPath::new(&[2])),
            label: Some(FieldPath::new(&[3])),
        };
        let body = |choice: &[u8]| framed(&[&delimited(1, b"m"), choice].concat());
        for (number, version) in [(2, "7"), (2, "blue"), (3, "7"), (3, "blue")] {
            let from = body(&delimited(number, b"green"));
            let after = rewritten(&identity, &from, "m", Some(version));
            assert_eq!(after, body(&delimited(number, version.as_bytes())), "{number} {version}");
        }
    }

    #[test]
    fn a_name_is_replaced_wherever_it_stands() {
        let tasks =
            BodyIdentity::Grpc { model: FieldPath::new(&[1, 1, 1]), version: None, label: None };
        let body = |name: &str, count| {
            let method = delimited(2, b"classify");
            let spec = delimited(1, &delimited(1, name.as_bytes()));
            let task = delimited(1, &[spec, method].concat());
            framed(&[task.repeat(count), delimited(2, b"input")].concat())
        };
        let long = "long".repeat(50);
        for count in [1, 2, 16] {
            assert_eq!(rewritten(&tasks, &body("m", count), &long, None), body(&long, count));
        }
        assert_eq!(place(&tasks, &body("m", 17)), None, "more places than are kept");
    }

    #[test]
    fn a_message_of_nearly_4_gib_has_no_place() {
        let limits = Limits { whole_message_bytes: 0, ..Limits::default() };
        let place = |length: u32| {
            let reading = Reading { limits, ..Reading::default() };
            let mut reader = BodyReader::new(&OPEN_INFERENCE, None, reading);
            let prefix = [&[0][..], &length.to_be_bytes()].concat();
            reader.push(&[&prefix, &delimited(1, b"m")[..], &[0x3a]].concat()).unwrap();
            reader.named().unwrap().place.clone()
        };
        assert!(place(u32::MAX - (1 << 24)).is_some());
        assert_eq!(place(u32::MAX - (1 << 24) + 2), None);
    }
}
