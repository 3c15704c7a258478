//! `wasm-plugins.yaml` and `traffic-extensions.yaml`: filters that can't hold headers, with
//! configurations in which all numbers are doubles.

use super::{CLUSTERS, TRAFFIC_EXTENSIONS, WASM_PLUGINS, routes};
use crate::stand::{
    Stand, check_that_a_body_alone_names_no_model, check_that_a_quota_ends,
    check_that_headers_and_paths_route, check_that_health_is_asked_of_any,
    check_that_nobody_else_routes, check_that_other_paths_are_not_served,
    check_that_requests_are_counted, check_that_what_breaks_the_contract_is_cut_off,
};
use integration_tests::istio::{Numbers, Passing, filters};
use integration_tests::{EnvoyConfig, Gateway, Manifest, validate};
use serde_json::json;

fn plugins() -> Vec<Manifest> {
    Manifest::all_of("WasmPlugin", WASM_PLUGINS)
}

async fn stand(passing: Passing) -> Stand {
    Stand::of(CLUSTERS, filters(&plugins(), passing), routes()).await
}

/// Of all ways to write a number the one that looks least like a whole one.
async fn with_fractions() -> Stand {
    stand(Passing::AsText(Numbers::WithFraction)).await
}

#[tokio::test]
async fn a_model_named_in_headers_or_path_is_routed() {
    check_that_headers_and_paths_route(&with_fractions().await).await;
}

#[tokio::test]
async fn only_the_router_says_where_a_request_goes() {
    check_that_nobody_else_routes(&with_fractions().await).await;
}

#[tokio::test]
async fn a_model_named_in_the_body_alone_is_refused() {
    check_that_a_body_alone_names_no_model(&with_fractions().await).await;
}

#[tokio::test]
async fn a_body_that_breaks_the_contract_is_cut_off() {
    check_that_what_breaks_the_contract_is_cut_off(&with_fractions().await).await;
}

#[tokio::test]
async fn a_tenant_beyond_its_quota_is_refused() {
    check_that_a_quota_ends(&with_fractions().await).await;
}

#[tokio::test]
async fn what_became_of_a_request_is_counted() {
    check_that_requests_are_counted(&with_fractions().await).await;
}

#[tokio::test]
async fn what_no_rule_takes_is_answered_404() {
    check_that_other_paths_are_not_served(&with_fractions().await).await;
}

#[tokio::test]
async fn health_is_asked_of_any_version() {
    check_that_health_is_asked_of_any(&with_fractions().await).await;
}

#[tokio::test]
async fn a_struct_does_as_well_as_a_text() {
    let stand = stand(Passing::AsStruct).await;
    check_that_headers_and_paths_route(&stand).await;
    check_that_what_breaks_the_contract_is_cut_off(&stand).await;
    check_that_a_quota_ends(&stand).await;
}

#[test]
fn numbers_may_be_written_in_any_way() {
    for numbers in [Numbers::Plain, Numbers::WithFraction, Numbers::WithExponent] {
        let filters = filters(&plugins(), Passing::AsText(numbers));
        let config = filters.into_iter().fold(Gateway::builder(), EnvoyConfig::other_filter);
        let validation = validate(&config);
        assert!(validation.accepted, "{numbers:?}: {}", validation.log);
    }
}

#[test]
fn filters_come_in_the_order_of_the_chain() {
    let filters = filters(&plugins(), Passing::AsStruct);
    let names: Vec<_> = filters.iter().map(|filter| filter["name"].clone()).collect();
    let order = ["inference-metrics", "model-router", "payload-validator", "admission-control"];
    assert_eq!(names, order.map(|name| json!(format!("istio-ingress.{name}"))));
}

#[test]
fn traffic_extensions_say_the_same() {
    let extensions = Manifest::all_of("TrafficExtension", TRAFFIC_EXTENSIONS);
    let passing = Passing::AsText(Numbers::Plain);
    assert_eq!(filters(&extensions, passing), filters(&plugins(), passing));
}
