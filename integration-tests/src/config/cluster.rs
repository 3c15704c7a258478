use super::{socket_address, type_url};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A cluster that speaks with its servers what the client speaks with Envoy.
pub(super) fn of(name: &str, servers: &[SocketAddr]) -> Value {
    let endpoints: Vec<Value> = servers
        .iter()
        .map(|server| json!({"endpoint": {"address": socket_address(*server)}}))
        .collect();
    let protocol = json!({
        "@type": type_url("upstreams.http.v3.HttpProtocolOptions"),
        "use_downstream_protocol_config": {
            "http_protocol_options": {"enable_trailers": true},
            "http2_protocol_options": {},
        },
    });
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol,
        },
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": endpoints}],
        },
    })
}
