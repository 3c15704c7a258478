//! The requests with which the filters are measured.

use http::Version;
use integration_tests::Call;
use proto::prediction::PredictRequest;
use serde_json::json;

/// A kind of request.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) version: Version,
    /// How many of them are a round: some tenths of a second.
    pub(crate) requests: u32,
    call: fn() -> Call,
}

pub(crate) const CASES: [Case; 4] = [
    Case { name: "chat-1k", version: Version::HTTP_11, requests: 1_000, call: || chat(1 << 10) },
    Case { name: "chat-70k", version: Version::HTTP_11, requests: 400, call: || chat(70 << 10) },
    Case { name: "chat-900k", version: Version::HTTP_11, requests: 60, call: || chat(900 << 10) },
    Case { name: "grpc-predict", version: Version::HTTP_2, requests: 1_000, call: predict },
];

impl Case {
    pub(crate) fn call(&self) -> Call {
        (self.call)()
    }
}

pub(crate) fn names() -> Vec<&'static str> {
    CASES.iter().map(|case| case.name).collect()
}

/// A chat of so many bytes, with `model` last, as OpenAI's client for Python
/// writes it.
fn chat(bytes: usize) -> Call {
    const TURN: &str = "Compare \"least request\" with \"round robin\":\nwhich one is better \
        for requests of very different length, and why? Caf\u{e9}s, \u{1f642} and \\ included.\n";
    let body = |content: &str| {
        let messages = json!([
            {"role": "system", "content": "You are a terse assistant."},
            {"role": "user", "content": content},
        ]);
        format!(r#"{{"messages":{messages},"model":"demo"}}"#)
    };
    let mut content = String::new();
    while body(&content).len() + body(TURN).len() < bytes {
        content.push_str(TURN);
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
