use super::{Datatype, DeclaredDatatype, Elements, Form, Shape, Tensor, TypedField};

/// What is wrong with a tensor by the rules of its own protocol, whatever model
/// it is for. Not every server minds each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Its datatype is none.
    UnknownDatatype,
    /// A dimension of its shape is negative.
    NegativeDimension,
    /// Its shape has more elements than 64 bits can count.
    ShapeTooLarge,
    /// It has dimensions, and is said not to have a known number of them.
    UnknownRank,
    /// It has another number of elements than its shape.
    ElementCount {
        /// So many it has.
        found: u64,
        /// So many its shape has.
        expected: u64,
    },
    /// It has another number of elements than its shape, which its server makes
    /// fit: it repeats the last one or cuts.
    Padding {
        /// So many it has.
        found: u64,
        /// So many its shape has.
        expected: u64,
    },
    /// Its raw data has another length than its datatype and shape say.
    ByteCount {
        /// So many bytes it has.
        found: u64,
        /// So many it should have.
        expected: u64,
    },
    /// Its raw byte strings do not end where its data ends.
    BrokenStrings,
    /// Its data stands in a typed field of another datatype.
    WrongField,
    /// Its data stands in two places.
    SeveralForms,
    /// Its JSON lists are ragged: beside each other, and not equally long or deep.
    Nesting,
}

impl Tensor {
    /// What is wrong with it by its protocol's rules, each at most once.
    ///
    /// A tensor without a shape, without data, or with data that is elsewhere has
    /// nothing to compare. A shape without dimensions goes with no element as
    /// well as with one: servers differ.
    pub fn defects(&self) -> impl Iterator<Item = Defect> {
        let shape = self.shape.as_ref().map(Shape::elements);
        let shape_defect = match shape {
            Some(Elements::Unknown) => Some(Defect::NegativeDimension),
            Some(Elements::TooMany) => Some(Defect::ShapeTooLarge),
            _ => None,
        };
        let datatype =
            (self.datatype == Some(DeclaredDatatype::Unknown)).then_some(Defect::UnknownDatatype);
        let rank = self.shape.as_ref().is_some_and(Shape::is_of_unknown_rank);
        let rank = rank.then_some(Defect::UnknownRank);
        [datatype, shape_defect, rank, self.misplaced(), self.miscounted(shape), self.misnested()]
            .into_iter()
            .flatten()
    }

    /// The datatype that it is said to have, if we know it.
    pub(super) const fn known_datatype(&self) -> Option<Datatype> {
        match self.datatype {
            Some(DeclaredDatatype::Known(datatype)) => Some(datatype),
            _ => None,
        }
    }

    fn misplaced(&self) -> Option<Defect> {
        match self.data.form {
            Form::Several => Some(Defect::SeveralForms),
            Form::Typed(field) => {
                let datatype = self.known_datatype()?;
                (!field.holds(datatype)).then_some(Defect::WrongField)
            }
            _ => None,
        }
    }

    fn miscounted(&self, shape: Option<Elements>) -> Option<Defect> {
        let Some(Elements::Count(expected)) = shape else { return None };
        let data = &self.data;
        if data.may_be_padded && matches!(data.form, Form::Absent | Form::Typed(_)) {
            let found = data.elements.unwrap_or_default();
            return (found != expected).then_some(Defect::Padding { found, expected });
        }
        let is_scalar = self.shape.as_ref().is_some_and(|shape| shape.rank() == 0);
        if matches!(data.form, Form::Absent | Form::Several | Form::SharedMemory)
            || (is_scalar && (data.elements == Some(0) || data.bytes == 0))
        {
            return None;
        }
        if data.form != Form::Raw {
            let found = data.elements?;
            return (found != expected).then_some(Defect::ElementCount { found, expected });
        }
        match self.known_datatype()?.element_bytes() {
            Some(size) => {
                let expected = expected.saturating_mul(size);
                let found = data.bytes;
                (found != expected).then_some(Defect::ByteCount { found, expected })
            }
            None => match data.elements {
                None if data.is_early => None,
                None => Some(Defect::BrokenStrings),
                Some(found) if found == expected => None,
                Some(found) => Some(Defect::ElementCount { found, expected }),
            },
        }
    }

    /// JSON data may be flat, or nested in whatever shape has as many elements: servers
    /// reshape it.
    fn misnested(&self) -> Option<Defect> {
        let is_ragged = self.data.form == Form::Json && self.data.nesting.is_none();
        is_ragged.then_some(Defect::Nesting)
    }
}

impl TypedField {
    /// Whether elements of this datatype stand in this field.
    ///
    /// Sources: Open Inference Protocol, `InferTensorContents`; TensorFlow,
    /// `tensor.proto`.
    pub const fn holds(self, datatype: Datatype) -> bool {
        match self {
            Self::Bool => matches!(datatype, Datatype::Bool),
            Self::Int32 => matches!(datatype, Datatype::Int8 | Datatype::Int16 | Datatype::Int32),
            Self::IntVal => matches!(
                datatype,
                Datatype::Int8
                    | Datatype::Int16
                    | Datatype::Int32
                    | Datatype::Uint8
                    | Datatype::Uint16
            ),
            Self::Int64 => matches!(datatype, Datatype::Int64),
            Self::Uint32 => {
                matches!(datatype, Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32)
            }
            Self::Uint32Val => matches!(datatype, Datatype::Uint32),
            Self::Uint64 => matches!(datatype, Datatype::Uint64),
            Self::Fp32 => matches!(datatype, Datatype::Fp32),
            Self::Fp64 => matches!(datatype, Datatype::Fp64),
            Self::Bytes => matches!(datatype, Datatype::Bytes),
            Self::Half => matches!(datatype, Datatype::Fp16 | Datatype::Bf16),
            Self::Own => true,
        }
    }
}
