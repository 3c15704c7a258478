use crate::access_log::AccessLog;
use crate::admin::Admin;
use crate::client::Client;
use crate::config::{EnvoyConfig, WasmFilter, discovery_file, discovery_response};
use crate::envoy::binary;
use crate::log::EnvoyLog;
use crate::memory::Memory;
use crate::waiting::eventually;
use serde_json::Value;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

/// An Envoy that serves, with everything of its own: ports, directory, log.
///
/// Dropping it ends it, and fails the test if a filter has crashed in it.
#[derive(Debug)]
pub struct Gateway {
    process: Child,
    directory: TempDir,
    log: EnvoyLog,
    admin: Admin,
    listeners: Vec<(String, SocketAddr)>,
    filter_version: AtomicU32,
    is_stopped: bool,
}

/// What it takes to start one.
pub(crate) struct Launch {
    pub(crate) document: Document,
    pub(crate) workers: u32,
    pub(crate) discovered: Option<WasmFilter>,
}

/// Envoy's configuration, as the file that it reads.
pub(crate) enum Document {
    /// Made for the directory that the gateway gets.
    Json(Box<dyn FnOnce(&Path) -> Value>),
    Yaml(String),
}

impl Gateway {
    /// An Envoy to be.
    pub fn builder() -> EnvoyConfig {
        EnvoyConfig::default()
    }

    /// Where clients connect to: its first listener.
    pub fn address(&self) -> SocketAddr {
        self.listeners[0].1
    }

