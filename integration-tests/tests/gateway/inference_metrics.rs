//! Inference metrics.

mod bounds;
mod chain;
mod compressed;
mod counts;
mod dialects;
mod every_metric;
mod exchanges;
mod facts;
mod hostile;
mod outcomes;
mod replacing;
mod streams;
mod timing;
mod untouched;

use ::inference_metrics::metrics::{MOST_REASONS, ROWS_PER_MODEL};
use integration_tests::{
    Answer, Call, Client, EnvoyConfig, Gateway, Metrics, Reply, Upstream, WasmFilter, eventually,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::future::ready;

/// A gateway with inference metrics in front of one model server.
struct Stand {
    gateway: Gateway,
    server: Upstream,
}

impl Stand {
    /// With this configuration, and a server that answers so.
    async fn new(
        config: &Value,
        script: impl Fn(&http::request::Parts) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::of(Gateway::builder().replaceable(&measuring(config)), script).await
    }

    /// With this chain.
    async fn of(
        chain: EnvoyConfig,
        script: impl Fn(&http::request::Parts) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let server = Upstream::scripted(script).await;
        let facts =
            FACTS.iter().fold(chain.cluster("server", &[server.address()]), |chain, fact| {
                let format = format!("%FILTER_STATE(wasm.inference.{fact}:PLAIN)%");
                chain.logging(fact, &format)
            });
        Self { gateway: facts.start().await, server }
    }

    /// A client for each version of HTTP.
    async fn clients(&self) -> [Client; 2] {
        [self.gateway.http1().await, self.gateway.http2().await]
    }

    /// Waits until the series with these labels, among others, come to this.
    async fn wait_for(&self, metric: &str, labels: &[(&str, &str)], sum: u32) {
        let what = format!("{metric} {labels:?} of {sum}");
        let expected = Some(f64::from(sum)).filter(|sum| *sum > 0.0);
        self.wait_until(&what, |metrics| {
            let found = metrics.sum(metric, labels).filter(|sum| *sum > 0.0);
            (found == expected).then_some(())
        })
        .await;
    }

    /// Waits until the metrics tell it, and shows them when they never do.
    async fn wait_until<T>(&self, what: &str, told: impl Fn(&Metrics) -> Option<T>) -> T {
        let watch = async {
            loop {
                let metrics = self.gateway.admin().metrics().await;
                if let Some(found) = told(&metrics) {
                    return found;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, watch).await {
            Ok(found) => found,
            Err(_) => panic!("{what}: never within\n{}", ours(&self.text().await)),
        }
    }

    /// Waits until so many requests are over in all, and what became of them.
    async fn outcomes(&self, requests: u32) -> HashMap<String, u32> {
        self.wait_for(REQUESTS, &[], requests).await;
        let metrics = self.gateway.admin().metrics().await;
        values_of(&metrics, REQUESTS, "outcome")
    }

    /// Waits for the entry of this position in the access log.
    async fn entry(&self, position: usize) -> Value {
        let log = self.gateway.access_log();
        eventually("the request in the access log", || ready(log.entries().get(position).cloned()))
            .await
    }

    async fn text(&self) -> String {
        self.gateway.admin().get("/stats/prometheus").await
    }
}

const REQUESTS: &str = "inference_requests_total";
const STARTED: &str = "inference_requests_started_total";

/// How long a metric may take. Histograms come with each flush, of which there are five
/// a second.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// The facts of the access log.
const FACTS: [&str; 13] = [
    "outcome",
    "operation",
    "class",
    "tenant",
    "input_hash",
    "ttft_ms",
    "finish_reason",
    "cost_microunits",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
];

/// The lines of our own metrics, without buckets.
fn ours(text: &str) -> String {
    let is_ours = |line: &&str| {
        (line.starts_with("inference_") || line.starts_with("gen_ai_")) && !line.contains("_bucket")
    };
    text.lines().filter(is_ours).collect::<Vec<_>>().join("\n")
}

/// The sums of a metric by the values of this label.
fn values_of(metrics: &Metrics, name: &str, label: &str) -> HashMap<String, u32> {
    let mut found = HashMap::new();
    for labels in metrics.series(name) {
        let Some((_, value)) = labels.iter().find(|(known, _)| known == label) else { continue };
        let sum = metrics.sum(name, &[(label, value)]).unwrap_or_default();
        if sum > 0.0 {
            found.insert(value.clone(), whole(sum));
        }
    }
    found
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a counter of a test"
)]
fn whole(sum: f64) -> u32 {
    sum as u32
}

/// Whether a histogram's sum is about this: Envoy keeps two digits of each value.
fn is_about(sum: f64, expected: f64) -> bool {
    (sum - expected).abs() <= expected * 0.06 + 0.1
}

/// The filter with this configuration.
fn measuring(config: &Value) -> WasmFilter {
    WasmFilter::named("inference-metrics").configured(config)
}

/// Two models, of which one has prices.
fn config() -> Value {
    json!({
        "models": [
            {"name": "demo", "versions": ["1", "2"], "price": {
                "request_microunits": 100, "input_token_microunits": 2,
                "cached_token_microunits": 1, "cache_write_token_microunits": 3,
                "output_token_microunits": 10,
            }},
            {"name": "iris", "versions": ["3"]},
        ],
        "model_from": "request",
    })
}

/// The same with more said.
fn config_with(more: &Value) -> Value {
    let mut config = config();
    let more = more.as_object().expect("an object").clone();
    config.as_object_mut().expect("an object").extend(more);
    config
}

/// A chat of the model `demo` with these changes.
fn chat(changes: &Value) -> Call {
    let mut body = json!({"model": "demo", "messages": [{"role": "user", "content": "Hello"}]});
    let changes = changes.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(changes);
    Call::post("/v1/chat/completions").json(&body)
}

/// A chat whose answer is to be streamed.
fn streamed() -> Call {
    chat(&json!({"stream": true}))
}

/// A call of the team's own service.
fn predict() -> Call {
    let request =
        proto::prediction::PredictRequest { features: vec![0.5; 4], model_name: "demo".to_owned() };
    Call::grpc("/prediction.PredictionService/Predict", &request)
}

/// An answer of server-sent events.
fn events(body: impl Into<bytes::Bytes>) -> Answer {
    Answer::status(200).header("content-type", "text/event-stream").body(body)
}

/// An event of a streamed chat that brings this text.
fn token(text: &str) -> String {
    format!(
        "data: {{\"id\":\"1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n"
    )
}

const ROLE: &str =
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
const STOP: &str =
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\
    \"completion_tokens\":5,\"total_tokens\":15}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// The whole of a streamed chat: five tokens.
fn transcript() -> String {
    let tokens = ["a", "b", "c", "d", "e"].map(token).concat();
    format!("{ROLE}{tokens}{STOP}{USAGE}{DONE}")
}

/// A chat's answer with what it used.
fn answered() -> Answer {
    Answer::json_value(&json!({
        "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 8, "completion_tokens": 4, "total_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
    }))
}

/// How many series a model, version, class and operation may come to.
fn group() -> u32 {
    let rows = ROWS_PER_MODEL.iter().map(|row| row.values.len());
    u32::try_from(rows.sum::<usize>() + MOST_REASONS + 1).expect("a small number")
}
