//! One tensor of an inference message, while its members come in any order.

use super::{Expected, FaultKind};
use crate::json::{Kind, Survey};
use crate::tensor::{DeclaredDatatype, Form, MAX_NAME_BYTES, Shape, Tensor};

/// What decides what a tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Name,
    Datatype,
    Shape,
    Data,
    Parameters,
    BinaryDataSize,
    SharedMemoryRegion,
}

/// Open Inference Protocol, `inference_rest.md`: "Tensor". `data` may be missing.
const REQUIRED: [Member; 3] = [Member::Name, Member::Shape, Member::Datatype];

const IN_TENSOR: [Member; 5] =
    [Member::Name, Member::Datatype, Member::Shape, Member::Data, Member::Parameters];

const IN_PARAMETERS: [Member; 2] = [Member::BinaryDataSize, Member::SharedMemoryRegion];

impl Member {
    /// The member of a tensor's object that has this key.
    pub(super) fn of_tensor(key: &str) -> Option<Self> {
        IN_TENSOR.into_iter().find(|member| member.key() == key)
    }

    /// The member of a tensor's parameters that has this key.
    pub(super) fn of_parameters(key: &str) -> Option<Self> {
        IN_PARAMETERS.into_iter().find(|member| member.key() == key)
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Datatype => "datatype",
            Self::Shape => "shape",
            Self::Data => "data",
            Self::Parameters => "parameters",
            Self::BinaryDataSize => "binary_data_size",
            Self::SharedMemoryRegion => "shared_memory_region",
        }
    }

    /// Where it stands, from the tensor's object on.
    pub(super) fn pointer(self) -> String {
        let parent = if IN_PARAMETERS.contains(&self) { "/parameters" } else { "" };
        format!("{parent}/{}", self.key())
    }

    /// What is wrong with a value of this kind, if anything is.
    pub(super) fn misfit(self, found: Kind) -> Option<FaultKind> {
        let expected = match (self, found) {
            (Self::Name | Self::Datatype | Self::SharedMemoryRegion, Kind::String)
            | (Self::Shape | Self::Data, Kind::Array)
            | (Self::Parameters, Kind::Object)
            | (Self::BinaryDataSize, Kind::Number) => return None,
            (Self::Name | Self::Datatype | Self::SharedMemoryRegion, _) => Expected::String,
            (Self::Shape, _) => Expected::WholeNumbers,
            (Self::Data, _) => Expected::List,
            (Self::Parameters, _) => Expected::Object,
            (Self::BinaryDataSize, _) => Expected::WholeNumber,
        };
        Some(FaultKind::WrongType { found, expected })
    }
}

/// What is known of the tensor by now.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    tensor: Tensor,
    seen: Vec<Member>,
    dimensions: Shape,
    binary_bytes: Option<u64>,
    /// In how many places the data stands.
    forms: usize,
}

impl Draft {
    pub(super) fn new(position: usize) -> Self {
        Self { tensor: Tensor { position, ..Tensor::default() }, ..Self::default() }
    }

    /// Whether the member stands here for the first time.
    pub(super) fn is_first(&mut self, member: Member) -> bool {
        let is_first = !self.seen.contains(&member);
        if is_first {
            self.seen.push(member);
        }
        is_first
    }

    pub(super) const fn position(&self) -> usize {
        self.tensor.position
    }

    pub(super) fn name(&mut self, name: &str) {
        name.clone_into(&mut self.tensor.name);
        self.tensor.name_is_cut = name.len() > MAX_NAME_BYTES;
    }

    pub(super) fn datatype(&mut self, name: &str) {
        let known = crate::tensor::Datatype::named(name);
        self.tensor.datatype =
            Some(known.map_or(DeclaredDatatype::Unknown, DeclaredDatatype::Known));
    }

    pub(super) fn begin_shape(&mut self) {
        self.dimensions = Shape::new();
        self.tensor.shape = None;
    }

    pub(super) fn dimension(&mut self, length: i64) {
        self.dimensions.push(length);
    }

    pub(super) fn end_shape(&mut self) {
        self.tensor.shape = Some(core::mem::take(&mut self.dimensions));
    }

    pub(super) fn data(&mut self, survey: &Survey) {
        self.form(Form::Json);
        let data = &mut self.tensor.data;
        data.elements = Some(data.elements.unwrap_or(0).saturating_add(survey.leaves()));
        data.nesting = survey.nesting();
        data.values = data.values.and(survey.values());
    }

    pub(super) fn binary(&mut self, bytes: u64) {
        self.form(Form::Raw);
        self.binary_bytes = Some(bytes);
    }

    pub(super) fn in_shared_memory(&mut self) {
        self.form(Form::SharedMemory);
    }

    /// What is missing of what must be there.
    pub(super) fn missing(&self) -> impl Iterator<Item = Member> {
        REQUIRED.into_iter().filter(|member| !self.seen.contains(member))
    }

    /// The tensor, and how many bytes of binary data it has behind the JSON text.
    pub(super) fn finish(self) -> (Tensor, Option<u64>) {
        (self.tensor, self.binary_bytes)
    }

    fn form(&mut self, form: Form) {
        self.forms = self.forms.saturating_add(1);
        self.tensor.data.form = if self.forms > 1 { Form::Several } else { form };
    }
}
