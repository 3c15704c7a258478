//! The configuration of an Envoy, as small as a test can say it.

mod bootstrap;
mod cluster;
mod discovery;
mod tracing;
mod wasm_filter;

use crate::gateway::{Document, Gateway, Launch};
use cluster::Protocol;
pub(crate) use discovery::{discovery_file, discovery_response};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
pub use tracing::Tracing;
pub use wasm_filter::WasmFilter;

/// An Envoy to be: one listener, some filters, some clusters.
///
/// It speaks HTTP/1.1 and HTTP/2 on one port, and with a cluster's servers, as a
/// rule, what its client speaks with it.
#[derive(Clone, Debug)]
pub struct EnvoyConfig {
    filters: Vec<ChainLink>,
    clusters: Vec<Value>,
    routes: Vec<Value>,
    listening: Listening,
    /// Filters of listeners beside the first.
    others: Vec<WasmFilter>,
    is_balanced: bool,
    workers: u32,
    access_log: Option<Value>,
    tracing: Option<Tracing>,
    load_reports: Option<String>,
}

/// A place in the filter chain.
#[derive(Clone, Debug)]
enum ChainLink {
    Fixed(Value),
    /// Its configuration lies in a file that can be replaced.
    Discovered(WasmFilter),
}

/// What the listener allows.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    /// How much of an HTTP/1.1 request may be held back.
    pub buffer_bytes: u32,
    /// How much of an HTTP/2 request may be held back.
    pub stream_window_bytes: u32,
    /// Whether HTTP/1.1 requests may have trailers. Without, Envoy drops them.
    pub http1_trailers: bool,
}

impl Default for Listening {
    fn default() -> Self {
        Self { buffer_bytes: 4 << 20, stream_window_bytes: 4 << 20, http1_trailers: true }
    }
}

impl Default for EnvoyConfig {
    fn default() -> Self {
        Self {
            filters: Vec::new(),
            clusters: Vec::new(),
            routes: Vec::new(),
            listening: Listening::default(),
            others: Vec::new(),
            is_balanced: false,
            workers: 1,
            access_log: Some(json!({
                "code": "%RESPONSE_CODE%",
                "details": "%RESPONSE_CODE_DETAILS%",
                "flags": "%RESPONSE_FLAGS%",
                "grpc": "%GRPC_STATUS_NUMBER%",
                "path": "%REQ(:PATH)%",
                "cluster": "%UPSTREAM_CLUSTER_RAW%",
                "model": "%FILTER_STATE(wasm.inference.model:PLAIN)%",
                "version": "%FILTER_STATE(wasm.inference.version:PLAIN)%",
            })),
            tracing: None,
            load_reports: None,
        }
    }
}

impl EnvoyConfig {
    /// Puts one of our filters, or of the tests', at the end of the chain, with
    /// this configuration.
    pub fn filter(self, name: &str, config: &Value) -> Self {
        self.wasm(&WasmFilter::named(name).configured(config))
    }

    /// Puts a Wasm filter at the end of the chain.
    pub fn wasm(self, filter: &WasmFilter) -> Self {
        let link = json!({"name": filter.name(), "typed_config": filter.typed_config()});
        self.other_filter(link)
    }

    /// Puts a Wasm filter at the end of the chain whose configuration
    /// [`Gateway::replace_filter`] can replace under traffic.
    pub fn replaceable(mut self, filter: &WasmFilter) -> Self {
        self.filters.push(ChainLink::Discovered(filter.clone()));
        self
    }

    /// Puts a filter at the end of the chain as Envoy's configuration writes it.
    pub fn other_filter(mut self, filter: Value) -> Self {
        self.filters.push(ChainLink::Fixed(filter));
        self
    }

    /// Adds a cluster with these servers. The first one of a configuration also
    /// gets every request that no route takes.
    pub fn cluster(mut self, name: &str, servers: &[SocketAddr]) -> Self {
        self.clusters.push(cluster::of(name, servers, Protocol::AsTheClient));
        self
    }

