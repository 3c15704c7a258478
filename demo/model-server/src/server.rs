//! Starting and ending one server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::{fmt, fs, io};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tonic_health::ServingStatus;

use crate::classifier::Classifier;
use crate::health::HealthBoard;
use crate::http;
use crate::identity::{Identity, UnusableName};
use crate::listener;
use crate::occupancy::Occupancy;
use crate::pace::Pace;
use crate::replica::Replica;
use crate::settings::Settings;
use crate::slots::Slots;

/// A server that runs in the background. Dropping it kills it.
pub struct RunningServer {
    settings: Settings,
    replica: Arc<Replica>,
    health: HealthBoard,
    grpc_address: SocketAddr,
    http_address: SocketAddr,
    closing: watch::Sender<bool>,
    listeners: JoinSet<()>,
    health_follower: Option<JoinHandle<()>>,
}

/// Why a server did not start; `Display` is one line for its operator.
#[derive(Debug)]
pub enum StartError {
    /// Another program listens there.
    PortInUse {
        /// Where it should have listened.
        address: SocketAddr,
        /// The setting that says so.
        setting: &'static str,
    },
    /// The system refuses the port for another reason.
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// The setting that says so.
        setting: &'static str,
        /// What the system says.
        reason: io::Error,
    },
    /// A name that couldn't stand where it has to.
    UnusableName {
        /// The setting that holds it.
        setting: &'static str,
        /// The name.
        name: String,
    },
    /// The model could not be trained.
    Training,
}

/// Trains the model, binds the ports and serves in the background. When it returns, requests are
/// answered.
///
/// # Errors
/// A port that can't be had, or names that can't be used.
pub async fn start(settings: Settings) -> Result<RunningServer, StartError> {
    let grpc = bind(&settings, settings.grpc_port, "GRPC_PORT").await?;
    let http = match settings.http_port {
        Some(port) if !settings.shares_one_port() => {
            Some(bind(&settings, port, "HTTP_PORT").await?)
        }
        _ => None,
    };
    let grpc_address = address_of(&grpc, "GRPC_PORT")?;
    let http_address = match &http {
        Some(http) => address_of(http, "HTTP_PORT")?,
        None => grpc_address,
    };

    let replica = Arc::new(replica(&settings, grpc_address).await?);
    let (health, health_service) = HealthBoard::serving().await;
    let health_follower = settings
        .unhealthy_when_full
        .then(|| tokio::spawn(health.clone().follow(replica.occupancy.clone())));

    let (closing, closed) = watch::channel(false);
    let mut listeners = JoinSet::new();
    match http {
        Some(http) => {
            let router = http::grpc_router(&replica, health_service);
            listeners.spawn(listener::serve(grpc, router, closed.clone()));
            listeners.spawn(listener::serve(http, http::rest_router(&replica), closed));
        }
        None => {
            let router = http::combined_router(&replica, health_service);
            listeners.spawn(listener::serve(grpc, router, closed));
        }
    }
    Ok(RunningServer {
        settings,
        replica,
        health,
        grpc_address,
        http_address,
        closing,
        listeners,
        health_follower,
    })
}

impl RunningServer {
    /// Where it serves gRPC.
    #[must_use]
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc_address
    }

    /// Where it serves HTTP; the same as for gRPC unless two ports were asked for.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// What it says in `x-served-by`.
    #[must_use]
    pub fn replica_name(&self) -> &str {
        self.replica.identity.replica()
    }

    /// Inferences being answered now.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.replica.occupancy.watch().borrow().in_flight
    }

    /// From now on health checks answer NOT_SERVING, while requests are still served: what the
    /// first part of [`RunningServer::shut_down`] does.
    pub async fn announce_leaving(&self) {
        self.replica.occupancy.leave();
        self.health.show(ServingStatus::NotServing).await;
    }

    /// Health checks turn NOT_SERVING; after `lame_duck` the port is closed; what is in flight has
    /// `drain` to finish, the rest is cut off.
    pub async fn shut_down(mut self) {
        self.announce_leaving().await;
        sleep(self.settings.lame_duck).await;
        self.closing.send_replace(true);
        let all_ended = async { while self.listeners.join_next().await.is_some() {} };
        // Whatever is left after that time is cut off when `self` is dropped.
        drop(timeout(self.settings.drain, all_ended).await);
    }

    /// Cuts every connection off at once, as a crash would, and frees the port.
    pub async fn kill(mut self) {
        self.listeners.shutdown().await;
    }
}

/// One line on what it serves and where.
impl fmt::Display for RunningServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Replica { identity, classifier, .. } = self.replica.as_ref();
        write!(f, "{} as {}: {classifier}, ", identity.qualified(), identity.replica())?;
        if self.grpc_address == self.http_address {
            return write!(f, "gRPC and HTTP on {}", self.grpc_address);
        }
        write!(f, "gRPC on {}, HTTP on {}", self.grpc_address, self.http_address)
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        if let Some(follower) = self.health_follower.take() {
            follower.abort();
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortInUse { address, setting } => write!(
                f,
                "port {} ({setting}) is in use on {}: stop what listens there, or set {setting}",
                address.port(),
                address.ip()
            ),
            Self::Listen { address, setting, reason } => {
                write!(f, "can't listen on {address} ({setting}): {reason}")
            }
            Self::UnusableName { setting, name } => write!(
                f,
                "{setting} is {name:?}: model names and versions are ASCII letters, digits, '-', \
                 '_' and '.', replica names what fits in a header"
            ),
            Self::Training => f.write_str("the model could not be trained"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<UnusableName> for StartError {
    fn from(UnusableName { setting, name }: UnusableName) -> Self {
        Self::UnusableName { setting, name }
    }
}

async fn bind(
    settings: &Settings,
    port: u16,
    setting: &'static str,
) -> Result<TcpListener, StartError> {
    let address = SocketAddr::new(settings.bind_address, port);
    TcpListener::bind(address).await.map_err(|reason| match reason.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { address, setting },
        _ => StartError::Listen { address, setting, reason },
    })
}

fn address_of(listener: &TcpListener, setting: &'static str) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|reason| StartError::Listen {
        address: SocketAddr::from(([0, 0, 0, 0], 0)),
        setting,
        reason,
    })
}

async fn replica(settings: &Settings, address: SocketAddr) -> Result<Replica, StartError> {
    let default_name = || format!("{}:{}", host_name(), address.port());
    let replica_name = settings.replica_name.clone().unwrap_or_else(default_name);
    let identity = Identity::new(&settings.model_name, &settings.model_version, &replica_name)?;
    let number = identity.version_number();
    // Training takes a part of a second of pure computing.
    let classifier = tokio::task::spawn_blocking(move || Classifier::for_version(number));
    Ok(Replica {
        identity,
        occupancy: Occupancy::new(settings.max_concurrency),
        classifier: classifier.await.map_err(|_panicked| StartError::Training)?,
        pace: Pace { per_inference: settings.latency, per_token: settings.token_latency },
        slots: Slots::new(settings.slots),
    })
}

/// The kernel's name for this machine, which in a container is the container's.
fn host_name() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::env::var("HOSTNAME"))
        .map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
}
