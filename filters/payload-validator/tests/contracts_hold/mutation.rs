//! Changes that break one rule of the contract.

use crate::message::{Elements, Tensor};
use crate::writing::Api;

/// A change, the rule that it breaks, and where it can be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mutation {
    pub(crate) rule: &'static str,
    pub(crate) apply: fn(&mut Vec<Tensor>),
    pub(crate) applies: fn(Api) -> bool,
}

const fn everywhere(rule: &'static str, apply: fn(&mut Vec<Tensor>)) -> Mutation {
    Mutation { rule, apply, applies: |_| true }
}

const fn only(
    applies: fn(Api) -> bool,
    rule: &'static str,
    apply: fn(&mut Vec<Tensor>),
) -> Mutation {
    Mutation { rule, apply, applies }
}

pub(crate) const MUTATIONS: [Mutation; 15] = [
    everywhere("tensor_missing", |tensors| {
        // Something is left, so that it is a message in every API.
        let lone =
            Tensor { name: "ids".into(), shape: vec![1], elements: Elements::Int64(vec![7]) };
        *tensors = vec![lone];
    }),
    everywhere("tensor_unknown", |tensors| {
        let rows = tensors[0].shape[0];
        let ones = vec![1; usize::try_from(rows).unwrap()];
        let elements = Elements::Int64(ones);
        tensors.push(Tensor { name: "more".into(), shape: vec![rows], elements });
    }),
    only(
        |api| !api.has_named_members(),
        "tensor_duplicate",
        |tensors| {
            tensors.push(features(tensors).clone());
        },
    ),
    everywhere("tensor_batch", |tensors| {
        *tensors = vec![Tensor {
            name: "features".into(),
            shape: vec![5, 4],
            elements: Elements::Fp32(vec![1.0; 20]),
        }];
    }),
    everywhere("tensor_shape", |tensors| {
        *tensors = vec![Tensor {
            name: "features".into(),
            shape: vec![2, 3],
            elements: Elements::Fp32(vec![1.0; 6]),
        }];
    }),
    everywhere("tensor_shape", |tensors| {
        let rows = features(tensors).shape[0];
        change(tensors, |tensor| tensor.shape = vec![rows, 2, 2]);
    }),
    everywhere("tensor_range", |tensors| first(tensors, 10.5)),
    everywhere("tensor_range", |tensors| last(tensors, -10.5)),
    only(Api::can_say_nan, "tensor_finite", |tensors| first(tensors, f32::NAN)),
    only(Api::can_say_nan, "tensor_finite", |tensors| last(tensors, f32::NEG_INFINITY)),
    only(Api::states_datatypes, "tensor_datatype", |tensors| {
        change(tensors, |tensor| {
            if let Elements::Fp32(values) = &tensor.elements {
                tensor.elements = Elements::Fp64(values.iter().copied().map(f64::from).collect());
            }
        });
    }),
    only(
        |api| api.is_json(),
        "tensor_datatype",
        |tensors| {
            change(tensors, |tensor| {
                if let Elements::Fp32(values) = &tensor.elements {
                    tensor.elements = Elements::Bytes(vec!["x".into(); values.len()]);
                }
            });
            // Of a stated datatype, that is what differs; else what the values are.
        },
    ),
    only(Api::counts, "tensor_protocol", |tensors| {
        change(tensors, |tensor| {
            if let Elements::Fp32(values) = &mut tensor.elements {
                values.pop();
            }
        });
    }),
    everywhere("tensor_string_bytes", |tensors| {
        let rows = usize::try_from(tensors[0].shape[0]).unwrap();
        tensors.retain(|tensor| tensor.name != "words");
        let mut words = vec!["short".to_owned(); rows * 2];
        words[rows] = "123456789".into();
        let shape = vec![tensors[0].shape[0], 2];
        tensors.push(Tensor { name: "words".into(), shape, elements: Elements::Bytes(words) });
    }),
    everywhere("tensor_range", |tensors| {
        let rows = tensors[0].shape[0];
        tensors.retain(|tensor| tensor.name != "ids");
        let ids = vec![1001; usize::try_from(rows).unwrap()];
        let elements = Elements::Int64(ids);
        tensors.push(Tensor { name: "ids".into(), shape: vec![rows], elements });
    }),
];

fn features(tensors: &[Tensor]) -> &Tensor {
    tensors.iter().find(|tensor| tensor.name == "features").expect("there")
}

fn change(tensors: &mut [Tensor], change: impl Fn(&mut Tensor)) {
    tensors.iter_mut().filter(|tensor| tensor.name == "features").for_each(change);
}

fn first(tensors: &mut [Tensor], value: f32) {
    change(tensors, |tensor| {
        if let Elements::Fp32(values) = &mut tensor.elements {
            values[0] = value;
        }
    });
}

fn last(tensors: &mut [Tensor], value: f32) {
    change(tensors, |tensor| {
        if let Elements::Fp32(values) = &mut tensor.elements {
            *values.last_mut().expect("some") = value;
        }
    });
}
