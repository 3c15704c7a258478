use super::*;
use crate::cuts::same_however_cut;
use crate::dialect::{RequestLine, classify};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

type Header = (&'static str, &'static str);

const INFER: &str = "/v2/models/m/infer";
const PREDICT: &str = "/v1/models/m:predict";
const MODEL_INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
const MODEL_STREAM_INFER: &str = "/inference.GRPCInferenceService/ModelStreamInfer";
const FEATURES: &str = "/prediction.PredictionService/Predict";

fn reader(path: &str, headers: &[Header]) -> Option<WorkloadReader> {
    let content_type = path.contains("Service").then_some(&b"application/grpc"[..]);
    let line = RequestLine { method: b"POST", path: path.as_bytes(), content_type };
    let call = classify(&line, &[]).unwrap();
    WorkloadReader::new(&call, |name| {
        let header = headers.iter().find(|(known, _)| *known == name);
        header
            .map_or((name == ":path").then_some(path), |(_, value)| Some(*value))
            .map(str::as_bytes)
    })
}

/// What is told on the way and in the end, however the body is cut.
fn told(path: &str, headers: &[Header], body: &[u8]) -> Result<Vec<Workload>, WorkloadError> {
    same_however_cut(body, |pieces| {
        let mut reader = reader(path, headers).unwrap();
        let mut told = Vec::new();
        for mut piece in pieces.iter().copied() {
            while let Some(workload) = reader.next(&mut piece)? {
                told.push(workload);
            }
        }
        told.extend(reader.finish()?);
        Ok(told)
    })
}

fn batches(path: &str, body: &[u8]) -> Vec<(Option<u64>, Option<u64>)> {
    let batch = |workload: Workload| match workload {
        Workload::Tensors(Batch { rows, elements }) => (rows, elements),
        Workload::Prompt(demand) => panic!("{demand:?}"),
    };
    told(path, &[], body).unwrap().into_iter().map(batch).collect()
}

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    [&[flag, 0, 0, 0, u8::try_from(message.len()).unwrap()], message].concat()
}

/// A `ModelInferRequest` with one input of this shape, without data.
fn infer_request(shape: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| [u8::try_from(bytes.len()).unwrap()];
    let tensor = [b"\x0a\x01x\x12\x04FP32\x1a", &length(shape)[..], shape].concat();
    [b"\x0a\x01m\x2a", &length(&tensor)[..], &tensor].concat()
}

/// A `PredictRequest` of TensorFlow Serving with one input of two rows of three numbers.
const TENSORFLOW: &[u8] =
    b"\x12\x23\x0a\x01x\x12\x1e\x08\x01\x12\x08\x12\x02\x08\x02\x12\x02\x08\x03\
    \x2a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

