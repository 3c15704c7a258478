use crate::tensor::{Elements, Tensor};

/// How much there is in the tensors of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// How many examples there are: the first dimension of the first tensor, by the
    /// shape that it is said to have, or else by how its data is nested. Where neither
    /// tells it (a scalar, a length of -1, ragged lists), how many elements it has, or
    /// one if that is not known. A message of `prediction.PredictionService` is one.
    ///
    /// `None` if there are no tensors, or no shape was seen yet.
    pub rows: Option<u64>,
    /// How many elements all tensors have together: of each what is there, or what
    /// its shape says where that can't be counted; one where that does not say it
    /// either.
    ///
    /// `None` as long as not all of the message was seen.
    pub elements: Option<u64>,
}

impl Batch {
    /// Of all tensors of a message.
    pub(super) fn of(tensors: &[Tensor]) -> Self {
        let sum = |sum: u64, tensor: &Tensor| sum.saturating_add(elements(tensor));
        Self { rows: tensors.first().map(rows), elements: Some(tensors.iter().fold(0, sum)) }
    }

    /// Of the first tensors of one. The shape stands before the data.
    pub(super) fn of_first(tensors: &[Tensor]) -> Self {
        let first = tensors.first().filter(|tensor| tensor.shape.is_some());
        Self { rows: first.map(rows), elements: None }
    }
}

fn rows(tensor: &Tensor) -> u64 {
    // Of TensorFlow Serving's JSON only the nesting tells it.
    let shape = tensor.shape.as_ref().or(tensor.data.nesting.as_ref());
    let first = shape.and_then(|shape| shape.dimensions().first().copied());
    first.and_then(|rows| u64::try_from(rows).ok()).or(tensor.data.elements).unwrap_or(1)
}

/// What its data has, or what it says that it has.
fn elements(tensor: &Tensor) -> u64 {
    let said = tensor.shape.as_ref().and_then(|shape| match shape.elements() {
        Elements::Count(elements) => Some(elements),
        Elements::Unknown | Elements::TooMany => None,
    });
    tensor.data.elements.or(said).unwrap_or(1)
}
