use super::*;
use crate::protobuf::ProtobufError;
use crate::tensor::wire::{LIMITS, delimited, floats, integer, message, read, varints};
use crate::tensor::{
    Datatype, DeclaredDatatype, Defect, Depth, Form, MessageFacts, MessageKind, TensorError,
    TypedField,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const KIND: MessageKind = MessageKind::PredictRequest;

// Numbers of `DataType`.
const FLOAT: u64 = 1;
const INT32: u64 = 3;
const UINT8: u64 = 4;
const STRING: u64 = 7;
const BFLOAT16: u64 = 14;
const UINT16: u64 = 17;
const HALF: u64 = 19;
const UINT32: u64 = 22;

/// An entry of the map, of a tensor with these fields.
fn entry(key: &str, fields: &[&[u8]]) -> Vec<u8> {
    message(2, &[&delimited(1, key.as_bytes()), &message(2, fields)])
}

fn dtype(number: u64) -> Vec<u8> {
    integer(1, number)
}

fn shape(dimensions: &[u64]) -> Vec<u8> {
    let dimension = |length: &u64| message(2, &[&integer(1, *length), &delimited(2, b"name")]);
    delimited(2, &dimensions.iter().flat_map(dimension).collect::<Vec<u8>>())
}

fn content(payload: &[u8]) -> Vec<u8> {
    delimited(4, payload)
}

/// The tensor of a message that has one, of these fields.
fn tensor(fields: &[&[u8]]) -> Tensor {
    let reader = read(&KIND, LIMITS, &entry("x", fields)).unwrap();
    let [tensor] = reader.tensors() else { panic!("one tensor") };
    assert_eq!(reader.facts(), MessageFacts { tensors: 1, ..MessageFacts::default() });
    tensor.clone()
}

fn defects(fields: &[&[u8]]) -> Vec<Defect> {
    tensor(fields).defects().collect()
}

fn range(tensor: &Tensor) -> (f64, f64) {
    (tensor.data.values.least, tensor.data.values.largest)
}

#[test]
fn a_tensor_has_its_content() {
    let x = tensor(&[&dtype(FLOAT), &shape(&[1, 2]), &content(&floats(&[0.5, -1.0]))]);
    assert!(x.is_named("x"));
    assert_eq!(x.datatype, Some(DeclaredDatatype::Known(Datatype::Fp32)));
    assert_eq!(x.shape.as_ref().unwrap().dimensions(), [1, 2]);
    assert_eq!((x.data.form, x.data.elements, x.data.bytes), (Form::Raw, Some(2), 8));
    assert_eq!(range(&x), (-1.0, 0.5));
    assert_eq!(x.defects().count(), 0);
}

#[test]
fn a_content_of_another_length_is_not_padded() {
    let bytes = Defect::ByteCount { found: 4, expected: 8 };
    assert_eq!(defects(&[&dtype(FLOAT), &shape(&[2]), &content(&[0; 4])]), [bytes]);
}

#[test]
fn each_val_field_holds_its_datatypes() {
    for (number, datatypes) in [
        (5, &[Datatype::Fp32][..]),
        (6, &[Datatype::Fp64]),
        (7, &[Datatype::Int8, Datatype::Int16, Datatype::Int32, Datatype::Uint8, Datatype::Uint16]),
        (8, &[Datatype::Bytes]),
        (10, &[Datatype::Int64]),
        (11, &[Datatype::Bool]),
        (13, &[Datatype::Fp16, Datatype::Bf16]),
        (16, &[Datatype::Uint32]),
        (17, &[Datatype::Uint64]),
    ] {
        for dtype_number in 0..40 {
            let Some(datatype) = Datatype::of_tensorflow(dtype_number) else { continue };
            let x = tensor(&[&dtype(dtype_number), &delimited(number, &[1; 8])]);
            let is_wrong = x.defects().any(|defect| defect == Defect::WrongField);
            assert_eq!(is_wrong, !datatypes.contains(&datatype), "{number} {datatype:?}");
        }
    }
}

#[test]
fn val_fields_are_counted_and_looked_at() {
    let negative = (-3_i64).cast_unsigned();
    let x = tensor(&[
        &dtype(INT32),
        &shape(&[3]),
        &delimited(7, &varints(&[1, negative])),
        &integer(7, 300),
    ]);
    assert_eq!((x.data.form, x.data.elements), (Form::Typed(TypedField::IntVal), Some(3)));
    assert_eq!(range(&x), (-3.0, 300.0));
    let x = tensor(&[&dtype(UINT16), &shape(&[1]), &integer(7, 70_000)]);
    assert_eq!(range(&x), (70_000.0, 70_000.0));
    let x = tensor(&[&dtype(UINT32), &shape(&[1]), &integer(16, 7)]);
    assert_eq!(x.data.form, Form::Typed(TypedField::Uint32Val));
    let x = tensor(&[&dtype(STRING), &shape(&[2]), &delimited(8, b"abc"), &delimited(8, b"")]);
    assert_eq!((x.data.elements, x.data.values.longest_string), (Some(2), 3));
    assert_eq!(x.defects().count(), 0);
}

#[test]
fn a_half_is_the_float_that_the_datatype_says_wherever_that_stands() {
    let halves = delimited(13, &varints(&[0x3f80]));
    for (number, value) in [(HALF, 1.875), (BFLOAT16, 1.0)] {
        assert_eq!(range(&tensor(&[&dtype(number), &halves])), (value, value));
        assert_eq!(range(&tensor(&[&halves, &dtype(number)])), (value, value));
    }
}

#[test]
fn another_number_of_vals_than_the_shape_says_is_padded_or_cut() {
    let padding = |found, expected| [Defect::Padding { found, expected }];
    let vals = |count: usize| delimited(5, &vec![0; 4 * count]);
    let found = |count: usize| defects(&[&dtype(FLOAT), &shape(&[2]), &vals(count)]);
    assert_eq!(found(0), padding(0, 2));
    assert_eq!(found(1), padding(1, 2));
    assert_eq!(found(2), []);
    assert_eq!(found(3), padding(3, 2));
    assert_eq!(defects(&[&dtype(FLOAT), &shape(&[2])]), padding(0, 2));
    assert_eq!(defects(&[&dtype(FLOAT), &shape(&[0])]), []);
    // Without a shape it is a scalar.
    assert_eq!(defects(&[&dtype(FLOAT)]), padding(0, 1));
    assert_eq!(defects(&[&dtype(FLOAT), &vals(1)]), []);
    assert_eq!(defects(&[&dtype(STRING), &shape(&[2]), &delimited(8, b"a")]), padding(1, 2));
}

#[test]
fn what_breaks_the_rules_is_a_defect() {
    assert_eq!(defects(&[&dtype(0), &integer(7, 1)]), [Defect::UnknownDatatype]);
    assert_eq!(defects(&[&integer(7, 1)]), [Defect::UnknownDatatype]);
    assert_eq!(defects(&[&dtype(101), &integer(7, 1)]), [Defect::UnknownDatatype]);
    let one = integer(7, 1);
    let negative = shape(&[u64::MAX]);
    assert_eq!(defects(&[&dtype(INT32), &negative, &one]), [Defect::NegativeDimension]);
    let huge = shape(&[1 << 40, 1 << 40]);
    assert_eq!(defects(&[&dtype(INT32), &huge, &one]), [Defect::ShapeTooLarge]);
    let unknown_rank = message(2, &[&integer(3, 1)]);
    assert_eq!(defects(&[&dtype(INT32), &unknown_rank, &one]), []);
    assert_eq!(defects(&[&dtype(INT32), &unknown_rank, &shape(&[1]), &one]), [Defect::UnknownRank]);
    let known_rank = message(2, &[&integer(3, 0)]);
    assert_eq!(defects(&[&dtype(INT32), &unknown_rank, &shape(&[1]), &known_rank, &one]), []);
}

#[test]
fn of_data_in_two_places_the_content_counts_and_then_the_own_field() {
    let int_val = delimited(7, &[1, 2, 3]);
    let float_val = delimited(5, &[0; 8]);
    let x = tensor(&[&dtype(UINT8), &shape(&[2]), &int_val, &content(&[7, 9])]);
    assert_eq!((x.data.form, x.data.elements, range(&x)), (Form::Several, Some(2), (7.0, 9.0)));
    let x = tensor(&[&dtype(UINT8), &shape(&[2]), &float_val, &int_val, &content(b"")]);
    assert_eq!((x.data.form, x.data.elements, range(&x)), (Form::Several, Some(3), (1.0, 3.0)));
    assert_eq!(x.defects().collect::<Vec<_>>(), [Defect::SeveralForms]);
    // An empty field is one that is not there.
    let x = tensor(&[&dtype(UINT8), &shape(&[3]), &delimited(5, b""), &int_val, &content(b"")]);
    assert_eq!((x.data.form, x.defects().count()), (Form::Typed(TypedField::IntVal), 0));
}

#[test]
fn of_contents_the_last_counts() {
    let twice = [content(&[1; 8]), content(&[7, 9])].concat();
    let x = tensor(&[&dtype(UINT8), &shape(&[2]), &twice]);
    assert_eq!((x.data.bytes, range(&x)), (2, (7.0, 9.0)));
    let x = tensor(&[&dtype(UINT8), &content(&[1; 8]), &content(b"")]);
    assert_eq!(x.data.form, Form::Absent);
}

#[test]
fn a_content_before_its_datatype_is_measured() {
    let (number, raw) = (dtype(FLOAT), content(&[0; 8]));
    let x = tensor(&[&raw, &number, &shape(&[2])]);
    assert_eq!((x.data.elements, x.data.bytes, x.data.is_early), (Some(2), 8, true));
    assert_eq!((x.data.values, x.defects().count()), (Default::default(), 0));
    let x = tensor(&[&dtype(INT32), &raw, &number, &shape(&[2])]);
    assert!(x.data.is_early);
    let x = tensor(&[&number, &raw, &number, &shape(&[2])]);
    assert!(!x.data.is_early);
    let limits = TensorLimits { depth: Depth::Counted, ..LIMITS };
    let reader = read(&KIND, limits, &entry("x", &[&raw, &number])).unwrap();
    assert!(!reader.tensors()[0].data.is_early);
    assert_eq!(reader.tensors()[0].data.elements, Some(2));
}

#[test]
fn a_content_of_strings_has_their_lengths_first() {
    let (number, strings) = (dtype(STRING), content(b"\x02\x03abcde"));
    let x = tensor(&[&number, &shape(&[2]), &strings]);
    assert_eq!((x.data.elements, x.data.values.longest_string), (Some(2), 3));
    assert_eq!(x.defects().count(), 0);
    let broken = defects(&[&number, &shape(&[2]), &content(b"\x02\x03abcdef")]);
    assert_eq!(broken, [Defect::BrokenStrings]);
    for early in [[&number, &strings, &shape(&[2])], [&strings, &number, &shape(&[2])]] {
        let x = tensor(&early.map(Vec::as_slice));
        assert_eq!((x.data.elements, x.data.is_early, x.data.bytes), (None, true, 7));
        assert_eq!(x.defects().count(), 0);
    }
}

#[test]
fn parts_of_a_tensor_merge() {
    let parts = [
        delimited(1, b"no"),
        message(2, &[&dtype(FLOAT), &shape(&[1]), &delimited(5, &[0; 4])]),
        delimited(1, b"x"),
        message(2, &[&shape(&[2]), &delimited(5, &[0; 4]), &dtype(FLOAT)]),
    ];
    let reader = read(&KIND, LIMITS, &delimited(2, &parts.concat())).unwrap();
    let x = &reader.tensors()[0];
    assert!(x.is_named("x"));
    assert_eq!(x.shape.as_ref().unwrap().dimensions(), [1, 2]);
    assert_eq!((x.data.elements, x.defects().count()), (Some(2), 0));
}

#[test]
fn entries_are_tensors_even_with_the_same_key_or_none() {
    let same = entry("x", &[&dtype(FLOAT), &integer(7, 1)]);
    let bytes =
        [&same[..], &same, &delimited(2, b""), &message(2, &[&delimited(1, b"y")])].concat();
    let reader = read(&KIND, LIMITS, &bytes).unwrap();
    let found: Vec<_> =
        reader.tensors().iter().map(|tensor| (tensor.name.as_str(), tensor.position)).collect();
    assert_eq!(found, [("x", 0), ("x", 1), ("", 2), ("y", 3)]);
    assert_eq!(reader.tensors()[1].data, reader.tensors()[0].data);
}

#[test]
fn a_dimension_without_a_size_is_0() {
    let x = tensor(&[&dtype(FLOAT), &message(2, &[&message(2, &[&delimited(2, b"batch")])])]);
    assert_eq!(x.shape.unwrap().dimensions(), [0]);
}

#[test]
fn an_enum_has_32_bits() {
    assert_eq!(tensor(&[&dtype(1 << 32 | FLOAT)]).known_datatype(), Some(Datatype::Fp32));
}

#[test]
fn responses_have_another_number() {
    let output = message(1, &[&delimited(1, b"y"), &message(2, &[&dtype(FLOAT)])]);
    let bytes = [output, entry("x", &[])].concat();
    let reader = read(&MessageKind::PredictResponse, LIMITS, &bytes).unwrap();
    assert_eq!(reader.tensors().len(), 1);
    assert!(reader.tensors()[0].is_named("y"));
}

#[test]
fn more_tensors_than_may_be_are_refused() {
    let limits = TensorLimits { max_tensors: 2, ..LIMITS };
    let one = entry("x", &[]);
    assert!(read(&KIND, limits, &one.repeat(2)).is_ok());
    let found = read(&KIND, limits, &one.repeat(3)).unwrap_err();
    assert_eq!(found, TensorError::TooManyTensors { limit: 2 });
    assert_eq!(found.to_string(), "more than 2 tensors");
}

#[test]
fn fields_that_are_not_what_they_must_be_are_refused() {
    let kind_of = |field: &[u8]| match read(&KIND, LIMITS, field) {
        Err(TensorError::Protobuf(ProtobufError { kind, .. })) => kind,
        other => panic!("{:?}", other.map(|reader| reader.facts())),
    };
    let within = |path: &[u64], field: Vec<u8>| {
        kind_of(&path.iter().rev().fold(field, |inner, number| delimited(*number, &inner)))
    };
    let wrong = ProtobufErrorKind::WrongWireType;
    for (path, field) in [
        (&[][..], integer(2, 1)),
        (&[2], integer(1, 1)),
        (&[2], integer(2, 1)),
        (&[2, 2], delimited(1, b"")),
        (&[2, 2], integer(2, 1)),
        (&[2, 2], integer(4, 1)),
        (&[2, 2], integer(5, 1)),
        (&[2, 2], integer(8, 1)),
        (&[2, 2, 2], integer(2, 1)),
        (&[2, 2, 2], delimited(3, b"")),
        (&[2, 2, 2, 2], delimited(1, b"")),
    ] {
        assert_eq!(within(path, field), wrong, "{path:?}");
    }
    assert_eq!(within(&[2, 1], b"\xff".to_vec()), ProtobufErrorKind::InvalidUtf8);
    assert_eq!(within(&[2, 1], b"\xc3".to_vec()), ProtobufErrorKind::InvalidUtf8);
    assert_eq!(within(&[2, 2, 5], vec![0; 3]), ProtobufErrorKind::PartialElement);
}
