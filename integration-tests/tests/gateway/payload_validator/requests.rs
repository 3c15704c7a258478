//! A contract for a model with tensors, and requests for it in every dialect.

use integration_tests::Call;
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::{InferTensorContents, ModelInferRequest};
use proto::prediction::PredictRequest;
use proto::tensorflow::tensor_shape_proto::Dim;
use proto::tensorflow::{DataType, TensorProto, TensorShapeProto};
use proto::tensorflow_serving;
use serde_json::{Value, json};

pub(super) const INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
pub(super) const STREAM: &str = "/inference.GRPCInferenceService/ModelStreamInfer";
pub(super) const TENSORFLOW: &str = "/tensorflow.serving.PredictionService/Predict";
pub(super) const PREDICT: &str = "/prediction.PredictionService/Predict";

/// A row that every contract of these tests lets through.
pub(super) const ROW: [f32; 4] = [5.1, 3.5, 1.4, 0.2];

/// `iris` takes FP32 `features`, up to three rows of four values from 0 to 10.
pub(super) fn iris() -> Value {
    json!({
        "model": "iris",
        "tensors": {
            "inputs": [{
                "name": "features", "datatype": "FP32", "shape": [-1, 4],
                "finite": true, "minimum": 0, "maximum": 10,
            }],
            "max_batch": 3,
        },
    })
}

/// `scores` takes four finite `features` by the method of our own.
pub(super) fn scores() -> Value {
    json!({
        "model": "scores",
        "tensors": {
            "method": PREDICT,
            "inputs": [{
                "name": "features", "field": "1", "datatype": "FP32", "shape": [4],
                "finite": true, "maximum": 10,
            }],
        },
    })
}

/// A tensor with typed contents.
pub(super) fn typed(shape: &[i64], values: &[f32]) -> InferInputTensor {
    let contents =
        InferTensorContents { fp32_contents: values.to_vec(), ..InferTensorContents::default() };
    InferInputTensor { contents: Some(contents), ..bare(shape) }
}

/// A tensor whose values stand elsewhere.
pub(super) fn bare(shape: &[i64]) -> InferInputTensor {
    InferInputTensor {
        name: "features".into(),
        datatype: "FP32".into(),
        shape: shape.to_vec(),
        ..InferInputTensor::default()
    }
}

pub(super) fn infer_request(inputs: Vec<InferInputTensor>) -> ModelInferRequest {
    ModelInferRequest {
        model_name: "iris".into(),
        id: "7".into(),
        inputs,
        ..ModelInferRequest::default()
    }
}

/// A call of the Open Inference Protocol over gRPC.
pub(super) fn infer(inputs: Vec<InferInputTensor>) -> Call {
    grpc(INFER, "iris", &infer_request(inputs))
}

/// The same with raw contents.
pub(super) fn raw(inputs: Vec<InferInputTensor>, contents: &[&[f32]]) -> Call {
    let raw_input_contents = contents.iter().map(|values| floats(values)).collect();
    grpc(INFER, "iris", &ModelInferRequest { raw_input_contents, ..infer_request(inputs) })
}

/// A call of the Open Inference Protocol over HTTP.
pub(super) fn rest(body: &Value) -> Call {
    Call::post("/v2/models/iris/infer").json(body)
}

/// The same with one tensor, good but for these changes.
pub(super) fn rest_tensor(changes: &Value) -> Call {
    let mut tensor = json!({"name": "features", "datatype": "FP32", "shape": [1, 4], "data": ROW});
    let changes = changes.as_object().expect("an object").clone();
    tensor.as_object_mut().expect("an object").extend(changes);
    rest(&json!({"inputs": [tensor]}))
}

/// The same with raw values behind the JSON text, which says how many bytes.
pub(super) fn rest_binary(shape: &[i64], values: &[f32], size: usize) -> Call {
    let json = json!({"inputs": [{
        "name": "features", "datatype": "FP32", "shape": shape,
        "parameters": {"binary_data_size": size},
    }]})
    .to_string();
    Call::post("/v2/models/iris/infer")
        .header("content-type", "application/octet-stream")
        .header("inference-header-content-length", json.len().to_string())
        .body([json.as_bytes(), &floats(values)].concat())
}

/// A call of TensorFlow Serving over gRPC.
pub(super) fn tensorflow(name: &str, tensor: TensorProto) -> Call {
    let request = tensorflow_serving::PredictRequest {
        model_spec: Some(tensorflow_serving::ModelSpec {
            name: "iris".into(),
            ..tensorflow_serving::ModelSpec::default()
        }),
        inputs: [(name.to_owned(), tensor)].into(),
        ..tensorflow_serving::PredictRequest::default()
    };
    grpc(TENSORFLOW, "iris", &request)
}

/// A tensor of TensorFlow's without values.
pub(super) fn tensor_proto(shape: &[i64]) -> TensorProto {
    let dim = shape.iter().map(|&size| Dim { size, name: String::new() }).collect();
    TensorProto {
        dtype: DataType::DtFloat.into(),
        tensor_shape: Some(TensorShapeProto { dim, unknown_rank: false }),
        ..TensorProto::default()
    }
}

/// A call of TensorFlow Serving over HTTP.
pub(super) fn tensorflow_rest(body: &str) -> Call {
    let call = Call::post("/v1/models/iris:predict");
    call.header("content-type", "application/json").body(body.to_owned())
}

/// A call of our own method.
pub(super) fn predict(features: &[f32]) -> Call {
    let request = PredictRequest { features: features.to_vec(), model_name: "scores".into() };
    grpc(PREDICT, "scores", &request)
}

/// A gRPC call for a model, as it comes behind the router.
pub(super) fn grpc(path: &str, model: &str, message: &impl prost::Message) -> Call {
    Call::grpc(path, message).header("x-model-name", model)
}

/// As they lie in memory: little-endian.
pub(super) fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
