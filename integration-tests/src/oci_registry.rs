//! A real OCI registry: Docker's.

use crate::envoy::program;
use crate::waiting::eventually;
use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciImageManifest, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use tempfile::TempDir;

/// A registry with everything of its own: port, storage, log. Dropping it ends it.
#[derive(Debug)]
pub struct OciRegistry {
    process: Child,
    directory: TempDir,
    address: SocketAddr,
}

impl OciRegistry {
    /// Who may push to a registry that asks for a login.
    pub const USER: &str = "ali";

    /// That user's password.
    pub const PASSWORD: &str = "opensesame";

    /// The same as a registry keeps it: bcrypt, as little of it as there can be.
    const PASSWORD_HASH: &str = "$2y$04$abcdefghijklmnopqrstuuFuhxWRTXIsURoluSTZ1N4tYaWGn9oOi";

    /// Starts one that takes everything from everybody.
    ///
    /// # Panics
    /// When it doesn't get ready.
    pub async fn start() -> Self {
        Self::launch(|_| json!({})).await
    }

    /// Starts one that lets only [`Self::USER`] in.
    ///
    /// # Panics
    /// When it doesn't get ready.
    pub async fn with_login() -> Self {
        Self::launch(|directory| {
            let users = directory.join("users");
            let line = format!("{}:{}\n", Self::USER, Self::PASSWORD_HASH);
            fs::write(&users, line).expect("a file to write to");
            json!({"auth": {"htpasswd": {"realm": "tests", "path": users}}})
        })
        .await
    }

    /// Starts one that speaks TLS, with a certificate for `localhost` from an authority that nobody
    /// knows: [`Self::authority`].
    ///
    /// # Panics
    /// When it doesn't get ready.
    pub async fn with_tls() -> Self {
        Self::launch(|directory| {
            write_certificates(directory);
            let tls = json!({
                "certificate": directory.join("server.pem"),
                "key": directory.join("server.key"),
            });
            json!({"http": {"tls": tls}})
        })
        .await
    }

    /// How it is called in a reference.
    pub fn name(&self) -> String {
        self.address.to_string()
    }

    /// How it is called in its certificate, and its port.
    pub fn certified_name(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// The file with its authority's certificate, if it speaks TLS.
    pub fn authority(&self) -> PathBuf {
        self.directory.path().join("authority.pem")
    }

    /// Pushes an image of these layers, and gives its address.
    ///
    /// # Panics
    /// When the registry doesn't take it.
    pub async fn push(&self, repository: &str, layers: &[(&str, &[u8])]) -> String {
        let text = format!("{}/{repository}:latest", self.name());
        let reference: Reference = text.parse().expect("a reference");
        let layers: Vec<ImageLayer> = layers
            .iter()
            .map(|(media_type, bytes)| {
                ImageLayer::new(bytes.to_vec(), (*media_type).to_owned(), None)
            })
            .collect();
        let config = Config::oci_v1("{}", None);
        let manifest = OciImageManifest {
            media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
            ..OciImageManifest::build(&layers, &config, None)
        };
        let client = plain_client();
        let login = RegistryAuth::Anonymous;
        let pushed = client.push(&reference, &layers, config, &login, Some(manifest)).await;
        pushed.expect("a registry that takes it");
        format!("oci://{text}")
    }

    /// The manifest that an address leads to.
    ///
    /// # Panics
    /// When there is none.
    pub async fn manifest(&self, address: &str) -> OciImageManifest {
        let reference = reference(address);
        let client = plain_client();
        let pulled = client.pull_manifest(&reference, &RegistryAuth::Anonymous).await;
        match pulled.expect("a manifest") {
            (OciManifest::Image(manifest), _) => manifest,
            (OciManifest::ImageIndex(index), _) => panic!("an index: {index:?}"),
        }
    }

    /// The layers of the image that an address leads to.
    ///
    /// # Panics
    /// When there is none.
    pub async fn layers(&self, address: &str) -> Vec<Vec<u8>> {
        let reference = reference(address);
        let client = plain_client();
        let mut layers = Vec::new();
        for layer in self.manifest(address).await.layers {
            let mut bytes = Vec::new();
            client.pull_blob(&reference, &layer, &mut bytes).await.expect("a layer");
            layers.push(bytes);
        }
        layers
    }

    async fn launch(special: impl FnOnce(&Path) -> Value) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path();
        let config = configuration(path, special(path)).to_string();
        // JSON is YAML.
        fs::write(path.join("config.yml"), config).expect("a file to write to");
        let named = program("DOCKER_REGISTRY", "registry", "docker-registry/docker-registry");
        let process = Command::new(named)
            .arg("serve")
            .arg(path.join("config.yml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(path.join("log")).expect("a file to write to"))
            .spawn()
            .expect("the registry runs");
        // From here on the process ends with this value, whatever happens.
        let mut registry = Self { process, directory, address: ([127, 0, 0, 1], 0).into() };
        registry.address = eventually("the registry's address", async || {
            if let Ok(Some(status)) = registry.process.try_wait() {
                panic!("the registry ended with {status}:\n{}", registry.log());
            }
            address_in(&registry.log())
        })
        .await;
        registry
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for OciRegistry {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
        if thread::panicking() {
            eprintln!("--- the registry's log:\n{}\n---", self.log());
        }
    }
}

/// What an address `oci://…` names.
fn reference(address: &str) -> Reference {
    let text = address.strip_prefix("oci://").unwrap_or(address);
    text.parse().expect("a reference")
}

/// A client for a registry without TLS.
pub(crate) fn plain_client() -> Client {
    // An error would mean that another test was faster.
    _ = ring::default_provider().install_default();
    let config = ClientConfig {
        protocol: ClientProtocol::Http,
        use_monolithic_push: true,
        platform_resolver: Some(Box::new(oci_client::client::linux_amd64_resolver)),
        ..ClientConfig::default()
    };
    Client::try_from(config).expect("a client")
}

fn configuration(directory: &Path, special: Value) -> Value {
    let mut config = json!({
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": true}},
        "storage": {"filesystem": {"rootdirectory": directory.join("storage")}},
        "http": {"addr": "127.0.0.1:0"},
    });
    for (section, settings) in special.as_object().expect("sections") {
        for (key, value) in settings.as_object().expect("settings") {
            config[section][key] = value.clone();
        }
    }
    config
}

/// An authority, and what it says of `localhost`.
fn write_certificates(directory: &Path) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = authority.self_signed(&key).expect("a certificate");
    let issuer = Issuer::new(authority, key);
    let server_key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let server = server.signed_by(&server_key, &issuer).expect("a certificate");
    let files = [
        ("authority.pem", certificate.pem()),
        ("server.pem", server.pem()),
        ("server.key", server_key.serialize_pem()),
    ];
    for (name, text) in files {
        fs::write(directory.join(name), text).expect("a file to write to");
    }
}

/// Where it says that it listens.
fn address_in(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once("listening on ")?;
    let end = rest.find(['"', ',', ' '])?;
    rest.get(..end)?.parse().ok()
}
