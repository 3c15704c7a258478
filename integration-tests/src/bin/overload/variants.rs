//! The Envoys under test, and the server behind them.

use crate::schedule::CLASSES;
use integration_tests::{EnvoyConfig, Gateway};
use model_server::{RunningServer, Settings};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// How many requests the server works on at a time.
pub(crate) const SLOTS: u16 = 16;
/// How long it works on each.
pub(crate) const SERVICE: Duration = Duration::from_millis(80);
/// How long clients wait. Fewer wait at once than Envoy's circuit breaker allows to,
/// 1024, which is not under test.
pub(crate) const DEADLINE: Duration = Duration::from_millis(400);
/// In which a client says its class.
pub(crate) const CLASS_HEADER: &str = "x-priority";

/// How many requests per second the server can answer, at best.
pub(crate) fn capacity() -> f64 {
    f64::from(SLOTS) / SERVICE.as_secs_f64()
}

/// What stands between the clients and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Variant {
    /// Envoy without filters.
    Plain,
    /// Admission control that is told how many slots there are.
    Fixed,
    /// Admission control that finds out.
    Adaptive,
}

impl Variant {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Fixed, Self::Adaptive];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain Envoy",
            Self::Fixed => "fixed limit",
            Self::Adaptive => "adaptive limit",
        }
    }

    /// An Envoy in front of the server. An adaptive limit is measured again as often
    /// as is said.
    pub(crate) fn gateway(
        self,
        server: SocketAddr,
        workers: u32,
        remeasure: Duration,
    ) -> EnvoyConfig {
        let plain =
            Gateway::builder().without_access_log().workers(workers).cluster("server", &[server]);
        let in_flight = match self {
            Self::Plain => return plain,
            Self::Fixed => json!({"max": SLOTS}),
            Self::Adaptive => {
                let milliseconds = u64::try_from(remeasure.as_millis()).unwrap_or(u64::MAX);
                json!({"adaptive": {"remeasure_ms": milliseconds}})
            }
        };
        plain.filter("admission-control", &admission(&in_flight, workers))
    }
}

/// As many may wait as are served at a time, in all workers together.
fn admission(in_flight: &Value, workers: u32) -> Value {
    let classes = CLASSES.iter().map(|class| json!({"name": class.name}));
    let rules = CLASSES.iter().map(
        |class| json!({"class": class.name, "header": {"name": CLASS_HEADER, "value": class.name}}),
    );
    json!({
        "classes": classes.collect::<Vec<_>>(),
        "class_rules": rules.collect::<Vec<_>>(),
        "limits": [{"name": "slots", "in_flight": in_flight}],
        "queue": {"max_requests": u32::from(SLOTS).div_ceil(workers)},
    })
}

/// A server with an unbounded line in front of its slots.
pub(crate) async fn server() -> RunningServer {
    let settings = Settings {
        slots: NonZeroUsize::new(SLOTS.into()),
        latency: SERVICE,
        ..Settings::on_a_free_port()
    };
    model_server::start(settings).await.unwrap_or_else(|problem| panic!("{problem}"))
}
