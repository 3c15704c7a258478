//! Wanted fields of a message, caught while it goes by.

use super::{
    Extent, FieldPath, Interest, Key, ProtobufError, ProtobufErrorKind, Reader, Sink, WireType,
};
use crate::utf8::Utf8;

/// Reads a message and catches the wanted fields.
///
/// Memory: the limit for each wanted field, twice; and where the first
/// [`MAX_PLACES`] of each stand.
#[derive(Clone, Debug)]
pub struct FieldReader {
    reader: Reader,
    fields: Fields,
}

/// Of so many occurrences of a field it is kept where they stand.
pub const MAX_PLACES: usize = 16;

/// A field to be caught.
///
/// No wanted field's path may lead through another wanted field: what is taken
/// as a value is not read as a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedField {
    /// Where it stands.
    pub path: FieldPath,
    /// What it is.
    pub shape: Shape,
    /// The oneof that it, or a message around it, is a member of.
    pub one_of: Option<OneOf>,
}

/// What a wanted field is. Another wire type is an error, as it is in prost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `string`
    Text,
    /// `int64`, `uint64`, `int32`, `bool` or an enum.
    Integer,
    /// Whichever of the two it turns out to be.
    TextOrInteger,
}

/// Membership in a oneof: of the members with the same `group`, only the one
/// that came last is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneOf {
    /// Which oneof.
    pub group: u8,
    /// How many numbers of the path lead to the member itself; the rest stands
    /// inside it.
    pub depth: usize,
}

/// What became of a wanted field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// The last one. `None` when there was none, or when another member of its
    /// oneof came later.
    pub last: Option<Found>,
    /// The value of the first one, even of one that is displaced.
    pub first: Option<FoundValue>,
    /// Whether it, or the message around it that is a member of its oneof, is
    /// what the oneof holds. With `last` absent the value is the default, 0 for
    /// an `Int64Value` whose inner field is not written.
    pub is_chosen: bool,
    /// How often it was there.
    pub count: u64,
    /// Whether any two of them had different values, or another member of its
    /// oneof displaced it. Values that are too long count as different.
    pub is_contradictory: bool,
    /// Where it stands, in order, as far as that is kept. Of a field that is
    /// inside a member of a oneof, where that member stands.
    pub places: Vec<Extent>,
    /// Whether there are more than [`MAX_PLACES`] of them.
    pub has_more_places: bool,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The value.
    pub value: FoundValue,
    /// The field's bytes in the message.
    pub extent: Extent,
}

/// The value of a wanted field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundValue {
    /// A string.
    Text(String),
    /// A string longer than the limit; it is UTF-8.
    TooLong,
    /// A varint as it was written. An `int64` is `cast_signed()` of it.
    Integer(u64),
}

impl FieldReader {
    /// Looks for these fields and keeps strings of at most `limit` bytes.
    /// `length` is that of the message, where it is known from around it.
    pub fn new(wanted: &[WantedField], limit: usize, length: Option<u64>) -> Self {
        Self {
            reader: length.map_or_else(Reader::new, Reader::with_length),
            fields: Fields::new(wanted, limit),
        }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// When they can't go on a message, or a wanted field is not what it must
    /// be.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ProtobufError> {
        self.reader.push(bytes, &mut self.fields)
    }

    /// Says that the message ends here. The fields are final then.
    ///
    /// # Errors
    /// When it can't end here.
    pub fn finish(&mut self) -> Result<(), ProtobufError> {
        self.reader.finish()
    }

    /// What became of a wanted field so far, by its place in the list.
    pub fn field(&self, place: usize) -> Option<&Field> {
        self.fields.field_at(place)
    }

    /// The messages around all kept [places](Field::places), the inner ones
    /// first.
    pub fn enclosures(&self) -> &[Extent] {
        self.fields.enclosures()
    }
}

/// Hears a message and keeps the wanted fields.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    wanted: Vec<(WantedField, Field)>,
    enclosures: Vec<Extent>,
    /// Where the last kept place begins.
    last_place: Option<u64>,
    /// How many wanted fields, and members of their oneofs, there were.
    occurrences: u64,
    /// Whether a field has another value than before it was last asked.
    has_changed: bool,
    limit: usize,
    /// Where the reader is: the entered messages, and the field that is taken.
    path: FieldPath,
    /// The field that is being taken.
    value: Option<Value>,
}

#[derive(Clone, Debug)]
enum Value {
    Text { text: String, is_too_long: bool, utf8: Utf8 },
    Integer(u64),
}

impl Sink for Fields {
    fn field(&mut self, key: Key, _at: u64) -> Result<Interest, ProtobufErrorKind> {
        if !self.wanted.iter().any(|(wanted, _)| wanted.path.continues(&self.path, key.number)) {
            return Ok(Interest::Skip);
        }
        let Some(path) = self.path.then(key.number) else { return Ok(Interest::Skip) };
        let mut interest = Interest::Skip;
        for (wanted, _) in &self.wanted {
            if wanted.path == path {
                self.value = Some(wanted.shape.begin(key.wire_type)?);
                interest = Interest::Take;
                break;
            }
            if path.is_prefix_of(&wanted.path) {
                interest = Interest::Enter;
            }
        }
        if interest != Interest::Skip {
            if interest == Interest::Enter && key.wire_type != WireType::LengthDelimited {
                return Err(ProtobufErrorKind::WrongWireType);
            }
            self.path = path;
            self.choose(path);
        }
        Ok(interest)
    }

    fn number(&mut self, value: u64) {
        self.value = Some(Value::Integer(value));
    }

    fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        let limit = self.limit;
        let Some(Value::Text { text, is_too_long, utf8 }) = &mut self.value else { return Ok(()) };
        let keep = |part: &str| {
            *is_too_long |= text.len().saturating_add(part.len()) > limit;
            if !*is_too_long {
                text.push_str(part);
            }
        };
        utf8.push(fragment, 0, keep).map_err(|_| ProtobufErrorKind::InvalidUtf8)
    }

    fn end(&mut self, extent: Extent) -> Result<(), ProtobufErrorKind> {
        let path = self.path;
        self.path = path.outer();
        self.keep_place(path, extent);
        let value = match self.value.take() {
            None => return Ok(()),
            Some(Value::Integer(value)) => FoundValue::Integer(value),
            Some(Value::Text { utf8, .. }) if !utf8.is_complete() => {
                return Err(ProtobufErrorKind::InvalidUtf8);
            }
            Some(Value::Text { is_too_long: true, .. }) => FoundValue::TooLong,
            Some(Value::Text { text, .. }) => FoundValue::Text(text),
        };
        if let Some((_, field)) = self.wanted.iter_mut().find(|(wanted, _)| wanted.path == path) {
            self.has_changed |= field.catch(Found { value, extent });
        }
        Ok(())
    }
}

impl Fields {
    pub(crate) fn new(wanted: &[WantedField], limit: usize) -> Self {
        Self {
            wanted: wanted.iter().map(|wanted| (*wanted, Field::default())).collect(),
            enclosures: Vec::new(),
            last_place: None,
            occurrences: 0,
            has_changed: false,
            limit,
            path: FieldPath::new(&[]),
            value: None,
        }
    }

    pub(crate) fn field_at(&self, place: usize) -> Option<&Field> {
        self.wanted.get(place).map(|(_, field)| field)
    }

    pub(crate) fn enclosures(&self) -> &[Extent] {
        &self.enclosures
    }

    /// Where a wanted field stands, by its place in the list; it is not known any
    /// more afterwards.
    pub(crate) fn take_places(&mut self, place: usize) -> Vec<Extent> {
        let field = self.wanted.get_mut(place);
        field.map(|(_, field)| core::mem::take(&mut field.places)).unwrap_or_default()
    }

    /// The same of the messages around all of them.
    pub(crate) fn take_enclosures(&mut self) -> Vec<Extent> {
        core::mem::take(&mut self.enclosures)
    }

    /// Whether no message is entered and no field taken.
    pub(crate) fn is_at_top(&self) -> bool {
        self.path.numbers().is_empty()
    }

    /// How many wanted fields, and members of their oneofs, there were.
    pub(crate) const fn occurrences(&self) -> u64 {
        self.occurrences
    }

    /// Whether any field became another one since the last call.
    pub(crate) const fn take_changed(&mut self) -> bool {
        core::mem::replace(&mut self.has_changed, false)
    }

    /// Notes where a wanted field stands, the member of a oneof that it is in,
    /// or a message around these.
    fn keep_place(&mut self, path: FieldPath, extent: Extent) {
        let is_wanted = |wanted: &WantedField| match wanted.one_of {
            Some(member) => wanted.path.first(member.depth) == path.numbers(),
            None => wanted.path == path,
        };
        let mut field = self.wanted.iter_mut().find(|(wanted, _)| is_wanted(wanted));
        if let Some((_, field)) = &mut field {
            self.occurrences = self.occurrences.saturating_add(1);
            if field.places.len() < MAX_PLACES {
                field.places.push(extent);
                self.last_place = Some(extent.key);
            } else {
                field.has_more_places = true;
            }
        } else if self.last_place.is_some_and(|place| extent.value().contains(&place)) {
            self.enclosures.push(extent);
        }
    }

    /// A field of this path is there: where it is a member of a oneof, it
    /// displaces the others.
    fn choose(&mut self, path: FieldPath) {
        let is_member =
            |wanted: &WantedField, member: OneOf| wanted.path.first(member.depth) == path.numbers();
        let chosen = self
            .wanted
            .iter()
            .find_map(|(wanted, _)| wanted.one_of.filter(|member| is_member(wanted, *member)));
        let Some(chosen) = chosen else { return };
        for (wanted, field) in &mut self.wanted {
            match wanted.one_of {
                Some(member) if member.group == chosen.group => {
                    let is_chosen = is_member(wanted, member);
                    self.has_changed |= is_chosen != field.is_chosen;
                    if !is_chosen && field.is_chosen {
                        field.is_contradictory = true;
                        field.last = None;
                    }
                    field.is_chosen = is_chosen;
                }
                _ => {}
            }
        }
    }
}

impl Shape {
    fn begin(self, wire_type: WireType) -> Result<Value, ProtobufErrorKind> {
        match (self, wire_type) {
            (Self::Text | Self::TextOrInteger, WireType::LengthDelimited) => {
                Ok(Value::Text { text: String::new(), is_too_long: false, utf8: Utf8::default() })
            }
            (Self::Integer | Self::TextOrInteger, WireType::Varint) => Ok(Value::Integer(0)),
            _ => Err(ProtobufErrorKind::WrongWireType),
        }
    }
}

impl Field {
    /// Says whether it has another value now.
    fn catch(&mut self, found: Found) -> bool {
        let has_changed = match &self.last {
            Some(last) => last.value != found.value || found.value == FoundValue::TooLong,
            None => true,
        };
        self.count = self.count.saturating_add(1);
        match &self.first {
            None => self.first = Some(found.value.clone()),
            Some(first) => {
                self.is_contradictory |=
                    *first != found.value || found.value == FoundValue::TooLong;
            }
        }
        self.last = Some(found);
        has_changed
    }
}
