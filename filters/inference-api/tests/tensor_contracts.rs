//! The field numbers of the tensor readers, against the contracts themselves.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use inference_api::protobuf::FieldPath;
use inference_api::tensor::{
    Datatype, DeclaredDatatype, Depth, Form, MessageKind, MessageReader, OwnEncoding, OwnField,
    Tensor, TensorLimits, TypedField,
};
use prost::Message;
use proto::inference::infer_parameter::ParameterChoice;
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::model_infer_response::InferOutputTensor;
use proto::inference::{
    InferParameter, InferTensorContents, ModelInferRequest, ModelInferResponse,
};
use proto::tensorflow::tensor_shape_proto::Dim;
use proto::tensorflow::{DataType, TensorProto, TensorShapeProto};
use proto::{prediction, tensorflow_serving};

fn read(kind: &MessageKind, message: &impl Message) -> MessageReader {
    let limits = TensorLimits { max_tensors: 8, depth: Depth::Valued };
    let bytes = message.encode_to_vec();
    let length = u64::try_from(bytes.len()).unwrap();
    let mut reader = MessageReader::new(kind, limits).with_length(length);
    for byte in bytes {
        reader.push(&[byte]).unwrap();
    }
    reader.finish().unwrap();
    assert!(reader.tensors().iter().all(|tensor| !tensor.data.is_early));
    reader
}

/// Form, elements, least and largest value.
fn data(tensor: &Tensor) -> (Form, Option<u64>, f64, f64) {
    assert_eq!(tensor.defects().collect::<Vec<_>>(), []);
    let data = &tensor.data;
    (data.form, data.elements, data.values.least, data.values.largest)
}

fn bytes_of(floats: &[f32]) -> Vec<u8> {
    floats.iter().flat_map(|float| float.to_le_bytes()).collect()
}

fn declared(tensor: &Tensor) -> (Option<DeclaredDatatype>, &[i64]) {
    (tensor.datatype, tensor.shape.as_ref().unwrap().dimensions())
}

#[test]
fn open_inference_requests() {
    let input = |name: &str, datatype: &str| InferInputTensor {
        name: name.to_owned(),
        datatype: datatype.to_owned(),
        shape: vec![1, 2],
        ..Default::default()
    };
    let region = ParameterChoice::StringParam("region".to_owned());
    let parameter = InferParameter { parameter_choice: Some(region) };
    let shared = InferInputTensor {
        parameters: HashMap::from([("shared_memory_region".to_owned(), parameter)]),
        ..input("b", "FP32")
    };
    let request = ModelInferRequest {
        model_name: "m".to_owned(),
        inputs: vec![input("a", "FP32"), shared, input("c", "INT8")],
        raw_input_contents: vec![bytes_of(&[0.5, -1.0]), vec![0xff, 7]],
        ..Default::default()
    };
    let reader = read(&MessageKind::ModelInferRequest, &request);
    let tensors = reader.tensors();
    assert!(tensors[0].is_named("a") && tensors[2].is_named("c"));
    let known = Some(DeclaredDatatype::Known(Datatype::Int8));
    assert_eq!(declared(&tensors[2]), (known, &[1, 2][..]));
    assert_eq!(data(&tensors[0]), (Form::Raw, Some(2), -1.0, 0.5));
    assert_eq!(tensors[1].data.form, Form::SharedMemory);
    assert_eq!(data(&tensors[2]), (Form::Raw, Some(2), -1.0, 7.0));
}

#[test]
fn open_inference_contents() {
    let contents = [
        ("BOOL", InferTensorContents { bool_contents: vec![false, true], ..Default::default() }),
        ("INT32", InferTensorContents { int_contents: vec![0, 1], ..Default::default() }),
        ("INT64", InferTensorContents { int64_contents: vec![0, 1], ..Default::default() }),
        ("UINT32", InferTensorContents { uint_contents: vec![0, 1], ..Default::default() }),
        ("UINT64", InferTensorContents { uint64_contents: vec![0, 1], ..Default::default() }),
        ("FP32", InferTensorContents { fp32_contents: vec![0.0, 1.0], ..Default::default() }),
        ("FP64", InferTensorContents { fp64_contents: vec![0.0, 1.0], ..Default::default() }),
    ];
    for (datatype, contents) in contents {
        let input = InferInputTensor {
            datatype: datatype.to_owned(),
            shape: vec![2],
            contents: Some(contents),
            ..Default::default()
        };
        let request = ModelInferRequest { inputs: vec![input], ..Default::default() };
        let reader = read(&MessageKind::ModelInferRequest, &request);
        let (_, elements, least, largest) = data(&reader.tensors()[0]);
        assert_eq!((elements, least, largest), (Some(2), 0.0, 1.0), "{datatype}");
    }
    let strings = vec![b"abc".to_vec(), Vec::new()];
    let input = InferInputTensor {
        datatype: "BYTES".to_owned(),
        shape: vec![2],
        contents: Some(InferTensorContents { bytes_contents: strings, ..Default::default() }),
        ..Default::default()
    };
    let request = ModelInferRequest { inputs: vec![input], ..Default::default() };
    let reader = read(&MessageKind::ModelInferRequest, &request);
    assert_eq!(data(&reader.tensors()[0]).1, Some(2));
    assert_eq!(reader.tensors()[0].data.values.longest_string, 3);
}

