use super::{socket_address, type_url};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// What Envoy speaks with the servers of a cluster.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    /// What the client speaks with Envoy.
    AsTheClient,
    /// HTTP/1.1, whatever the client speaks.
    Http1,
    /// HTTP/2, whatever the client speaks.
    Http2,
}

/// A cluster with these servers.
pub(super) fn of(name: &str, servers: &[SocketAddr], protocol: Protocol) -> Value {
    let endpoints: Vec<Value> = servers
        .iter()
        .map(|server| json!({"endpoint": {"address": socket_address(*server)}}))
        .collect();
    let http1 = json!({"enable_trailers": true});
    let mut options = json!({"@type": type_url("upstreams.http.v3.HttpProtocolOptions")});
    match protocol {
        Protocol::AsTheClient => {
            options["use_downstream_protocol_config"] =
                json!({"http_protocol_options": http1, "http2_protocol_options": {}});
        }
        Protocol::Http1 => {
            options["explicit_http_config"] = json!({"http_protocol_options": http1});
        }
        Protocol::Http2 => {
            options["explicit_http_config"] = json!({"http2_protocol_options": {}});
        }
    }
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options,
        },
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": endpoints}],
        },
    })
}
