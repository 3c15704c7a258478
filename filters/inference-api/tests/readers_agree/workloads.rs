//! What requests bring, whichever API they speak.

use super::changes::{change, changed, cuts};
use super::oracle::workload::{PATHS, WITH_BINARY_DATA, agrees, read};
use super::{demand, tensors, tensors_in_json};
use inference_api::workload::{Batch, Workload};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::{InferTensorContents, ModelInferRequest};
use proto::tensorflow::tensor_shape_proto::Dim;
use proto::tensorflow::{DataType, TensorProto, TensorShapeProto};
use proto::{prediction, tensorflow_serving};
use serde_json::{Value, json};

/// A gRPC message, now and then said to be compressed.
fn framed(messages: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let flag = prop_oneof![20 => Just(0), 1 => Just(1)];
    vec((flag, messages), 0..4).prop_map(|messages| {
        messages.into_iter().flat_map(|(flag, message)| frame(flag, &message)).collect()
    })
}

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], &length[..], message].concat()
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        demand::body(),
        tensors_in_json::inference().prop_map(String::into_bytes),
        tensors_in_json::predict().prop_map(String::into_bytes),
        framed(tensors::infer_request()),
        framed(tensors::predict_request()),
        framed(tensors::own_message()),
    ]
}

/// Rows, columns of the first tensor, and how long the second one is.
fn shapes() -> impl Strategy<Value = (usize, usize, usize)> {
    (1..5_usize, 1..5_usize, 0..9_usize)
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap()
}

fn floats(length: usize) -> Vec<f32> {
    vec![0.5; length]
}

fn raw(length: usize) -> Vec<u8> {
    floats(length).into_iter().flat_map(f32::to_le_bytes).collect()
}

fn infer_request((rows, columns, second): (usize, usize, usize), is_raw: bool) -> Vec<u8> {
    let input = |shape: &[usize], length| InferInputTensor {
        name: "x".to_owned(),
        datatype: "FP32".to_owned(),
        shape: shape.iter().map(|length| i64::try_from(*length).unwrap()).collect(),
        contents: (!is_raw)
            .then(|| InferTensorContents { fp32_contents: floats(length), ..Default::default() }),
        ..Default::default()
    };
    let raws = if is_raw { vec![raw(rows * columns), raw(second)] } else { vec![] };
    ModelInferRequest {
        model_name: "m".to_owned(),
        inputs: vec![input(&[rows, columns], rows * columns), input(&[second], second)],
        raw_input_contents: raws,
        ..Default::default()
    }
    .encode_to_vec()
}

fn predict_request(rows: usize, columns: usize) -> Vec<u8> {
    let dim = |length| Dim { size: i64::try_from(length).unwrap(), ..Default::default() };
    let shape = TensorShapeProto { dim: vec![dim(rows), dim(columns)], ..Default::default() };
    let tensor = TensorProto {
        dtype: DataType::DtFloat.into(),
        tensor_shape: Some(shape),
        float_val: floats(rows * columns),
        ..Default::default()
    };
    tensorflow_serving::PredictRequest {
        inputs: [("x".to_owned(), tensor)].into(),
        ..Default::default()
    }
    .encode_to_vec()
}

fn infer_json((rows, columns, second): (usize, usize, usize), is_binary: bool) -> Value {
    let data = |length| match is_binary {
        true => ("parameters", json!({ "binary_data_size": length * 4 })),
        false => ("data", json!(floats(length))),
    };
    let input = |shape: &[usize], (member, value): (&str, Value)| json!({ "name": "x", "datatype": "FP32", "shape": shape, member: value });
    json!({ "inputs": [
        input(&[rows, columns], data(rows * columns)),
        input(&[second], data(second)),
    ] })
}

/// What the request with this path and body brings, if it is one message.
fn brought(path: &str, header: u64, body: &[u8]) -> Batch {
    let position = PATHS.iter().position(|known| *known == path).unwrap();
    let api = if header == 0 { position } else { WITH_BINARY_DATA };
    match read(api, header, &[body]) {
        (told, Ok(None)) => match told.as_slice() {
            [Workload::Tensors(batch)] => *batch,
            other => panic!("{other:?}"),
        },
        (_, Ok(Some(Workload::Tensors(batch)))) => batch,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1500,
        // What fails once becomes a unit test with a name.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_request_brings_what_a_naive_reader_finds(
        body in body(),
        header in 1..400_u64,
        changes in vec(change(), 0..3),
        cuts in cuts(),
    ) {
        let changed = changed(body.clone(), &changes);
        for api in 0..PATHS.len() {
            agrees(api, header, &body, &cuts);
            agrees(api, header, &changed, &cuts);
        }
    }

    #[test]
    fn the_same_tensors_are_the_same_batch_in_every_api(shapes in shapes()) {
        let (rows, columns, second) = shapes;
        let both = Batch {
            rows: Some(wide(rows)),
            elements: Some(wide(rows * columns + second)),
        };
        for is_raw in [false, true] {
            let message = frame(0, &infer_request(shapes, is_raw));
            for method in ["ModelInfer", "ModelStreamInfer"] {
                let path = format!("/inference.GRPCInferenceService/{method}");
                prop_assert_eq!(brought(&path, 0, &message), both);
            }
        }
        let infer = infer_json(shapes, false).to_string();
        prop_assert_eq!(brought("/v2/models/m/infer", 0, infer.as_bytes()), both);
        let text = infer_json(shapes, true).to_string();
        let infer = [text.as_bytes(), &raw(rows * columns), &raw(second)].concat();
        prop_assert_eq!(brought("/v2/models/m/infer", wide(text.len()), &infer), both);

        let one = Batch { elements: Some(wide(rows * columns)), ..both };
        let message = frame(0, &predict_request(rows, columns));
        let path = "/tensorflow.serving.PredictionService/Predict";
        prop_assert_eq!(brought(path, 0, &message), one);
        for predict in [
            json!({ "instances": vec![floats(columns); rows] }),
            json!({ "instances": vec![json!({ "x": floats(columns) }); rows] }),
            json!({ "inputs": vec![floats(columns); rows] }),
            json!({ "inputs": { "x": vec![floats(columns); rows] } }),
        ] {
            let body = predict.to_string();
            prop_assert_eq!(brought("/v1/models/m:predict", 0, body.as_bytes()), one, "{}", body);
        }
        let message = prediction::PredictRequest {
            features: floats(second),
            model_name: "m".to_owned(),
        };
        let message = frame(0, &message.encode_to_vec());
        let example = Batch { rows: Some(1), elements: Some(wide(second)) };
        prop_assert_eq!(brought("/prediction.PredictionService/Predict", 0, &message), example);
    }
}
