use super::*;
use crate::cuts::same_however_cut;
use crate::json::{Kind, NotedLimits};
use crate::tensor::{Datatype, DeclaredDatatype, Defect, Form, MAX_NAME_BYTES, Shape, Tensor};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LIMITS: JsonLimits = JsonLimits {
    max_tensors: 3,
    depth: Depth::Valued,
    max_json_depth: 100,
    max_string_bytes: u64::MAX,
    noted: NotedLimits { depth: false, strings: false },
};

type Said = (Vec<Tensor>, Vec<Fault>);

fn body(header: Option<u64>, body: &[u8]) -> Result<Said, TensorError> {
    same_however_cut(body, |pieces| {
        let mut reader = InferenceReader::new(InferenceMessage::Request, LIMITS, header);
        pieces.iter().try_for_each(|piece| reader.push(piece))?;
        reader.finish()?;
        Ok((reader.tensors().to_vec(), reader.faults().to_vec()))
    })
}

fn request(text: &str) -> Said {
    body(None, text.as_bytes()).expect("it is JSON")
}

/// The only tensor of a request, with these members beside name, datatype and
/// shape.
fn tensor(members: &str) -> Tensor {
    let text =
        format!(r#"{{"inputs":[{{"name":"x","datatype":"FP32","shape":[2,3],{members}}}]}}"#);
    let (tensors, faults) = request(&text);
    assert_eq!(faults, [], "{members}");
    let [tensor] = &tensors[..] else { panic!("{tensors:?}") };
    tensor.clone()
}

fn defects(tensor: &Tensor) -> Vec<Defect> {
    tensor.defects().collect()
}

/// The only fault of a request.
fn fault(text: &str) -> (String, FaultKind) {
    let (_, faults) = request(text);
    let [fault] = &faults[..] else { panic!("{text}: {faults:?}") };
    (fault.place.clone(), fault.kind)
}

fn shape(dimensions: &[i64]) -> Shape {
    dimensions.iter().copied().collect()
}

/// With a JSON text before binary data.
fn binary(text: &str, data: &[u8]) -> Said {
    let header = Some(crate::wide(text.len()));
    body(header, &[text.as_bytes(), data].concat()).expect("it is JSON")
}

/// Two inputs of six and four bytes behind the text, and one within.
const BINARY: &str = r#"{"inputs":[
    {"name":"a","shape":[3],"datatype":"INT16","parameters":{"binary_data_size":6}},
    {"name":"b","shape":[2],"datatype":"BOOL","data":[true,false]},
    {"name":"c","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}}]}"#;

#[test]
fn the_specs_own_example_has_one_tensor_with_too_few_elements() {
    let (tensors, faults) = request(
        r#"{"id" : "42", "inputs" : [
        {"name":"input0","shape":[2,2],"datatype":"UINT32","data":[1,2,3,4]},
        {"name":"input1","shape":[3],"datatype":"BOOL","data":[true]}],
        "outputs":[{"name":"output0"}]}"#,
    );
    let [first, second] = &tensors[..] else { panic!("{tensors:?}") };
    assert_eq!(faults, []);
    assert_eq!((first.name.as_str(), first.position), ("input0", 0));
    assert_eq!(first.datatype, Some(DeclaredDatatype::Known(Datatype::Uint32)));
    assert_eq!(first.shape, Some(shape(&[2, 2])));
    assert_eq!((first.data.elements, first.data.form), (Some(4), Form::Json));
    assert_eq!(defects(first), []);
    assert_eq!((second.name.as_str(), second.position), ("input1", 1));
    assert_eq!(defects(second), [Defect::ElementCount { found: 1, expected: 3 }]);
}

