//! `ModelInferRequest` by prost.

use inference_api::tensor::{Datatype, Form, MessageFacts, Tensor, TensorData, TypedField, Values};
use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};

use super::values::{booleans, integers, numbers, raw, strings, wide};
use super::{Read, tensor};

/// `ModelInferRequest`
#[derive(Clone, PartialEq, Message)]
pub struct Infer {
    /// `inputs`
    #[prost(message, repeated, tag = "5")]
    pub inputs: Vec<Input>,
    /// `raw_input_contents`
    #[prost(bytes = "vec", repeated, tag = "7")]
    pub raw: Vec<Vec<u8>>,
}

/// `InferInputTensor`
#[derive(Clone, PartialEq, Message)]
pub struct Input {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub datatype: String,
    #[prost(int64, repeated, tag = "3")]
    pub shape: Vec<i64>,
    /// A map is a list of entries.
    #[prost(message, repeated, tag = "4")]
    pub parameters: Vec<Parameter>,
    #[prost(message, optional, tag = "5")]
    pub contents: Option<Contents>,
}

/// An entry of the map, without its value.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Parameter {
    #[prost(string, tag = "1")]
    pub key: String,
}

/// `InferTensorContents`
#[derive(Clone, PartialEq, Message)]
pub struct Contents {
    #[prost(bool, repeated, tag = "1")]
    pub bools: Vec<bool>,
    #[prost(int32, repeated, tag = "2")]
    pub ints: Vec<i32>,
    #[prost(int64, repeated, tag = "3")]
    pub longs: Vec<i64>,
    #[prost(uint32, repeated, tag = "4")]
    pub uints: Vec<u32>,
    #[prost(uint64, repeated, tag = "5")]
    pub ulongs: Vec<u64>,
    #[prost(float, repeated, tag = "6")]
    pub floats: Vec<f32>,
    #[prost(double, repeated, tag = "7")]
    pub doubles: Vec<f64>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub bytes: Vec<Vec<u8>>,
}

impl Infer {
    /// Its tensors; the message says in which order they and raw entries came.
    pub fn tensors(&self, message: &[u8]) -> Read {
        let mut tensors: Vec<Tensor> = self.inputs.iter().map(Input::tensor).collect();
        let is_shared = |input: &&Input| input.is_shared();
        let mut facts = MessageFacts {
            tensors: tensors.len(),
            raw_entries: wide(self.raw.len()),
            has_contents_beside_raw: !self.raw.is_empty()
                && self.inputs.iter().any(|input| !input.is_shared() && input.contents.is_some()),
            ..MessageFacts::default()
        };
        let owners = self.inputs.len() - self.inputs.iter().filter(is_shared).count();
        facts.surplus_raw_entries = wide(self.raw.len().saturating_sub(owners));
        let early = early_entries(message);
        let mut entries = self.raw.iter().enumerate();
        for (position, (tensor, input)) in tensors.iter_mut().zip(&self.inputs).enumerate() {
            tensor.position = position;
            if input.is_shared() {
                continue;
            }
            let Some((place, entry)) = entries.next() else {
                facts.tensors_without_data += usize::from(tensor.data.form == Form::Absent);
                continue;
            };
            let datatype = Datatype::named(&input.datatype);
            let (elements, values) = raw(datatype, entry);
            let data = &mut tensor.data;
            data.bytes = wide(entry.len());
            let is_alone = data.form == Form::Absent;
            data.form = if is_alone { Form::Raw } else { Form::Several };
            data.elements = elements.filter(|_| is_alone);
            let came_early = early.get(place).is_some_and(|tensors| *tensors <= tensor.position);
            if !came_early || matches!(datatype, None | Some(Datatype::Bytes)) {
                data.values = data.values.and(values);
            } else {
                data.is_early = !entry.is_empty();
            }
        }
        (tensors, facts)
    }
}

/// For each raw entry, how many tensors came before it.
fn early_entries(mut message: &[u8]) -> Vec<usize> {
    let mut tensors = 0;
    let mut entries = Vec::new();
    while !message.is_empty() {
        let (number, wire_type) = decode_key(&mut message).unwrap();
        match number {
            5 => tensors += 1,
            7 => entries.push(tensors),
            _ => {}
        }
        skip_field(wire_type, number, &mut message, DecodeContext::default()).unwrap();
    }
    entries
}

impl Input {
    fn is_shared(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.key == "shared_memory_region")
    }

    fn tensor(&self) -> Tensor {
        let datatype = Datatype::named(&self.datatype);
        let mut data = self.contents.clone().unwrap_or_default().data();
        if data.form == Form::Absent && self.contents.is_some() && !self.is_shared() {
            let fields = [
                TypedField::Bool,
                TypedField::Int32,
                TypedField::Int64,
                TypedField::Uint32,
                TypedField::Uint64,
                TypedField::Fp32,
                TypedField::Fp64,
                TypedField::Bytes,
            ];
            let own = |datatype| fields.into_iter().find(|field| field.holds(datatype));
            if let Some(field) = datatype.and_then(own) {
                data.form = Form::Typed(field);
                data.elements = Some(0);
            }
        }
        if self.is_shared() {
            let is_alone = data.form == Form::Absent;
            data.form = if is_alone { Form::SharedMemory } else { Form::Several };
        }
        let shape = self.shape.iter().copied().collect();
        Tensor { data, ..tensor(&self.name, datatype, shape) }
    }
}

impl Contents {
    fn data(&self) -> TensorData {
        let floats: Vec<f64> = self.floats.iter().copied().map(f64::from).collect();
        let filled: Vec<(TypedField, usize, Values)> = [
            (TypedField::Bool, self.bools.len(), booleans(&self.bools)),
            (TypedField::Int32, self.ints.len(), integers(&self.ints)),
            (TypedField::Int64, self.longs.len(), integers(&self.longs)),
            (TypedField::Uint32, self.uints.len(), integers(&self.uints)),
            (TypedField::Uint64, self.ulongs.len(), integers(&self.ulongs)),
            (TypedField::Fp32, self.floats.len(), numbers(&floats)),
            (TypedField::Fp64, self.doubles.len(), numbers(&self.doubles)),
            (TypedField::Bytes, self.bytes.len(), strings(&self.bytes)),
        ]
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .collect();
        let values = filled.iter().fold(Values::default(), |all, (.., values)| all.and(*values));
        let (form, elements) = match filled.as_slice() {
            [] => (Form::Absent, None),
            [(field, count, _)] => (Form::Typed(*field), Some(wide(*count))),
            _ => (Form::Several, None),
        };
        TensorData { form, elements, values, ..TensorData::default() }
    }
}
