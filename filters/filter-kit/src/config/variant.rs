use super::misfit::{Misfit, Step};
use super::reader::{NO_TUPLES, Reader};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Unexpected, VariantAccess, Visitor,
};
use serde_json::Value;

/// A variant of an enum: its name, or an object of its name and its content.
pub(super) struct Variant<'p, 'v> {
    name: &'v str,
    content: Option<Reader<'p, 'v>>,
}

impl<'p, 'v> Variant<'p, 'v> {
    pub(super) fn of(reader: Reader<'p, 'v>) -> Result<Self, Misfit<'v>> {
        match reader.value() {
            Value::String(name) => Ok(Self { name, content: None }),
            Value::Object(object) => {
                let mut entries = object.iter();
                match (entries.next(), entries.next()) {
                    (Some((name, value)), None) => {
                        Ok(Self { name, content: Some(reader.of(value)) })
                    }
                    _ => Err(Misfit::invalid_value(Unexpected::Map, &"map with a single key")),
                }
            }
            _ => Err(reader.is_no(&"string or map")),
        }
    }

    /// Its content, if it has to have one.
    fn content(&self) -> Result<Reader<'p, 'v>, Misfit<'v>> {
        self.content.ok_or_else(|| {
            let expected = format!("an object with the key `{}`", self.name);
            Misfit::invalid_type(Unexpected::Str(self.name), &expected.as_str())
        })
    }
}

impl<'v> EnumAccess<'v> for Variant<'_, 'v> {
    type Error = Misfit<'v>;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'v>>(self, seed: S) -> Result<(S::Value, Self), Misfit<'v>> {
        let variant = seed.deserialize(BorrowedStrDeserializer::new(self.name))?;
        Ok((variant, self))
    }
}

impl<'v> VariantAccess<'v> for Variant<'_, 'v> {
    type Error = Misfit<'v>;

    fn unit_variant(self) -> Result<(), Misfit<'v>> {
        match self.content.map(Reader::value) {
            None | Some(Value::Null) => Ok(()),
            Some(_) => {
                let expected = format!("string {:?}", self.name);
                Err(Misfit::invalid_type(Unexpected::Map, &expected.as_str()))
            }
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'v>>(self, seed: S) -> Result<S::Value, Misfit<'v>> {
        seed.deserialize(self.content()?).map_err(|misfit| misfit.below(Step::Key(self.name)))
    }

    fn tuple_variant<V: Visitor<'v>>(
        self,
        _length: usize,
        _visitor: V,
    ) -> Result<V::Value, Misfit<'v>> {
        Err(Misfit::custom(NO_TUPLES))
    }

    fn struct_variant<V: Visitor<'v>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit<'v>> {
        let content = self.content()?;
        content
            .deserialize_struct("", fields, visitor)
            .map_err(|misfit| misfit.below(Step::Key(self.name)))
    }
}