#[test]
fn data_is_flat_or_nested_in_any_even_shape() {
    for (data, expected) in [
        ("[[1,2,3],[4,5,6]]", None),
        ("[1,2,3,4,5,6]", None),
        ("[[1,2],[3,4],[5,6]]", None),
        ("[[1,2,3],[4,5],[6]]", Some(Defect::Nesting)),
        ("[[1,2,3],4,5,6]", Some(Defect::Nesting)),
        ("[[[1,2,3],[4,5,6]]]", None),
        ("[1,2,3,4,5]", Some(Defect::ElementCount { found: 5, expected: 6 })),
        ("[]", Some(Defect::ElementCount { found: 0, expected: 6 })),
    ] {
        let tensor = tensor(&format!(r#""data":{data}"#));
        assert_eq!(tensor.defects().next(), expected, "{data}");
    }
}

#[test]
fn members_come_in_any_order() {
    let usual = r#"{"name":"x","shape":[2],"datatype":"INT8","data":[3,4]}"#;
    let other = r#"{"data":[3,4],"parameters":{},"datatype":"INT8","shape":[2],"name":"x"}"#;
    let read = |input: &str| request(&format!(r#"{{"x":[[]],"inputs":[{input}],"id":""}}"#));
    assert_eq!(read(usual), read(other));
}

#[test]
fn values_are_looked_at() {
    let values = tensor(r#""data":[1,-2.5,3e2,"caf\u00e9",true,null]"#).data.values;
    assert_eq!((values.least, values.largest, values.longest_string), (-2.5, 300.0, 5));
    assert!(values.has_fractions && values.has_numbers && values.has_strings);
    assert!(values.has_booleans && values.has_others && !values.has_non_finite);
    assert!(!tensor(r#""data":[1,2]"#).data.values.has_fractions);
    let object = tensor(r#""data":[{"b64":"YQ=="}]"#).data;
    assert!(object.values.has_others && !object.values.has_strings && object.elements == Some(1));
}

#[test]
fn data_stands_in_one_place() {
    for (members, form) in [
        (r#""id":1"#, Form::Absent),
        (r#""data":[]"#, Form::Json),
        (r#""parameters":{"shared_memory_region":"r"}"#, Form::SharedMemory),
        (r#""data":[],"parameters":{"shared_memory_region":"r"}"#, Form::Several),
        (r#""data":[],"parameters":{"binary_data_size":0}"#, Form::Several),
        (r#""parameters":{"binary_data_size":0}"#, Form::Raw),
    ] {
        assert_eq!(tensor(members).data.form, form, "{members}");
    }
}

#[test]
fn what_decides_what_a_tensor_is_stands_once() {
    for (text, place) in [
        (r#"{"inputs":[],"inputs":[]}"#, "/inputs"),
        (r#"{"inputs":[],"inp\u0075ts":[]}"#, "/inputs"),
        (r#"{"inputs":[{"name":"a","name":"a","shape":[],"datatype":""}]}"#, "/inputs/0/name"),
        (
            r#"{"inputs":[{"name":"a","shape":[],"datatype":"","datatype":""}]}"#,
            "/inputs/0/datatype",
        ),
        (r#"{"inputs":[{"name":"a","shape":[],"shape":[],"datatype":""}]}"#, "/inputs/0/shape"),
        (
            r#"{"inputs":[{"name":"a","shape":[],"datatype":"","data":[],"data":[]}]}"#,
            "/inputs/0/data",
        ),
        (
            r#"{"inputs":[{"name":"a","shape":[],"datatype":"","parameters":{},"parameters":{}}]}"#,
            "/inputs/0/parameters",
        ),
        (
            r#"{"inputs":[{"name":"a","shape":[],"datatype":"","parameters":
            {"binary_data_size":0,"binary_data_size":0}}]}"#,
            "/inputs/0/parameters/binary_data_size",
        ),
    ] {
        assert_eq!(fault(text), (place.to_owned(), FaultKind::Duplicate), "{text}");
    }
    assert_eq!(request(r#"{"id":1,"id":2,"inputs":[]}"#).1, [], "this decides nothing");
}

#[test]
fn wrong_types_are_told_with_their_places() {
    let wrong = |found, expected| FaultKind::WrongType { found, expected };
    for (members, place, kind) in [
        (r#""name":1"#, "/name", wrong(Kind::Number, Expected::String)),
        (r#""datatype":null"#, "/datatype", wrong(Kind::Null, Expected::String)),
        (r#""shape":6"#, "/shape", wrong(Kind::Number, Expected::WholeNumbers)),
        (r#""shape":[1,2.0]"#, "/shape", wrong(Kind::Number, Expected::WholeNumbers)),
        (r#""shape":[1e1,1e1]"#, "/shape", wrong(Kind::Number, Expected::WholeNumbers)),
        (r#""shape":[9223372036854775808]"#, "/shape", wrong(Kind::Number, Expected::WholeNumbers)),
        (r#""shape":["1"]"#, "/shape", wrong(Kind::String, Expected::WholeNumbers)),
        (r#""data":{}"#, "/data", wrong(Kind::Object, Expected::List)),
        (r#""data":1"#, "/data", wrong(Kind::Number, Expected::List)),
        (r#""parameters":[]"#, "/parameters", wrong(Kind::Array, Expected::Object)),
        (
            r#""parameters":{"binary_data_size":"8"}"#,
            "/parameters/binary_data_size",
            wrong(Kind::String, Expected::WholeNumber),
        ),
        (
            r#""parameters":{"binary_data_size":-1}"#,
            "/parameters/binary_data_size",
            wrong(Kind::Number, Expected::WholeNumber),
        ),
        (
            r#""parameters":{"shared_memory_region":1}"#,
            "/parameters/shared_memory_region",
            wrong(Kind::Number, Expected::String),
        ),
    ] {
        let text =
            format!(r#"{{"inputs":[{{"name":"","shape":[],"datatype":"INT8"}},{{{members}}}]}}"#);
        let (_, faults) = request(&text);
        let expected = Fault { place: format!("/inputs/1{place}"), kind };
        assert_eq!(faults.first(), Some(&expected), "{members}");
        assert!(faults.iter().skip(1).all(|fault| fault.kind == FaultKind::Missing), "{members}");
    }
    let object = wrong(Kind::Array, Expected::Object);
    assert_eq!(fault("[]"), (String::new(), object));
    assert_eq!(fault(r#"{"inputs":[[]]}"#), ("/inputs/0".to_owned(), object));
    let list = wrong(Kind::Object, Expected::List);
    assert_eq!(fault(r#"{"inputs":{}}"#), ("/inputs".to_owned(), list));
}

#[test]
fn what_must_be_there_is_missed() {
    assert_eq!(fault("{}"), ("/inputs".to_owned(), FaultKind::Missing));
    for (members, place) in [
        (r#""shape":[],"datatype":"INT8""#, "/inputs/0/name"),
        (r#""name":"x","datatype":"INT8""#, "/inputs/0/shape"),
        (r#""name":"x","shape":[]"#, "/inputs/0/datatype"),
    ] {
        let text = format!(r#"{{"inputs":[{{{members}}}]}}"#);
        assert_eq!(fault(&text), (place.to_owned(), FaultKind::Missing), "{members}");
    }
}

#[test]
fn a_name_is_kept_whole_or_is_no_contracts_name() {
    let named = |name: &str| {
        request(&format!(r#"{{"inputs":[{{"name":"{name}","shape":[],"datatype":"INT8"}}]}}"#))
    };
    let longest = "n".repeat(MAX_NAME_BYTES);
    let (tensors, faults) = named(&longest);
    assert_eq!((tensors[0].name.as_str(), faults.len()), (longest.as_str(), 0));
    let (tensors, faults) = named(&format!("{longest}{longest}"));
    assert!(tensors[0].name.len() > MAX_NAME_BYTES && tensors[0].name.len() < MAX_NAME_BYTES + 8);
    assert_eq!(faults[0].place, "/inputs/0/name");
    assert_eq!(faults[0].kind, FaultKind::NameTooLong);
}

#[test]
fn no_more_tensors_are_kept_than_allowed() {
    let input = r#"{"name":"x","shape":[],"datatype":"INT8"}"#;
    let inputs = |count: usize| format!(r#"{{"inputs":[{}]}}"#, vec![input; count].join(","));
    assert_eq!(request(&inputs(3)).1, []);
    let (tensors, faults) = request(&inputs(50));
    assert_eq!((tensors.len(), faults.len()), (3, MAX_FAULTS_OF_A_KIND));
    assert_eq!(faults[0], Fault { place: "/inputs".to_owned(), kind: FaultKind::TooManyTensors });
}

#[test]
fn one_kind_of_fault_does_not_hide_another_one() {
    let wrong = vec!["1"; 100].join(",");
    let (_, faults) = request(&format!(r#"{{"inputs":[{wrong}],"inputs":[]}}"#));
    assert_eq!(faults.len(), MAX_FAULTS_OF_A_KIND + 1);
    assert_eq!(faults.last().map(|fault| fault.kind), Some(FaultKind::Duplicate));
}

#[test]
fn all_of_the_body_is_checked_as_json() {
    for text in ["", "{", r#"{"inputs":[{"data":[1,2,]}]}"#, r#"{"inputs":[]} x"#, "{\"x\":NaN}"] {
        assert!(matches!(body(None, text.as_bytes()), Err(TensorError::Json(_))), "{text}");
    }
    let nested = |depth: usize| {
        let lists = depth - 3;
        format!(r#"{{"inputs":[{{"data":{}{}}}]}}"#, "[".repeat(lists), "]".repeat(lists))
    };
    assert!(body(None, nested(LIMITS.max_json_depth).as_bytes()).is_ok());
    assert!(body(None, nested(LIMITS.max_json_depth + 1).as_bytes()).is_err());
}

#[test]
fn an_error_stays() {
    let mut reader = InferenceReader::new(InferenceMessage::Request, LIMITS, Some(3));
    let error = reader.push(b"{x}").unwrap_err();
    assert_eq!(reader.push(b"{}"), Err(error));
    assert_eq!(reader.finish(), Err(error));
}

#[test]
fn an_answer_has_outputs() {
    let text =
        br#"{"model_name":"m","outputs":[{"name":"y","shape":[1],"datatype":"FP32","data":[1]}]}"#;
    let mut reader = InferenceReader::new(InferenceMessage::Response, LIMITS, None);
    assert_eq!(reader.push(text).and_then(|()| reader.finish()), Ok(()));
    assert_eq!((reader.tensors().len(), reader.faults().len()), (1, 0));
    assert_eq!(request("{\"outputs\":[]}").1[0].place, "/inputs");
}

#[test]
fn binary_data_follows_in_the_order_of_its_tensors() {
    let (tensors, faults) = binary(BINARY, &[1, 0, 2, 0, 3, 0, 0, 0, 128, 63]);
    assert_eq!(faults, []);
    let sizes: Vec<_> =
        tensors.iter().map(|tensor| (tensor.data.bytes, tensor.data.elements)).collect();
    assert_eq!(sizes, [(6, Some(3)), (0, Some(2)), (4, Some(1))]);
    assert!(tensors.iter().all(|tensor| defects(tensor).is_empty()), "{tensors:?}");
}

#[test]
fn binary_data_is_as_long_as_its_tensors_say() {
    for length in (0..20).filter(|length| *length != 10) {
        let (tensors, faults) = binary(BINARY, &vec![0; length]);
        let kind = FaultKind::BinaryBytes { found: crate::wide(length), expected: 10 };
        assert_eq!(faults, [Fault { place: String::new(), kind }]);
        assert_eq!(tensors[0].data.bytes, crate::wide(length.min(6)));
        assert_eq!(tensors[2].data.bytes, crate::wide(length.saturating_sub(6).min(4)));
    }
    let kind = FaultKind::BinaryBytes { found: 0, expected: 10 };
    assert_eq!(request(BINARY).1, [Fault { place: String::new(), kind }], "without the header");
    assert_eq!(binary(r#"{"inputs":[]}"#, b"").1, []);
    let huge =
        BINARY.replace(":6}", ":9223372036854775807}").replace(":4}", ":9223372036854775807}");
    let kind = FaultKind::BinaryBytes { found: 1, expected: u64::MAX - 1 };
    assert_eq!(binary(&huge, b"x").1, [Fault { place: String::new(), kind }]);
}

#[test]
fn binary_data_of_tensors_beyond_the_limit_is_anybodys() {
    let input = r#"{"name":"x","shape":[1],"datatype":"INT8","parameters":{"binary_data_size":1}}"#;
    let text = format!(r#"{{"inputs":[{}]}}"#, [input; 4].join(","));
    let (tensors, faults) = binary(&text, b"1234");
    assert_eq!((tensors.len(), faults.len()), (3, 1));
    assert_eq!(faults[0].kind, FaultKind::TooManyTensors);
}

#[test]
fn data_of_an_unknown_datatype_is_only_measured() {
    let text = BINARY.replace("FP32", "FP8");
    let (tensors, faults) = binary(&text, &[0; 10]);
    assert_eq!(faults, []);
    assert_eq!((tensors[2].data.bytes, tensors[2].data.elements), (4, None));
}

#[test]
fn the_header_says_where_the_text_ends() {
    let text = r#"{"inputs":[]}"#;
    let length = crate::wide(text.len());
    let kind = FaultKind::HeaderBeyondBody { header: length + 1, body: length };
    let expected = [Fault { place: String::new(), kind }];
    assert_eq!(body(Some(length + 1), text.as_bytes()).unwrap().1, expected);
    assert!(body(Some(length - 1), text.as_bytes()).is_err());
    assert!(body(Some(u64::MAX), b"{").is_err());
    assert!(body(Some(1), b"").is_err());
}

#[test]
fn without_a_text_all_is_one_tensor_of_which_the_length_is_known() {
    let (tensors, faults) = body(Some(0), b"\x00no JSON").unwrap();
    let [tensor] = &tensors[..] else { panic!("{tensors:?}") };
    assert_eq!(faults, []);
    assert_eq!((tensor.data.form, tensor.data.bytes, tensor.data.elements), (Form::Raw, 8, None));
    assert_eq!((tensor.name.as_str(), tensor.datatype, &tensor.shape), ("", None, &None));
}
