//! `bootstrap.yaml`: labels and buckets, merged into a bootstrap such as Istio's.

use super::{BOOTSTRAP, WASM_PLUGINS, stand};
use crate::stand::{REQUESTS, chat, for_version};
use filter_kit::documents::check_section;
use integration_tests::istio::{Numbers, Passing, filters, merge};
use integration_tests::{Manifest, StatsConfig, eventually, repository};
use serde_json::{Value, json};

/// What concerns labels, buckets and what is kept of statistics in the bootstrap that Istio's agent writes.
fn of_istio() -> Value {
    json!({
        "use_all_default_tags": false,
        "stats_tags": [
            {"tag_name": "response_code", "regex": r"_rq(_(\d{3}))$"},
            {"tag_name": "component", "regex": r"(component\.(.+?)\.)"},
        ],
        "stats_matcher": {"inclusion_list": {"patterns": [
            {"prefix": "reporter="},
            {"prefix": "cluster_manager"},
            {"prefix": "listener_manager"},
            {"prefix": "server"},
            {"prefix": "wasm"},
        ]}},
    })
}

#[test]
fn it_has_what_the_filters_need() {
    let file = repository().join(BOOTSTRAP);
    check_section(&file, "stats_config", &StatsConfig::of_all().yaml_within(4)).unwrap();
}

#[tokio::test]
async fn metrics_have_labels_and_buckets() {
    let map = Manifest::one_of("ConfigMap", BOOTSTRAP);
    let ours: Value = yaml_serde::from_str(&map.data["custom_bootstrap.json"]).expect("YAML");
    let plugins = Manifest::all_of("WasmPlugin", WASM_PLUGINS);
    let filters = filters(&plugins, Passing::AsText(Numbers::Plain));
    let stand = stand(filters, move |mut bootstrap, _| {
        bootstrap["stats_config"] = of_istio();
        merge(&mut bootstrap, &ours);
        bootstrap
    })
    .await;
    assert_eq!(stand.send(for_version("v2", chat(&json!({})))).await.status, 200);
    let labels = [("model", "demo"), ("version", "v2")];
    stand.gateway.wait_for_metric(REQUESTS, &labels, |count| count == 1.0).await;
    // Where the third bucket of OpenTelemetry's ends.
    let bucket = [labels[0], labels[1], ("le", "40")];
    eventually("a bucket", async || {
        let metrics = stand.gateway.admin().metrics().await;
        metrics.sum("gen_ai_server_request_duration_ms_bucket", &bucket)
    })
    .await;
}
