//! Tensors of protobuf messages against those that prost decodes, whose values
//! are looked at one by one.

use inference_api::protobuf::FieldPath;
use inference_api::tensor::{
    Datatype, DeclaredDatatype, Depth, Form, MAX_NAME_BYTES, MessageFacts, MessageKind,
    MessageReader, OwnEncoding, OwnField, Shape, Tensor, TensorData, TensorError, TensorLimits,
    TypedField, Values,
};
use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};

use super::pieces;

/// `ModelInferRequest`, as far as it has to do with tensors: of what is not
/// declared, prost checks no more than we do.
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

/// A message of one's own.
#[derive(Clone, PartialEq, Message)]
pub struct Own {
    #[prost(float, repeated, tag = "1")]
    pub features: Vec<f32>,
    #[prost(sint32, repeated, tag = "2")]
    pub counts: Vec<i32>,
    #[prost(fixed64, repeated, tag = "3")]
    pub hashes: Vec<u64>,
    #[prost(string, repeated, tag = "4")]
    pub words: Vec<String>,
    #[prost(message, optional, tag = "5")]
    pub inner: Option<OwnInner>,
}

/// What is inside.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OwnInner {
    #[prost(bool, repeated, tag = "1")]
    pub flags: Vec<bool>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub blobs: Vec<Vec<u8>>,
    #[prost(uint32, repeated, tag = "3")]
    pub tokens: Vec<u32>,
}

const MAX_TENSORS: usize = 12;

/// As an Open Inference request, a `PredictRequest` and a message of one's own:
/// accepted or refused, and what the tensors are, is what prost and a look at
/// each value make of the same bytes; neither depends on the cuts.
pub fn agrees(message: &[u8], cuts: &[usize]) {
    let expected = Infer::decode(message).map(|infer| infer.tensors(message));
    compare(&MessageKind::ModelInferRequest, (message, cuts), expected.as_ref().ok());
    let expected = Predict::decode(message).map(|predict| predict.tensors());
    compare(&MessageKind::PredictRequest, (message, cuts), expected.as_ref().ok());
    let expected = Own::decode(message).map(|own| own.tensors());
    compare(&MessageKind::Own(Own::fields()), (message, cuts), expected.as_ref().ok());
}

type Read = (Vec<Tensor>, MessageFacts);

fn compare(kind: &MessageKind, (message, cuts): (&[u8], &[usize]), expected: Option<&Read>) {
    let valued = read(kind, Depth::Valued, &pieces(message, cuts));
    assert_eq!(read(kind, Depth::Valued, &[message]), valued, "cuts change the answer");
    let counted = read(kind, Depth::Counted, &pieces(message, cuts));
    assert_eq!(read(kind, Depth::Counted, &[message]), counted, "cuts change the answer");
    if matches!(valued, Err(TensorError::TooManyTensors { .. })) {
        assert_eq!(counted, valued);
        assert!(expected.is_none_or(|(tensors, _)| tensors.len() > MAX_TENSORS));
        return;
    }
    assert_eq!(valued.is_ok(), expected.is_some(), "accepted: {valued:?}, {expected:?}");
    assert_eq!(counted.as_ref().err(), valued.as_ref().err());
    let (Ok((tensors, facts)), Some((naive, naive_facts))) = (&valued, expected) else { return };
    assert_eq!(facts, naive_facts);
    assert_eq!(tensors.len(), naive.len());
    for (found, naive) in tensors.iter().zip(naive) {
        assert_eq!(found, &as_early_as(found, naive));
    }
    for (found, naive) in counted.unwrap().0.iter().zip(naive) {
        let data = TensorData { is_early: false, ..naive.data.clone() };
        let naive = as_early_as(found, &Tensor { data, ..naive.clone() });
        let data = TensorData { values: Values::default(), ..naive.data };
        assert_eq!(found, &Tensor { data, ..naive });
    }
}

/// What prost decodes says nothing of the order in which fields came. If a
/// content before its datatype or shape could not be read, it is measured.
fn as_early_as(found: &Tensor, naive: &Tensor) -> Tensor {
    let mut naive = naive.clone();
    if found.data.is_early && !naive.data.is_early && naive.data.bytes > 0 {
        naive.data.is_early = true;
        naive.data.values = Values::default();
        if naive.datatype == Some(DeclaredDatatype::Known(Datatype::Bytes)) {
            naive.data.elements = None;
        }
    }
    naive
}

fn read(kind: &MessageKind, depth: Depth, pieces: &[&[u8]]) -> Result<Read, TensorError> {
    let limits = TensorLimits { max_tensors: MAX_TENSORS, depth };
    let mut reader = MessageReader::new(kind, limits);
    let mut before: Vec<Tensor> = Vec::new();
    for piece in pieces {
        reader.push(piece)?;
        let complete = &reader.tensors()[..reader.complete()];
        assert!(complete.starts_with(&before), "complete ones do not change");
        before = complete.to_vec();
    }
    reader.finish()?;
    assert!(reader.tensors().starts_with(&before), "complete ones do not change");
    Ok((reader.tensors().to_vec(), reader.facts()))
}

