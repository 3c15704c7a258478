use super::packed::{Scalar, TypedValues};
use super::{Depth, TypedField};
use crate::protobuf::{ProtobufErrorKind, WireType};

/// The typed fields of one tensor, as far as there are any.
#[derive(Clone, Debug)]
pub(super) struct TypedFields {
    fields: Vec<(TypedField, TypedValues)>,
    /// The one that is being read.
    current: usize,
    depth: Depth,
}

impl TypedFields {
    pub(super) const fn new(depth: Depth) -> Self {
        Self { fields: Vec::new(), current: 0, depth }
    }

    /// One of them begins, which is declared as this.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn begin(
        &mut self,
        (field, scalar): (TypedField, Scalar),
        wire_type: WireType,
    ) -> Result<(), ProtobufErrorKind> {
        let place = self.fields.iter().position(|(known, _)| *known == field);
        self.current = place.unwrap_or(self.fields.len());
        if place.is_none() {
            self.fields.push((field, TypedValues::new(scalar, self.depth)));
        }
        self.current().map_or(Ok(()), |values| values.begin(wire_type))
    }

    /// The one that is being read.
    pub(super) fn current(&mut self) -> Option<&mut TypedValues> {
        self.fields.get_mut(self.current).map(|(_, values)| values)
    }

    /// Those that have elements, in no order that means anything. A field without
    /// any is one that is not there.
    pub(super) fn filled(&self) -> impl Iterator<Item = &(TypedField, TypedValues)> {
        self.fields.iter().filter(|(_, values)| values.count() > 0)
    }
}
