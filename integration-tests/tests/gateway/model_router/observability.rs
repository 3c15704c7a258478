//! What operators see of the router.

use super::{Stand, chat, config, server_of};
use integration_tests::{Call, WasmFilter};
use serde_json::json;

#[tokio::test]
async fn requests_are_counted_by_model_version_and_rule() {
    let stand = Stand::new().await;
    let mut client = stand.gateway.http2().await;
    for model in ["demo", "demo", "demo@v2", "iris"] {
        server_of(&mut client, chat(model)).await;
    }
    client.send(chat("no-such")).await;
    client.send(Call::get("/v1/models")).await;
    let gateway = &stand.gateway;
    let routed = "inference_router_requests_total";
    let v1 = [("model", "demo"), ("version", "v1")];
    gateway.wait_for_metric(routed, &v1, |count| count == 2.0).await;
    assert_eq!(gateway.metric(routed, &[("model", "demo"), ("version", "v2")]).await, 1.0);
    assert_eq!(gateway.metric(routed, &[("model", "iris"), ("version", "3")]).await, 1.0);
    let refused = "inference_router_refused_total";
    assert_eq!(gateway.metric(refused, &[("rule", "unknown_model")]).await, 1.0);
    assert_eq!(gateway.metric(refused, &[]).await, 1.0);
    assert_eq!(gateway.metric("inference_router_passed_total", &[]).await, 1.0);
}

#[tokio::test]
async fn workers_count_together() {
    let filter = WasmFilter::named("model-router").configured(&config(json!({})));
    let stand = Stand::with_workers(&filter, 4).await;
    for _ in 0..16 {
        server_of(&mut stand.gateway.http1().await, chat("iris")).await;
    }
    let (name, labels) = ("inference_router_requests_total", [("model", "iris")]);
    stand.gateway.wait_for_metric(name, &labels, |count| count == 16.0).await;
}

#[tokio::test]
async fn the_access_log_names_model_and_version() {
    let stand = Stand::configured(json!({"default_model": "demo"})).await;
    let mut client = stand.gateway.http1().await;
    server_of(&mut client, chat("demo@v2")).await;
    client.send(chat("no-such")).await;
    let log = stand.gateway.access_log();
    let served = log.wait_for("the served call", |entry| entry["code"] == 200).await;
    assert_eq!((&served["model"], &served["version"]), (&json!("demo"), &json!("v2")));
    assert_eq!(served["cluster"], "demo-v2");
    let refused = log.wait_for("the refused call", |entry| entry["code"] == 404).await;
    assert_eq!(refused["details"], "model-router;unknown_model");
}
