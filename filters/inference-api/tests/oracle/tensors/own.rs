//! A message of one's own by prost.

use inference_api::protobuf::FieldPath;
use inference_api::tensor::{
    Datatype, DeclaredDatatype, Form, MessageFacts, OwnEncoding, OwnField, Tensor, TensorData,
    TypedField,
};
use prost::Message;

use super::Read;
use super::values::{booleans, integers, numbers, strings, wide};

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

impl Own {
    /// Its fields.
    pub fn fields() -> Vec<OwnField> {
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

    /// Its tensors.
    pub fn tensors(&self) -> Read {
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
