use super::*;
use crate::cuts::same_however_cut;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const fn text(path: &[u32]) -> WantedField {
    WantedField { path: FieldPath::new(path), shape: Shape::Text, one_of: None }
}

const fn integer(path: &[u32]) -> WantedField {
    WantedField { path: FieldPath::new(path), shape: Shape::Integer, one_of: None }
}

fn read_in_pieces(
    wanted: &[WantedField],
    length: Option<u64>,
    chunks: &[&[u8]],
) -> Result<Vec<Field>, ProtobufError> {
    let mut reader = FieldReader::new(wanted, 8, length);
    for chunk in chunks {
        reader.push(chunk)?;
    }
    reader.finish()?;
    Ok((0..wanted.len()).map(|place| reader.field(place).unwrap().clone()).collect())
}

/// The wanted fields, or the error: whole, and the same cut at every byte.
fn read(wanted: &[WantedField], bytes: &[u8]) -> Result<Vec<Field>, ProtobufError> {
    same_however_cut(bytes, |chunks| read_in_pieces(wanted, None, chunks))
}

fn kind_of(wanted: &[WantedField], bytes: &[u8]) -> ProtobufErrorKind {
    read(wanted, bytes).unwrap_err().kind
}

fn value(field: &Field) -> &FoundValue {
    &field.last.as_ref().unwrap().value
}

fn found(value: &str) -> FoundValue {
    FoundValue::Text(value.to_owned())
}

/// A length-delimited field; number below 16, length below 128.
fn delimited(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2, u8::try_from(payload.len()).unwrap()];
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn catches_a_field_among_others_and_says_where_it_stands() {
    // 1: packed floats, 3: varint, 4: fixed64, 5: fixed32, 2: the name, 6: bytes
    let bytes = [
        delimited(1, &[0; 16]),
        vec![3 << 3, 0xff, 0x01],
        [vec![4 << 3 | 1], vec![0x12; 8]].concat(),
        [vec![5 << 3 | 5], vec![0x12; 4]].concat(),
        delimited(2, b"resnet"),
        delimited(6, b"\x12\x02no"),
    ]
    .concat();
    let fields = read(&[text(&[2])], &bytes).unwrap();
    assert_eq!(value(&fields[0]), &found("resnet"));
    let extent = fields[0].last.as_ref().unwrap().extent;
    assert_eq!((extent.whole(), extent.length(), extent.value()), (35..43, 36..37, 37..43));
    assert_eq!(fields[0].places, [extent]);
    assert_eq!((fields[0].count, fields[0].is_contradictory), (1, false));
}

#[test]
fn the_last_value_wins_and_a_different_one_before_it_is_told() {
    let bytes = [delimited(2, b"a"), delimited(2, b"b")].concat();
    let fields = read(&[text(&[2])], &bytes).unwrap();
    assert_eq!(value(&fields[0]), &found("b"));
    assert_eq!(fields[0].first, Some(found("a")));
    assert_eq!((fields[0].count, fields[0].is_contradictory), (2, true));
    let bytes = [delimited(2, b"a"), delimited(2, b"a")].concat();
    assert!(!read(&[text(&[2])], &bytes).unwrap()[0].is_contradictory);
}

#[test]
fn occurrences_of_a_message_merge() {
    // name in the first occurrence, version in the second one
    let bytes = [
        delimited(1, &delimited(1, b"m")),
        delimited(1, &delimited(2, &[1 << 3, 5])),
        delimited(1, b""),
    ]
    .concat();
    let fields = read(&[text(&[1, 1]), integer(&[1, 2, 1])], &bytes).unwrap();
    assert_eq!(value(&fields[0]), &found("m"));
    assert_eq!(value(&fields[1]), &FoundValue::Integer(5));
}