impl Infer {
    fn tensors(&self, message: &[u8]) -> Read {
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

impl Predict {
    fn tensors(&self) -> Read {
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

/// By the definition.
fn naive_fp16(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    match i32::from(bits >> 10 & 0x1f) {
        0 => sign * fraction * 2_f64.powi(-14),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        exponent => sign * (1.0 + fraction) * 2_f64.powi(exponent - 15),
    }
}

impl Own {
    fn fields() -> Vec<OwnField> {
        let field = |path: &[u32], datatype, encoding| OwnField {
            path: FieldPath::new(path),
            datatype,
            encoding,
        };
        vec![
            field(&[1], Datatype::Fp32, OwnEncoding::Plain),
            field(&[2], Datatype::Int16, OwnEncoding::Zigzag),
            field(&[3], Datatype::Uint64, OwnEncoding::Fixed),
            field(&[4], Datatype::Bytes, OwnEncoding::Text),
            field(&[5, 1], Datatype::Bool, OwnEncoding::Plain),
            field(&[5, 2], Datatype::Bytes, OwnEncoding::Plain),
            field(&[5, 3], Datatype::Uint32, OwnEncoding::Plain),
        ]
    }

    fn tensors(&self) -> Read {
        let inner = self.inner.clone().unwrap_or_default();
        let floats: Vec<f64> = self.features.iter().copied().map(f64::from).collect();
        let values = [
            (self.features.len(), numbers(&floats)),
            (self.counts.len(), integers(&self.counts)),
            (self.hashes.len(), integers(&self.hashes)),
            (self.words.len(), strings(&self.words)),
            (inner.flags.len(), booleans(&inner.flags)),
            (inner.blobs.len(), strings(&inner.blobs)),
            (inner.tokens.len(), integers(&inner.tokens)),
        ];
        let tensors: Vec<Tensor> = Self::fields()
            .into_iter()
            .zip(values)
            .enumerate()
            .map(|(position, (field, (count, values)))| Tensor {
                name: field.path.to_string(),
                position,
                datatype: Some(DeclaredDatatype::Known(field.datatype)),
                data: TensorData {
                    form: Form::Typed(TypedField::Own),
                    elements: Some(wide(count)),
                    values,
                    ..TensorData::default()
                },
                ..Tensor::default()
            })
            .collect();
        let facts = MessageFacts { tensors: tensors.len(), ..MessageFacts::default() };
        (tensors, facts)
    }
}

fn tensor(name: &str, datatype: Option<Datatype>, shape: Shape) -> Tensor {
    let kept: String = name
        .char_indices()
        .take_while(|(at, character)| at + character.len_utf8() <= MAX_NAME_BYTES)
        .map(|(_, character)| character)
        .collect();
    Tensor {
        name_is_cut: kept.len() < name.len(),
        name: kept,
        datatype: Some(datatype.map_or(DeclaredDatatype::Unknown, DeclaredDatatype::Known)),
        shape: Some(shape),
        ..Tensor::default()
    }
}

/// Raw data, element by element.
pub fn raw(datatype: Option<Datatype>, mut bytes: &[u8]) -> (Option<u64>, Values) {
    let mut values = Values::default();
    let Some(datatype) = datatype else { return (None, values) };
    let mut count = 0;
    let Some(size) = datatype.element_bytes() else {
        while let Some((length, rest)) = bytes.split_first_chunk() {
            let length = u32::from_le_bytes(*length);
            values.string(u64::from(length));
            count += 1;
            bytes = match rest.get(usize::try_from(length).unwrap()..) {
                Some(rest) => rest,
                None => return (None, values),
            };
        }
        return (bytes.is_empty().then_some(count), values);
    };
    let elements = bytes.chunks_exact(usize::try_from(size).unwrap());
    let is_whole = elements.remainder().is_empty();
    for element in elements {
        values.number(element_of(datatype, element));
        count += 1;
    }
    if datatype == Datatype::Bool && count > 0 {
        values.has_booleans = true;
        values.has_numbers = false;
    }
    (is_whole.then_some(count), values)
}

fn element_of(datatype: Datatype, bytes: &[u8]) -> f64 {
    match datatype {
        Datatype::Bool | Datatype::Uint8 => f64::from(bytes[0]),
        Datatype::Int8 => f64::from(bytes[0].cast_signed()),
        Datatype::Uint16 => f64::from(u16::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Int16 => f64::from(i16::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Uint32 => f64::from(u32::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Int32 => f64::from(i32::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Uint64 => float(u64::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Int64 => float(i64::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Fp16 => naive_fp16(u16::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Bf16 => f64::from(f32::from_le_bytes([0, 0, bytes[0], bytes[1]])),
        Datatype::Fp32 => f64::from(f32::from_le_bytes(bytes.try_into().unwrap())),
        Datatype::Fp64 => f64::from_le_bytes(bytes.try_into().unwrap()),
        Datatype::Bytes => panic!("byte strings have no size"),
    }
}

/// The strings of a `tensor_content`.
fn string_list(shape: &ShapeProto, mut content: &[u8]) -> (Option<u64>, Values) {
    let mut values = Values::default();
    let shape: Shape = shape.dim.iter().map(|dim| dim.size).collect();
    let inference_api::tensor::Elements::Count(count) = shape.elements() else {
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

fn numbers(numbers: &[f64]) -> Values {
    let mut values = Values::default();
    numbers.iter().for_each(|number| values.number(*number));
    values
}

fn integers<T: Copy + std::fmt::Display>(integers: &[T]) -> Values {
    let floats: Vec<f64> = integers.iter().map(|integer| float(*integer)).collect();
    numbers(&floats)
}

/// The nearest float, which reading decimals gives.
fn float(integer: impl std::fmt::Display) -> f64 {
    integer.to_string().parse().unwrap()
}

fn booleans(booleans: &[bool]) -> Values {
    let floats: Vec<f64> = booleans.iter().map(|boolean| f64::from(u8::from(*boolean))).collect();
    let has_booleans = !booleans.is_empty();
    Values { has_booleans, has_numbers: false, ..numbers(&floats) }
}

fn strings<T: AsRef<[u8]>>(strings: &[T]) -> Values {
    let mut values = Values::default();
    strings.iter().for_each(|string| values.string(wide(string.as_ref().len())));
    values
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap()
}
