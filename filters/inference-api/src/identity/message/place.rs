use core::ops::Range;

use crate::grpc::PREFIX_BYTES;
use crate::identity::{NamedVersion, Splice};
use crate::protobuf::{Extent, FieldPath};

/// Where a gRPC message names its model; offsets are the message's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identity) struct MessagePlace {
    /// How many bytes the message has.
    pub(super) length: u64,
    pub(super) model: Option<FieldPlaces<String>>,
    pub(super) version: Option<FieldPlaces<NamedVersion>>,
    /// How the version is written, if it is a member of a oneof.
    pub(super) one_of: Option<VersionOneOf>,
    /// The messages around these, inner ones first.
    pub(super) enclosures: Vec<Extent>,
}

/// A field that says something, and all places where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldPlaces<T> {
    pub(super) said: T,
    /// Whether other places say something else.
    pub(super) is_contradictory: bool,
    pub(super) places: Vec<Extent>,
}

/// A oneof of a version and a label. Paths begin with the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VersionOneOf {
    pub(super) version: FieldPath,
    pub(super) label: FieldPath,
    pub(super) version_type: VersionType,
}

/// What the version of a oneof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VersionType {
    Integer,
    Text,
    /// Its contract is not known, and the label stands there.
    Unknown,
}

/// Wire types.
const VARINT: u64 = 0;
const DELIMITED: u64 = 2;

impl MessagePlace {
    pub(in crate::identity) fn rewrite(&self, model: &str, version: Option<&str>) -> Vec<Splice> {
        let mut splices = Vec::new();
        if let Some(field) = &self.model
            && (field.said != model || field.is_contradictory)
        {
            splices.extend(field.places.iter().map(|place| text(place, model.as_bytes())));
        }
        if let (Some(field), Some(version)) = (&self.version, version)
            && (!self.says(&field.said, version) || field.is_contradictory)
        {
            splices.extend(field.places.iter().filter_map(|place| self.version(place, version)));
        }
        // Inner ones first, so that what is added to a length counts further out.
        for enclosure in &self.enclosures {
            let value = enclosure.value();
            let old = value.end.saturating_sub(value.start);
            if let Some(new) = length_after(&splices, &value, old) {
                splices.push(Splice { range: enclosure.length(), bytes: varint(new) });
            }
        }
        let new_length = length_after(&splices, &(0..self.length), self.length);
        for splice in &mut splices {
            splice.range = in_body(splice.range.start)..in_body(splice.range.end);
        }
        if let Some(length) = new_length {
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            splices.push(Splice { range: 1..PREFIX_BYTES, bytes: length.to_be_bytes().to_vec() });
        }
        splices.sort_by_key(|splice| splice.range.start);
        splices
    }

    /// Whether a version that is said is this one as it would be written.
    fn says(&self, said: &NamedVersion, version: &str) -> bool {
        let is_label = matches!(said, NamedVersion::Label(_));
        let is_same = self.one_of.is_none_or(|one_of| one_of.writes_label(version) == is_label);
        said.text() == version && is_same
    }

    fn version(&self, place: &Extent, version: &str) -> Option<Splice> {
        match self.one_of {
            Some(one_of) => Some(Splice { range: place.whole(), bytes: one_of.member(version) }),
            None if place.length().is_empty() => {
                let bytes = varint(integer(version)?.cast_unsigned());
                Some(Splice { range: place.value(), bytes })
            }
            None => Some(text(place, version.as_bytes())),
        }
    }
}

impl VersionOneOf {
    fn writes_label(&self, version: &str) -> bool {
        match self.version_type {
            VersionType::Integer => integer(version).is_none(),
            VersionType::Text => false,
            VersionType::Unknown => true,
        }
    }

    /// The member of the oneof that holds this version.
    fn member(&self, version: &str) -> Vec<u8> {
        let writes_label = self.writes_label(version);
        let path = if writes_label { self.label } else { self.version };
        let mut numbers = path.numbers().iter().rev().copied();
        let innermost = numbers.next().unwrap_or_default();
        let field = match integer(version) {
            Some(integer) if !writes_label && self.version_type == VersionType::Integer => {
                [key(innermost, VARINT), varint(integer.cast_unsigned())].concat()
            }
            _ => delimited(innermost, version.as_bytes()),
        };
        numbers.fold(field, |field, number| delimited(number, &field))
    }
}

/// A text in the place of another one, its length included if it is another.
fn text(place: &Extent, text: &[u8]) -> Splice {
    let (value, length) = (place.value(), crate::wide(text.len()));
    if value.end.saturating_sub(value.start) == length {
        return Splice { range: value, bytes: text.to_vec() };
    }
    Splice { range: place.length().start..value.end, bytes: [&varint(length), text].concat() }
}

/// The length of what stands in this range, if it becomes another one.
fn length_after(splices: &[Splice], range: &Range<u64>, old: u64) -> Option<u64> {
    let inside = splices
        .iter()
        .filter(|splice| range.start <= splice.range.start && splice.range.end <= range.end);
    let (mut added, mut removed) = (0_u64, 0_u64);
    for splice in inside {
        added = added.saturating_add(crate::wide(splice.bytes.len()));
        removed = removed.saturating_add(splice.range.end.saturating_sub(splice.range.start));
    }
    (added != removed).then(|| old.saturating_sub(removed).saturating_add(added))
}

const fn in_body(offset: u64) -> u64 {
    offset.saturating_add(PREFIX_BYTES)
}

/// A version that an `int64` holds, in the form in which it is read.
fn integer(version: &str) -> Option<i64> {
    version.parse().ok().filter(|integer: &i64| integer.to_string() == version)
}

fn delimited(number: u32, value: &[u8]) -> Vec<u8> {
    [&key(number, DELIMITED), &varint(crate::wide(value.len())), value].concat()
}

fn key(number: u32, wire_type: u64) -> Vec<u8> {
    varint(u64::from(number) << 3 | wire_type)
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(value, &mut bytes);
    bytes
}
