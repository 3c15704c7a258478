//! What Envoy reads.

use super::discovery::discovery;
use super::{ChainLink, EnvoyConfig, Tracing, socket_address, type_url};
use crate::stats_config::StatsConfig;
use serde_json::{Value, json};
use std::path::Path;

impl EnvoyConfig {
    /// Envoy's bootstrap configuration. `directory` is where a replaceable
    /// filter's configuration lies.
    pub fn bootstrap(&self, directory: &Path) -> Value {
        let mut bootstrap = json!({
            "node": {"id": "test", "cluster": "test"},
            "admin": {"address": socket_address(([127, 0, 0, 1], 0).into())},
            "stats_flush_interval": "0.2s",
            "stats_config": StatsConfig::of_all().json(),
            "static_resources": {
                "listeners": self.listeners(directory),
                "clusters": self.clusters,
            },
        });
        if self.tracing.is_some() {
            bootstrap["layered_runtime"] = Tracing::at_once();
        }
        if let Some(cluster) = &self.load_reports {
            bootstrap["cluster_manager"] = json!({"load_stats_config": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": cluster}}],
            }});
        }
        bootstrap
    }

    fn listeners(&self, directory: &Path) -> Vec<Value> {
        let first = self.filters.iter().map(|link| match link {
            ChainLink::Fixed(filter) => filter.clone(),
            ChainLink::Discovered(_) => discovery(directory),
        });
        let first = self.listener("gateway", first.collect());
        let others = self.others.iter().enumerate().map(|(position, filter)| {
            let link = json!({"name": filter.name(), "typed_config": filter.typed_config()});
            self.listener(&format!("other-{position}"), vec![link])
        });
        [first].into_iter().chain(others).collect()
    }

    fn listener(&self, name: &str, filters: Vec<Value>) -> Value {
        let mut listener = json!({
            "name": name,
            "address": socket_address(([127, 0, 0, 1], 0).into()),
            "per_connection_buffer_limit_bytes": self.listening.buffer_bytes,
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": self.connection_manager(filters),
            }]}],
        });
        if self.is_balanced {
            listener["connection_balance_config"] = json!({"exact_balance": {}});
        }
        listener
    }

    fn connection_manager(&self, mut filters: Vec<Value>) -> Value {
        filters.push(json!({
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": type_url("filters.http.router.v3.Router")},
        }));
        let access_logs: Vec<Value> = self.access_log.iter().map(access_log).collect();
        let mut routes = self.routes.clone();
        if let Some(cluster) = self.clusters.first() {
            routes.push(json!({
                "match": {"prefix": "/"},
                "route": {"cluster": cluster["name"], "timeout": "15s"},
            }));
        }
        let mut manager = json!({
            "@type": type_url(
                "filters.network.http_connection_manager.v3.HttpConnectionManager"
            ),
            "stat_prefix": "gateway",
            "codec_type": "AUTO",
            "http_protocol_options": {"enable_trailers": self.listening.http1_trailers},
            "http2_protocol_options": {
                "initial_stream_window_size": self.listening.stream_window_bytes,
                "initial_connection_window_size": self.listening.stream_window_bytes * 2,
            },
            "access_log": access_logs,
            "http_filters": filters,
            "route_config": {
                "name": "routes",
                "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}],
            },
        });
        if let Some(tracing) = &self.tracing {
            manager["tracing"] = tracing.of_the_manager();
        }
        manager
    }
}

fn access_log(fields: &Value) -> Value {
    json!({
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": type_url("access_loggers.stream.v3.StdoutAccessLog"),
            "log_format": {"json_format": fields},
        },
    })
}
