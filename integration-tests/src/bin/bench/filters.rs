//! The filters under test. A new one is a line in the table.

use integration_tests::{EnvoyConfig, Gateway};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The cluster of the model server.
pub(crate) const CLUSTER: &str = "demo-v1";

/// A filter and the configuration with which it is measured.
pub(crate) struct FilterUnderTest {
    pub(crate) name: &'static str,
    configuration: fn() -> Value,
}

pub(crate) const FILTERS: [FilterUnderTest; 2] = [
    FilterUnderTest { name: "empty", configuration: || json!({}) },
    FilterUnderTest { name: "model-router", configuration: model_router },
];

impl FilterUnderTest {
    /// An Envoy with this filter.
    pub(crate) fn gateway(&self, server: SocketAddr) -> EnvoyConfig {
        Gateway::builder()
            .without_access_log()
            .filter(self.name, &(self.configuration)())
            .cluster(CLUSTER, &[server])
            .route_by_header("x-model-cluster")
    }
}

pub(crate) fn names() -> Vec<&'static str> {
    FILTERS.iter().map(|filter| filter.name).collect()
}

fn model_router() -> Value {
    json!({
        "models": [{
            "name": "demo",
            "versions": [
                {"name": "v1", "cluster": CLUSTER, "weight": 90},
                {"name": "v2", "cluster": CLUSTER, "weight": 10},
            ],
        }],
        "sticky_by": [{"header": "x-session-id"}, {"cookie": "session"}],
    })
}
