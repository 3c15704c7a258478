//! A message in each API, made by prost or serde_json.

use crate::message::{Elements, Tensor};
use filter_kit::trial::Trial;
use prost::Message;
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::{InferTensorContents, ModelInferRequest};
use proto::tensorflow::tensor_shape_proto::Dim;
use proto::tensorflow::{TensorProto, TensorShapeProto};
use proto::tensorflow_serving::{ModelSpec, PredictRequest};
use serde_json::{Map, Value, json};

/// An API, and a way to write tensors in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    InferTyped,
    InferRaw,
    InferJsonFlat,
    InferJsonNested,
    InferJsonBinary,
    PredictContent,
    PredictValues,
    PredictRows,
    PredictColumns,
}

impl Api {
    pub(crate) const ALL: [Self; 9] = [
        Self::InferTyped,
        Self::InferRaw,
        Self::InferJsonFlat,
        Self::InferJsonNested,
        Self::InferJsonBinary,
        Self::PredictContent,
        Self::PredictValues,
        Self::PredictRows,
        Self::PredictColumns,
    ];

    /// Whether its numbers can be infinite.
    pub(crate) fn can_say_nan(self) -> bool {
        !matches!(self, Self::InferJsonFlat | Self::InferJsonNested)
    }

    /// Whether values are text.
    pub(crate) fn is_json(self) -> bool {
        matches!(
            self,
            Self::InferJsonFlat | Self::InferJsonNested | Self::PredictRows | Self::PredictColumns
        )
    }

    pub(crate) fn states_datatypes(self) -> bool {
        !matches!(self, Self::PredictRows | Self::PredictColumns)
    }

    /// Whether a tensor's shape is stated beside its elements, which must be as many:
    /// TensorFlow's values are padded instead.
    pub(crate) fn counts(self) -> bool {
        !matches!(self, Self::PredictValues | Self::PredictRows | Self::PredictColumns)
    }

    /// Whether tensors are members of an object or entries of a map, of which prost and
    /// serde_json write each once.
    pub(crate) fn has_named_members(self) -> bool {
        !matches!(
            self,
            Self::InferTyped
                | Self::InferRaw
                | Self::InferJsonFlat
                | Self::InferJsonNested
                | Self::InferJsonBinary
        )
    }
}

/// The message in that API.
pub(crate) fn write(tensors: &[Tensor], api: Api) -> Trial {
    const INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
    const PREDICT: &str = "/tensorflow.serving.PredictionService/Predict";
    match api {
        Api::InferTyped | Api::InferRaw => {
            let message = infer_message(tensors, api == Api::InferRaw).encode_to_vec();
            Trial::grpc(INFER, &message).header("x-model-name", "demo")
        }
        Api::PredictContent | Api::PredictValues => {
            let message = predict_message(tensors, api == Api::PredictContent).encode_to_vec();
            Trial::grpc(PREDICT, &message).header("x-model-name", "demo")
        }
        Api::InferJsonFlat | Api::InferJsonNested => {
            let inputs: Vec<Value> = tensors
                .iter()
                .map(|tensor| {
                    let flat = leaves(&tensor.elements);
                    let nested = api == Api::InferJsonNested && fits(tensor, flat.len());
                    let data = if nested { nest(flat, &tensor.shape) } else { flat.into() };
                    let mut input = description(tensor);
                    input["data"] = data;
                    input
                })
                .collect();
            infer_json(&json!({ "inputs": inputs }))
        }
        Api::InferJsonBinary => infer_binary(tensors),
        Api::PredictRows | Api::PredictColumns => predict_json(tensors, api),
    }
}

fn infer_json(body: &Value) -> Trial {
    Trial::of("POST", "/v2/models/demo/infer").body(body.to_string())
}

fn infer_message(tensors: &[Tensor], is_raw: bool) -> ModelInferRequest {
    let contents = |tensor: &Tensor| {
        let mut contents = InferTensorContents::default();
        match tensor.elements.clone() {
            Elements::Fp32(values) => contents.fp32_contents = values,
            Elements::Fp64(values) => contents.fp64_contents = values,
            Elements::Int64(values) => contents.int64_contents = values,
            Elements::Bytes(values) => {
                contents.bytes_contents = values.into_iter().map(String::into_bytes).collect();
            }
        }
        contents
    };
    ModelInferRequest {
        model_name: "demo".into(),
        inputs: tensors
            .iter()
            .map(|tensor| InferInputTensor {
                name: tensor.name.clone(),
                datatype: tensor.elements.datatype().0.into(),
                shape: tensor.shape.clone(),
                contents: (!is_raw).then(|| contents(tensor)),
                ..InferInputTensor::default()
            })
            .collect(),
        raw_input_contents: if is_raw {
            tensors.iter().map(|tensor| raw(&tensor.elements)).collect()
        } else {
            Vec::new()
        },
        ..ModelInferRequest::default()
    }
}

