//! TensorFlow Serving over gRPC and HTTP.

use super::super::requests::{ROW, floats, iris, tensor_proto, tensorflow, tensorflow_rest};
use super::super::{Call, Stand};
use super::{check_all, refused, stand};
use proto::tensorflow::{DataType, TensorProto};
use serde_json::json;

const INVALID: i32 = 3;

fn with_content(shape: &[i64], values: &[f32]) -> TensorProto {
    TensorProto { tensor_content: floats(values), ..tensor_proto(shape) }
}

fn with_values(shape: &[i64], values: &[f32]) -> TensorProto {
    TensorProto { float_val: values.to_vec(), ..tensor_proto(shape) }
}

#[tokio::test]
async fn messages_are_held_against_the_contract() {
    let stand = stand().await;
    let mut client = stand.gateway.http2().await;
    let features = |tensor| tensorflow("features", tensor);
    let doubles = TensorProto {
        dtype: DataType::DtDouble.into(),
        double_val: vec![0.5; 4],
        ..tensor_proto(&[1, 4])
    };
    let rows = vec![
        (features(with_content(&[1, 4], &ROW)), None),
        (features(with_values(&[1, 4], &ROW)), None),
        // TensorFlow repeats the last element.
        (features(with_values(&[3, 4], &[1.0])), None),
        (
            tensorflow("color", with_values(&[1, 4], &ROW)),
            refused(
                INVALID,
                "tensor_unknown",
                ["inputs[0]", "a tensor that the contract doesn't name", "`features`"],
            ),
        ),
        (
            features(doubles),
            refused(INVALID, "tensor_datatype", ["inputs[0].datatype", "FP64", "FP32"]),
        ),
        (
            features(with_values(&[4], &ROW)),
            refused(INVALID, "tensor_shape", ["inputs[0].shape", "[4]", "[any, 4]"]),
        ),
        (
            features(with_content(&[1, 4], &ROW[..3])),
            refused(
                INVALID,
                "tensor_protocol",
                ["inputs[0].data", "12 bytes", "16, as its datatype and shape say"],
            ),
        ),
        (
            features(with_content(&[1, 4], &[f32::INFINITY, 0.0, 0.0, 0.0])),
            refused(
                INVALID,
                "tensor_finite",
                ["inputs[0].data", "a value that is infinite or not a number", "finite values"],
            ),
        ),
        (
            features(with_values(&[1, 4], &[-1.0, 0.0, 0.0, 0.0])),
            refused(
                INVALID,
                "tensor_range",
                ["inputs[0].data", "a value below the minimum", "0 to 10"],
            ),
        ),
    ];
    check_all(&stand, &mut client, rows).await;
}

#[tokio::test]
async fn padding_is_refused_where_that_rule_is_enforced() {
    let mut strict = iris();
    strict["rules"] = json!({"tensor_padding": "enforce"});
    let stand = Stand::with_contract(&strict).await;
    let mut client = stand.gateway.http2().await;
    let expected = refused(
        INVALID,
        "tensor_padding",
        ["inputs[0].data", "1 element", "12, as its shape says"],
    );
    let padded = tensorflow("features", with_values(&[3, 4], &[1.0]));
    stand.check(&mut client, padded, expected.as_ref()).await;
}

#[tokio::test]
async fn rows_and_columns_of_json_are_held_against_the_contract() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        let rows = vec![
            (tensorflow_rest(r#"{"instances": [{"features": [1, 2, 3, 4]}]}"#), None),
            (tensorflow_rest(r#"{"inputs": {"features": [[1, 2, 3, 4], [5, 6, 7, 8]]}}"#), None),
            (
                tensorflow_rest(r#"{"instances": [{"features": [1, 2, 3]}]}"#),
                refused(422, "tensor_shape", ["", "[1, 3]", "[any, 4]"]),
            ),
            (
                tensorflow_rest(r#"{"inputs": {"features": [1, 2, 3, 4]}}"#),
                refused(422, "tensor_shape", ["", "[4]", "[any, 4]"]),
            ),
            (
                tensorflow_rest(r#"{"instances": [{"features": [1, 2, 3, NaN]}]}"#),
                refused(
                    422,
                    "tensor_finite",
                    ["", "a value that is infinite or not a number", "finite values"],
                ),
            ),
            (
                tensorflow_rest(r#"{"inputs": {"features": [[1, 2, 3, 11]]}}"#),
                refused(422, "tensor_range", ["", "a value above the maximum", "0 to 10"]),
            ),
            (
                tensorflow_rest(
                    r#"{"inputs": {"features": [[1,1,1,1],[1,1,1,1],[1,1,1,1],[1,1,1,1]]}}"#,
                ),
                refused(422, "tensor_batch", ["", "a batch of 4", "at most 3"]),
            ),
            (
                tensorflow_rest(r#"{"instances": [{"color": [1, 2, 3, 4]}]}"#),
                refused(
                    422,
                    "tensor_unknown",
                    ["", "a tensor that the contract doesn't name", "`features`"],
                ),
            ),
            (
                tensorflow_rest(r#"{"instances": [], "inputs": {}}"#),
                refused(400, "malformed", ["", "both forms", "one of the two forms"]),
            ),
        ];
        check_all(&stand, &mut client, rows).await;
    }
}

#[tokio::test]
async fn a_single_input_without_a_name_is_held_against_the_contract() {
    let contract = json!({
        "model": "iris",
        "tensors": {"inputs": [{"name": "", "datatype": "FP32", "shape": [-1, 4]}]},
    });
    let stand = Stand::with_contract(&contract).await;
    for mut client in stand.clients().await {
        for body in [r#"{"instances": [[1, 2, 3, 4]]}"#, r#"{"inputs": [[1, 2, 3, 4]]}"#] {
            stand.assert_passes(&mut client, tensorflow_rest(body)).await;
        }
        let expected = refused(422, "tensor_shape", ["", "[2, 1]", "[any, 4]"]);
        let call = tensorflow_rest(r#"{"instances": [[1], [2]]}"#);
        stand.check(&mut client, call, expected.as_ref()).await;
    }
}

#[tokio::test]
async fn a_version_in_the_path_chooses_its_own_contract() {
    let version = |version: &str, width: usize| {
        json!({
            "model": "iris", "version": version,
            "tensors": {"inputs": [{"name": "features", "shape": [-1, width]}]},
        })
    };
    let stand = Stand::new(&json!({"contracts": [version("1", 1), version("2", 2)]})).await;
    let call = |version: u32, values: &str| {
        Call::post(&format!("/v1/models/iris/versions/{version}:predict"))
            .body(format!(r#"{{"instances": [{{"features": {values}}}]}}"#))
    };
    for mut client in stand.clients().await {
        stand.assert_passes(&mut client, call(1, "[1]")).await;
        stand.assert_passes(&mut client, call(2, "[1, 2]")).await;
        stand.assert_passes(&mut client, call(3, "[1, 2, 3]")).await;
        let expected = refused(422, "tensor_shape", ["", "[1, 2]", "[any, 1]"]);
        stand.check(&mut client, call(1, "[1, 2]"), expected.as_ref()).await;
    }
}
