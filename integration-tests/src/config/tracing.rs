use serde_json::{Value, json};

/// What Envoy reports of requests to an OpenTelemetry collector.
#[derive(Clone, Debug)]
pub struct Tracing {
    collector: String,
    attributes: Vec<Value>,
    sampled_percent: f64,
    spans_of_attempts: bool,
}

impl Tracing {
    /// A span of every request, to the collector that this cluster is.
    pub fn to_cluster(name: &str) -> Self {
        Self {
            collector: name.to_owned(),
            attributes: Vec::new(),
            sampled_percent: 100.0,
            spans_of_attempts: false,
        }
    }

    /// The same with an attribute more, as a format string of Envoy's.
    pub fn attribute(mut self, name: &str, format: &str) -> Self {
        self.attributes.push(json!({"tag": name, "value": format}));
        self
    }

    /// The same, but of those requests whose clients don't trace themselves, only
    /// so many in a hundred.
    pub const fn sampling(mut self, percent: f64) -> Self {
        self.sampled_percent = percent;
        self
    }

    /// The same, with another span for each attempt at a server.
    pub const fn with_spans_of_attempts(mut self) -> Self {
        self.spans_of_attempts = true;
        self
    }

    /// The bootstrap's `layered_runtime` with which Envoy reports each span when it
    /// has ended. By default it waits until it has five, or for 5 s.
    pub fn at_once() -> Value {
        let layer = json!({"tracing.opentelemetry.min_flush_spans": 1});
        json!({"layers": [{"name": "tracing", "static_layer": layer}]})
    }

    /// What the HTTP connection manager's configuration has as `tracing`.
    pub(super) fn of_the_manager(&self) -> Value {
        json!({
            "provider": {
                "name": "envoy.tracers.opentelemetry",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                    "grpc_service": {
                        "envoy_grpc": {"cluster_name": self.collector},
                        "timeout": "5s",
                    },
                    "service_name": "gateway",
                },
            },
            "random_sampling": {"value": self.sampled_percent},
            "spawn_upstream_span": self.spans_of_attempts,
            "custom_tags": self.attributes,
        })
    }
}
