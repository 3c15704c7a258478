//! `PredictRequest` by prost.

use inference_api::tensor::{
    Datatype, Elements, Form, MessageFacts, Shape, Tensor, TensorData, TypedField, Values,
};
use prost::Message;

use super::values::{booleans, integers, naive_fp16, numbers, raw, strings, wide};
use super::{Read, tensor};

/// `PredictRequest`
#[derive(Clone, PartialEq, Message)]
pub struct Predict {
    /// `inputs`, with its entries one by one.
    #[prost(message, repeated, tag = "2")]
    pub inputs: Vec<Entry>,
}

/// An entry of the map.
#[derive(Clone, PartialEq, Message)]
pub struct Entry {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<TensorProto>,
}

/// `tensorflow.TensorProto`
#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
    #[prost(int32, tag = "1")]
    pub dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<ShapeProto>,
    #[prost(bytes = "vec", tag = "4")]
    pub content: Vec<u8>,
    #[prost(float, repeated, tag = "5")]
    pub floats: Vec<f32>,
    #[prost(double, repeated, tag = "6")]
    pub doubles: Vec<f64>,
    #[prost(int32, repeated, tag = "7")]
    pub ints: Vec<i32>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub strings: Vec<Vec<u8>>,
    #[prost(int64, repeated, tag = "10")]
    pub longs: Vec<i64>,
    #[prost(bool, repeated, tag = "11")]
    pub bools: Vec<bool>,
    #[prost(int32, repeated, tag = "13")]
    pub halves: Vec<i32>,
    #[prost(uint32, repeated, tag = "16")]
    pub uints: Vec<u32>,
    #[prost(uint64, repeated, tag = "17")]
    pub ulongs: Vec<u64>,
}

/// `tensorflow.TensorShapeProto`
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ShapeProto {
    #[prost(message, repeated, tag = "2")]
    pub dim: Vec<Dim>,
    #[prost(bool, tag = "3")]
    pub unknown_rank: bool,
}

/// One of its dimensions.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Dim {
    #[prost(int64, tag = "1")]
    pub size: i64,
}

impl Predict {
    /// Its tensors.
    pub fn tensors(&self) -> Read {
        let tensor = |(position, entry): (usize, &Entry)| {
            let proto = entry.value.clone().unwrap_or_default();
            let named = proto.tensor(&entry.key);
            Tensor { position, ..named }
        };
        let tensors: Vec<Tensor> = self.inputs.iter().enumerate().map(tensor).collect();
        let facts = MessageFacts { tensors: tensors.len(), ..MessageFacts::default() };
        (tensors, facts)
    }
}

impl TensorProto {
    fn tensor(&self, key: &str) -> Tensor {
        let datatype = Datatype::of_tensorflow(u64::from(self.dtype.cast_unsigned()));
        let proto = self.shape.clone().unwrap_or_default();
        let mut shape: Shape = proto.dim.iter().map(|dim| dim.size).collect();
        shape.set_rank_unknown(proto.unknown_rank);
        let data = self.data(datatype, &proto);
        Tensor { data, ..tensor(key, datatype, shape) }
    }

    fn data(&self, datatype: Option<Datatype>, shape: &ShapeProto) -> TensorData {
        let floats: Vec<f64> = self.floats.iter().copied().map(f64::from).collect();
        let halves: Vec<f64> = self.halves.iter().map(|half| self.half(*half)).collect();
        let halves = if matches!(datatype, Some(Datatype::Fp16 | Datatype::Bf16)) {
            numbers(&halves)
        } else {
            Values::default()
        };
        let fields = [
            (TypedField::Fp32, self.floats.len(), numbers(&floats)),
            (TypedField::Fp64, self.doubles.len(), numbers(&self.doubles)),
            (TypedField::IntVal, self.ints.len(), integers(&self.ints)),
            (TypedField::Bytes, self.strings.len(), strings(&self.strings)),
            (TypedField::Int64, self.longs.len(), integers(&self.longs)),
            (TypedField::Bool, self.bools.len(), booleans(&self.bools)),
            (TypedField::Half, self.halves.len(), halves),
            (TypedField::Uint32Val, self.uints.len(), integers(&self.uints)),
            (TypedField::Uint64, self.ulongs.len(), integers(&self.ulongs)),
        ];
        let filled: Vec<_> = fields.into_iter().filter(|(_, count, _)| *count > 0).collect();
        if !self.content.is_empty() {
            let (elements, values) = match datatype {
                Some(Datatype::Bytes) => string_list(shape, &self.content),
                _ => raw(datatype, &self.content),
            };
            let form = if filled.is_empty() { Form::Raw } else { Form::Several };
            let bytes = wide(self.content.len());
            return TensorData { form, elements, bytes, values, ..TensorData::default() };
        }
        let is_own = |field: &TypedField| datatype.is_some_and(|datatype| field.holds(datatype));
        let own = filled.iter().find(|(field, ..)| is_own(field));
        let (form, (elements, values)) = match (filled.as_slice(), own) {
            ([], _) => (Form::Absent, (0, Values::default())),
            ([(field, count, values)], _) => (Form::Typed(*field), (*count, *values)),
            (_, Some((_, count, values))) => (Form::Several, (*count, *values)),
            _ => (Form::Several, (0, Values::default())),
        };
        TensorData {
            form,
            elements: Some(wide(elements)),
            values,
            may_be_padded: true,
            ..TensorData::default()
        }
    }

    /// Bits of a half as the wider float that it is.
    fn half(&self, half: i32) -> f64 {
        let bits = u16::try_from(half & 0xffff).unwrap();
        let datatype = Datatype::of_tensorflow(u64::from(self.dtype.cast_unsigned()));
        if datatype == Some(Datatype::Bf16) {
            return f64::from(f32::from_bits(u32::from(bits) << 16));
        }
        naive_fp16(bits)
    }
}

/// The strings of a `tensor_content`.
fn string_list(shape: &ShapeProto, mut content: &[u8]) -> (Option<u64>, Values) {
    let mut values = Values::default();
    let shape: Shape = shape.dim.iter().map(|dim| dim.size).collect();
    let Elements::Count(count) = shape.elements() else {
        return (None, values);
    };
    let mut total = 0_u64;
    for _ in 0..count {
        let Ok(length) = prost::encoding::decode_varint(&mut content) else {
            return (None, values);
        };
        values.string(length);
        total = total.saturating_add(length);
        if length > u64::from(u32::MAX) {
            return (None, values);
        }
    }
    ((total == wide(content.len())).then_some(count), values)
}
