//! Open Inference Protocol, version 2: over gRPC and over HTTP.

mod grpc;
mod rest;

use crate::features::{FEATURES, check_batch};
use crate::refusal::Refusal;

pub(crate) use grpc::service as grpc_service;
pub(crate) use rest::routes as rest_routes;

const SERVER_NAME: &str = "model-server";
const PLATFORM: &str = "rust_smartcore";
const INPUT: &str = "features";
const OUTPUT: &str = "probability";
const DATATYPE: &str = "FP32";

/// Rows of any number, [`FEATURES`] columns.
const INPUT_SHAPE: [i64; 2] = [-1, FEATURES as i64];

/// One probability for each row.
const OUTPUT_SHAPE: [i64; 1] = [-1];

/// Checks everything about the one input but its data.
///
/// # Errors
/// Another name, datatype or shape than the model's, or too many rows.
fn check_input(name: &str, datatype: &str, shape: &[i64]) -> Result<(), Refusal> {
    if name != INPUT {
        let problem = format!("must be `{INPUT}`, is `{name}`");
        return Err(Refusal::malformed("inputs[0].name", problem));
    }
    if datatype != DATATYPE {
        let problem = format!("must be {DATATYPE}, is `{datatype}`");
        return Err(Refusal::malformed("inputs[0].datatype", problem));
    }
    match shape {
        [rows, columns] if *rows >= 0 && *columns == INPUT_SHAPE[1] => {
            check_batch("inputs[0].shape", usize::try_from(*rows).unwrap_or(usize::MAX))
        }
        _ => {
            let problem = format!("must be [N, {FEATURES}], is {shape:?}");
            Err(Refusal::malformed("inputs[0].shape", problem))
        }
    }
}

/// # Errors
/// Any other count of inputs than one.
fn single_input<T>(inputs: &[T]) -> Result<&T, Refusal> {
    match inputs {
        [input] => Ok(input),
        _ => {
            let problem = format!("must be one tensor, `{INPUT}`; there are {}", inputs.len());
            Err(Refusal::malformed("inputs", problem))
        }
    }
}

/// # Errors
/// A name that is not the one output's.
fn check_requested_outputs<'n>(names: impl Iterator<Item = &'n str>) -> Result<(), Refusal> {
    for (index, name) in names.enumerate() {
        if name != OUTPUT {
            let problem = format!("the model's one output is `{OUTPUT}`, not `{name}`");
            return Err(Refusal::malformed(format!("outputs[{index}].name"), problem));
        }
    }
    Ok(())
}

/// # Errors
/// As many numbers as the shape (already known to be right) says, or not.
fn check_count(place: &str, shape: &[i64], count: usize) -> Result<(), Refusal> {
    let wanted = usize::try_from(shape.iter().product::<i64>()).unwrap_or(usize::MAX);
    if count != wanted {
        let problem = format!("shape {shape:?} holds {wanted} elements, there are {count}");
        return Err(Refusal::malformed(place, problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_of_four_is_the_models_shape() {
        for rows in [0, 1, 1024] {
            assert_eq!(check_input("features", "FP32", &[rows, 4]), Ok(()), "{rows}");
        }
    }

    #[test]
    fn refuses_shapes_that_are_not_rows_of_four() {
        for shape in [&[][..], &[4], &[1, 3], &[-1, 4], &[1, 4, 1], &[1, i64::MIN]] {
            assert!(check_input("features", "FP32", shape).is_err(), "{shape:?}");
        }
        assert!(check_input("features", "FP32", &[i64::MAX, 4]).is_err());
    }
}