fn predict_message(tensors: &[Tensor], is_content: bool) -> PredictRequest {
    let tensor = |tensor: &Tensor| {
        let dim = tensor.shape.iter().map(|size| Dim { size: *size, ..Dim::default() }).collect();
        let mut written = TensorProto {
            dtype: tensor.elements.datatype().1,
            tensor_shape: Some(TensorShapeProto { dim, ..TensorShapeProto::default() }),
            ..TensorProto::default()
        };
        match tensor.elements.clone() {
            // TensorFlow writes strings in a form of its own.
            Elements::Bytes(values) => {
                written.string_val = values.into_iter().map(String::into_bytes).collect();
            }
            _ if is_content => written.tensor_content = raw(&tensor.elements),
            Elements::Fp32(values) => written.float_val = values,
            Elements::Fp64(values) => written.double_val = values,
            Elements::Int64(values) => written.int64_val = values,
        }
        (tensor.name.clone(), written)
    };
    PredictRequest {
        model_spec: Some(ModelSpec { name: "demo".into(), ..ModelSpec::default() }),
        inputs: tensors.iter().map(tensor).collect(),
        ..PredictRequest::default()
    }
}

/// JSON with the data of all tensors behind it.
fn infer_binary(tensors: &[Tensor]) -> Trial {
    let inputs: Vec<Value> = tensors
        .iter()
        .map(|tensor| {
            let mut input = description(tensor);
            input["parameters"] = json!({"binary_data_size": raw(&tensor.elements).len()});
            input
        })
        .collect();
    let text = json!({ "inputs": inputs }).to_string();
    let data: Vec<u8> = tensors.iter().flat_map(|tensor| raw(&tensor.elements)).collect();
    Trial::of("POST", "/v2/models/demo/infer")
        .header("inference-header-content-length", text.len().to_string())
        .body([text.as_bytes(), &data].concat())
}

fn predict_json(tensors: &[Tensor], api: Api) -> Trial {
    let nested = |tensor: &Tensor| nest(leaves(&tensor.elements), &tensor.shape);
    let columns: Map<String, Value> =
        tensors.iter().map(|tensor| (tensor.name.clone(), nested(tensor))).collect();
    let body = if api == Api::PredictColumns {
        json!({ "inputs": columns })
    } else {
        let rows = usize::try_from(tensors[0].shape[0]).expect("short");
        let row = |place: usize| -> Value {
            columns.iter().map(|(name, column)| (name.clone(), column[place].clone())).collect()
        };
        json!({ "instances": (0..rows).map(row).collect::<Vec<_>>() })
    };
    // What is not finite, serde_json writes as a string here, and TensorFlow as a word.
    let text = body.to_string();
    let text = ["NaN", "-Infinity"]
        .iter()
        .fold(text, |text, word| text.replace(&format!("\"{word}\""), word));
    Trial::of("POST", "/v1/models/demo:predict").body(text)
}

fn description(tensor: &Tensor) -> Value {
    let datatype = tensor.elements.datatype().0;
    json!({"name": tensor.name, "datatype": datatype, "shape": tensor.shape})
}

fn raw(elements: &Elements) -> Vec<u8> {
    match elements {
        Elements::Fp32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Elements::Fp64(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Elements::Int64(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Elements::Bytes(values) => {
            let length = |value: &String| u32::try_from(value.len()).expect("short").to_le_bytes();
            values.iter().flat_map(|value| [&length(value), value.as_bytes()].concat()).collect()
        }
    }
}

fn leaves(elements: &Elements) -> Vec<Value> {
    let float = |value: f64| {
        if value.is_nan() {
            json!("NaN")
        } else if value.is_infinite() {
            json!("-Infinity")
        } else {
            json!(value)
        }
    };
    match elements {
        Elements::Fp32(values) => values.iter().map(|value| float((*value).into())).collect(),
        Elements::Fp64(values) => values.iter().map(|value| float(*value)).collect(),
        Elements::Int64(values) => values.iter().map(|value| json!(value)).collect(),
        Elements::Bytes(values) => values.iter().map(|value| json!(value)).collect(),
    }
}

fn fits(tensor: &Tensor, leaves: usize) -> bool {
    i64::try_from(leaves).is_ok_and(|leaves| tensor.shape.iter().product::<i64>() == leaves)
}

/// The leaves in lists of this shape.
fn nest(leaves: Vec<Value>, shape: &[i64]) -> Value {
    let Some((_, inner)) = shape.split_first() else {
        return leaves.into_iter().next().unwrap_or(Value::Null);
    };
    let size = usize::try_from(inner.iter().product::<i64>()).expect("short").max(1);
    leaves.chunks(size).map(|chunk| nest(chunk.to_vec(), inner)).collect()
}
