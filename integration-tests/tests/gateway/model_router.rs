//! The model router.

mod answering;
mod bodies;
mod choosing;
mod client_headers;
mod configuration;
mod hostile;
mod identity;
mod late;
mod observability;
mod peers;
mod refusals;
mod rewriting;
mod streaming;
mod unread;
mod untouched;
mod versions;

use integration_tests::{Answer, Call, Client, EnvoyConfig, Gateway, Reply, Upstream, WasmFilter};
use serde_json::{Value, json};

/// The header in which a model server of these tests says which one it is.
const SERVED_BY: &str = "x-served-by";

/// A gateway with the router and a model server for each cluster.
struct Stand {
    gateway: Gateway,
    servers: Vec<(&'static str, Upstream)>,
}

impl Stand {
    async fn new() -> Self {
        Self::configured(json!({})).await
    }

    /// With these keys added to the usual configuration, or in place of its own.
    async fn configured(changes: Value) -> Self {
        Self::with_filter(&WasmFilter::named("model-router").configured(&config(changes))).await
    }

    async fn with_filter(filter: &WasmFilter) -> Self {
        Self::with_workers(filter, 1).await
    }

    async fn with_workers(filter: &WasmFilter, workers: u32) -> Self {
        let mut servers = Vec::new();
        // The first one gets what the router leaves alone.
        for name in ["nobody", "demo-v1", "demo-v2", "iris"] {
            servers.push((name, Upstream::scripted(move |head| introduction(name, head)).await));
        }
        let clusters = servers.iter().fold(Gateway::builder(), |gateway, (name, server)| {
            gateway.cluster(name, &[server.address()])
        });
        let config = clusters.wasm(filter).route_by_header("x-model-cluster");
        Self { gateway: config.workers(workers).start().await, servers }
    }

    fn server(&self, name: &str) -> &Upstream {
        &self.servers.iter().find(|(known, _)| *known == name).expect("a server").1
    }
}

/// The usual configuration with these changes.
fn config(changes: Value) -> Value {
    let mut config = json!({
        "models": [
            {"name": "demo", "versions": [
                {"name": "v1", "cluster": "demo-v1", "weight": 100},
                {"name": "v2", "cluster": "demo-v2", "weight": 0},
            ]},
            {"name": "iris", "versions": [{"name": "3", "cluster": "iris"}]},
        ],
        "sticky_by": [{"header": "x-session-id"}, {"cookie": "session"}],
    });
    let Value::Object(changes) = changes else { panic!("an object") };
    config.as_object_mut().expect("an object").extend(changes);
    config
}

fn introduction(name: &'static str, head: &http::request::Parts) -> Reply {
    let is_grpc = head.headers.get("content-type").is_some_and(|it| it == "application/grpc");
    let answer = if is_grpc {
        Answer::status(200)
            .header("content-type", "application/grpc")
            .body(integration_tests::grpc_frame(b""))
            .trailer("grpc-status", "0")
    } else {
        Answer::text(name)
    };
    Reply::whole(answer.header(SERVED_BY, name))
}

/// Which model server gets the call.
async fn server_of(client: &mut Client, call: Call) -> String {
    let answer = client.send(call).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header_text(SERVED_BY).unwrap_or_else(|| panic!("nobody answered: {answer:?}"))
}

fn chat(model: &str) -> Call {
    Call::post("/v1/chat/completions").json(&json!({"messages": [], "model": model}))
}

fn chat_of_default_model() -> Call {
    Call::post("/v1/chat/completions").json(&json!({"messages": []}))
}

fn bare(filter: &WasmFilter) -> EnvoyConfig {
    Gateway::builder().wasm(filter)
}