    /// The same, but Envoy speaks HTTP/1.1 with the servers whatever its client
    /// speaks.
    pub fn http1_cluster(mut self, name: &str, servers: &[SocketAddr]) -> Self {
        self.clusters.push(cluster::of(name, servers, Protocol::Http1));
        self
    }

    /// The same, but Envoy speaks HTTP/2 with the servers whatever its client
    /// speaks: for services that Envoy itself calls.
    pub fn http2_cluster(mut self, name: &str, servers: &[SocketAddr]) -> Self {
        self.clusters.push(cluster::of(name, servers, Protocol::Http2));
        self
    }

    /// Changes the last cluster: adds these members to it, as Envoy's configuration
    /// writes them.
    ///
    /// # Panics
    /// When there is none, or these are no members.
    pub fn with_its(mut self, members: &Value) -> Self {
        let cluster = self.clusters.last_mut().and_then(Value::as_object_mut);
        let members = members.as_object().expect("members").clone();
        cluster.expect("a cluster").extend(members);
        self
    }

    /// Sends requests that have this header to the cluster that it names.
    pub fn route_by_header(self, header: &str) -> Self {
        self.route(json!({
            "match": {"prefix": "/", "headers": [{"name": header, "present_match": true}]},
            "route": {"cluster_header": header, "timeout": "15s"},
        }))
    }

    /// Adds a route as Envoy's configuration writes it.
    pub fn route(mut self, route: Value) -> Self {
        self.routes.push(route);
        self
    }

    /// What the listener allows.
    pub const fn listening(mut self, listening: Listening) -> Self {
        self.listening = listening;
        self
    }

    /// Adds a listener whose only filter is this one: see [`Gateway::other_address`].
    pub fn other_listener(mut self, filter: &WasmFilter) -> Self {
        self.others.push(filter.clone());
        self
    }

    /// Gives each new connection to the worker that has the fewest.
    pub const fn balanced(mut self) -> Self {
        self.is_balanced = true;
        self
    }

    /// How many worker threads there are. One by default.
    pub const fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// Adds a field to the access log, as a format string of Envoy's.
    pub fn logging(mut self, field: &str, format: &str) -> Self {
        self.access_log.get_or_insert_with(|| json!({}))[field] = format.into();
        self
    }

    /// Writes no access log.
    pub fn without_access_log(mut self) -> Self {
        self.access_log = None;
        self
    }

    /// Reports the spans of requests.
    pub fn tracing(mut self, tracing: Tracing) -> Self {
        self.tracing = Some(tracing);
        self
    }

    /// Reports the load of clusters to the service that this cluster is.
    pub fn reporting_load_to(mut self, cluster: &str) -> Self {
        self.load_reports = Some(cluster.to_owned());
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it doesn't get ready.
    pub async fn start(self) -> Gateway {
        self.start_changed(|bootstrap, _| bootstrap).await
    }

    /// Starts it with a change to its bootstrap, which may put files for Envoy into a directory.
    ///
    /// # Panics
    /// When it doesn't get ready.
    pub async fn start_changed(
        self,
        change: impl FnOnce(Value, &Path) -> Value + 'static,
    ) -> Gateway {
        let discovered = self.filters.iter().find_map(|link| match link {
            ChainLink::Discovered(filter) => Some(filter.clone()),
            ChainLink::Fixed(_) => None,
        });
        let workers = self.workers;
        Gateway::launch(Launch {
            document: Document::Json(Box::new(move |directory| {
                change(self.bootstrap(directory), directory)
            })),
            workers,
            discovered,
        })
        .await
    }
}

fn type_url(name: &str) -> String {
    format!("type.googleapis.com/envoy.extensions.{name}")
}

fn socket_address(address: SocketAddr) -> Value {
    json!({"socket_address": {
        "address": address.ip().to_string(),
        "port_value": address.port(),
    }})
}
