//! Messages within the contract, before they are written in any API.

use proptest::prelude::*;

/// One tensor of a message.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<i64>,
    pub(crate) elements: Elements,
}

#[derive(Clone, Debug)]
pub(crate) enum Elements {
    Fp32(Vec<f32>),
    Fp64(Vec<f64>),
    Int64(Vec<i64>),
    Bytes(Vec<String>),
}

/// Tensors in some order, all of the same batch: TensorFlow Serving's rows want that.
pub(crate) fn message() -> impl Strategy<Value = Vec<Tensor>> {
    (1_usize..=4).prop_flat_map(|rows| {
        let features = prop::collection::vec(-10.0_f32..=10.0, rows * 4)
            .prop_map(move |values| tensor("features", &[rows, 4], Elements::Fp32(values)));
        let ids = prop::collection::vec(0_i64..=1000, rows)
            .prop_map(move |values| tensor("ids", &[rows], Elements::Int64(values)));
        let words = prop::collection::vec("[a-z\"\\\\\u{e9}]{0,4}", rows * 2)
            .prop_map(move |values| tensor("words", &[rows, 2], Elements::Bytes(values)));
        (features, prop::option::of(ids), prop::option::of(words))
            .prop_map(|(features, ids, words)| {
                [Some(features), ids, words].into_iter().flatten().collect::<Vec<_>>()
            })
            .prop_shuffle()
    })
}

fn tensor(name: &str, shape: &[usize], elements: Elements) -> Tensor {
    let shape = shape.iter().map(|length| i64::try_from(*length).expect("short")).collect();
    Tensor { name: name.to_owned(), shape, elements }
}

impl Elements {
    /// The datatype's name in the Open Inference Protocol, and its number in
    /// TensorFlow's.
    pub(crate) const fn datatype(&self) -> (&'static str, i32) {
        match self {
            Self::Fp32(_) => ("FP32", 1),
            Self::Fp64(_) => ("FP64", 2),
            Self::Int64(_) => ("INT64", 9),
            Self::Bytes(_) => ("BYTES", 7),
        }
    }
}