#[test]
fn a_prompt_is_told_in_the_end() {
    let chat = br#"{"messages":[{"content":"abc"}]}"#;
    for (path, body, bytes) in [
        ("/v1/chat/completions", &chat[..], 3),
        ("/v1/completions", br#"{"prompt":["a","b"]}"#, 2),
        ("/v1/embeddings", br#"{"input":"abcd"}"#, 4),
        ("/v1/responses", br#"{"input":"ab"}"#, 2),
        ("/v1/messages", chat, 3),
        ("/v2/models/m/generate", br#"{"text_input":"a"}"#, 1),
        ("/v2/models/m/generate_stream", br#"{"text_input":"a"}"#, 1),
    ] {
        match told(path, &[], body).unwrap().as_slice() {
            [Workload::Prompt(demand)] => assert_eq!(demand.prompt_bytes, bytes, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[test]
fn tensors_are_told_as_rows_and_elements() {
    let infer = br#"{"inputs":[{"name":"x","datatype":"FP32","shape":[2,3],"data":[1,2,3,4,5,6]},
        {"name":"y","datatype":"INT64","shape":[4],"data":[1,2,3,4]}]}"#;
    let message = frame(0, &infer_request(&[5, 3]));
    for (path, body, rows, elements) in [
        (INFER, &infer[..], 2, 10),
        (PREDICT, br#"{"instances":[[1,2],[3,4],[5,6]]}"#, 3, 6),
        (PREDICT, br#"{"inputs":{"x":[[1],[2]],"y":[1,2,3]}}"#, 2, 5),
        (MODEL_INFER, &message, 5, 15),
        (MODEL_STREAM_INFER, &message, 5, 15),
        ("/tensorflow.serving.PredictionService/Predict", &frame(0, TENSORFLOW), 2, 4),
        (FEATURES, &frame(0, b"\x0a\x08\0\0\0\0\0\0\0\0\x12\x01m"), 1, 2),
    ] {
        assert_eq!(batches(path, body), [(Some(rows), Some(elements))], "{path}");
    }
}

#[test]
fn features_count_packed_or_not() {
    let packed = b"\x0a\x0c\0\0\0\0\0\0\0\0\0\0\0\0";
    let unpacked = b"\x0d\0\0\0\0\x0d\0\0\0\0\x0d\0\0\0\0";
    let both = [&packed[..], unpacked].concat();
    for (message, expected) in [(&packed[..], 3), (unpacked, 3), (&both, 6), (b"", 0)] {
        assert_eq!(batches(FEATURES, &frame(0, message)), [(Some(1), Some(expected))]);
    }
}

#[test]
fn binary_data_behind_the_json_counts() {
    let json = r#"{"inputs":[{"name":"x","datatype":"FP32","shape":[-1,2],
        "parameters":{"binary_data_size":24}}]}"#;
    let body = [json.as_bytes(), &[0; 24]].concat();
    let length = json.len().to_string().leak();
    let headers = [("inference-header-content-length", &*length)];
    let batch = Batch { rows: Some(6), elements: Some(6) };
    assert_eq!(told(INFER, &headers, &body), Ok(vec![Workload::Tensors(batch)]));
    assert_eq!(told(INFER, &[], &body), Err(WorkloadError::Malformed));
}

#[test]
fn each_message_of_a_stream_is_told() {
    let body = [&[2][..], &[9, 2], &[], &[4]].map(|shape| frame(0, &infer_request(shape))).concat();
    let expected = [(2, 2), (9, 18), (1, 1), (4, 4)];
    let expected = expected.map(|(rows, elements)| (Some(rows), Some(elements)));
    assert_eq!(batches(MODEL_STREAM_INFER, &body), expected);
    assert_eq!(batches(MODEL_STREAM_INFER, b""), []);
}

#[test]
fn what_has_no_tensors_has_no_rows() {
    for (path, body) in [
        (INFER, &b"{}"[..]),
        (INFER, b"[1]"),
        (PREDICT, br#"{"x":[1]}"#),
        (MODEL_INFER, &frame(0, b"")),
    ] {
        assert_eq!(batches(path, body), [(None, Some(0))], "{path}");
    }
}

#[test]
fn what_is_compressed_is_told_from_what_is_malformed() {
    use WorkloadError::{Compressed, Malformed};
    let compressed = frame(1, b"x");
    let good = frame(0, &infer_request(&[1]));
    let second = [&good[..], &compressed].concat();
    for (path, body, error) in [
        ("/v1/chat/completions", &b"{\"messages\":[}"[..], Malformed),
        ("/v1/chat/completions", b"{\"messages\":[", Malformed),
        (INFER, b"{\"inputs\":", Malformed),
        (PREDICT, b"{\"instances\":[1,]}", Malformed),
        (MODEL_INFER, &compressed, Compressed),
        (MODEL_STREAM_INFER, &second, Compressed),
        (MODEL_INFER, &frame(2, b""), Malformed),
        (MODEL_INFER, &frame(0, b"\x07"), Malformed),
        (MODEL_INFER, &good[..9], Malformed),
        (FEATURES, &frame(0, b"\x0a\x03\0\0\0"), Malformed),
    ] {
        assert_eq!(told(path, &[], body), Err(error), "{path} {}", body.escape_ascii());
    }
}

#[test]
fn a_body_with_a_content_encoding_is_not_read() {
    let chat = "/v1/chat/completions";
    for (coding, expected) in [("gzip", Err(WorkloadError::Compressed)), ("Identity", Ok(1))] {
        let told = told(chat, &[("content-encoding", coding)], b"{}");
        assert_eq!(told.map(|told| told.len()), expected, "{coding}");
    }
}

#[test]
fn a_reader_stays_in_its_error() {
    let mut reader = reader(MODEL_INFER, &[]).unwrap();
    assert_eq!(reader.next(&mut &frame(1, b"")[..]), Err(WorkloadError::Compressed));
    assert_eq!(reader.next(&mut &frame(0, b"")[..]), Err(WorkloadError::Compressed));
    assert_eq!(reader.finish(), Err(WorkloadError::Compressed));
    assert_eq!(reader.so_far(), None);
}

#[test]
fn rows_are_known_once_the_shape_was_read() {
    let shape = Some(Batch { rows: Some(2), elements: None });
    let nothing = Some(Batch::default());
    let json = br#"{"inputs":[{"name":"x","datatype":"FP32","shape":[2,3],"data":[1,2,3,4,5,6]},{"#;
    let first = frame(0, &infer_request(&[9]));
    let message = [&first[..], &frame(0, &infer_request(&[2]))].concat();
    let with_data = frame(0, &[&infer_request(&[2])[..], b"\x3a\x08", &[0; 8]].concat());
    for (path, body, known) in [
        (INFER, &json[..json.len() - 40], nothing),
        (INFER, json, shape),
        (INFER, br#"{"inputs":[{"name":"x","data":[1,2]},{"#, nothing),
        (MODEL_STREAM_INFER, &first, None),
        (MODEL_STREAM_INFER, &message[..first.len() + 7], nothing),
        (MODEL_STREAM_INFER, &message[..message.len() - 1], nothing),
        (MODEL_INFER, &with_data[..with_data.len() - 1], shape),
        (MODEL_INFER, &with_data, None),
        (
            FEATURES,
            &frame(0, b"\x0a\x04\0\0\0\0")[..9],
            Some(Batch { rows: Some(1), ..Batch::default() }),
        ),
        (PREDICT, br#"{"instances":[[1,2],[3,4]],"x":"#, None),
        ("/v1/chat/completions", br#"{"messages":"#, None),
    ] {
        let mut reader = reader(path, &[]).unwrap();
        let mut rest = body;
        while reader.next(&mut rest).unwrap().is_some() {}
        assert_eq!(reader.so_far(), known, "{path} {}", body.escape_ascii());
    }
}

#[test]
fn so_many_tensors_are_looked_at() {
    let scalar = br#"{"name":"x","datatype":"FP32","shape":[],"data":[1]}"#;
    let inputs = vec![&scalar[..]; 1025].join(&b","[..]);
    let body = [br#"{"inputs":["#, &inputs[..], b"]}"].concat();
    let mut reader = reader(INFER, &[]).unwrap();
    reader.next(&mut &body[..]).unwrap();
    let batch = Batch { rows: Some(1), elements: Some(1024) };
    assert_eq!(reader.finish(), Ok(Some(Workload::Tensors(batch))));
}

#[test]
fn other_requests_are_not_read() {
    for path in [
        "/v1/audio/speech",
        "/v2/health/ready",
        "/v1/models/m:explain",
        "/inference.GRPCInferenceService/ModelReady",
        "/tensorflow.serving.PredictionService/Classify",
        "/prediction.PredictionService/HealthCheck",
        "/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions",
    ] {
        assert!(reader(path, &[]).is_none(), "{path}");
    }
}
