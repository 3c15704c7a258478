//! The gateway and its servers.

use integration_tests::{DEMO_SERVERS, Gateway, ShippedConfig};
use model_server::{RunningServer, Settings};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// How many requests a server works on at a time; others wait in line.
const SLOTS: usize = 6;
/// How many it takes at all.
const MOST_AT_ONCE: usize = 20;
const LATENCY: Duration = Duration::from_millis(25);

pub(crate) struct Stack {
    pub(crate) gateway: Gateway,
    /// They serve as long as these are here.
    _servers: Vec<RunningServer>,
}

/// The demo's gateway, which is merged and read each second, and its servers. Those of the new
/// version are slower with each token.
pub(crate) async fn start() -> Stack {
    let mut servers = Vec::new();
    let mut addresses: BTreeMap<&str, SocketAddr> = BTreeMap::new();
    for name in DEMO_SERVERS {
        let version = if name.contains("-v1-") { "v1" } else { "v2" };
        let settings = Settings {
            model_version: version.to_owned(),
            replica_name: Some(name.to_owned()),
            latency: LATENCY,
            token_latency: Duration::from_millis(if version == "v1" { 6 } else { 11 }),
            slots: NonZeroUsize::new(SLOTS),
            max_concurrency: NonZeroUsize::new(MOST_AT_ONCE),
            ..Settings::on_a_free_port()
        };
        let server =
            model_server::start(settings).await.unwrap_or_else(|problem| panic!("{problem}"));
        addresses.insert(name, server.grpc_address());
        servers.push(server);
    }
    let config = ShippedConfig::demo(|name| addresses[name])
        .replacing("stats_config:\n", "stats_flush_interval: 1s\nstats_config:\n");
    let gateway = config.start().await;
    for (cluster, count) in [("demo-v1", 3), ("demo-v2", 1)] {
        let healthy = format!("cluster.{cluster}.membership_healthy");
        gateway.wait_for_stat(&healthy, |servers| servers == count).await;
    }
    Stack { gateway, _servers: servers }
}
