//! Admission control.

mod chain;
mod deadlines;
mod exactness;
mod first_steps;
mod hostile;
mod leaks;
mod observability;
mod queueing;
mod refusals;
mod replacing;
mod server_loads;
mod streams;
mod usage;

use integration_tests::{
    Answer, Call, Client, Crowd, EnvoyConfig, Gateway, Reply, Upstream, WasmFilter, eventually,
    in_time,
};
use proto::prediction::PredictRequest;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const IN_FLIGHT: &str = "inference_admission_in_flight";

/// A gateway with admission control in front of one model server.
struct Stand {
    gateway: Gateway,
    server: Upstream,
}

impl Stand {
    /// With this configuration, so many workers, and a server that answers so.
    async fn new(
        config: &Value,
        workers: u32,
        script: impl Fn(&http::request::Parts) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let chain = Gateway::builder().workers(workers).replaceable(&admission(config));
        Self::of(chain, script).await
    }

    /// With this chain.
    async fn of(
        chain: EnvoyConfig,
        script: impl Fn(&http::request::Parts) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let server = Upstream::scripted(script).await;
        let gateway = chain
            .cluster("server", &[server.address()])
            .logging("admission", "%FILTER_STATE(wasm.inference.admission:PLAIN)%")
            .logging("reserved", "%FILTER_STATE(wasm.inference.tokens_reserved:PLAIN)%")
            .logging("used", "%FILTER_STATE(wasm.inference.tokens_used:PLAIN)%")
            .start()
            .await;
        Self { gateway, server }
    }

    /// With a server in which all requests stay until they are let go.
    async fn crowded(config: &Value, workers: u32) -> (Self, Crowd) {
        let (crowd, answer) = (Crowd::default(), Answer::text("served"));
        let inside = crowd.clone();
        let stand =
            Self::new(config, workers, move |_| Reply::crowded(answer.clone(), &inside)).await;
        (stand, crowd)
    }

    /// Waits until the gauge says that so many hold a place of a limit.
    async fn wait_for_in_flight(&self, limit: &str, count: u32) {
        let labels = [("limit", limit)];
        self.gateway.wait_for_metric(IN_FLIGHT, &labels, |sum| sum == f64::from(count)).await;
    }

    /// Waits until a counter of the filter stands there.
    async fn wait_for(&self, metric: &str, labels: &[(&str, &str)], count: u32) {
        let name = format!("inference_admission_{metric}");
        self.gateway.wait_for_metric(&name, labels, |sum| sum == f64::from(count)).await;
    }
}

/// Waits until so many are inside.
async fn wait_for_crowd(crowd: &Crowd, count: usize) {
    let what = format!("{count} requests in the model server");
    eventually(&what, async || (crowd.inside() == count).then_some(())).await;
}

/// A call that is under way on a connection of its own.
fn begin(mut client: Client, call: Call) -> JoinHandle<Answer> {
    tokio::spawn(async move { client.send(call).await })
}

/// The answer to a call that is under way.
async fn ended(call: JoinHandle<Answer>) -> Answer {
    in_time("an answer", call).await.expect("no panic")
}

fn rule_of(answer: &Answer) -> Option<String> {
    let reason = answer.header_text("x-inference-rejected")?;
    Some(reason.strip_prefix("admission-control;").expect("this filter").to_owned())
}

/// A gRPC call.
fn predict() -> Call {
    let request = PredictRequest { features: vec![0.5; 4], model_name: "demo".into() };
    Call::grpc("/prediction.PredictionService/Predict", &request)
}

/// A chat of no great importance.
fn any_chat() -> Call {
    chat(&chat_of(1, 1))
}

/// The filter with this configuration.
fn admission(config: &Value) -> WasmFilter {
    WasmFilter::named("admission-control").configured(config)
}

fn chat(body: &Value) -> Call {
    Call::post("/v1/chat/completions").json(body)
}

/// A chat whose prompt and answer take so many tokens, at one byte for a token.
fn chat_of(prompt: usize, max_tokens: u64) -> Value {
    json!({
        "messages": [{"role": "user", "content": "x".repeat(prompt)}],
        "max_tokens": max_tokens,
    })
}