#[test]
fn open_inference_responses() {
    let output = InferOutputTensor {
        name: "y".to_owned(),
        datatype: "FP32".to_owned(),
        shape: vec![1],
        ..Default::default()
    };
    let response = ModelInferResponse {
        model_name: "m".to_owned(),
        outputs: vec![output],
        raw_output_contents: vec![bytes_of(&[f32::NAN])],
        ..Default::default()
    };
    let reader = read(&MessageKind::ModelInferResponse, &response);
    assert!(reader.tensors()[0].is_named("y"));
    assert_eq!(reader.tensors()[0].data.elements, Some(1));
    assert!(reader.tensors()[0].data.values.has_non_finite);
}

fn tensor(dtype: DataType, dimensions: &[i64]) -> TensorProto {
    let dim = |size: &i64| Dim { size: *size, name: "d".to_owned() };
    TensorProto {
        dtype: i32::from(dtype),
        tensor_shape: Some(TensorShapeProto {
            dim: dimensions.iter().map(dim).collect(),
            unknown_rank: false,
        }),
        ..Default::default()
    }
}

#[test]
fn tensorflow_requests_and_responses() {
    let content =
        TensorProto { tensor_content: bytes_of(&[2.0, 3.0]), ..tensor(DataType::DtFloat, &[1, 2]) };
    let inputs = HashMap::from([("x".to_owned(), content)]);
    let outputs = inputs.clone();
    let request = tensorflow_serving::PredictRequest { inputs, ..Default::default() };
    let response = tensorflow_serving::PredictResponse { outputs, ..Default::default() };
    for reader in [
        read(&MessageKind::PredictRequest, &request),
        read(&MessageKind::PredictResponse, &response),
    ] {
        let x = &reader.tensors()[0];
        assert!(x.is_named("x"));
        let known = Some(DeclaredDatatype::Known(Datatype::Fp32));
        assert_eq!(declared(x), (known, &[1, 2][..]));
        assert_eq!(data(x), (Form::Raw, Some(2), 2.0, 3.0));
    }
}

#[test]
fn tensorflow_val_fields() {
    let two = |dtype| tensor(dtype, &[2]);
    let halves = vec![0x3f80, 0x4000];
    let tensors = [
        (TypedField::Fp32, TensorProto { float_val: vec![1.0, 2.0], ..two(DataType::DtFloat) }),
        (TypedField::Fp64, TensorProto { double_val: vec![1.0, 2.0], ..two(DataType::DtDouble) }),
        (TypedField::IntVal, TensorProto { int_val: vec![1, 2], ..two(DataType::DtUint16) }),
        (TypedField::Int64, TensorProto { int64_val: vec![1, 2], ..two(DataType::DtInt64) }),
        (TypedField::Half, TensorProto { half_val: halves, ..two(DataType::DtBfloat16) }),
        (TypedField::Uint32Val, TensorProto { uint32_val: vec![1, 2], ..two(DataType::DtUint32) }),
        (TypedField::Uint64, TensorProto { uint64_val: vec![1, 2], ..two(DataType::DtUint64) }),
    ];
    let read_one = |tensor: TensorProto| {
        let inputs = HashMap::from([("x".to_owned(), tensor)]);
        let request = tensorflow_serving::PredictRequest { inputs, ..Default::default() };
        read(&MessageKind::PredictRequest, &request).tensors()[0].clone()
    };
    for (field, tensor) in tensors {
        assert_eq!(data(&read_one(tensor)), (Form::Typed(field), Some(2), 1.0, 2.0));
    }
    let booleans = read_one(TensorProto { bool_val: vec![false, true], ..two(DataType::DtBool) });
    assert_eq!(data(&booleans), (Form::Typed(TypedField::Bool), Some(2), 0.0, 1.0));
    let strings = vec![b"abc".to_vec(), Vec::new()];
    let strings = read_one(TensorProto { string_val: strings, ..two(DataType::DtString) });
    assert_eq!((data(&strings).1, strings.data.values.longest_string), (Some(2), 3));
}

#[test]
fn messages_of_ones_own() {
    let features = OwnField {
        path: FieldPath::new(&[1]),
        datatype: Datatype::Fp32,
        encoding: OwnEncoding::Plain,
    };
    let request =
        prediction::PredictRequest { features: vec![0.5, -3.0], model_name: "m".to_owned() };
    let reader = read(&MessageKind::Own(vec![features]), &request);
    let expected = (Form::Typed(TypedField::Own), Some(2), -3.0, 0.5);
    assert_eq!(data(&reader.tensors()[0]), expected);
}
