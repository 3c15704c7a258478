//! What the environment or a test decides about one server.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;
use std::time::Duration;

const MODEL_NAME: &str = "demo";
const MODEL_VERSION: &str = "v1";
const PORT: u16 = 9000;
const BIND_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const DRAIN_SECONDS: &str = "5";
const DRAIN: Duration = Duration::from_secs(5);

/// One server: what it serves, where, and how it behaves under load.
///
/// [`Settings::default`] is what an empty environment gives.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Settings {
    /// The model's name: clients ask for `NAME` or `NAME@VERSION`
    #[arg(long, env = "MODEL_NAME", default_value = MODEL_NAME)]
    pub model_name: String,

    /// The model's version; v2 is a logistic regression, all others are random forests
    #[arg(long, env = "MODEL_VERSION", default_value = MODEL_VERSION)]
    pub model_version: String,

    /// Port for gRPC; 0 takes any free one
    #[arg(long, env = "GRPC_PORT", default_value_t = PORT)]
    pub grpc_port: u16,

    /// Port for HTTP [default: the same as for gRPC, one listener for both]
    #[arg(long, env = "HTTP_PORT")]
    pub http_port: Option<u16>,

    /// Address to listen on; containers want 0.0.0.0
    #[arg(long, env = "BIND_ADDRESS", default_value_t = BIND_ADDRESS)]
    pub bind_address: IpAddr,

    /// This server's name in `x-served-by` [default: HOSTNAME:PORT]
    #[arg(long, env = "REPLICA_NAME")]
    pub replica_name: Option<String>,

    /// Milliseconds that every inference takes longer than it needs
    #[arg(long = "latency-ms", env = "LATENCY_MS", value_parser = milliseconds, default_value = "0")]
    pub latency: Duration,

    /// Milliseconds that every generated token takes longer than it needs
    #[arg(
        long = "token-latency-ms",
        env = "TOKEN_LATENCY_MS",
        value_parser = milliseconds,
        default_value = "0"
    )]
    pub token_latency: Duration,

    /// Inferences that are worked on at a time; others wait in line [default: no limit]
    #[arg(long, env = "SLOTS")]
    pub slots: Option<NonZeroUsize>,

    /// Inferences at a time; beyond it UNAVAILABLE or 503 [default: no limit]
    #[arg(long, env = "MAX_CONCURRENCY")]
    pub max_concurrency: Option<NonZeroUsize>,

    /// While MAX_CONCURRENCY is reached, health checks answer NOT_SERVING
    #[arg(
        long,
        env = "UNHEALTHY_WHEN_FULL",
        num_args = 1,
        action = clap::ArgAction::Set,
        default_value_t = false
    )]
    pub unhealthy_when_full: bool,

    /// Seconds to go on serving, while health checks say NOT_SERVING, before closing the port
    #[arg(long, env = "LAME_DUCK_SECONDS", value_parser = seconds, default_value = "0")]
    pub lame_duck: Duration,

    /// Seconds that requests in flight have to finish after the port is closed
    #[arg(
        long = "drain-seconds",
        env = "DRAIN_SECONDS",
        value_parser = seconds,
        default_value = DRAIN_SECONDS
    )]
    pub drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model_name: MODEL_NAME.to_owned(),
            model_version: MODEL_VERSION.to_owned(),
            grpc_port: PORT,
            http_port: None,
            bind_address: BIND_ADDRESS,
            replica_name: None,
            latency: Duration::ZERO,
            token_latency: Duration::ZERO,
            slots: None,
            max_concurrency: None,
            unhealthy_when_full: false,
            lame_duck: Duration::ZERO,
            drain: DRAIN,
        }
    }
}

impl Settings {
    /// The defaults on any free port, gRPC and HTTP together: what a test starts from.
    #[must_use]
    pub fn on_a_free_port() -> Self {
        Self { grpc_port: 0, ..Self::default() }
    }

    /// Whether one listener serves gRPC and HTTP.
    #[must_use]
    pub fn shares_one_port(&self) -> bool {
        self.http_port.is_none_or(|port| port == self.grpc_port && port != 0)
    }
}

fn milliseconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn the_command_line_and_the_code_agree_on_the_defaults() {
        let parsed = Program::try_parse_from(["model-server"]).expect("the defaults parse");
        assert_eq!(parsed.settings, Settings::default());
    }

    #[test]
    fn equal_ports_share_one_listener() {
        let same = Settings { grpc_port: 9000, http_port: Some(9000), ..Settings::default() };
        assert!(same.shares_one_port());
    }

    #[test]
    fn two_free_ports_are_two_listeners() {
        let free = Settings { grpc_port: 0, http_port: Some(0), ..Settings::default() };
        assert!(!free.shares_one_port());
    }
}
