//! `envoy/istio`: of the types that Istio publishes, and in an Envoy as Istio would configure it.

mod bootstrap;
mod envoy_filters;
mod types;
mod wasm_plugins;

use crate::stand::Stand;
use integration_tests::{Manifest, istio};
use serde_json::Value;
use std::path::Path;

const WASM_PLUGINS: &str = "envoy/istio/wasm-plugins.yaml";
const TRAFFIC_EXTENSIONS: &str = "envoy/istio/traffic-extensions.yaml";
const ENVOY_FILTERS: &str = "envoy/istio/envoy-filters.yaml";
const ROUTING: &str = "envoy/istio/routing.yaml";
const BOOTSTRAP: &str = "envoy/istio/bootstrap.yaml";

/// The versions' clusters, as Istio names the subsets of `routing.yaml`.
const CLUSTERS: [&str; 2] = [
    "outbound|9000|v1|demo.models.svc.cluster.local",
    "outbound|9000|v2|demo.models.svc.cluster.local",
];

fn routes() -> Vec<Value> {
    istio::routes(&Manifest::one_of("VirtualService", ROUTING))
}

/// A gateway with these filters and the shipped routes, and a change to its bootstrap.
async fn stand(filters: Vec<Value>, change: impl FnOnce(Value, &Path) -> Value + 'static) -> Stand {
    Stand::changed(CLUSTERS, filters, routes(), change).await
}
