//! What requests bring, against readers that have the whole body: frames are split
//! naively, what is read is what `serde_json` and prost take, and the tensors are those
//! of readers that have oracles of their own.

use inference_api::demand::DemandReader;
use inference_api::dialect::{Call, RequestLine, classify};
use inference_api::json::{NotedLimits, Options};
use inference_api::tensor::json::{
    InferenceMessage, InferenceReader, JsonLimits, PredictMessage, PredictReader,
};
use inference_api::tensor::{
    Depth, Elements, MessageKind, MessageReader, Shape, Tensor, TensorError, TensorLimits,
};
use inference_api::workload::{Batch, Workload, WorkloadError, WorkloadReader};
use prost::Message;

use super::{pieces, tensors};

/// The requests whose bodies are read, by their paths.
pub const PATHS: [&str; 14] = [
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/messages",
    "/v2/models/m/generate",
    "/v2/models/m/generate_stream",
    "/v2/models/m/infer",
    "/v2/models/m/infer",
    "/v1/models/m:predict",
    "/inference.GRPCInferenceService/ModelInfer",
    "/inference.GRPCInferenceService/ModelStreamInfer",
    "/tensorflow.serving.PredictionService/Predict",
    "/prediction.PredictionService/Predict",
];

/// The one whose JSON is as long as a header says.
pub const WITH_BINARY_DATA: usize = 8;

/// So many tensors of a message are looked at.
const MOST_TENSORS: usize = 1024;

/// What was told on the way, and in the end.
pub type Told = (Vec<Workload>, Result<Option<Workload>, WorkloadError>);

/// What is told of such a request is what a naive reader makes of its whole body.
pub fn agrees(api: usize, header: u64, body: &[u8], cuts: &[usize]) {
    let api = api % PATHS.len();
    let told = read(api, header, &pieces(body, cuts));
    assert_eq!(told, read(api, header, &[body]), "cuts change the workload");
    assert_eq!(told, naive(api, header, body));
}

/// What a reader tells.
pub fn read(api: usize, header: u64, pieces: &[&[u8]]) -> Told {
    let length = header.to_string();
    let first = |name: &str| match name {
        ":path" => Some(PATHS[api].as_bytes()),
        "inference-header-content-length" if api == WITH_BINARY_DATA => Some(length.as_bytes()),
        _ => None,
    };
    let mut reader = WorkloadReader::new(&call(api), first).unwrap();
    let mut told = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        loop {
            match reader.next(&mut rest) {
                Ok(Some(workload)) => told.push(workload),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(reader.finish(), Err(error), "it stays in that state");
                    return (told, Err(error));
                }
            }
        }
        assert!(rest.is_empty(), "all bytes were read");
    }
    let end = reader.finish();
    (told, end)
}

fn call(api: usize) -> Call<'static> {
    let is_grpc = PATHS[api].contains("Service/");
    let content_type = if is_grpc { "application/grpc" } else { "application/json" };
    let line = RequestLine {
        method: b"POST",
        path: PATHS[api].as_bytes(),
        content_type: Some(content_type.as_bytes()),
    };
    classify(&line, &[]).unwrap()
}

fn naive(api: usize, header: u64, body: &[u8]) -> Told {
    let limits = JsonLimits {
        max_tensors: MOST_TENSORS,
        depth: Depth::Valued,
        max_json_depth: 127,
        max_string_bytes: u64::MAX,
        noted: NotedLimits::default(),
    };
    let whole = |workload: Option<Workload>| {
        (vec![], workload.map_or(Err(WorkloadError::Malformed), |workload| Ok(Some(workload))))
    };
    let tensors = |tensors: &[Tensor]| Workload::Tensors(batch(tensors));
    match api {
        0..7 => {
            let Call { dialect, operation, .. } = call(api);
            let mut reader = DemandReader::new(dialect, operation, Options::default()).unwrap();
            let demand = reader.push(body).and_then(|()| reader.finish());
            assert_eq!(demand.is_ok(), serde_json::from_slice::<serde_json::Value>(body).is_ok());
            whole(demand.ok().map(Workload::Prompt))
        }
        7 | WITH_BINARY_DATA => {
            let header = (api == WITH_BINARY_DATA).then_some(header);
            let mut reader = InferenceReader::new(InferenceMessage::Request, limits, header);
            let read = reader.push(body).and_then(|()| reader.finish());
            whole(read.is_ok().then(|| tensors(reader.tensors())))
        }
        9 => {
            let mut reader = PredictReader::new(PredictMessage::Request, limits);
            let read = reader.push(body).and_then(|()| reader.finish());
            whole(read.is_ok().then(|| tensors(reader.tensors())))
        }
        _ => messages(api, body),
    }
}

