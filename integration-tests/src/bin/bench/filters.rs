//! The filters under test. A new one is a line in the table.

use integration_tests::{EnvoyConfig, Gateway};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The cluster of the model server.
pub(crate) const CLUSTER: &str = "demo-v1";

/// A filter and the configuration with which it is measured.
pub(crate) struct FilterUnderTest {
    pub(crate) name: &'static str,
    module: &'static str,
    configuration: fn() -> Value,
}

pub(crate) const FILTERS: [FilterUnderTest; 6] = [
    FilterUnderTest { name: "empty", module: "empty", configuration: || json!({}) },
    FilterUnderTest { name: "model-router", module: "model-router", configuration: model_router },
    FilterUnderTest {
        name: "payload-validator",
        module: "payload-validator",
        configuration: payload_validator,
    },
    FilterUnderTest {
        name: "admission-control",
        module: "admission-control",
        configuration: admission_control,
    },
    FilterUnderTest {
        name: "admission-control-tokens",
        module: "admission-control",
        configuration: admission_of_tokens,
    },
    FilterUnderTest {
        name: "inference-metrics",
        module: "inference-metrics",
        configuration: inference_metrics,
    },
];

impl FilterUnderTest {
    /// An Envoy with this filter.
    pub(crate) fn gateway(&self, server: SocketAddr) -> EnvoyConfig {
        Gateway::builder()
            .without_access_log()
            .filter(self.module, &(self.configuration)())
            .cluster(CLUSTER, &[server])
            .route_by_header("x-model-cluster")
    }
}

pub(crate) fn names() -> Vec<&'static str> {
    FILTERS.iter().map(|filter| filter.name).collect()
}

fn model_router() -> Value {
    json!({
        "models": [
            {"name": "demo", "versions": [
                {"name": "v1", "cluster": CLUSTER, "weight": 90},
                {"name": "v2", "cluster": CLUSTER, "weight": 10},
            ]},
            {"name": "blobs", "versions": [{"name": "v1", "cluster": CLUSTER}]},
        ],
        "sticky_by": [{"header": "x-session-id"}, {"cookie": "session"}],
    })
}

/// Everything that every case has in it is looked at: text and parameters, and each
/// value of a tensor.
fn payload_validator() -> Value {
    let values = |name: &str, shape: Value| {
        json!({
            "name": name, "datatype": "FP32", "shape": shape, "optional": true,
            "finite": true, "minimum": -3, "maximum": 250_000,
        })
    };
    let mut features = values("features", json!([4]));
    features["field"] = "1".into();
    let inputs = [values("image", json!([-1, 3, 224, 224])), values("features", json!([1, -1]))];
    json!({
        "hold_up_to_bytes": 4 << 20,
        "contracts": [
            {
                "generative": {
                    "max_tokens": 4096,
                    "max_messages": 1000,
                    "max_tools": 64,
                    "max_characters": 2_000_000,
                    "context_window_tokens": 1_000_000,
                },
                "tensors": {
                    "method": "/prediction.PredictionService/Predict", "inputs": [features],
                },
            },
            {"model": "demo", "tensors": {"inputs": inputs}},
            {"model": "blobs"},
        ],
    })
}

/// Requests by tenant and places by model and version, and nobody comes near them.
fn admission_control() -> Value {
    json!({
        "tenant": {"header": "x-tenant-id"},
        "limits": [
            {"name": "requests", "per": ["tenant"], "requests": plenty()},
            {"name": "gpu", "per": ["model", "version"], "in_flight": {"max": 10_000}},
        ],
        "queue": {"max_requests": 100},
    })
}

/// The same and tokens, for which each body is held and read, and each answer read.
fn admission_of_tokens() -> Value {
    let mut config = admission_control();
    if let Some(limits) = config["limits"].as_array_mut() {
        limits.push(json!({"name": "tokens", "per": ["tenant", "model"], "tokens": plenty()}));
    }
    config
}

/// Everything is measured, and stated.
fn inference_metrics() -> Value {
    json!({
        "models": [
            {"name": "demo", "versions": ["v1", "v2"], "price": {"output_token_microunits": 0.6}},
            {"name": "blobs"},
        ],
        "tenant": {"header": "x-tenant-id"},
    })
}

fn plenty() -> Value {
    json!({"count": 1_000_000_000_u64, "window_ms": 60_000})
}
