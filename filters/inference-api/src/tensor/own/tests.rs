use super::*;
use crate::protobuf::ProtobufError;
use crate::tensor::wire::{LIMITS, delimited, floats, integer, message, read, varints};
use crate::tensor::{MessageKind, TensorError};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const fn own(path: &[u32], datatype: Datatype) -> OwnField {
    OwnField { path: FieldPath::new(path), datatype, encoding: OwnEncoding::Plain }
}

fn tensors(fields: &[OwnField], bytes: &[u8]) -> Vec<Tensor> {
    let reader = read(&MessageKind::Own(fields.to_vec()), LIMITS, bytes).unwrap();
    assert_eq!(reader.facts().tensors, fields.len());
    reader.tensors().to_vec()
}

fn kind_of(field: OwnField, bytes: &[u8]) -> ProtobufErrorKind {
    match read(&MessageKind::Own(vec![field]), LIMITS, bytes) {
        Err(TensorError::Protobuf(ProtobufError { kind, .. })) => kind,
        other => panic!("{:?}", other.map(|reader| reader.facts())),
    }
}

#[test]
fn each_field_is_a_tensor_named_by_its_path() {
    let fields = [own(&[1], Datatype::Fp32), own(&[3, 2], Datatype::Bytes)];
    let bytes = [
        delimited(1, &floats(&[0.5, 2.0])),
        delimited(2, b"fraud"),
        message(3, &[&delimited(2, b"abc"), &delimited(2, b"de"), &delimited(1, b"no")]),
    ];
    let found = tensors(&fields, &bytes.concat());
    assert!(found[0].is_named("1") && found[1].is_named("3.2"));
    assert_eq!((found[0].position, found[1].position), (0, 1));
    assert!(found.iter().all(|tensor| tensor.data.form == Form::Typed(TypedField::Own)));
    assert!(found.iter().all(|tensor| tensor.shape.is_none() && tensor.defects().count() == 0));
    assert_eq!((found[0].data.elements, found[0].data.values.largest), (Some(2), 2.0));
    assert_eq!((found[1].data.elements, found[1].data.values.longest_string), (Some(2), 3));
}

#[test]
fn a_field_that_is_not_there_has_no_elements() {
    let found = tensors(&[own(&[1], Datatype::Fp32)], b"");
    assert_eq!((found[0].data.elements, found[0].data.values), (Some(0), Default::default()));
}

#[test]
fn occurrences_add_up_also_those_of_a_message_around_them() {
    let fields = [own(&[1], Datatype::Int64), own(&[4, 1], Datatype::Int64)];
    let bytes = [
        delimited(1, &varints(&[300, 2])),
        message(4, &[&integer(1, 1)]),
        integer(1, 5),
        message(4, &[&delimited(1, &[2, 3])]),
    ];
    let found = tensors(&fields, &bytes.concat());
    assert_eq!((found[0].data.elements, found[1].data.elements), (Some(3), Some(3)));
    assert_eq!((found[0].data.values.least, found[0].data.values.largest), (2.0, 300.0));
}

#[test]
fn elements_are_written_as_datatype_and_encoding_say() {
    use OwnEncoding::{Fixed, Plain, Zigzag};
    let (least, four, eight) = (u64::from(u32::MAX), [0xff; 4], [0xff; 8]);
    for (datatype, encoding, bytes, expected) in [
        (Datatype::Bool, Plain, &[5][..], 1.0),
        (Datatype::Int8, Plain, &varints(&[least]), -1.0),
        (Datatype::Int16, Zigzag, &varints(&[least]), -2_147_483_648.0),
        (Datatype::Int32, Fixed, &four, -1.0),
        (Datatype::Int64, Plain, &varints(&[u64::MAX]), -1.0),
        (Datatype::Int64, Zigzag, &varints(&[3]), -2.0),
        (Datatype::Int64, Fixed, &eight, -1.0),
        (Datatype::Uint8, Plain, &varints(&[least]), 4_294_967_295.0),
        (Datatype::Uint16, Fixed, &four, 4_294_967_295.0),
        (Datatype::Uint32, Plain, &varints(&[least]), 4_294_967_295.0),
        (Datatype::Uint64, Plain, &varints(&[u64::MAX]), 18_446_744_073_709_551_615.0),
        (Datatype::Uint64, Fixed, &eight, 18_446_744_073_709_551_615.0),
        (Datatype::Fp16, Plain, &varints(&[0x3c00]), 1.0),
        (Datatype::Bf16, Plain, &varints(&[0x3f80]), 1.0),
        (Datatype::Fp32, Plain, &1.5_f32.to_le_bytes(), 1.5),
        (Datatype::Fp64, Plain, &1.5_f64.to_le_bytes(), 1.5),
    ] {
        let field = OwnField { encoding, ..own(&[1], datatype) };
        let found = tensors(&[field], &delimited(1, bytes));
        let values = found[0].data.values;
        assert_eq!(found[0].data.elements, Some(1), "{datatype:?} {encoding:?}");
        assert_eq!(
            (values.least, values.largest),
            (expected, expected),
            "{datatype:?} {encoding:?}"
        );
    }
}

#[test]
fn only_text_must_be_utf_8() {
    let bytes = own(&[1], Datatype::Bytes);
    let text = OwnField { encoding: OwnEncoding::Text, ..bytes };
    assert_eq!(tensors(&[bytes], &delimited(1, b"\xff"))[0].data.elements, Some(1));
    assert_eq!(kind_of(text, &delimited(1, b"\xff")), ProtobufErrorKind::InvalidUtf8);
    assert_eq!(tensors(&[text], &delimited(1, "é".as_bytes()))[0].data.values.longest_string, 2);
}

#[test]
fn fields_of_another_wire_type_are_refused() {
    let wrong = ProtobufErrorKind::WrongWireType;
    assert_eq!(kind_of(own(&[1], Datatype::Fp32), &integer(1, 1)), wrong);
    assert_eq!(kind_of(own(&[1], Datatype::Bytes), &integer(1, 1)), wrong);
    assert_eq!(kind_of(own(&[1, 2], Datatype::Fp32), &integer(1, 1)), wrong);
    assert_eq!(
        kind_of(own(&[1], Datatype::Fp64), &delimited(1, &[0; 9])),
        ProtobufErrorKind::PartialElement
    );
    // Of fields that are not wanted it does not matter.
    assert_eq!(tensors(&[own(&[1, 2], Datatype::Fp32)], &integer(3, 1)).len(), 1);
}
