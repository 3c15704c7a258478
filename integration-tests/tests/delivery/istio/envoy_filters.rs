//! `envoy-filters.yaml`: filters that hold headers, discovered by Envoy.

use super::{ENVOY_FILTERS, stand};
use crate::stand::{
    Stand, chat, check_that_a_quota_ends, check_that_headers_and_paths_route,
    check_that_requests_are_counted, predict, rejected,
};
use integration_tests::{Call, Manifest, istio};
use serde_json::json;

async fn discovering() -> Stand {
    let filters = Manifest::all_of("EnvoyFilter", ENVOY_FILTERS);
    stand(Vec::new(), move |bootstrap, directory| istio::patched(bootstrap, &filters, directory))
        .await
}

/// A chat whose model stands behind so many bytes.
fn long_chat(bytes: usize) -> Call {
    let gap = " ".repeat(bytes);
    let messages = json!([{"role": "user", "content": "Hi"}]);
    let body = format!(r#"{{"messages": {messages}, {gap} "max_tokens": 9, "model": "demo@v2"}}"#);
    Call::post("/v1/chat/completions").header("content-type", "application/json").body(body)
}

#[tokio::test]
async fn a_model_named_in_the_body_is_routed() {
    let stand = discovering().await;
    for call in [chat(&json!({"model": "demo@v2"})), predict().header("x-model-version", "v2")] {
        stand.v2.forget();
        let answer = stand.send(call).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(stand.v2.last().header_text("x-model-version").as_deref(), Some("v2"));
    }
}

#[tokio::test]
async fn a_model_named_in_headers_or_path_is_routed() {
    check_that_headers_and_paths_route(&discovering().await).await;
}

#[tokio::test]
async fn a_body_that_breaks_the_contract_never_reaches_a_server() {
    let stand = discovering().await;
    let answer = stand.send(chat(&json!({"model": "demo", "max_tokens": 1025}))).await;
    assert_eq!(rejected(&answer), "payload-validator;max_tokens", "{answer:?}");
    assert!(stand.v1.received().is_empty() && stand.v2.received().is_empty());
}

#[tokio::test]
async fn a_tenant_beyond_its_quota_is_refused() {
    check_that_a_quota_ends(&discovering().await).await;
}

#[tokio::test]
async fn what_became_of_a_request_is_counted() {
    check_that_requests_are_counted(&discovering().await).await;
}

/// Without the patches, Envoy would hold half as much here, and refuse in plain text.
#[tokio::test]
async fn a_body_is_held_to_a_model_at_its_end() {
    let stand = discovering().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let answer = client.send(long_chat(1_000_000)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_by_a_filter() {
    let stand = discovering().await;
    for mut client in [stand.gateway.http1().await, stand.gateway.http2().await] {
        let answer = client.send(long_chat(1_200_000)).await;
        assert_eq!(rejected(&answer), "model-router;body_too_large", "{answer:?}");
    }
}

#[tokio::test]
async fn a_vm_of_its_own_is_there_for_each_filter() {
    let stand = discovering().await;
    let dump = stand.gateway.admin().get_json("/config_dump?resource=ecds_filters").await;
    let ids: Vec<_> = dump["configs"]
        .as_array()
        .expect("filters")
        .iter()
        .map(|filter| {
            let config = &filter["ecds_filter"]["typed_config"]["config"];
            (config["vm_config"]["vm_id"].clone(), config["failure_policy"].clone())
        })
        .collect();
    for filter in ["inference-metrics", "model-router", "payload-validator", "admission-control"] {
        assert!(ids.contains(&(json!(filter), json!("FAIL_RELOAD"))), "{filter}: {ids:?}");
    }
}
