use super::*;
use crate::cuts::same_however_cut;
use crate::json::{Kind, NotedLimits};
use crate::tensor::{Form, Tensor};
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

fn read(message: PredictMessage, text: &str) -> Result<Said, TensorError> {
    same_however_cut(text.as_bytes(), |pieces| {
        let mut reader = PredictReader::new(message, LIMITS);
        pieces.iter().try_for_each(|piece| reader.push(piece))?;
        reader.finish()?;
        Ok((reader.tensors().to_vec(), reader.faults().to_vec()))
    })
}

fn request(text: &str) -> Said {
    read(PredictMessage::Request, text).expect("it is JSON")
}

/// The tensors of a request without faults: name, nesting, elements.
fn tensors(text: &str) -> Vec<(String, Option<String>, u64)> {
    let (tensors, faults) = request(text);
    assert_eq!(faults, [], "{text}");
    assert!(tensors.iter().all(|tensor| tensor.data.form == Form::Json), "{text}");
    assert!(tensors.iter().all(|it| it.datatype.is_none() && it.shape.is_none()), "{text}");
    let nesting = |tensor: &Tensor| tensor.data.nesting.as_ref().map(ToString::to_string);
    tensors
        .into_iter()
        .map(|tensor| (tensor.name.clone(), nesting(&tensor), tensor.data.elements.unwrap()))
        .collect()
}

fn faults(text: &str) -> Vec<(String, FaultKind)> {
    request(text).1.into_iter().map(|fault| (fault.place, fault.kind)).collect()
}

fn named(name: &str, nesting: &str, elements: u64) -> (String, Option<String>, u64) {
    (name.to_owned(), Some(nesting.to_owned()), elements)
}

fn fault(place: &str, kind: FaultKind) -> Vec<(String, FaultKind)> {
    vec![(place.to_owned(), kind)]
}

