//! A gateway in trouble: one of its filters crashes, configurations are refused, and
//! there are more series than are allowed.

use integration_tests::{Call, Gateway, WasmFilter, eventually};
use serde_json::json;
use std::net::SocketAddr;

const REFUSED: &str = "extension_config_discovery.http_filter.discovered.config_fail";

pub(super) async fn start(server: SocketAddr) -> Gateway {
    // Room for one combination of model, version, class and operation beside `other`.
    let metrics = WasmFilter::named("inference-metrics").configured(&json!({"max_series": 408}));
    Gateway::builder()
        .wasm(&metrics)
        .replaceable(&crashing())
        .cluster("server", &[server])
        .start()
        .await
}

/// It crashes, comes back, and is given a configuration that it refuses.
pub(super) async fn go_on(gateway: &Gateway) {
    let mut client = gateway.http2().await;
    assert_eq!(client.send(Call::get("/").header("x-panic", "yes")).await.status, 503);
    for path in ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"] {
        eventually("a new VM", async || {
            let answer = client.send(Call::post(path).json(&json!({"model": "demo"}))).await;
            (answer.status == 200).then_some(())
        })
        .await;
    }
    let before = gateway.admin().stat(REFUSED).await.unwrap_or(0);
    // Another text each time: what is known to be wrong is not tried again.
    gateway.replace_filter(&crashing().configured_by_text(&format!("no JSON, for the {before}th")));
    gateway.wait_for_stat(REFUSED, |count| count > before).await;
}

fn crashing() -> WasmFilter {
    WasmFilter::named("panicking").reloading()
}
