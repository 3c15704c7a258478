use core::fmt;
use inference_api::tensor::{Datatype, OwnEncoding};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What the inputs of a model must be like.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tensors {
    /// The inputs. At least one.
    pub inputs: Vec<TensorContract>,
    /// What becomes of inputs that aren't among them: `refuse` refuses their
    /// request; `allow` lets them go on, if they are right by their protocol.
    #[serde(default)]
    pub unknown: UnknownTensors,
    /// The largest batch: of every input that has dimensions, the first one.
    #[serde(default)]
    pub max_batch: Option<u64>,
    /// How many inputs a request may have, at most. This bounds the memory that
    /// reading it takes.
    #[serde(default = "default_max_tensors")]
    pub max_tensors: u16,
    /// For a gRPC method of your own whose request message has the inputs in
    /// `field`s: its path, such as `/prediction.PredictionService/Predict`.
    #[serde(default)]
    pub method: Option<String>,
}

/// What becomes of tensors that a contract doesn't name.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum UnknownTensors {
    /// Their request is refused.
    #[default]
    Refuse,
    /// They go on, if they are right by their protocol.
    Allow,
}

/// What one tensor must be like. What isn't said may be anything.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TensorContract {
    /// Its name. In TensorFlow Serving's JSON, a model's only tensor may come
    /// without.
    pub name: String,
    /// Where it stands in a message of your own: field numbers from the outermost
    /// message inwards, such as `1` or `2.1`.
    #[serde(default)]
    pub field: Option<String>,
    /// Its datatype. Needed with `field`.
    #[serde(default)]
    pub datatype: Option<DatatypeName>,
    /// How the elements are written in `field`: `zigzag` is for `sint32` and
    /// `sint64`, `fixed` for `fixed32`, `fixed64`, `sfixed32` and `sfixed64`, `text`
    /// for `string`, `plain` for all others.
    #[serde(default)]
    pub encoding: Encoding,
    /// Its shape: for each dimension a length, -1 for any, or `{"min": 1, "max":
    /// 64}`. A `field` has no shape of its own: it must have as many elements as some
    /// shape of these dimensions.
    #[serde(default)]
    pub shape: Option<Vec<Dimension>>,
    /// Whether a message may lack it.
    #[serde(default)]
    pub optional: bool,
    /// Whether its values must be finite: no infinity, not NaN.
    #[serde(default)]
    pub finite: bool,
    /// The least value.
    #[serde(default)]
    pub minimum: Option<f64>,
    /// The largest value.
    #[serde(default)]
    pub maximum: Option<f64>,
    /// The longest byte string, in bytes.
    #[serde(default)]
    pub max_string_bytes: Option<u64>,
}

/// The datatypes of the Open Inference Protocol, and Triton's `BF16`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are what their names say")]
pub enum DatatypeName {
    Bool,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Int8,
    Int16,
    Int32,
    Int64,
    Fp16,
    Bf16,
    Fp32,
    Fp64,
    Bytes,
}

/// How the elements of a protobuf field are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// `int32`, `int64`, `uint32`, `uint64`, `bool`, `float`, `double`, `bytes`
    #[default]
    Plain,
    /// `sint32`, `sint64`
    Zigzag,
    /// `fixed32`, `fixed64`, `sfixed32`, `sfixed64`
    Fixed,
    /// `string`
    Text,
}

/// How long a dimension may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(untagged))]
pub enum Dimension {
    /// So long; -1 is any length.
    Length(i64),
    /// Within these bounds.
    Range(Bounds),
}

/// The bounds of a dimension's length.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The least length. 0 by default.
    #[serde(default)]
    pub min: u32,
    /// The largest length.
    pub max: u32,
}

impl<'de> Deserialize<'de> for Dimension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LengthOrRange;
        impl<'de> Visitor<'de> for LengthOrRange {
            type Value = Dimension;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a length, -1, or an object with `min` and `max`")
            }

            fn visit_i64<E: de::Error>(self, length: i64) -> Result<Dimension, E> {
                Ok(Dimension::Length(length))
            }

            fn visit_u64<E: de::Error>(self, length: u64) -> Result<Dimension, E> {
                i64::try_from(length).map(Dimension::Length).map_err(de::Error::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Dimension, A::Error> {
                let bounds = Bounds::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Dimension::Range(bounds))
            }
        }
        deserializer.deserialize_any(LengthOrRange)
    }
}

impl Encoding {
    /// The same for the reader.
    pub const fn encoding(self) -> OwnEncoding {
        match self {
            Self::Plain => OwnEncoding::Plain,
            Self::Zigzag => OwnEncoding::Zigzag,
            Self::Fixed => OwnEncoding::Fixed,
            Self::Text => OwnEncoding::Text,
        }
    }
}

impl DatatypeName {
    /// The datatype of this name.
    pub const fn datatype(self) -> Datatype {
        match self {
            Self::Bool => Datatype::Bool,
            Self::Uint8 => Datatype::Uint8,
            Self::Uint16 => Datatype::Uint16,
            Self::Uint32 => Datatype::Uint32,
            Self::Uint64 => Datatype::Uint64,
            Self::Int8 => Datatype::Int8,
            Self::Int16 => Datatype::Int16,
            Self::Int32 => Datatype::Int32,
            Self::Int64 => Datatype::Int64,
            Self::Fp16 => Datatype::Fp16,
            Self::Bf16 => Datatype::Bf16,
            Self::Fp32 => Datatype::Fp32,
            Self::Fp64 => Datatype::Fp64,
            Self::Bytes => Datatype::Bytes,
        }
    }
}

const fn default_max_tensors() -> u16 {
    64
}