#[test]
fn a_member_of_a_oneof_displaces_the_other_and_what_was_in_it() {
    let member = Some(OneOf { group: 0, depth: 2 });
    let version = WantedField { one_of: member, ..integer(&[1, 2, 1]) };
    let label = WantedField { one_of: member, ..text(&[1, 4]) };
    let five = delimited(2, &[1 << 3, 5]);
    let stable = delimited(4, b"stable");
    let empty = delimited(2, b"");
    let read_spec = |parts: &[&[u8]]| {
        let bytes = delimited(1, &parts.concat());
        read(&[version, label], &bytes).unwrap()
    };

    let fields = read_spec(&[&five, &stable]);
    assert_eq!((fields[0].is_chosen, &fields[0].last), (false, &None));
    assert_eq!((fields[1].is_chosen, value(&fields[1])), (true, &found("stable")));
    assert!(fields[0].is_contradictory);

    let fields = read_spec(&[&stable, &five]);
    assert_eq!((fields[0].is_chosen, value(&fields[0])), (true, &FoundValue::Integer(5)));
    assert_eq!((fields[1].is_chosen, &fields[1].last), (false, &None));

    // The 5 is gone with the label: the version is the default, zero.
    let fields = read_spec(&[&five, &stable, &empty]);
    assert_eq!((fields[0].is_chosen, &fields[0].last), (true, &None));

    // Here it stays, for the occurrences merge.
    let fields = read_spec(&[&five, &empty]);
    assert_eq!((fields[0].is_chosen, value(&fields[0])), (true, &FoundValue::Integer(5)));
    assert!(!fields[0].is_contradictory);
}

#[test]
fn integers_have_ten_bytes_at_most_and_64_bits() {
    let wanted = [integer(&[1])];
    let all_ones = [&[1 << 3][..], &[0xff; 9], &[0x01]].concat();
    let fields = read(&wanted, &all_ones).unwrap();
    assert_eq!(value(&fields[0]), &FoundValue::Integer(u64::MAX));
    let zero_in_ten_bytes = [&[1 << 3][..], &[0x80; 9], &[0x00]].concat();
    let fields = read(&wanted, &zero_in_ten_bytes).unwrap();
    assert_eq!(value(&fields[0]), &FoundValue::Integer(0));
    for wanted in [&wanted[..], &[]] {
        for last in [&[0x02][..], &[0x7f], &[0x80], &[0x81, 0x00]] {
            let bytes = [&[1 << 3][..], &[0xff; 9], last].concat();
            assert_eq!(kind_of(wanted, &bytes), ProtobufErrorKind::VarintTooLong, "{last:x?}");
        }
    }
}

#[test]
fn groups_are_skipped_with_what_is_in_them() {
    let start = 3 << 3 | 3;
    let end = 3 << 3 | 4;
    let inner = [7 << 3 | 3, 1 << 3, 1, 7 << 3 | 4];
    let bytes =
        [&[start][..], &delimited(2, b"no"), &inner, &[end], &delimited(2, b"yes")].concat();
    let fields = read(&[text(&[2])], &bytes).unwrap();
    assert_eq!((value(&fields[0]), fields[0].count), (&found("yes"), 1));

    let unexpected = ProtobufErrorKind::UnexpectedEndGroup;
    assert_eq!(kind_of(&[], &[end]), unexpected);
    assert_eq!(kind_of(&[], &[start, 4 << 3 | 4]), unexpected);
    assert_eq!(kind_of(&[], &[start]), ProtobufErrorKind::UnexpectedEnd);
    // The end of a group may not stand behind the end of its message.
    let beyond = [&delimited(1, &[start])[..], &[end]].concat();
    assert_eq!(kind_of(&[text(&[1, 1])], &beyond), ProtobufErrorKind::BeyondMessage);
}

#[test]
fn groups_nest_as_deep_as_in_prost() {
    let nested = |depth: usize, inside: &[u8]| {
        [vec![3 << 3 | 3; depth], inside.to_vec(), vec![3 << 3 | 4; depth]].concat()
    };
    assert!(read(&[], &nested(100, &[])).is_ok());
    assert!(read(&[], &nested(99, &[1 << 3, 0])).is_ok());
    assert_eq!(kind_of(&[], &nested(100, &[1 << 3, 0])), ProtobufErrorKind::TooDeep);
    assert_eq!(kind_of(&[], &nested(101, &[])), ProtobufErrorKind::TooDeep);
    // A message around them counts.
    let inside = delimited(1, &nested(49, &[1 << 3, 0]));
    assert!(read(&[text(&[1, 1])], &inside).is_ok());
}

