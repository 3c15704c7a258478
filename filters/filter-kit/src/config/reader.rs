use super::misfit::{Misfit, Step};
use super::variant::Variant;
use core::{iter, ptr, slice};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Number, Value, map};

/// No configuration has one: its elements would have no names to tell about.
pub(super) const NO_TUPLES: &str = "is a tuple, which configurations don't have";

/// A value as serde reads it, without what was left out of it.
///
/// One type, whatever is read: serde makes code for each pair of a deserializer
/// and a type, so that wrappers around one would multiply it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'p, 'v> {
    value: &'v Value,
    left_out: &'p [&'v Value],
}

impl<'p, 'v> Reader<'p, 'v> {
    pub(super) const fn new(value: &'v Value, left_out: &'p [&'v Value]) -> Self {
        Self { value, left_out }
    }

    pub(super) const fn value(self) -> &'v Value {
        self.value
    }

    /// Of another value, with the same left out.
    pub(super) const fn of(self, value: &'v Value) -> Self {
        Self { value, ..self }
    }

    fn entries(self, object: &'v Map<String, Value>) -> Entries<'p, 'v> {
        Entries { rest: object.iter(), current: None, left_out: self.left_out }
    }

    fn elements(self, list: &'v [Value]) -> Elements<'p, 'v> {
        Elements { rest: list.iter().enumerate(), left_out: self.left_out }
    }

    fn number<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
        let Value::Number(number) = self.value else { return Err(self.is_no(&visitor)) };
        match Figure::of(number) {
            Figure::Unsigned(number) => visitor.visit_u64(number),
            Figure::Signed(number) => visitor.visit_i64(number),
            Figure::Double(number) => visitor.visit_f64(number),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn is_no(self, expected: &dyn Expected) -> Misfit<'v> {
        let found = match self.value {
            Value::Null => Unexpected::Unit,
            Value::Bool(truth) => Unexpected::Bool(*truth),
            Value::Number(number) => match Figure::of(number) {
                Figure::Unsigned(number) => Unexpected::Unsigned(number),
                Figure::Signed(number) => Unexpected::Signed(number),
                Figure::Double(number) => Unexpected::Float(number),
            },
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Misfit::invalid_type(found, expected)
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
            self.number(visitor)
        })*
    };
}

impl<'v> Deserializer<'v> for Reader<'_, 'v> {
    type Error = Misfit<'v>;

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(_) => self.number(visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(list) => visitor.visit_seq(self.elements(list)),
            Value::Object(object) => visitor.visit_map(self.entries(object)),
        }
    }

    fn deserialize_bool<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
        match self.value {
            Value::Bool(truth) => visitor.visit_bool(*truth),
            _ => Err(self.is_no(&visitor)),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_str<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
        match self.value {
            Value::String(text) => visitor.visit_str(text),
            _ => Err(self.is_no(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit<'v>> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
        match self.value {
            Value::Array(list) => visitor.visit_seq(self.elements(list)),
            _ => Err(self.is_no(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'v>>(
        self,
        _length: usize,
        _visitor: V,
    ) -> Result<V::Value, Misfit<'v>> {
        Err(Misfit::custom(NO_TUPLES))
    }

    fn deserialize_tuple_struct<V: Visitor<'v>>(
        self,
        _name: &'static str,
        _length: usize,
        _visitor: V,
    ) -> Result<V::Value, Misfit<'v>> {
        Err(Misfit::custom(NO_TUPLES))
    }

    fn deserialize_map<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
        match self.value {
            Value::Object(object) => visitor.visit_map(self.entries(object)),
            _ => Err(self.is_no(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'v>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit<'v>> {
        match self.value {
            Value::Object(object) => visitor.visit_map(self.entries(object)),
            _ => Err(self.is_no(&"an object")),
        }
    }

    fn deserialize_enum<V: Visitor<'v>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit<'v>> {
        visitor.visit_enum(Variant::of(self)?)
    }

    fn deserialize_ignored_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Misfit<'v>> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { <V: Visitor<'v>>
        char bytes byte_buf unit unit_struct identifier
    }
}

/// The members of an object.
struct Entries<'p, 'v> {
    rest: map::Iter<'v>,
    current: Option<(&'v str, &'v Value)>,
    left_out: &'p [&'v Value],
}

impl<'p, 'v> Entries<'p, 'v> {
    fn next(&mut self) -> Option<(&'v str, &'v Value)> {
        let left_out = self.left_out;
        let entry = self.rest.find(|(_, value)| !holds(left_out, value));
        self.current = entry.map(|(key, value)| (key.as_str(), value));
        self.current
    }
}

impl<'v> MapAccess<'v> for Entries<'_, 'v> {
    type Error = Misfit<'v>;

    fn next_key_seed<S: DeserializeSeed<'v>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Misfit<'v>> {
        let Some((key, value)) = self.next() else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
            .map_err(|misfit: Misfit<'v>| misfit.at_key(key, value))
    }

    fn next_value_seed<S: DeserializeSeed<'v>>(&mut self, seed: S) -> Result<S::Value, Misfit<'v>> {
        let Some((key, value)) = self.current else { return Err(Misfit::custom("no key")) };
        seed.deserialize(Reader::new(value, self.left_out))
            .map_err(|misfit| misfit.in_member(Step::Key(key), value))
    }
}

/// The elements of a list.
struct Elements<'p, 'v> {
    rest: iter::Enumerate<slice::Iter<'v, Value>>,
    left_out: &'p [&'v Value],
}

impl<'v> SeqAccess<'v> for Elements<'_, 'v> {
    type Error = Misfit<'v>;

    fn next_element_seed<S: DeserializeSeed<'v>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Misfit<'v>> {
        let left_out = self.left_out;
        let Some((index, value)) = self.rest.find(|(_, value)| !holds(left_out, value)) else {
            return Ok(None);
        };
        seed.deserialize(Reader::new(value, left_out))
            .map(Some)
            .map_err(|misfit| misfit.in_member(Step::Index(index), value))
    }
}

/// A number in the form in which most types take it.
enum Figure {
    Unsigned(u64),
    Signed(i64),
    Double(f64),
}

impl Figure {
    fn of(number: &Number) -> Self {
        if let Some(number) = number.as_u64() {
            return Self::Unsigned(number);
        }
        if let Some(number) = number.as_i64() {
            return Self::Signed(number);
        }
        let double = number.as_f64().unwrap_or(f64::NAN);
        whole_number(double).map_or(Self::Double(double), Self::Signed)
    }
}

/// A double as a whole number, if it is one that a double can tell from its
/// neighbours.
#[expect(clippy::as_conversions, reason = "exact in this range; there is no other conversion")]
fn whole_number(double: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    (double.trunc() == double && double.abs() <= LARGEST).then_some(double as i64)
}

/// Whether this very value is among them, not only an equal one.
fn holds(values: &[&Value], value: &Value) -> bool {
    values.iter().any(|known| ptr::eq(*known, value))
}
