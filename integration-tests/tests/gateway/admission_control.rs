//! Admission control.

mod first_steps;
mod hostile;

use integration_tests::{Call, Gateway, Reply, Upstream, WasmFilter};
use serde_json::{Value, json};

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
        let server = Upstream::scripted(script).await;
        let gateway = Gateway::builder()
            .workers(workers)
            .replaceable(&admission(config))
            .cluster("server", &[server.address()])
            .logging("admission", "%FILTER_STATE(wasm.inference.admission:PLAIN)%")
            .logging("reserved", "%FILTER_STATE(wasm.inference.tokens_reserved:PLAIN)%")
            .logging("used", "%FILTER_STATE(wasm.inference.tokens_used:PLAIN)%")
            .start()
            .await;
        Self { gateway, server }
    }
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