#[test]
fn lengths_that_lie_are_found() {
    // The string's length goes beyond the message around it, not beyond all.
    let bytes = [&[1 << 3 | 2, 3, 1 << 3 | 2, 5, b'a'][..], b"bcdefgh"].concat();
    assert_eq!(kind_of(&[text(&[1, 1])], &bytes), ProtobufErrorKind::BeyondMessage);
    // A varint that is cut by the end of its message.
    let bytes = [1 << 3 | 2, 2, 2 << 3, 0x80, 0x01];
    assert_eq!(kind_of(&[text(&[1, 1])], &bytes), ProtobufErrorKind::BeyondMessage);
    // Beyond everything, with the end unknown and known.
    let bytes = [1 << 3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, b'a'];
    assert_eq!(kind_of(&[text(&[2])], &bytes), ProtobufErrorKind::BeyondMessage);
    let known = read_in_pieces(&[text(&[1])], Some(4), &[&[1 << 3 | 2, 3]]);
    assert_eq!(known.unwrap_err().kind, ProtobufErrorKind::BeyondMessage);
    let bytes = [1 << 3 | 2, 3, b'a', b'b'];
    assert_eq!(kind_of(&[text(&[1])], &bytes), ProtobufErrorKind::UnexpectedEnd);
}

#[test]
fn a_message_of_known_length_has_that_length() {
    let bytes = delimited(1, b"ab");
    let read = |length| read_in_pieces(&[text(&[1])], Some(length), &[&bytes]);
    assert!(read(4).is_ok());
    assert_eq!(read(5).unwrap_err().kind, ProtobufErrorKind::UnexpectedEnd);
    assert_eq!(read(3).unwrap_err().kind, ProtobufErrorKind::BeyondMessage);
    assert_eq!(read(0).unwrap_err().kind, ProtobufErrorKind::BeyondMessage);
}

#[test]
fn keys_that_are_none_are_refused() {
    assert_eq!(kind_of(&[], &[0, 0]), ProtobufErrorKind::FieldNumberZero);
    assert_eq!(kind_of(&[], &[1 << 3 | 6]), ProtobufErrorKind::UnknownWireType);
    assert_eq!(kind_of(&[], &[1 << 3 | 7]), ProtobufErrorKind::UnknownWireType);
    assert_eq!(kind_of(&[], &[0xf8, 0xff, 0xff, 0xff, 0x1f, 0]), ProtobufErrorKind::KeyTooLarge);
    assert!(read(&[], &[0xf8, 0xff, 0xff, 0xff, 0x0f, 0]).is_ok(), "the largest number");
}

#[test]
fn a_wanted_field_in_another_wire_type_is_an_error() {
    let wrong = ProtobufErrorKind::WrongWireType;
    assert_eq!(kind_of(&[text(&[1])], &[1 << 3, 5]), wrong);
    assert_eq!(kind_of(&[text(&[1])], &[1 << 3 | 3, 1 << 3 | 4]), wrong);
    assert_eq!(kind_of(&[integer(&[1])], &delimited(1, &[5])), wrong);
    assert_eq!(kind_of(&[text(&[1, 1])], &[1 << 3, 5]), wrong);
    let either = WantedField { shape: Shape::TextOrInteger, ..text(&[1]) };
    assert_eq!(value(&read(&[either], &[1 << 3, 5]).unwrap()[0]), &FoundValue::Integer(5));
    assert_eq!(value(&read(&[either], &delimited(1, b"5")).unwrap()[0]), &found("5"));
}

#[test]
fn strings_are_utf8_even_when_they_are_too_long_or_overwritten() {
    let bad = ProtobufErrorKind::InvalidUtf8;
    assert_eq!(kind_of(&[text(&[2])], &delimited(2, b"a\xff")), bad);
    assert_eq!(kind_of(&[text(&[2])], &delimited(2, b"0123456789\xe2\x82")), bad);
    let overwritten = [delimited(2, b"\xff"), delimited(2, b"a")].concat();
    assert_eq!(kind_of(&[text(&[2])], &overwritten), bad);
    let fields = read(&[text(&[2])], &delimited(2, "é€😀".as_bytes())).unwrap();
    assert_eq!(value(&fields[0]), &FoundValue::TooLong);
    let fields = read(&[text(&[2])], &delimited(2, "é€é".as_bytes())).unwrap();
    assert_eq!(value(&fields[0]), &found("é€é"));
}

#[test]
fn an_empty_message_is_a_message() {
    assert_eq!(read(&[text(&[2])], &[]).unwrap(), [Field::default()]);
}

#[test]
fn an_error_stays() {
    let mut reader = FieldReader::new(&[text(&[2])], 8, None);
    let error = reader.push(&[0]);
    assert!(error.is_err());
    assert_eq!(reader.push(&[1 << 3, 1]), error);
    assert_eq!(reader.finish(), error);
}