#[test]
fn rows_without_names_are_one_tensor() {
    for (instances, nesting, elements) in [
        ("[]", "[0]", 0),
        ("[1, 2, 3]", "[3]", 3),
        ("[[1,2],[3,4],[5,6]]", "[3, 2]", 6),
        ("[[[[1],[2]]]]", "[1, 1, 2, 1]", 2),
        (r#"["a", "b"]"#, "[2]", 2),
        (r#"[{"b64":"YQ=="}, {"b64":"YWI="}]"#, "[2]", 2),
        (r#"[[{"b64":"YQ=="}, {"b64":"YWI="}]]"#, "[1, 2]", 2),
    ] {
        let text = format!(r#"{{"signature_name":"s","instances":{instances}}}"#);
        assert_eq!(tensors(&text), [named("", nesting, elements)], "{instances}");
    }
    let ragged = tensors(r#"{"instances":[[1,2],[3]]}"#);
    assert_eq!(ragged, [(String::new(), None, 3)]);
}

#[test]
fn rows_of_named_inputs_have_the_rows_in_front() {
    let text = r#"{"instances":[
        {"tag":"foo","signal":[1,2,3,4,5],"sensor":[[1,2],[3,4]]},
        {"sensor":[[4,5],[6,8]],"tag":"bar","signal":[3,4,1,2,5]}]}"#;
    let expected =
        [named("tag", "[2]", 2), named("signal", "[2, 5]", 10), named("sensor", "[2, 2, 2]", 8)];
    assert_eq!(tensors(text), expected);
    let ragged = tensors(r#"{"instances":[{"a":[1]},{"a":[1,2]}]}"#);
    assert_eq!(ragged, [("a".to_owned(), None, 3)]);
    let ragged = tensors(r#"{"instances":[{"a":[1]},{"a":1}]}"#);
    assert_eq!(ragged, [("a".to_owned(), None, 2)]);
}

#[test]
fn columns_have_their_whole_shape() {
    let text = r#"{"inputs":{"tag":["foo","bar"],"signal":[[1,2],[3,4]],"scalar":7}}"#;
    let expected = [named("tag", "[2]", 2), named("signal", "[2, 2]", 4), named("scalar", "[]", 1)];
    assert_eq!(tensors(text), expected);
    assert_eq!(tensors(r#"{"inputs":[[1,2],[3,4]]}"#), [named("", "[2, 2]", 4)]);
    assert_eq!(tensors(r#"{"inputs":"text"}"#), [named("", "[]", 1)]);
    assert_eq!(tensors(r#"{"inputs":{"b64":"YQ=="}}"#), [named("", "[]", 1)]);
    assert_eq!(tensors(r#"{"inputs":{}}"#), []);
}

#[test]
fn base64_is_as_long_as_what_it_stands_for() {
    for (text, longest) in [
        (r#"{"instances":[{"b64":"aGVsbG8="}]}"#, 5),
        (r#"{"instances":[[{"b64":"aGVsbG8="}]]}"#, 5),
        (r#"{"instances":[{"x":{"b64":"aGVsbG8="}}]}"#, 5),
        (r#"{"instances":[{"x":[{"b64":"aGVsbG8="}]}]}"#, 5),
        (r#"{"inputs":{"x":{"\u0062\u00364":"aGVsbG8"}}}"#, 5),
        (r#"{"inputs":{"b64":"aGVs\nbG8="}}"#, 5),
        (r#"{"inputs":{"b64":"aGVsbG8=","x":"a"}}"#, 8),
        (r#"{"inputs":{"x":"a","b64":"aGVsbG8="}}"#, 8),
        (r#"{"inputs":["caf\u00e9!"]}"#, 6),
    ] {
        let (tensors, faults) = request(text);
        let longest_string = tensors.iter().map(|it| it.data.values.longest_string).max();
        assert_eq!((faults.len(), longest_string), (0, Some(longest)), "{text}");
        assert!(!tensors.iter().any(|tensor| tensor.data.values.has_others), "{text}");
    }
    for object in [r#"{"b64":"a","b64":"b"}"#, r#"{"b64":1}"#, r#"{"a":"b"}"#, "{}"] {
        let values = request(&format!(r#"{{"inputs":[{object}]}}"#)).0[0].data.values;
        assert!(values.has_others && !values.has_strings, "{object}");
    }
}

#[test]
fn an_input_may_be_called_like_the_mark_of_a_string() {
    let text = r#"{"inputs":{"b64":"text","x":[1,2]}}"#;
    assert_eq!(tensors(text), [named("b64", "[]", 1), named("x", "[2]", 2)]);
    let text = r#"{"instances":[{"b64":"text","x":[1,2]}]}"#;
    assert_eq!(tensors(text), [named("b64", "[1]", 1), named("x", "[1, 2]", 2)]);
}

#[test]
fn words_are_numbers() {
    for word in ["NaN", "Infinity", "-Infinity"] {
        let values = request(&format!(r#"{{"instances":[[1, {word}, 2.5]]}}"#)).0[0].data.values;
        assert_eq!((values.least, values.largest), (1.0, 2.5), "{word}");
        assert!(values.has_non_finite && values.has_numbers && !values.has_others, "{word}");
        let values = request(&format!(r#"{{"inputs":{{"x":{word}}}}}"#)).0[0].data.values;
        assert!(values.has_non_finite && !values.has_fractions, "{word}");
    }
}

#[test]
fn a_request_has_one_of_both_forms() {
    assert_eq!(faults("{}"), fault("", FaultKind::NeitherForm));
    assert_eq!(faults(r#"{"signature_name":"s"}"#), fault("", FaultKind::NeitherForm));
    assert_eq!(faults(r#"{"inputs":[],"instances":[]}"#), fault("", FaultKind::BothForms));
    assert_eq!(faults(r#"{"predictions":[]}"#), fault("", FaultKind::NeitherForm));
}

#[test]
fn all_rows_have_the_inputs_of_the_first_one() {
    for (second, is_like_the_first) in [
        (r#"{"b":1,"a":2}"#, true),
        (r#"{"a":1}"#, false),
        (r#"{"a":1,"c":2}"#, false),
        (r#"{"a":1,"b":2,"c":3}"#, false),
        ("{}", false),
    ] {
        let found =
            faults(&format!(r#"{{"instances":[{{"a":1,"b":2}},{second},{{"a":0,"b":0}}]}}"#));
        let expected = fault("/instances/1", FaultKind::KeySetsDiffer);
        assert_eq!(found, if is_like_the_first { vec![] } else { expected }, "{second}");
    }
}

#[test]
fn rows_are_all_objects_of_inputs_or_none_is() {
    for other in ["1", "[1]", r#"{"b64":"YQ=="}"#, "null"] {
        for instances in [format!(r#"{other},{{"a":1}}"#), format!(r#"{{"a":1}},{other}"#)] {
            let found = faults(&format!(r#"{{"instances":[{instances}]}}"#));
            assert_eq!(found, fault("/instances", FaultKind::MixedInstances), "{instances}");
        }
    }
}

#[test]
fn what_decides_what_a_tensor_is_stands_once() {
    for (text, place) in [
        (r#"{"instances":[1],"instances":[1]}"#, "/instances"),
        (r#"{"inputs":1,"inputs":2}"#, "/inputs"),
        (r#"{"inputs":1,"signature_name":"a","signature_name":"a"}"#, "/signature_name"),
        (r#"{"inputs":{"x":1,"x":1}}"#, "/inputs/*"),
        (r#"{"instances":[{"x":1},{"x":1,"\u0078":1}]}"#, "/instances/1/*"),
    ] {
        assert_eq!(faults(text), fault(place, FaultKind::Duplicate), "{text}");
    }
}

#[test]
fn wrong_types_are_told_with_their_places() {
    for (text, place, found, expected) in [
        ("[]", "", Kind::Array, Expected::Object),
        (r#"{"instances":{}}"#, "/instances", Kind::Object, Expected::List),
        (r#"{"instances":1}"#, "/instances", Kind::Number, Expected::List),
        (r#"{"inputs":1,"signature_name":1}"#, "/signature_name", Kind::Number, Expected::String),
    ] {
        assert_eq!(faults(text), fault(place, FaultKind::WrongType { found, expected }), "{text}");
    }
}

#[test]
fn no_more_inputs_are_kept_than_allowed() {
    for (before, after, place) in
        [(r#"{"inputs":"#, "}", "/inputs"), (r#"{"instances":["#, "]}", "/instances/0")]
    {
        let text = format!(r#"{before}{{"a":1,"b":2,"c":3,"d":4}}{after}"#);
        assert_eq!(faults(&text), fault(place, FaultKind::TooManyTensors));
        assert_eq!(request(&text).0.len(), LIMITS.max_tensors);
    }
}

#[test]
fn a_request_may_name_a_signature() {
    let mut reader = PredictReader::new(PredictMessage::Request, LIMITS);
    reader.push(br#"{"inputs":[],"signature_name":"serving_\u0064efault"}"#).unwrap();
    assert_eq!(reader.signature_name(), Some("serving_default"));
}

#[test]
fn an_answer_has_predictions_or_outputs() {
    for text in [r#"{"predictions":[[1],[2]]}"#, r#"{"outputs":[[1],[2]]}"#] {
        let (tensors, faults) = read(PredictMessage::Response, text).unwrap();
        assert_eq!((tensors[0].data.elements, faults.len()), (Some(2), 0), "{text}");
    }
}
