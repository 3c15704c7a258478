use super::varints::Varints;
use super::{Datatype, Depth, RawValues, Values, conversion};
use crate::protobuf::{ElementCounter, ElementType, ProtobufErrorKind, WireType};
use crate::utf8::Utf8;

/// What a repeated field is declared as: protobuf's scalar types, as prost
/// decodes them.
///
/// Source: protobuf.dev, "Scalar Value Types".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Bool,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Float,
    Double,
    Bytes,
    String,
    /// An `int32` whose lower 16 bits are a float, as in TensorFlow's `half_val`.
    Half,
}

/// Reads a repeated field: counts its elements and, where that is wanted, looks
/// at each.
///
/// Packed and unpacked, in one occurrence or several: all of them add up. The
/// sink that takes the field passes on what it is told.
#[derive(Clone, Debug)]
pub(super) struct TypedValues {
    scalar: Scalar,
    depth: Depth,
    elements: Elements,
    values: Values,
}

#[derive(Clone, Debug)]
enum Elements {
    Fixed {
        counter: ElementCounter,
        raw: RawValues,
    },
    Varint {
        counter: ElementCounter,
        varints: Varints,
    },
    /// What `values` are if the halves are `FP16`; here, if they are `BF16`.
    Half {
        counter: ElementCounter,
        varints: Varints,
        brain_values: Values,
    },
    Strings {
        count: u64,
        length: u64,
        utf8: Option<Utf8>,
    },
}

impl TypedValues {
    pub(super) fn new(scalar: Scalar, depth: Depth) -> Self {
        Self { scalar, depth, elements: scalar.elements(depth), values: Values::default() }
    }

    /// How many elements there were.
    pub(super) const fn count(&self) -> u64 {
        match &self.elements {
            Elements::Fixed { counter, .. }
            | Elements::Varint { counter, .. }
            | Elements::Half { counter, .. } => counter.count(),
            Elements::Strings { count, .. } => *count,
        }
    }

    /// What they are like, if they are looked at. Which kind of float a half is
    /// only its tensor says.
    pub(super) fn values(&self, datatype: Option<Datatype>) -> Values {
        match (&self.elements, datatype) {
            (Elements::Fixed { raw, .. }, _) => self.values.and(raw.values()),
            (Elements::Half { brain_values, .. }, Some(Datatype::Bf16)) => *brain_values,
            (Elements::Half { .. }, Some(Datatype::Fp16))
            | (Elements::Varint { .. } | Elements::Strings { .. }, _) => self.values,
            (Elements::Half { .. }, _) => Values::default(),
        }
    }

    /// The field begins, once more perhaps.
    ///
    /// # Errors
    /// When it is declared as something else.
    pub(super) fn begin(&mut self, wire_type: WireType) -> Result<(), ProtobufErrorKind> {
        match &mut self.elements {
            Elements::Fixed { counter, .. }
            | Elements::Varint { counter, .. }
            | Elements::Half { counter, .. } => counter.begin(wire_type),
            Elements::Strings { count, length, .. } => {
                if wire_type != WireType::LengthDelimited {
                    return Err(ProtobufErrorKind::WrongWireType);
                }
                *count = count.saturating_add(1);
                *length = 0;
                Ok(())
            }
        }
    }

    /// The element of an occurrence that is not packed.
    pub(super) fn number(&mut self, wire: u64) {
        if self.depth == Depth::Counted {
            return;
        }
        match &mut self.elements {
            Elements::Half { brain_values, .. } => {
                half(wire, &mut self.values, brain_values);
            }
            _ => number(&mut self.values, self.scalar.number(wire), self.scalar),
        }
    }

    /// More bytes of packed elements, or of a string.
    ///
    /// # Errors
    /// When one of them is a varint that is none, or a string that must be UTF-8
    /// is not.
    pub(super) fn bytes(&mut self, fragment: &[u8]) -> Result<(), ProtobufErrorKind> {
        let is_valued = self.depth == Depth::Valued;
        let (scalar, values) = (self.scalar, &mut self.values);
        match &mut self.elements {
            Elements::Fixed { counter, raw } => {
                counter.bytes(fragment)?;
                raw.push(fragment);
            }
            Elements::Varint { counter, varints } => {
                counter.bytes(fragment)?;
                if is_valued {
                    let mut range = Range::default();
                    varints.push(fragment, |wire| range.take_in(scalar.in_order(wire)));
                    range.add_to(values, scalar);
                }
            }
            Elements::Half { counter, varints, brain_values } => {
                counter.bytes(fragment)?;
                if is_valued {
                    varints.push(fragment, |wire| half(wire, values, brain_values));
                }
            }
            Elements::Strings { length, utf8, .. } => {
                *length = length.saturating_add(crate::wide(fragment.len()));
                if let Some(utf8) = utf8 {
                    let result = utf8.push(fragment, 0, |_| ());
                    return result.map_err(|_| ProtobufErrorKind::InvalidUtf8);
                }
            }
        }
        Ok(())
    }

