//! An exchange of every dialect, and what is to be seen of it.

use super::{answered, chat, events, predict, streamed, transcript};
use integration_tests::{Answer, Call};
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::{InferTensorContents, ModelInferRequest, ModelInferResponse};
use proto::prediction::PredictResponse;
use proto::tensorflow::tensor_shape_proto::Dim;
use proto::tensorflow::{DataType, TensorProto, TensorShapeProto};
use proto::tensorflow_serving;
use serde_json::{Value, json};

/// A request, its answer, and as what both are counted.
pub(super) struct Exchange {
    pub(super) name: &'static str,
    pub(super) call: Call,
    pub(super) answer: Answer,
    pub(super) operation: &'static str,
    /// `model` and `version`.
    pub(super) target: (&'static str, &'static str),
    /// Of `inference_tokens_total`: input, output, cached, `cache_write`, reasoning.
    pub(super) tokens: [u32; 5],
    pub(super) finish_reason: &'static str,
    /// Rows, elements of tensors and characters of prompts; 0 if none are told.
    pub(super) workload: [u32; 3],
}

impl Exchange {
    fn of(name: &'static str, operation: &'static str, call: Call, answer: Answer) -> Self {
        Self {
            name,
            call,
            answer,
            operation,
            target: ("demo", "none"),
            tokens: [0; 5],
            finish_reason: "",
            workload: [0; 3],
        }
    }

    fn target(self, model: &'static str, version: &'static str) -> Self {
        Self { target: (model, version), ..self }
    }

    fn uses(self, tokens: [u32; 5]) -> Self {
        Self { tokens, ..self }
    }

    fn ends(self, finish_reason: &'static str) -> Self {
        Self { finish_reason, ..self }
    }

    fn brings(self, workload: [u32; 3]) -> Self {
        Self { workload, ..self }
    }
}

/// Over HTTP of any version.
pub(super) fn over_http() -> Vec<Exchange> {
    [text_over_http(), tensors_over_http()].into_iter().flatten().collect()
}

fn post(path: &str, body: &Value) -> Call {
    Call::post(path).json(body)
}

fn text_over_http() -> Vec<Exchange> {
    let completed = json!({
        "choices": [{"text": "Hi", "finish_reason": "length"}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6},
    });
    let embedded = json!({
        "object": "list", "data": [{"embedding": [0.5], "index": 0}],
        "usage": {"prompt_tokens": 6, "total_tokens": 6},
    });
    let responded = json!({
        "status": "completed",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}],
        "usage": {
            "input_tokens": 5, "output_tokens": 4, "total_tokens": 9,
            "input_tokens_details": {"cached_tokens": 2},
            "output_tokens_details": {"reasoning_tokens": 1},
        },
    });
    let message = json!({
        "type": "message", "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn",
        "usage": {
            "input_tokens": 3, "output_tokens": 4,
            "cache_read_input_tokens": 2, "cache_creation_input_tokens": 1,
        },
    });
    let content = json!([{"role": "user", "content": "Hello"}]);
    let tokens = json!({"text_input": "Hello", "parameters": {"stream": true}});
    let generated = ["a", "b"]
        .map(|text| format!("data: {{\"model_name\":\"demo\",\"text_output\":\"{text}\"}}\n\n"));
    vec![
        Exchange::of("a chat", "chat_completions", chat(&json!({})), answered())
            .uses([8, 4, 2, 1, 3])
            .ends("stop")
            .brings([1, 0, 5]),
        Exchange::of("a streamed chat", "chat_completions", streamed(), events(transcript()))
            .uses([10, 5, 0, 0, 0])
            .ends("stop")
            .brings([1, 0, 5]),
        Exchange::of(
            "completions",
            "completions",
            post("/v1/completions", &json!({"model": "demo", "prompt": ["ab", "cde"]})),
            Answer::json_value(&completed),
        )
        .uses([4, 2, 0, 0, 0])
        .ends("length")
        .brings([2, 0, 5]),
        Exchange::of(
            "embeddings",
            "embeddings",
            post("/v1/embeddings", &json!({"model": "demo", "input": ["a", "b", "cd"]})),
            Answer::json_value(&embedded),
        )
        .uses([6, 0, 0, 0, 0])
        .brings([3, 0, 4]),
        Exchange::of(
            "a response",
            "responses",
            post("/v1/responses", &json!({"model": "demo", "input": "Hello"})),
            Answer::json_value(&responded),
        )
        .uses([5, 4, 2, 0, 1])
        .ends("completed")
        .brings([1, 0, 5]),
        Exchange::of(
            "a message",
            "messages",
            post("/v1/messages", &json!({"model": "demo", "messages": content, "max_tokens": 9})),
            Answer::json_value(&message),
        )
        .uses([6, 4, 2, 1, 0])
        .ends("end_turn")
        .brings([1, 0, 5]),
        Exchange::of(
            "generate",
            "generate",
            post("/v2/models/demo/versions/1/generate", &tokens),
            Answer::json_value(&json!({"model_name": "demo", "text_output": "Hi"})),
        )
        .target("demo", "1")
        .brings([1, 0, 5]),
        Exchange::of(
            "generate_stream",
            "generate_stream",
            post("/v2/models/demo/generate_stream", &tokens),
            events(generated.concat()),
        )
        .brings([1, 0, 5]),
    ]
}

