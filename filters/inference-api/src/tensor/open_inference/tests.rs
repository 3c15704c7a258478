use super::*;
use crate::protobuf::ProtobufError;
use crate::tensor::wire::{LIMITS, delimited, floats, integer, message, read, varints};
use crate::tensor::{
    DeclaredDatatype, Defect, MAX_NAME_BYTES, MessageKind, MessageReader, TensorError, TypedField,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const KIND: MessageKind = MessageKind::ModelInferRequest;

/// An input with more fields behind these.
fn input(name: &str, datatype: &str, shape: &[u64], more: &[&[u8]]) -> Vec<u8> {
    let shape = varints(shape);
    let fields = [
        delimited(1, name.as_bytes()),
        delimited(2, datatype.as_bytes()),
        delimited(3, &shape),
        more.concat(),
    ];
    delimited(5, &fields.concat())
}

fn contents(number: u64, payload: &[u8]) -> Vec<u8> {
    message(5, &[&delimited(number, payload)])
}

fn shared() -> Vec<u8> {
    let value = message(2, &[&delimited(3, b"region0")]);
    message(4, &[&delimited(1, b"shared_memory_region"), &value])
}

fn raw(payload: &[u8]) -> Vec<u8> {
    delimited(7, payload)
}

fn reader(fields: &[&[u8]]) -> MessageReader {
    read(&KIND, LIMITS, &fields.concat()).unwrap()
}

fn kind_of(fields: &[&[u8]]) -> ProtobufErrorKind {
    match read(&KIND, LIMITS, &fields.concat()) {
        Err(TensorError::Protobuf(ProtobufError { kind, .. })) => kind,
        other => panic!("{:?}", other.map(|reader| reader.facts())),
    }
}

fn defects(fields: &[&[u8]]) -> Vec<Defect> {
    reader(fields).tensors().iter().flat_map(Tensor::defects).collect()
}

#[test]
fn a_raw_entry_belongs_to_its_tensor() {
    let entry = floats(&[1.0, -2.0, 0.5]);
    let reader =
        reader(&[&delimited(1, b"model"), &input("x", "FP32", &[1, 3], &[]), &raw(&entry)]);
    let [tensor] = reader.tensors() else { panic!("one tensor") };
    assert!(tensor.is_named("x"));
    assert_eq!(tensor.datatype, Some(DeclaredDatatype::Known(Datatype::Fp32)));
    assert_eq!(tensor.shape.as_ref().unwrap().dimensions(), [1, 3]);
    assert_eq!(
        (tensor.data.form, tensor.data.elements, tensor.data.bytes),
        (Form::Raw, Some(3), 12)
    );
    assert_eq!((tensor.data.values.least, tensor.data.values.largest), (-2.0, 1.0));
    assert_eq!(tensor.defects().count(), 0);
    let facts = MessageFacts { tensors: 1, raw_entries: 1, ..MessageFacts::default() };
    assert_eq!(reader.facts(), facts);
}

#[test]
fn raw_entries_pass_over_tensors_in_shared_memory() {
    let reader = reader(&[
        &input("a", "UINT8", &[2], &[&shared()]),
        &input("b", "UINT8", &[3], &[]),
        &input("c", "UINT8", &[2], &[&shared()]),
        &input("d", "UINT8", &[1], &[]),
        &raw(&[1, 2, 3]),
        &raw(&[9]),
    ]);
    let data: Vec<_> =
        reader.tensors().iter().map(|tensor| (tensor.data.form, tensor.data.bytes)).collect();
    let shared = (Form::SharedMemory, 0);
    assert_eq!(data, [shared, (Form::Raw, 3), shared, (Form::Raw, 1)]);
    assert_eq!(reader.tensors()[3].data.values.largest, 9.0);
    let facts = MessageFacts { tensors: 4, raw_entries: 2, ..MessageFacts::default() };
    assert_eq!(reader.facts(), facts);
}

#[test]
fn only_a_parameter_of_that_very_name_means_shared_memory() {
    let parameter = |key: &[u8]| message(4, &[&delimited(1, key), &message(2, &[&integer(2, 1)])]);
    for key in [&b"binary_data_size"[..], b"", b"shared_memory_region0", b"shared_memory_regio"] {
        let reader = reader(&[&input("x", "UINT8", &[1], &[&parameter(key)])]);
        assert_eq!(reader.facts().tensors_without_data, 1, "{}", key.escape_ascii());
    }
    // The key that comes last is the entry's.
    let twice = message(4, &[&delimited(1, b"x"), &delimited(1, SHARED_MEMORY.as_bytes())]);
    let reader = reader(&[&input("x", "UINT8", &[1], &[&twice, &parameter(b"other")])]);
    assert_eq!(reader.tensors()[0].data.form, Form::SharedMemory);
}

#[test]
fn raw_entries_before_their_tensors_are_measured() {
    let strings = b"\x02\0\0\0ab\0\0\0\0";
    let reader = reader(&[
        &raw(&floats(&[1.0, 2.0])),
        &raw(strings),
        &raw(&[1]),
        &input("x", "FP32", &[2], &[]),
        &input("s", "INT32", &[1], &[&shared()]),
        &input("y", "BYTES", &[2], &[]),
        &input("z", "UINT8", &[1], &[]),
    ]);
    let [x, _, y, z] = reader.tensors() else { panic!("four tensors") };
    assert_eq!((x.data.elements, x.data.bytes, x.data.is_early), (Some(2), 8, true));
    assert_eq!(x.data.values, Default::default());
    assert_eq!((y.data.elements, y.data.bytes, y.data.is_early), (Some(2), 10, false));
    assert_eq!(y.data.values.longest_string, 2);
    assert_eq!((z.data.elements, z.data.is_early), (Some(1), true));
    assert!(reader.tensors().iter().all(|tensor| tensor.defects().count() == 0));
    let facts = MessageFacts { tensors: 4, raw_entries: 3, ..MessageFacts::default() };
    assert_eq!(reader.facts(), facts);
}

#[test]
fn only_values_that_are_asked_for_can_come_too_early() {
    let limits = TensorLimits { depth: Depth::Counted, ..LIMITS };
    let bytes = [raw(&[1, 2]), input("x", "UINT8", &[2], &[])].concat();
    let reader = read(&KIND, limits, &bytes).unwrap();
    let data = &reader.tensors()[0].data;
    assert_eq!((data.elements, data.is_early), (Some(2), false));
}

#[test]
fn raw_entries_between_tensors_belong_to_the_next_one_without() {
    let reader = reader(&[
        &input("a", "UINT8", &[1], &[]),
        &raw(&[1]),
        &raw(&[2, 2]),
        &raw(&[3]),
        &input("b", "UINT8", &[2], &[]),
        &input("c", "UINT8", &[1], &[]),
        &input("d", "UINT8", &[1], &[]),
        &raw(&[4]),
    ]);
    let found: Vec<_> =
        reader.tensors().iter().map(|tensor| (tensor.data.bytes, tensor.data.is_early)).collect();
    assert_eq!(found, [(1, false), (2, true), (1, true), (1, false)]);
    assert_eq!(reader.tensors()[3].data.values.least, 4.0);
}

#[test]
fn surplus_and_missing_data_are_facts() {
    let facts = reader(&[&input("a", "UINT8", &[1], &[]), &raw(&[1]), &raw(&[2])]).facts();
    assert_eq!((facts.surplus_raw_entries, facts.tensors_without_data), (1, 0));
    let facts = reader(&[&input("a", "UINT8", &[1], &[&shared()]), &raw(&[1])]).facts();
    assert_eq!((facts.surplus_raw_entries, facts.tensors_without_data), (1, 0));
    let facts = reader(&[&input("a", "UINT8", &[1], &[]), &input("b", "UINT8", &[1], &[])]).facts();
    assert_eq!((facts.surplus_raw_entries, facts.tensors_without_data), (0, 2));
    let many: Vec<Vec<u8>> = vec![raw(&[1]); LIMITS.max_tensors + 3];
    let reader = read(&KIND, LIMITS, &many.concat()).unwrap();
    assert_eq!(reader.facts().surplus_raw_entries, crate::wide(LIMITS.max_tensors + 3));
}

#[test]
fn typed_contents_are_counted_and_looked_at() {
    let entry = contents(6, &floats(&[1.0, f32::NAN]));
    let reader = reader(&[&input("x", "FP32", &[2], &[&entry])]);
    let data = &reader.tensors()[0].data;
    assert_eq!((data.form, data.elements), (Form::Typed(TypedField::Fp32), Some(2)));
    assert!(data.values.has_non_finite);
    assert_eq!(reader.tensors()[0].defects().count(), 0);
    assert_eq!(reader.facts(), MessageFacts { tensors: 1, ..MessageFacts::default() });
}

#[test]
fn each_field_of_the_contents_holds_its_datatypes() {
    for (number, datatypes) in [
        (1, &["BOOL"][..]),
        (2, &["INT8", "INT16", "INT32"]),
        (3, &["INT64"]),
        (4, &["UINT8", "UINT16", "UINT32"]),
        (5, &["UINT64"]),
        (6, &["FP32"]),
        (7, &["FP64"]),
        (8, &["BYTES"]),
    ] {
        for datatype in Datatype::ALL {
            let found =
                defects(&[&input("x", datatype.name(), &[1], &[&contents(number, &[0; 8])])]);
            let is_wrong = found.contains(&Defect::WrongField);
            assert_eq!(is_wrong, !datatypes.contains(&datatype.name()), "{number} {datatype:?}");
        }
    }
}

#[test]
fn contents_in_several_occurrences_add_up() {
    let more = [contents(3, &varints(&[1, 300])), message(5, &[&integer(3, 7)]), message(5, &[])];
    let reader = reader(&[&input("x", "INT64", &[3], &[&more.concat()])]);
    let data = &reader.tensors()[0].data;
    assert_eq!((data.elements, data.values.least, data.values.largest), (Some(3), 1.0, 300.0));
}

#[test]
fn what_breaks_the_rules_is_a_defect() {
    let count = |found, expected| Defect::ElementCount { found, expected };
    let bytes = |found, expected| Defect::ByteCount { found, expected };
    let two = contents(4, &[1, 2]);
    assert_eq!(defects(&[&input("x", "UINT8", &[3], &[&two])]), [count(2, 3)]);
    assert_eq!(defects(&[&input("x", "UINT8", &[3], &[&message(5, &[])])]), [count(0, 3)]);
    assert_eq!(defects(&[&input("x", "UINT8", &[0], &[&message(5, &[])])]), []);
    assert_eq!(defects(&[&input("x", "FP32", &[2], &[]), &raw(&[0; 7])]), [bytes(7, 8)]);
    assert_eq!(defects(&[&input("x", "FP16", &[2], &[]), &raw(&[0; 4])]), []);
    assert_eq!(defects(&[&input("x", "FP16", &[2], &[&two])]), [Defect::WrongField]);
    assert_eq!(
        defects(&[&input("x", "BYTES", &[1], &[]), &raw(&[9, 0, 0, 0])]),
        [Defect::BrokenStrings]
    );
    assert_eq!(defects(&[&input("x", "BYTES", &[2], &[]), &raw(&[0; 4])]), [count(1, 2)]);
    assert_eq!(
        defects(&[&input("x", "fp32", &[1], &[]), &raw(&[0; 4])]),
        [Defect::UnknownDatatype]
    );
    assert_eq!(defects(&[&input("x", "", &[1], &[]), &raw(&[0; 4])]), [Defect::UnknownDatatype]);
    assert_eq!(
        defects(&[&input("x", "UINT8", &[u64::MAX], &[]), &raw(&[0])]),
        [Defect::NegativeDimension]
    );
    let huge = input("x", "UINT8", &[1 << 40, 1 << 40], &[]);
    assert_eq!(defects(&[&huge, &raw(&[0])]), [Defect::ShapeTooLarge]);
    for length in [0, 1] {
        assert_eq!(defects(&[&input("x", "UINT8", &[], &[]), &raw(&[0; 1][..length])]), []);
    }
}

#[test]
fn data_in_two_places_is_a_defect_and_a_fact() {
    let several = [Defect::SeveralForms];
    let typed = contents(4, &[1, 2]);
    let two_fields = message(5, &[&delimited(4, &[1]), &delimited(2, &[1])]);
    assert_eq!(defects(&[&input("x", "UINT8", &[2], &[&two_fields])]), several);
    let beside = [input("x", "UINT8", &[2], &[&typed]), raw(&[1, 2])].concat();
    assert_eq!(defects(&[&beside]), several);
    assert!(reader(&[&beside]).facts().has_contents_beside_raw);
    assert_eq!(defects(&[&input("x", "UINT8", &[2], &[&typed, &shared()])]), several);
    // Even empty contents must not stand beside raw entries.
    let empty = [input("x", "FP16", &[1], &[&message(5, &[])]), raw(&[1, 2])].concat();
    assert!(reader(&[&empty]).facts().has_contents_beside_raw);
}

#[test]
fn empty_contents_that_can_hold_nothing_are_no_data() {
    let facts = reader(&[&input("x", "FP16", &[2], &[&message(5, &[])])]).facts();
    assert_eq!(facts.tensors_without_data, 1);
}

#[test]
fn a_shape_may_be_packed_or_not_and_adds_up() {
    let reader =
        reader(&[&input("x", "UINT8", &[1, 300], &[&integer(3, 7), &integer(3, u64::MAX)])]);
    assert_eq!(reader.tensors()[0].shape.as_ref().unwrap().dimensions(), [1, 300, 7, -1]);
}

#[test]
fn of_a_name_or_datatype_that_is_there_twice_the_last_counts() {
    let again = [delimited(1, b"y"), delimited(2, b"FP32")].concat();
    let reader = reader(&[&input("x", "no such datatype at all", &[1], &[&again]), &raw(&[0; 4])]);
    assert!(reader.tensors()[0].is_named("y"));
    assert_eq!(reader.tensors()[0].data.elements, Some(1));
}

#[test]
fn a_long_name_is_cut_and_never_equals_another() {
    let name = |length| "é".repeat(length >> 1);
    let named = |name: &str| reader(&[&input(name, "UINT8", &[1], &[])]).tensors()[0].clone();
    let longest = named(&name(MAX_NAME_BYTES));
    assert!(longest.is_named(&name(MAX_NAME_BYTES)) && !longest.name_is_cut);
    let longer = named(&name(MAX_NAME_BYTES + 2));
    assert!(longer.name_is_cut && longer.name == longest.name);
    assert!(!longer.is_named(&name(MAX_NAME_BYTES)));
    assert!(named(&format!("a{}", name(MAX_NAME_BYTES))).name.len() == MAX_NAME_BYTES - 1);
}

#[test]
fn responses_have_other_numbers() {
    let output = input("y", "UINT8", &[1], &[]);
    let bytes = [&output[..], &delimited(6, &[5]), &raw(&[1, 2, 3])].concat();
    let reader = read(&MessageKind::ModelInferResponse, LIMITS, &bytes).unwrap();
    assert_eq!(reader.tensors()[0].data.values.largest, 5.0);
    assert_eq!(reader.facts().raw_entries, 1);
}

#[test]
fn responses_in_a_stream_stand_in_an_envelope_whose_parts_merge() {
    let output = input("y", "UINT8", &[1], &[]);
    let bytes = [
        delimited(1, b"no error"),
        delimited(2, &output),
        delimited(5, b"not this"),
        delimited(2, &delimited(6, &[5])),
    ];
    let reader = read(&MessageKind::ModelStreamInferResponse, LIMITS, &bytes.concat()).unwrap();
    assert_eq!(reader.tensors()[0].data.values.largest, 5.0);
    assert_eq!(reader.facts().tensors, 1);
}

#[test]
fn more_tensors_than_may_be_are_refused_before_what_is_wrong_behind_them() {
    let limits = TensorLimits { max_tensors: 1, ..LIMITS };
    let one = input("x", "UINT8", &[1], &[]);
    assert!(read(&KIND, limits, &one).is_ok());
    let too_many = TensorError::TooManyTensors { limit: 1 };
    for behind in [&b""[..], &[0xff; 11]] {
        let found = read(&KIND, limits, &[&one, &one, behind].concat());
        assert_eq!(found.unwrap_err(), too_many);
    }
    let wrong = [&integer(7, 1)[..], &one, &one].concat();
    assert!(matches!(read(&KIND, limits, &wrong), Err(TensorError::Protobuf(_))));
    let mut reader = MessageReader::new(&KIND, limits);
    assert_eq!(reader.push(&[&one[..], &one].concat()), Err(too_many));
    assert_eq!((reader.push(b""), reader.finish()), (Err(too_many), Err(too_many)));
}

#[test]
fn fields_of_another_wire_type_are_refused() {
    let wrong = ProtobufErrorKind::WrongWireType;
    for field in [integer(5, 1), integer(7, 1)] {
        assert_eq!(kind_of(&[&field]), wrong);
    }
    for field in [integer(1, 1), integer(2, 1), integer(4, 1), integer(5, 1)] {
        assert_eq!(kind_of(&[&message(5, &[&field])]), wrong);
    }
    assert_eq!(kind_of(&[&message(5, &[&message(4, &[&integer(1, 1)])])]), wrong);
    assert_eq!(kind_of(&[&message(5, &[&message(5, &[&integer(6, 1)])])]), wrong);
    assert_eq!(kind_of(&[&message(5, &[&message(5, &[&integer(8, 1)])])]), wrong);
}

#[test]
fn strings_must_be_utf_8_and_elements_whole() {
    for path in [&[5, 1][..], &[5, 2], &[5, 4, 1]] {
        for text in [&b"a\xff"[..], b"a\xc3"] {
            let field =
                path.iter().rev().fold(text.to_vec(), |inner, number| delimited(*number, &inner));
            assert_eq!(kind_of(&[&field]), ProtobufErrorKind::InvalidUtf8, "{path:?}");
        }
    }
    let partial = ProtobufErrorKind::PartialElement;
    assert_eq!(kind_of(&[&message(5, &[&delimited(3, &[0x80])])]), partial);
    assert_eq!(kind_of(&[&message(5, &[&contents(6, &[0; 3])])]), partial);
}

#[test]
fn tensors_are_complete_with_their_raw_entry() {
    let mut reader = MessageReader::new(&KIND, LIMITS);
    let inputs = [
        input("a", "UINT8", &[1], &[&shared()]),
        input("b", "UINT8", &[1], &[]),
        input("c", "UINT8", &[1], &[&shared()]),
        input("d", "UINT8", &[1], &[]),
    ];
    reader.push(&inputs.concat()).unwrap();
    assert_eq!((reader.tensors().len(), reader.complete()), (4, 1));
    reader.push(&raw(&[1])).unwrap();
    assert_eq!(reader.complete(), 3);
    reader.finish().unwrap();
    assert_eq!(reader.complete(), 4);
}
