use super::*;
use crate::cuts::same_however_cut;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn read(
    scalar: Scalar,
    depth: Depth,
    chunks: &[&[u8]],
) -> Result<(u64, Values), ProtobufErrorKind> {
    let mut field = TypedValues::new(scalar, depth);
    field.begin(WireType::LengthDelimited)?;
    for chunk in chunks {
        field.bytes(chunk)?;
    }
    field.end()?;
    Ok((field.count(), field.values(None)))
}

fn packed(scalar: Scalar, bytes: &[u8]) -> Result<(u64, Values), ProtobufErrorKind> {
    counts_without_values(scalar, bytes);
    same_however_cut(bytes, |chunks| read(scalar, Depth::Valued, chunks))
}

fn counts_without_values(scalar: Scalar, bytes: &[u8]) {
    let valued = read(scalar, Depth::Valued, &[bytes]);
    let counted = same_however_cut(bytes, |chunks| read(scalar, Depth::Counted, chunks));
    assert_eq!(counted, valued.map(|(count, _)| (count, Values::default())));
}

fn varints(values: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| prost::encoding::encode_varint(*value, &mut bytes));
    bytes
}

fn range(scalar: Scalar, values: &[u64]) -> (f64, f64) {
    let (count, found) = packed(scalar, &varints(values)).unwrap();
    assert_eq!(count, crate::wide(values.len()));
    let mut unpacked = TypedValues::new(scalar, Depth::Valued);
    for value in values {
        unpacked.begin(WireType::Varint).unwrap();
        unpacked.number(*value);
        unpacked.end().unwrap();
    }
    assert_eq!((unpacked.count(), unpacked.values(None)), (count, found), "not packed");
    (found.least, found.largest)
}

#[test]
fn integers_are_read_as_their_declared_type() {
    let negative = (-3_i64).cast_unsigned();
    assert_eq!(range(Scalar::Int32, &[1, negative, 300]), (-3.0, 300.0));
    assert_eq!(range(Scalar::Int64, &[1, negative, 300]), (-3.0, 300.0));
    assert_eq!(range(Scalar::Uint32, &[negative]), (4_294_967_293.0, 4_294_967_293.0));
    assert_eq!(range(Scalar::Uint64, &[2, negative]), (2.0, 18_446_744_073_709_551_613.0));
    assert_eq!(
        range(Scalar::Int64, &[1 << 63]),
        (-9_223_372_036_854_775_808.0, -9_223_372_036_854_775_808.0)
    );
    // Of 32 bits the others are cut off.
    assert_eq!(range(Scalar::Int32, &[0x1_ffff_ffff, 0x7_0000_0005]), (-1.0, 5.0));
    assert_eq!(range(Scalar::Uint32, &[0x7_0000_0005]), (5.0, 5.0));
    assert_eq!(range(Scalar::Sint32, &[0, 1, 2, 3]), (-2.0, 1.0));
    assert_eq!(
        range(Scalar::Sint32, &[0xffff_ffff, 0xffff_fffe]),
        (-2_147_483_648.0, 2_147_483_647.0)
    );
    assert_eq!(range(Scalar::Sint64, &[0, 1, 2, 3]), (-2.0, 1.0));
    let widest = (-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_807.0);
    assert_eq!(range(Scalar::Sint64, &[u64::MAX, u64::MAX - 1]), widest);
}

#[test]
fn whatever_is_not_0_is_true() {
    assert_eq!(range(Scalar::Bool, &[0, 1 << 40]), (0.0, 1.0));
    let (_, values) = packed(Scalar::Bool, &[0, 5]).unwrap();
    assert_eq!((values.has_booleans, values.has_numbers), (true, false));
}

#[test]
fn numbers_of_fixed_size_are_read_as_their_declared_type() {
    let bytes = [1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
    let range = |scalar| {
        packed(scalar, &bytes).map(|(count, values)| (count, values.least, values.largest))
    };
    assert_eq!(range(Scalar::Fixed32), Ok((2, 1.0, 4_294_967_295.0)));
    assert_eq!(range(Scalar::Sfixed32), Ok((2, -1.0, 1.0)));
    assert_eq!(
        range(Scalar::Fixed64),
        Ok((1, 18_446_744_069_414_584_321.0, 18_446_744_069_414_584_321.0))
    );
    assert_eq!(range(Scalar::Sfixed64), Ok((1, -4_294_967_295.0, -4_294_967_295.0)));
    assert!(packed(Scalar::Float, &bytes).unwrap().1.has_non_finite);
    assert!(packed(Scalar::Double, &bytes).unwrap().1.has_non_finite);
    let mut field = TypedValues::new(Scalar::Float, Depth::Valued);
    for (wire_type, element) in [(WireType::Fixed32, 0x3fc0_0000), (WireType::LengthDelimited, 0)] {
        field.begin(wire_type).unwrap();
        if wire_type == WireType::Fixed32 {
            field.number(element);
        } else {
            field.bytes(&(-2.5_f32).to_le_bytes()).unwrap();
        }
        field.end().unwrap();
    }
    let values = field.values(None);
    assert_eq!((field.count(), values.least, values.largest), (2, -2.5, 1.5));
}

#[test]
fn halves_are_what_the_datatype_says() {
    let bytes = varints(&[0x3c00, 0xffff_ffff_ffff_c000, 0x3f80]);
    let mut field = TypedValues::new(Scalar::Half, Depth::Valued);
    field.begin(WireType::LengthDelimited).unwrap();
    field.bytes(&bytes).unwrap();
    field.end().unwrap();
    assert_eq!(field.count(), 3);
    let values = field.values(Some(Datatype::Fp16));
    assert_eq!((values.least, values.largest), (-2.0, 1.875));
    let values = field.values(Some(Datatype::Bf16));
    assert_eq!((values.least, values.largest), (-2.0, 1.0));
    assert_eq!(field.values(Some(Datatype::Fp32)), Values::default());
}

#[test]
fn byte_strings_are_elements_one_by_one() {
    let mut field = TypedValues::new(Scalar::Bytes, Depth::Valued);
    for string in [&b"ab"[..], b"", b"\xff\xff\xff"] {
        field.begin(WireType::LengthDelimited).unwrap();
        for byte in string {
            field.bytes(&[*byte]).unwrap();
        }
        field.end().unwrap();
    }
    assert_eq!((field.count(), field.values(None).longest_string), (3, 3));
    assert_eq!(field.begin(WireType::Varint), Err(ProtobufErrorKind::WrongWireType));
}

#[test]
fn strings_must_be_utf_8() {
    assert!(packed(Scalar::String, "aé".as_bytes()).is_ok());
    for text in [&b"a\xff"[..], b"a\xc3"] {
        assert_eq!(packed(Scalar::String, text), Err(ProtobufErrorKind::InvalidUtf8));
        assert!(packed(Scalar::Bytes, text).is_ok());
    }
}

#[test]
fn elements_that_are_none_are_refused() {
    let partial = Err(ProtobufErrorKind::PartialElement);
    assert_eq!(packed(Scalar::Float, &[0; 5]), partial);
    assert_eq!(packed(Scalar::Double, &[0; 4]), partial);
    assert_eq!(packed(Scalar::Int32, &[1, 0x80]), partial);
    assert_eq!(packed(Scalar::Half, &[0x80]), partial);
    assert_eq!(packed(Scalar::Int64, &[0xff; 10]), Err(ProtobufErrorKind::VarintTooLong));
    let mut field = TypedValues::new(Scalar::Int32, Depth::Valued);
    assert_eq!(field.begin(WireType::Fixed32), Err(ProtobufErrorKind::WrongWireType));
}
