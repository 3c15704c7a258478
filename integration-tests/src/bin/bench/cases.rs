//! The requests with which the filters are measured.

use http::Version;
use integration_tests::Call;
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::{InferTensorContents, ModelInferRequest};
use proto::prediction::PredictRequest;
use serde_json::json;

/// The header that says what the server is to answer: `long`, a completion of 1 KB, or
/// `events`, one that is streamed in 100 events, each by itself.
pub(crate) const ANSWER: &str = "x-bench-answer";

/// A kind of request.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) version: Version,
    /// How many of them are a round: some tenths of a second.
    pub(crate) requests: u32,
    call: fn() -> Call,
}

/// What a chat is about: a line feed, a quote, an accent or an emoji every 18
/// bytes.
const SPECIAL: &str = "Compare \"least request\" with \"round robin\":\nwhich one is better \
    for requests of very different length, and why? Caf\u{e9}s, \u{1f642} and \\ included.\n";

/// What a chat is about: plain sentences, and a line feed where a paragraph ends.
const PROSE: &str = "A balancer that takes turns does not know how long an answer takes. While one \
    server is busy with a long one, it goes on sending to it, and what it sends there has to \
    wait, although its neighbours are idle. A balancer that draws two servers by chance and \
    takes the one with fewer requests under way needs to know little more, and avoids most of \
    that. It costs two comparisons and a counter for each server, it works as well with many \
    balancers as with one, since they need not agree on anything, and it forgives a server that \
    is slow for a while, because such a server gets less to do by itself.\n";

pub(crate) const CASES: [Case; 12] = [
    Case {
        name: "chat-1k",
        version: Version::HTTP_11,
        requests: 1_000,
        call: || chat(1 << 10, SPECIAL),
    },
    Case {
        name: "answer-1k",
        version: Version::HTTP_11,
        requests: 1_000,
        call: || chat(300, PROSE).header(ANSWER, "long"),
    },
    Case {
        name: "stream-100",
        version: Version::HTTP_11,
        requests: 40,
        call: || chat(300, PROSE).header(ANSWER, "events"),
    },
    Case {
        name: "chat-70k",
        version: Version::HTTP_11,
        requests: 400,
        call: || chat(70 << 10, SPECIAL),
    },
    Case {
        name: "chat-900k",
        version: Version::HTTP_11,
        requests: 60,
        call: || chat(900 << 10, SPECIAL),
    },
    Case {
        name: "chat-900k-prose",
        version: Version::HTTP_11,
        requests: 60,
        call: || chat(900 << 10, PROSE),
    },
    Case { name: "grpc-predict", version: Version::HTTP_2, requests: 1_000, call: predict },
    Case { name: "infer-1m", version: Version::HTTP_2, requests: 60, call: infer },
    Case { name: "image-raw", version: Version::HTTP_2, requests: 60, call: image_raw },
    Case { name: "image-typed", version: Version::HTTP_2, requests: 60, call: image_typed },
    Case { name: "image-json", version: Version::HTTP_11, requests: 24, call: image_json },
    Case { name: "upload-10m", version: Version::HTTP_11, requests: 8, call: upload },
];

impl Case {
    pub(crate) fn call(&self) -> Call {
        (self.call)()
    }
}

pub(crate) fn names() -> Vec<&'static str> {
    CASES.iter().map(|case| case.name).collect()
}

/// A chat of so many bytes that says that again and again, with `model` last, as
/// OpenAI's client for Python writes it.
fn chat(bytes: usize, turn: &str) -> Call {
    let body = |content: &str| {
        let messages = json!([
            {"role": "system", "content": "You are a terse assistant."},
            {"role": "user", "content": content},
        ]);
        format!(r#"{{"messages":{messages},"model":"demo"}}"#)
    };
    let mut content = String::new();
    while body(&content).len() + body(turn).len() < bytes {
        content.push_str(turn);
    }
    let padding = bytes - body(&content).len();
    content.extend(std::iter::repeat_n('.', padding));
    Call::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .header("authorization", "Bearer sk-0123456789abcdefghijklmnopqrstuv")
        .header("user-agent", "OpenAI/Python 1.99.0")
        .header("accept", "application/json")
        .body(body(&content))
}

fn predict() -> Call {
    let features = vec![0.1, 0.2, 0.3, 0.4];
    let request = PredictRequest { features, model_name: "demo".into() };
    Call::grpc("/prediction.PredictionService/Predict", &request)
        .header("user-agent", "grpc-python/1.76.0")
}

/// A tensor of 1 MB, as Triton's clients send it: raw, behind the model's name.
fn infer() -> Call {
    let numbers: Vec<u8> = (0..250_000_u32).flat_map(u32::to_le_bytes).collect();
    let request = ModelInferRequest {
        model_name: "demo".into(),
        inputs: vec![InferInputTensor {
            name: "features".into(),
            datatype: "FP32".into(),
            shape: vec![1, 250_000],
            ..InferInputTensor::default()
        }],
        raw_input_contents: vec![numbers],
        ..ModelInferRequest::default()
    };
    Call::grpc("/inference.GRPCInferenceService/ModelInfer", &request)
        .header("x-model-name", "demo")
}

/// A picture of 224 by 224 pixels, as it is normalised for ImageNet.
fn pixels() -> Vec<f32> {
    // The same each time, and as good as random: 2.64 is what white becomes.
    let pixel = |place: u32| (place.wrapping_mul(2_654_435_761) >> 24) as f32;
    (0..3 * 224 * 224).map(|place| pixel(place) / 255.0 * 4.76 - 2.12).collect()
}

fn image(contents: Option<InferTensorContents>, raw: Vec<Vec<u8>>) -> Call {
    let request = ModelInferRequest {
        model_name: "demo".into(),
        inputs: vec![InferInputTensor {
            name: "image".into(),
            datatype: "FP32".into(),
            shape: vec![1, 3, 224, 224],
            contents,
            ..InferInputTensor::default()
        }],
        raw_input_contents: raw,
        ..ModelInferRequest::default()
    };
    Call::grpc("/inference.GRPCInferenceService/ModelInfer", &request)
        .header("x-model-name", "demo")
}

/// 600 KB, as Triton's clients send it.
fn image_raw() -> Call {
    image(None, vec![pixels().into_iter().flat_map(f32::to_le_bytes).collect()])
}

/// 600 KB in a field of the message.
fn image_typed() -> Call {
    let contents =
        InferTensorContents { fp32_contents: pixels(), ..InferTensorContents::default() };
    image(Some(contents), Vec::new())
}

/// The same as text.
fn image_json() -> Call {
    let body = json!({"inputs": [{
        "name": "image", "datatype": "FP32", "shape": [1, 3, 224, 224], "data": pixels(),
    }]});
    Call::post("/v2/models/demo/infer").json(&body)
}

/// 10 MB for a model that the path names, and that has no contract: none of it has to
/// be read.
fn upload() -> Call {
    Call::post("/v2/models/blobs/infer")
        .header("content-type", "application/octet-stream")
        .body(vec![b'x'; 10_000_000])
}
