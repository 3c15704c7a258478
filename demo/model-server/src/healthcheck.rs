//! Asks a server for its health: what a container without a shell runs as its health check.

use std::fmt;
use std::time::Duration;

use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// The whole check has to be done by then.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a server does not count as healthy.
#[derive(Debug)]
pub enum Unhealthy {
    /// It can't be reached.
    Unreachable(tonic::transport::Error),
    /// It answered with an error.
    Failed(tonic::Status),
    /// It says so itself.
    NotServing(ServingStatus),
}

/// Sends one `grpc.health.v1.Health/Check` to `address` (`host:port`).
///
/// # Errors
/// Any answer but SERVING, and none within three seconds.
pub async fn check(address: &str) -> Result<(), Unhealthy> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(Unhealthy::Unreachable)?
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE);
    let channel = endpoint.connect().await.map_err(Unhealthy::Unreachable)?;
    let request = HealthCheckRequest { service: String::new() };
    let answer = HealthClient::new(channel).check(request).await.map_err(Unhealthy::Failed)?;
    match answer.into_inner().status() {
        ServingStatus::Serving => Ok(()),
        other => Err(Unhealthy::NotServing(other)),
    }
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => {
                let source = std::error::Error::source(reason);
                let source = source.map(|source| format!(" ({source})")).unwrap_or_default();
                write!(f, "not reachable: {reason}{source}")
            }
            Self::Failed(status) => {
                write!(f, "answered {:?}: {}", status.code(), status.message())
            }
            Self::NotServing(status) => write!(f, "answered {}", status.as_str_name()),
        }
    }
}

impl std::error::Error for Unhealthy {}
