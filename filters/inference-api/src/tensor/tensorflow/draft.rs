use crate::tensor::packed::Scalar;
use crate::tensor::string_list::StringList;
use crate::tensor::text::Text;
use crate::tensor::typed_fields::TypedFields;
use crate::tensor::{
    Datatype, DeclaredDatatype, Depth, Elements, Form, MAX_NAME_BYTES, RawValues, Shape, Tensor,
    TensorData, TypedField,
};

/// A tensor, as far as it was read.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) key: Text,
    pub(super) datatype: u64,
    pub(super) shape: Shape,
    /// The length of the dimension that is being read.
    pub(super) length: i64,
    pub(super) content: Content,
    pub(super) fields: TypedFields,
}

/// A `tensor_content`, read as what the fields before it say that it is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Numbers(RawValues),
    Strings(StringList),
}

impl Draft {
    pub(super) fn new(depth: Depth) -> Self {
        Self {
            key: Text::new(MAX_NAME_BYTES),
            datatype: 0,
            shape: Shape::new(),
            length: 0,
            content: Content::Numbers(RawValues::new(None, depth)),
            fields: TypedFields::new(depth),
        }
    }

    /// A content that begins here.
    pub(super) fn empty_content(&self, depth: Depth) -> Content {
        let datatype = Datatype::of_tensorflow(self.datatype);
        match (datatype, self.shape.elements()) {
            (Some(Datatype::Bytes), Elements::Count(count)) => {
                Content::Strings(StringList::new(count, depth))
            }
            _ => Content::Numbers(RawValues::new(datatype, depth)),
        }
    }

    /// What it is, as the how-manieth of its message.
    pub(super) fn take(&mut self, position: usize, depth: Depth) -> Tensor {
        let (name, name_is_cut) = self.key.take();
        let datatype = Datatype::of_tensorflow(self.datatype);
        Tensor {
            name,
            name_is_cut,
            position,
            datatype: Some(datatype.map_or(DeclaredDatatype::Unknown, DeclaredDatatype::Known)),
            data: self.data(datatype, depth),
            shape: Some(core::mem::take(&mut self.shape)),
        }
    }

    fn data(&self, datatype: Option<Datatype>, depth: Depth) -> TensorData {
        let count = self.fields.filled().count();
        if self.content.bytes() > 0 {
            let data = self.content.data(datatype, &self.shape, depth);
            return TensorData { form: if count == 0 { Form::Raw } else { Form::Several }, ..data };
        }
        let own = datatype.and_then(field_of);
        let counting = match count {
            0 | 1 => self.fields.filled().next(),
            _ => self.fields.filled().find(|(field, _)| Some(*field) == own),
        };
        let form = match (count, counting) {
            (1, Some((field, _))) => Form::Typed(*field),
            (0, _) => Form::Absent,
            _ => Form::Several,
        };
        TensorData {
            form,
            elements: Some(counting.map_or(0, |(_, values)| values.count())),
            values: counting.map(|(_, values)| values.values(datatype)).unwrap_or_default(),
            may_be_padded: true,
            ..TensorData::default()
        }
    }
}

impl Content {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Numbers(raw) => raw.push(bytes),
            Self::Strings(list) => list.push(bytes),
        }
    }

    const fn bytes(&self) -> u64 {
        match self {
            Self::Numbers(raw) => raw.bytes(),
            Self::Strings(list) => list.bytes(),
        }
    }

    /// What it turned out to be, now that datatype and shape are known.
    fn data(&self, datatype: Option<Datatype>, shape: &Shape, depth: Depth) -> TensorData {
        let data = TensorData { bytes: self.bytes(), ..TensorData::default() };
        match (self, datatype) {
            (Self::Strings(list), Some(Datatype::Bytes))
                if shape.elements() == Elements::Count(list.expected()) =>
            {
                TensorData { elements: list.elements(), values: list.values(), ..data }
            }
            (_, None) => data,
            (_, Some(Datatype::Bytes)) => TensorData { is_early: true, ..data },
            (Self::Numbers(raw), Some(_)) if raw.datatype() == datatype => {
                TensorData { elements: raw.elements(), values: raw.values(), ..data }
            }
            (_, Some(datatype)) => TensorData {
                elements: datatype.elements_in(data.bytes),
                is_early: depth == Depth::Valued,
                ..data
            },
        }
    }
}

/// The fields of a `TensorProto` that hold elements of the datatypes that we know.
pub(super) const fn val_field(number: u32) -> Option<(TypedField, Scalar)> {
    Some(match number {
        5 => (TypedField::Fp32, Scalar::Float),
        6 => (TypedField::Fp64, Scalar::Double),
        7 => (TypedField::IntVal, Scalar::Int32),
        8 => (TypedField::Bytes, Scalar::Bytes),
        10 => (TypedField::Int64, Scalar::Int64),
        11 => (TypedField::Bool, Scalar::Bool),
        13 => (TypedField::Half, Scalar::Half),
        16 => (TypedField::Uint32Val, Scalar::Uint32),
        17 => (TypedField::Uint64, Scalar::Uint64),
        _ => return None,
    })
}

/// The field that elements of this datatype stand in.
fn field_of(datatype: Datatype) -> Option<TypedField> {
    (5..=17).filter_map(val_field).map(|(field, _)| field).find(|field| field.holds(datatype))
}
