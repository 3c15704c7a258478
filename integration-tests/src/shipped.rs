use crate::envoy::{Validation, dist, repository, validate_file};
use crate::gateway::{Document, Gateway, Launch};
use std::fs;
use std::net::SocketAddr;

/// The model servers that `envoy/envoy.yaml` names: three of one version, one of the next.
pub const DEMO_SERVERS: [&str; 4] = ["model-v1-a", "model-v1-b", "model-v1-c", "model-v2-a"];

/// A configuration file of this repository, as it is shipped but for what must
/// differ in a test: addresses, ports and where the modules lie.
#[derive(Clone, Debug)]
pub struct ShippedConfig {
    text: String,
    workers: u32,
}

impl ShippedConfig {
    /// The file with this path in the repository.
    ///
    /// # Panics
    /// When it isn't there.
    pub fn read(path: &str) -> Self {
        let file = repository().join(path);
        let text =
            fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::of_text(text)
    }

    /// The demo's gateway, `envoy/envoy.yaml`, on free ports, with its servers at these
    /// addresses.
    ///
    /// # Panics
    /// When the file names other servers.
    pub fn demo(address: impl Fn(&str) -> SocketAddr) -> Self {
        let config = Self::read("envoy/envoy.yaml").on_free_ports();
        DEMO_SERVERS.into_iter().fold(config, |config, name| config.with(name, 9000, address(name)))
    }

    /// The recipe of that name, on free ports. Its servers are still to be said: [`Self::with`].
    ///
    /// # Panics
    /// When there is none, or it listens elsewhere than recipes do.
    pub fn recipe(name: &str) -> Self {
        Self::read(&format!("envoy/recipes/{name}/envoy.yaml")).on_free_ports()
    }

    /// The same with the server of that name and port at this address.
    ///
    /// # Panics
    /// When the file names no such server.
    pub fn with(self, name: &str, port: u16, address: SocketAddr) -> Self {
        self.replacing(
            &format!("address: {name}, port_value: {port}"),
            &format!("address: {}, port_value: {}", address.ip(), address.port()),
        )
    }

    fn on_free_ports(self) -> Self {
        let dist = dist().display().to_string();
        self.replacing("address: 0.0.0.0, port_value: 8080", "address: 127.0.0.1, port_value: 0")
            .replacing("port_value: 9901", "port_value: 0")
            .replacing_any("/etc/envoy/filters", &dist)
    }

    /// The same with every occurrence of a text replaced, if there is any.
    fn replacing_any(mut self, text: &str, by: &str) -> Self {
        self.text = self.text.replace(text, by);
        self
    }

    /// What such a file would be with this text.
    pub const fn of_text(text: String) -> Self {
        Self { text, workers: 1 }
    }

    /// The same with every occurrence of a text replaced.
    ///
    /// # Panics
    /// When it doesn't occur: then the file says something else than the test
    /// thinks.
    pub fn replacing(mut self, text: &str, by: &str) -> Self {
        assert!(self.text.contains(text), "`{text}` is not in the configuration");
        self.text = self.text.replace(text, by);
        self
    }

    /// The text as it is now.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many worker threads there are. One by default.
    pub const fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// Asks Envoy about it.
    pub fn validate(&self) -> Validation {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("envoy.yaml");
        fs::write(&file, &self.text).expect("a file to write to");
        validate_file(&file)
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it doesn't get ready.
    pub async fn start(self) -> Gateway {
        Gateway::launch(Launch {
            document: Document::Yaml(self.text),
            workers: self.workers,
            discovered: None,
        })
        .await
    }
}