fn tensors_over_http() -> Vec<Exchange> {
    let tensor = json!({
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}],
    });
    let instances = json!({"instances": [[1, 2], [3, 4], [5, 6]]});
    let served = || Answer::json_value(&json!({"outputs": []}));
    vec![
        Exchange::of("OIP", "infer", post("/v2/models/iris/infer", &tensor), served())
            .target("iris", "none")
            .brings([2, 4, 0]),
        Exchange::of(
            "OIP with a version",
            "infer",
            post("/v2/models/iris/versions/3/infer", &tensor),
            served(),
        )
        .target("iris", "3")
        .brings([2, 4, 0]),
        Exchange::of(
            "TensorFlow Serving",
            "predict",
            post("/v1/models/iris/versions/9:predict", &instances),
            served(),
        )
        .target("iris", "other")
        .brings([3, 6, 0]),
    ]
}

/// A request of the Open Inference Protocol over gRPC, of two rows.
pub(super) fn infer_request(model: &str) -> ModelInferRequest {
    let contents =
        InferTensorContents { fp32_contents: vec![0.5; 4], ..InferTensorContents::default() };
    let input = InferInputTensor {
        name: "x".into(),
        datatype: "FP32".into(),
        shape: vec![2, 2],
        contents: Some(contents),
        ..InferInputTensor::default()
    };
    ModelInferRequest {
        model_name: model.into(),
        inputs: vec![input],
        ..ModelInferRequest::default()
    }
}

pub(super) const STREAM_INFER: &str = "/inference.GRPCInferenceService/ModelStreamInfer";

/// Over gRPC.
pub(super) fn over_grpc() -> Vec<Exchange> {
    let dim = [3, 2].map(|size| Dim { size, name: String::new() }).into();
    let tensor = TensorProto {
        dtype: DataType::DtFloat.into(),
        tensor_shape: Some(TensorShapeProto { dim, unknown_rank: false }),
        float_val: vec![0.5; 6],
        ..TensorProto::default()
    };
    let spec = tensorflow_serving::ModelSpec {
        name: "iris".into(),
        ..tensorflow_serving::ModelSpec::default()
    };
    let tensorflow = tensorflow_serving::PredictRequest {
        model_spec: Some(spec),
        inputs: [("x".to_owned(), tensor)].into(),
        ..tensorflow_serving::PredictRequest::default()
    };
    let infer = Call::grpc("/inference.GRPCInferenceService/ModelInfer", &infer_request("iris"));
    vec![
        Exchange::of("OIP over gRPC", "infer", infer, Answer::grpc(&ModelInferResponse::default()))
            .target("iris", "none")
            .brings([2, 4, 0]),
        Exchange::of(
            "a stream of OIP",
            "infer_stream",
            Call::grpc(STREAM_INFER, &infer_request("iris")),
            Answer::grpc(&()),
        )
        .target("iris", "none")
        .brings([2, 4, 0]),
        Exchange::of(
            "TensorFlow Serving over gRPC",
            "predict",
            Call::grpc("/tensorflow.serving.PredictionService/Predict", &tensorflow),
            Answer::grpc(&tensorflow_serving::PredictResponse::default()),
        )
        .target("iris", "none")
        .brings([3, 6, 0]),
        Exchange::of(
            "our own service",
            "predict",
            predict(),
            Answer::grpc(&PredictResponse::default()),
        )
        .brings([1, 4, 0]),
    ]
}