    /// Where the listener of this position listens, of those beside the first.
    ///
    /// # Panics
    /// When it has none.
    pub fn other_address(&self, position: usize) -> SocketAddr {
        let name = format!("other-{position}");
        let found = self.listeners.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("no listener `{name}`")).1
    }

    /// A client with a new connection.
    pub async fn http1(&self) -> Client {
        Client::http1(self.address()).await
    }

    /// A client with a new connection.
    pub async fn http2(&self) -> Client {
        Client::http2(self.address()).await
    }

    /// A new connection for generated gRPC clients.
    ///
    /// # Panics
    /// When it can't be made.
    pub async fn grpc(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address()));
        endpoint.expect("an address").connect().await.expect("a connection")
    }

    /// Its admin interface.
    pub const fn admin(&self) -> Admin {
        self.admin
    }

    /// Its log.
    pub const fn log(&self) -> &EnvoyLog {
        &self.log
    }

    /// Its access log.
    pub fn access_log(&self) -> AccessLog {
        AccessLog::in_file(&self.directory.path().join("access.log"))
    }

    /// The number of its process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The memory of its process.
    pub fn memory(&self) -> Memory {
        Memory::of(self.process_id())
    }

    /// The sum of the metric's series with these labels, among others. 0 if
    /// there is none.
    pub async fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.admin.metrics().await.sum(name, labels).unwrap_or(0.0)
    }

    /// Waits until the metric has such a value, and gives it.
    ///
    /// # Panics
    /// When it doesn't get one in time.
    pub async fn wait_for_metric(
        &self,
        name: &str,
        labels: &[(&str, &str)],
        expected: impl Fn(f64) -> bool,
    ) -> f64 {
        eventually(&format!("the expected value of {name} {labels:?}"), async || {
            self.admin.metrics().await.sum(name, labels).filter(|value| expected(*value))
        })
        .await
    }

    /// Waits until one of Envoy's own counters or gauges has such a value.
    ///
    /// # Panics
    /// When it doesn't get one in time.
    pub async fn wait_for_stat(&self, name: &str, expected: impl Fn(u64) -> bool) -> u64 {
        eventually(&format!("the expected value of {name}"), async || {
            self.admin.stat(name).await.filter(|value| expected(*value))
        })
        .await
    }

    /// Gives the replaceable filter another configuration, under traffic. The
    /// version that Envoy has loaded then is `version_text` of its discovery.
    pub fn replace_filter(&self, filter: &WasmFilter) -> u32 {
        let version = self.filter_version.fetch_add(1, Ordering::Relaxed) + 1;
        write_discovery(self.directory.path(), filter, version);
        version
    }

    /// Ends it, and tells what its log has to say about failed filters, rather
    /// than failing because of it.
    pub fn stop(mut self) -> Vec<String> {
        self.end()
    }

    pub(crate) async fn launch(launch: Launch) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path();
        if let Some(filter) = &launch.discovered {
            fs::create_dir(path.join("discovery")).expect("a directory");
            write_discovery(path, filter, 1);
        }
        let config = match launch.document {
            Document::Json(make) => write(path, "envoy.json", &format!("{:#}", make(path))),
            Document::Yaml(text) => write(path, "envoy.yaml", &text),
        };
        let create = |name| File::create(path.join(name)).expect("a file to write to");
        let process = Command::new(binary())
            .arg("-c")
            .arg(config)
            .args(["--disable-hot-restart", "--file-flush-interval-msec", "20"])
            .args(["--log-level", "info", "--log-format", "[%l][%n] %v"])
            // At the start it lists everything that it can do.
            .args(["--component-log-level", "main:warning"])
            .args(["--concurrency", &launch.workers.to_string()])
            .arg("--admin-address-path")
            .arg(path.join("admin"))
            .stdin(Stdio::null())
            .stdout(create("access.log"))
            .stderr(create("envoy.log"))
            .spawn()
            .expect("Envoy runs");
        let log = EnvoyLog::in_file(&path.join("envoy.log"));
        // From here on the process ends with this value, whatever happens.
        let mut gateway = Self {
            process,
            directory,
            log,
            admin: Admin::at(([127, 0, 0, 1], 0).into()),
            listeners: Vec::new(),
            filter_version: AtomicU32::new(1),
            is_stopped: false,
        };
        gateway.get_ready().await;
        gateway
    }

    async fn get_ready(&mut self) {
        let file = self.directory.path().join("admin");
        let address = eventually("Envoy's admin address", async || {
            self.assert_alive();
            fs::read_to_string(&file).ok()?.parse().ok()
        })
        .await;
        self.admin = Admin::at(address);
        let admin = self.admin;
        eventually("Envoy's readiness", async || {
            self.assert_alive();
            let mut client = Client::try_http1(address).await.ok()?;
            let answer = client.try_send(crate::Call::get("/ready")).await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
        self.listeners = listeners(&admin.get_json("/listeners?format=json").await);
        assert!(!self.listeners.is_empty(), "Envoy listens nowhere");
    }

    fn assert_alive(&mut self) {
        if let Ok(Some(status)) = self.process.try_wait() {
            panic!("Envoy ended with {status}");
        }
    }

    fn end(&mut self) -> Vec<String> {
        self.is_stopped = true;
        let ended = self.process.try_wait().ok().flatten();
        _ = self.process.kill();
        _ = self.process.wait();
        let mut alarms = self.log.alarms();
        alarms.extend(ended.map(|status| format!("Envoy ended by itself with {status}")));
        alarms
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if self.is_stopped {
            return;
        }
        let alarms = self.end();
        if thread::panicking() {
            eprintln!("--- the end of Envoy's log:\n{}\n---", self.log.tail());
        } else if !alarms.is_empty() {
            panic!("a filter failed:\n{}", alarms.join("\n"));
        }
    }
}

fn listeners(listing: &Value) -> Vec<(String, SocketAddr)> {
    let statuses = listing["listener_statuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    statuses
        .iter()
        .filter_map(|status| {
            let address = &status["local_address"]["socket_address"];
            let ip = address["address"].as_str()?.parse().ok()?;
            let port = u16::try_from(address["port_value"].as_u64()?).ok()?;
            let name = status["name"].as_str().unwrap_or_default().to_owned();
            Some((name, SocketAddr::new(ip, port)))
        })
        .collect()
}

/// Envoy notices a file that was moved there, not one that was written to.
fn write_discovery(directory: &Path, filter: &WasmFilter, version: u32) {
    let written = write(directory, "filter.new", &discovery_response(filter, version).to_string());
    fs::rename(written, discovery_file(directory)).expect("the same file system");
}

fn write(directory: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let file = directory.join(name);
    fs::write(&file, text).expect("a file to write to");
    file
}
