use crate::protobuf::{ElementCounter, ElementType};
use crate::tensor::packed::Scalar;
use crate::tensor::text::Text;
use crate::tensor::typed_fields::TypedFields;
use crate::tensor::varints::Varints;
use crate::tensor::{
    Datatype, DeclaredDatatype, Depth, Form, MAX_NAME_BYTES, Shape, Tensor, TensorData, TypedField,
};

/// A tensor, as far as it was read.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) name: Text,
    pub(super) datatype: Text,
    pub(super) shape: Shape,
    /// A dimension that was cut.
    pub(super) dimension: Varints,
    pub(super) dimensions: ElementCounter,
    pub(super) parameter_key: Text,
    pub(super) is_shared: bool,
    pub(super) has_contents: bool,
    pub(super) contents: TypedFields,
}

/// Where a tensor's data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Raw,
    Contents,
    SharedMemory,
}

/// The parameter of a tensor that is in shared memory. Triton looks for its key
/// and refuses it when it is no string.
pub(super) const SHARED_MEMORY: &str = "shared_memory_region";

/// A datatype's name has no more.
const MAX_DATATYPE_BYTES: usize = 8;

impl Draft {
    pub(super) fn new(depth: Depth) -> Self {
        Self {
            name: Text::new(MAX_NAME_BYTES),
            datatype: Text::new(MAX_DATATYPE_BYTES),
            shape: Shape::new(),
            dimension: Varints::default(),
            dimensions: ElementCounter::new(ElementType::Varint),
            parameter_key: Text::new(SHARED_MEMORY.len()),
            is_shared: false,
            has_contents: false,
            contents: TypedFields::new(depth),
        }
    }

    /// What it is, as the how-manieth of its message.
    pub(super) fn take(&mut self, position: usize) -> (Tensor, Source) {
        let (name, name_is_cut) = self.name.take();
        let datatype = self.datatype.whole().and_then(Datatype::named);
        let data = self.contents(datatype);
        let source = match data.form {
            _ if self.is_shared => Source::SharedMemory,
            Form::Absent => Source::Raw,
            _ => Source::Contents,
        };
        let form = match data.form {
            form if !self.is_shared => form,
            Form::Absent => Form::SharedMemory,
            _ => Form::Several,
        };
        let tensor = Tensor {
            name,
            name_is_cut,
            position,
            datatype: Some(datatype.map_or(DeclaredDatatype::Unknown, DeclaredDatatype::Known)),
            shape: Some(core::mem::take(&mut self.shape)),
            data: TensorData { form, ..data },
        };
        (tensor, source)
    }

    /// Its typed contents. When there are none in the message for them, they are
    /// an empty field of the tensor's datatype, if there is such a field.
    fn contents(&self, datatype: Option<Datatype>) -> TensorData {
        let mut data = TensorData::default();
        for (field, values) in self.contents.filled() {
            let is_first = data.form == Form::Absent;
            data.form = if is_first { Form::Typed(*field) } else { Form::Several };
            data.elements = is_first.then(|| values.count());
            data.values = data.values.and(values.values(datatype));
        }
        if data.form == Form::Absent
            && self.has_contents
            && !self.is_shared
            && let Some(field) = datatype.and_then(field_of)
        {
            data.form = Form::Typed(field);
            data.elements = Some(0);
        }
        data
    }
}

/// The fields of `InferTensorContents`.
pub(super) const fn contents_field(number: u32) -> Option<(TypedField, Scalar)> {
    Some(match number {
        1 => (TypedField::Bool, Scalar::Bool),
        2 => (TypedField::Int32, Scalar::Int32),
        3 => (TypedField::Int64, Scalar::Int64),
        4 => (TypedField::Uint32, Scalar::Uint32),
        5 => (TypedField::Uint64, Scalar::Uint64),
        6 => (TypedField::Fp32, Scalar::Float),
        7 => (TypedField::Fp64, Scalar::Double),
        8 => (TypedField::Bytes, Scalar::Bytes),
        _ => return None,
    })
}

/// The field that elements of this datatype stand in.
fn field_of(datatype: Datatype) -> Option<TypedField> {
    (1..=8).filter_map(contents_field).map(|(field, _)| field).find(|field| field.holds(datatype))
}
