//! The Open Inference Protocol over HTTP, with raw tensors behind the JSON text
//! and without.

use super::super::Call;
use super::super::requests::{ROW, rest, rest_binary, rest_tensor};
use super::{NAN, ROWS, check_all, refused, stand};
use serde_json::json;

#[tokio::test]
async fn json_is_held_against_the_contract() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        let rows = vec![
            (rest_tensor(&json!({})), None),
            (rest_tensor(&json!({"data": [ROW]})), None),
            (rest_tensor(&json!({"shape": [2, 4], "data": [ROW, ROW]})), None),
            (rest_tensor(&json!({"shape": [2, 4], "data": ROWS})), None),
            (
                rest(&json!({"inputs": []})),
                refused(422, "tensor_missing", ["/inputs", "no tensor `features`", "`features`"]),
            ),
            (
                rest_tensor(&json!({"name": "color"})),
                refused(
                    422,
                    "tensor_unknown",
                    ["/inputs/0", "a tensor that the contract doesn't name", "`features`"],
                ),
            ),
            (
                rest_tensor(&json!({"datatype": "INT64", "data": [1, 2, 3, 4]})),
                refused(422, "tensor_datatype", ["/inputs/0/datatype", "INT64", "FP32"]),
            ),
            (
                rest_tensor(&json!({"data": ["a", "b", "c", "d"]})),
                refused(422, "tensor_datatype", ["/inputs/0/data", "a string", "FP32"]),
            ),
            (
                rest_tensor(&json!({"shape": [4]})),
                refused(422, "tensor_shape", ["/inputs/0/shape", "[4]", "[any, 4]"]),
            ),
            (
                rest_tensor(&json!({"shape": [4, 4], "data": [ROW, ROW, ROW, ROW]})),
                refused(422, "tensor_batch", ["/inputs/0/shape", "a batch of 4", "at most 3"]),
            ),
            (
                rest_tensor(&json!({"data": [1, 2, 3]})),
                refused(
                    400,
                    "tensor_protocol",
                    ["/inputs/0/data", "3 elements", "4, as its shape says"],
                ),
            ),
            (
                rest_tensor(&json!({"data": [[1, 2, 3], [4]]})),
                refused(
                    400,
                    "tensor_protocol",
                    [
                        "/inputs/0/data",
                        "ragged lists",
                        "lists beside each other that are equally long and deep",
                    ],
                ),
            ),
            (
                rest_tensor(&json!({"data": [1, 2, 3, 11]})),
                refused(
                    422,
                    "tensor_range",
                    ["/inputs/0/data", "a value above the maximum", "0 to 10"],
                ),
            ),
            (
                rest(&json!({"id": "x"})),
                refused(400, "malformed", ["/inputs", "nothing", "this member"]),
            ),
        ];
        check_all(&stand, &mut client, rows).await;
    }
}

#[tokio::test]
async fn json_that_is_none_is_refused() {
    let stand = stand().await;
    let with = |body: &'static str| {
        let call = Call::post("/v2/models/iris/infer");
        call.header("content-type", "application/json").body(body)
    };
    for mut client in stand.clients().await {
        for body in ["", "{", "{\"inputs\": [", "{\"inputs\": [NaN]}", "{}{}", "\u{feff}{}"] {
            let refusal = stand.refusal(&mut client, with(body)).await;
            assert_eq!((refusal.status, &*refusal.rule), (400, "malformed"), "`{body}`");
            assert_eq!(refusal.allowed, "a JSON text", "`{body}`");
        }
        let twice = r#"{"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, 4],
            "shape": [2, 4], "data": [1, 2, 3, 4]}]}"#;
        let expected = refused(
            400,
            "duplicate_field",
            ["/inputs/0/shape", "a second one", "each member once"],
        );
        stand.check(&mut client, with(twice), expected.as_ref()).await;
    }
}

#[tokio::test]
async fn raw_values_behind_json_are_held_against_the_contract() {
    let stand = stand().await;
    for mut client in stand.clients().await {
        let rows = vec![
            (rest_binary(&[1, 4], &ROW, 16), None),
            (rest_binary(&[2, 4], &ROWS, 32), None),
            (
                rest_binary(&[1, 4], &NAN, 16),
                refused(
                    422,
                    "tensor_finite",
                    ["/inputs/0/data", "a value that is infinite or not a number", "finite values"],
                ),
            ),
            (
                rest_binary(&[1, 4], &[0.0, 0.0, 0.0, 11.0], 16),
                refused(
                    422,
                    "tensor_range",
                    ["/inputs/0/data", "a value above the maximum", "0 to 10"],
                ),
            ),
            (
                rest_binary(&[1, 4], &ROW[..3], 12),
                refused(
                    400,
                    "tensor_protocol",
                    ["/inputs/0/data", "12 bytes", "16, as its datatype and shape say"],
                ),
            ),
            (
                rest_binary(&[1, 4], &ROW[..3], 16),
                refused(
                    400,
                    "malformed",
                    ["", "12 bytes behind the JSON text", "16, the sum of all binary_data_size"],
                ),
            ),
        ];
        check_all(&stand, &mut client, rows).await;
    }
}

#[tokio::test]
async fn a_length_of_json_that_is_wrong_is_refused() {
    let stand = stand().await;
    let body = rest_binary(&[1, 4], &ROW, 16).body_bytes();
    for mut client in stand.clients().await {
        for length in ["", "-1", "5", "1e2", "100000", "18446744073709551616"] {
            let call = Call::post("/v2/models/iris/infer")
                .header("inference-header-content-length", length)
                .body(body.clone());
            let refusal = stand.refusal(&mut client, call).await;
            assert_eq!((refusal.status, &*refusal.rule), (400, "malformed"), "{length}");
        }
        // For Triton, such a body is the one input of a model that has one.
        let call = Call::post("/v2/models/iris/infer")
            .header("inference-header-content-length", "0")
            .body(body.clone());
        assert_eq!(stand.refusal(&mut client, call).await.rule, "tensor_unknown");
        let text = rest_tensor(&json!({}));
        let length = text.body_bytes().len();
        let beyond = text.header("inference-header-content-length", (length + 1).to_string());
        let expected = refused(
            400,
            "malformed",
            [
                "",
                &format!("inference-header-content-length {}", length + 1),
                &format!("at most {length}, the length of the body"),
            ],
        );
        stand.check(&mut client, beyond, expected.as_ref()).await;
    }
}
