//! `envoy/envoy-gateway`: of the types that are published, and in an Envoy as Envoy Gateway
//! would configure it.

mod types;

use crate::stand::{
    Stand, chat, check_that_a_body_alone_names_no_model, check_that_a_quota_ends,
    check_that_headers_and_paths_route, check_that_health_is_asked_of_any,
    check_that_nobody_else_routes, check_that_other_paths_are_not_served,
    check_that_requests_are_counted, check_that_what_breaks_the_contract_is_cut_off,
};
use filter_kit::documents::check_section;
use integration_tests::envoy_gateway::{filters, routes};
use integration_tests::{Manifest, StatsConfig, repository};
use serde_json::{Value, json};

const POLICY: &str = "envoy/envoy-gateway/extension-policy.yaml";
const ROUTING: &str = "envoy/envoy-gateway/routing.yaml";
const BOOTSTRAP: &str = "envoy/envoy-gateway/bootstrap.yaml";

async fn stand() -> Stand {
    with_routes(|_| true).await
}

/// With those of the shipped rules that are chosen.
async fn with_routes(is_chosen: impl Fn(&Value) -> bool) -> Stand {
    let policy = Manifest::one_of("EnvoyExtensionPolicy", POLICY);
    let mut route = Manifest::one_of("HTTPRoute", ROUTING);
    route.spec["rules"].as_array_mut().expect("rules").retain(is_chosen);
    let answers = Manifest::all_of("HTTPRouteFilter", ROUTING);
    let routes = routes(&route, &answers, &policy);
    Stand::of(["demo-v1", "demo-v2"], filters(&policy), routes).await
}

#[tokio::test]
async fn a_model_named_in_headers_or_path_is_routed() {
    check_that_headers_and_paths_route(&stand().await).await;
}

#[tokio::test]
async fn only_the_router_says_where_a_request_goes() {
    check_that_nobody_else_routes(&stand().await).await;
}

#[tokio::test]
async fn a_model_named_in_the_body_alone_is_refused() {
    check_that_a_body_alone_names_no_model(&stand().await).await;
}

#[tokio::test]
async fn a_body_that_breaks_the_contract_is_cut_off() {
    check_that_what_breaks_the_contract_is_cut_off(&stand().await).await;
}

#[tokio::test]
async fn a_tenant_beyond_its_quota_is_refused() {
    check_that_a_quota_ends(&stand().await).await;
}

#[tokio::test]
async fn what_became_of_a_request_is_counted() {
    check_that_requests_are_counted(&stand().await).await;
}

#[tokio::test]
async fn what_no_rule_takes_is_answered_404() {
    check_that_other_paths_are_not_served(&stand().await).await;
}

#[tokio::test]
async fn health_is_asked_of_any_version() {
    check_that_health_is_asked_of_any(&stand().await).await;
}

/// Why there is a rule for all paths: a request begins with the filters of the route that it has
/// then, and those by header it has only behind the router.
#[tokio::test]
async fn without_a_rule_for_all_no_filter_sees_a_request() {
    let stand = with_routes(|rule| rule["matches"][0]["path"]["value"] != "/").await;
    let call = chat(&json!({"model": "demo"})).header("x-model-name", "demo");
    assert_eq!(stand.send(call).await.status, 404);
    let entry = stand.access_log().wait_for("the request", |_| true).await;
    assert_eq!(entry["model"], Value::Null);
}

#[test]
fn the_bootstrap_has_what_the_filters_need() {
    let file = repository().join(BOOTSTRAP);
    check_section(&file, "stats_config", &StatsConfig::of_all().yaml_within(6)).unwrap();
}

#[test]
fn the_bootstrap_is_one_that_envoy_takes() {
    let proxy = Manifest::one_of("EnvoyProxy", BOOTSTRAP);
    let text = proxy.spec["bootstrap"]["value"].as_str().expect("a text");
    let ours: Value = yaml_serde::from_str(text).expect("YAML");
    assert_eq!(ours, json!({"stats_config": StatsConfig::of_all().json()}));
}