    /// The occurrence ends.
    ///
    /// # Errors
    /// When it ends inside an element.
    pub(super) fn end(&mut self) -> Result<(), ProtobufErrorKind> {
        match &self.elements {
            Elements::Fixed { counter, .. }
            | Elements::Varint { counter, .. }
            | Elements::Half { counter, .. } => counter.end(),
            Elements::Strings { utf8: Some(utf8), .. } if !utf8.is_complete() => {
                Err(ProtobufErrorKind::InvalidUtf8)
            }
            Elements::Strings { length, .. } => {
                if self.depth == Depth::Valued {
                    self.values.string(*length);
                }
                Ok(())
            }
        }
    }
}

impl Scalar {
    fn elements(self, depth: Depth) -> Elements {
        let fixed = |element, datatype| Elements::Fixed {
            counter: ElementCounter::new(element),
            raw: RawValues::new(Some(datatype), depth),
        };
        let counter = ElementCounter::new(ElementType::Varint);
        let varints = Varints::default();
        match self {
            Self::Fixed32 => fixed(ElementType::Fixed32, Datatype::Uint32),
            Self::Sfixed32 => fixed(ElementType::Fixed32, Datatype::Int32),
            Self::Float => fixed(ElementType::Fixed32, Datatype::Fp32),
            Self::Fixed64 => fixed(ElementType::Fixed64, Datatype::Uint64),
            Self::Sfixed64 => fixed(ElementType::Fixed64, Datatype::Int64),
            Self::Double => fixed(ElementType::Fixed64, Datatype::Fp64),
            Self::Half => Elements::Half { counter, varints, brain_values: Values::default() },
            Self::Bytes => Elements::Strings { count: 0, length: 0, utf8: None },
            Self::String => Elements::Strings { count: 0, length: 0, utf8: Some(Utf8::default()) },
            _ => Elements::Varint { counter, varints },
        }
    }

    /// What an element on the wire is.
    fn number(self, wire: u64) -> f64 {
        let low = u32::try_from(wire & 0xffff_ffff).unwrap_or_default();
        match self {
            Self::Float => f64::from(f32::from_bits(low)),
            Self::Double => f64::from_bits(wire),
            _ => self.float(self.in_order(wire)),
        }
    }

    /// What an integer on the wire is, as one that is in the same order. Of 32
    /// bits the others are cut off, and whatever is not 0 is true.
    fn in_order(self, wire: u64) -> i64 {
        let low = u32::try_from(wire & 0xffff_ffff).unwrap_or_default();
        match self {
            Self::Bool => i64::from(wire != 0),
            Self::Int32 | Self::Sfixed32 | Self::Half => i64::from(low.cast_signed()),
            Self::Uint32 | Self::Fixed32 => i64::from(low),
            Self::Sint32 => {
                i64::from((low >> 1).cast_signed() ^ (low & 1).cast_signed().wrapping_neg())
            }
            Self::Sint64 => (wire >> 1).cast_signed() ^ (wire & 1).cast_signed().wrapping_neg(),
            // Without a sign, the highest bit counts the other way round.
            Self::Uint64 | Self::Fixed64 => (wire ^ 1 << 63).cast_signed(),
            _ => wire.cast_signed(),
        }
    }

    fn float(self, in_order: i64) -> f64 {
        match self {
            Self::Uint64 | Self::Fixed64 => conversion::of_u64(in_order.cast_unsigned() ^ 1 << 63),
            _ => conversion::of_i64(in_order),
        }
    }
}

/// The least and the largest of some integers.
struct Range {
    least: i64,
    largest: i64,
    is_empty: bool,
}

impl Default for Range {
    fn default() -> Self {
        Self { least: i64::MAX, largest: i64::MIN, is_empty: true }
    }
}

impl Range {
    fn take_in(&mut self, number: i64) {
        self.least = self.least.min(number);
        self.largest = self.largest.max(number);
        self.is_empty = false;
    }

    fn add_to(&self, values: &mut Values, scalar: Scalar) {
        if !self.is_empty {
            number(values, scalar.float(self.least), scalar);
            number(values, scalar.float(self.largest), scalar);
        }
    }
}

fn number(values: &mut Values, number: f64, scalar: Scalar) {
    let has_numbers = values.has_numbers;
    values.number(number);
    if scalar == Scalar::Bool {
        values.has_numbers = has_numbers;
        values.has_booleans = true;
    }
}

/// Takes in 16 bits as both kinds of float.
fn half(wire: u64, values: &mut Values, brain_values: &mut Values) {
    let bits = u16::try_from(wire & 0xffff).unwrap_or_default();
    values.number(f64::from(conversion::of_fp16(bits)));
    brain_values.number(f64::from(conversion::of_bf16(bits)));
}

#[cfg(test)]
mod tests;