fn messages(api: usize, mut body: &[u8]) -> Told {
    let mut told = Vec::new();
    while let Some(flag) = body.first() {
        let error = match (flag, body.get(1..5)) {
            (0, Some(_)) => None,
            (1, Some(_)) => Some(WorkloadError::Compressed),
            _ => Some(WorkloadError::Malformed),
        };
        if let Some(error) = error {
            return (told, Err(error));
        }
        let length = u32::from_be_bytes(body[1..5].try_into().unwrap());
        let end = 5 + usize::try_from(length).unwrap();
        let batch = body.get(5..end).and_then(|message| match api {
            10 | 11 => open_inference(message),
            12 => tensorflow(message),
            _ => features(message),
        });
        let Some(batch) = batch else { return (told, Err(WorkloadError::Malformed)) };
        told.push(Workload::Tensors(batch));
        body = &body[end..];
    }
    (told, Ok(None))
}

fn open_inference(message: &[u8]) -> Option<Batch> {
    let decoded = tensors::Infer::decode(message).ok()?;
    let batch = batch(&tensors_of(&MessageKind::ModelInferRequest, message)?);
    let shape = decoded.inputs.first().map(|input| &input.shape);
    let said = shape.and_then(|shape| shape.first()).and_then(|rows| u64::try_from(*rows).ok());
    assert!(said.is_none() || batch.rows == said, "{batch:?}");
    Some(batch)
}

fn tensorflow(message: &[u8]) -> Option<Batch> {
    tensors::Predict::decode(message).ok()?;
    Some(batch(&tensors_of(&MessageKind::PredictRequest, message)?))
}

/// What is read of `prediction.PredictRequest`.
#[derive(Clone, PartialEq, Message)]
struct Features {
    #[prost(float, repeated, tag = "1")]
    features: Vec<f32>,
}

fn features(message: &[u8]) -> Option<Batch> {
    let features = Features::decode(message).ok()?.features;
    Some(Batch { rows: Some(1), elements: u64::try_from(features.len()).ok() })
}

/// `None` if there are too many. It is a message, as prost found.
fn tensors_of(kind: &MessageKind, message: &[u8]) -> Option<Vec<Tensor>> {
    let limits = TensorLimits { max_tensors: MOST_TENSORS, depth: Depth::Counted };
    let mut reader = MessageReader::new(kind, limits);
    match reader.push(message).and_then(|()| reader.finish()) {
        Ok(()) => Some(reader.tensors().to_vec()),
        Err(TensorError::TooManyTensors { .. }) => None,
        Err(TensorError::Protobuf(error)) => panic!("prost reads it: {error}"),
    }
}

fn batch(tensors: &[Tensor]) -> Batch {
    let rows = tensors.first().map(|tensor| {
        let shape = tensor.shape.as_ref().or(tensor.data.nesting.as_ref());
        match shape.map(Shape::dimensions) {
            Some([rows, ..]) if *rows >= 0 => u64::try_from(*rows).unwrap(),
            _ => tensor.data.elements.unwrap_or(1),
        }
    });
    let mut elements = 0_u64;
    for tensor in tensors {
        let said = match tensor.shape.as_ref().map(Shape::elements) {
            Some(Elements::Count(said)) => said,
            _ => 1,
        };
        elements = elements.saturating_add(tensor.data.elements.unwrap_or(said));
    }
    Batch { rows, elements: Some(elements) }
}
