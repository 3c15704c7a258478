//! The recipe, as the tests beside this one start it: certificates of its own, and a server and
//! clients that speak TLS.

use integration_tests::{
    Answer, Authority, Call, Client, Gateway, Handshake, Identity, Relay, Reply, ShippedConfig,
    Upstream, repository,
};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

pub(super) const ANN: &str = "spiffe://inference.example/tenant/ann";
pub(super) const BOB: &str = "spiffe://inference.example/tenant/bob";

/// What the model servers have to be called.
pub(super) const SERVER: &str = "demo.models.internal";

/// What clients know the gateway as.
pub(super) const GATEWAY: &str = "inference.example";

/// Who issues, and who is who.
pub(super) struct Parties {
    pub(super) clients: Authority,
    pub(super) servers: Authority,
    pub(super) server: Identity,
    pub(super) to_clients: Identity,
    pub(super) to_servers: Identity,
}

/// The gateway, and a model server behind TLS.
pub(super) struct Stack {
    pub(super) gateway: Gateway,
    pub(super) server: Upstream,
    pub(super) front: Relay,
    pub(super) parties: Parties,
    /// Where the gateway finds what it shows to clients, and whom of them it believes.
    pub(super) of_clients: Mount,
    pub(super) of_servers: Mount,
    _directory: TempDir,
}

/// A client, whose connections all have TLS.
pub(super) struct Caller(Relay);

/// A directory as Kubernetes mounts a secret: its files are links into another one, which is
/// replaced as a whole.
pub(super) struct Mount {
    path: PathBuf,
    generation: AtomicU32,
}

impl Default for Parties {
    /// As it should be.
    fn default() -> Self {
        let (clients, servers) = (Authority::named("of clients"), Authority::named("of servers"));
        Self {
            server: servers.host(SERVER),
            to_clients: clients.host(GATEWAY),
            to_servers: servers.host("gateway.internal"),
            clients,
            servers,
        }
    }
}

impl Stack {
    pub(super) async fn start() -> Self {
        Self::changed(Parties::default(), unlimited).await
    }

    pub(super) async fn changed(
        parties: Parties,
        change: impl FnOnce(ShippedConfig) -> ShippedConfig,
    ) -> Self {
        let server =
            Upstream::scripted(|_| Reply::whole(Answer::json_value(&json!({"choices": []})))).await;
        let front = Relay::before(server.address(), &parties.server, &parties.servers).await;
        let directory = tempfile::tempdir().expect("a temporary directory");
        let of_clients = Mount::at(directory.path().join("clients"));
        of_clients.replace(&parties.to_clients, &parties.clients);
        let of_servers = Mount::at(directory.path().join("servers"));
        of_servers.replace(&parties.to_servers, &parties.servers);
        let secrets = secrets_in(directory.path());
        let recipe = ShippedConfig::recipe("mutual-tls")
            .replacing("/etc/envoy/secrets", &secrets.display().to_string())
            .with("model-v1-a", 9000, front.address());
        let gateway = change(recipe).start().await;
        Self { gateway, server, front, parties, of_clients, of_servers, _directory: directory }
    }

    /// A client that shows this.
    pub(super) async fn client(&self, shows: &Identity) -> Caller {
        let believes = &self.parties.clients;
        Caller(Relay::to(self.gateway.address(), GATEWAY, Some(shows), believes).await)
    }

    pub(super) async fn client_without_certificate(&self) -> Caller {
        Caller(Relay::to(self.gateway.address(), GATEWAY, None, &self.parties.clients).await)
    }
}

impl Caller {
    /// A new connection.
    pub(super) async fn http2(&self) -> Client {
        Client::http2(self.0.address()).await
    }

    /// What the gateway showed on the last connection.
    pub(super) fn shown(&self) -> Vec<u8> {
        self.last().certificate
    }

    /// What is spoken on the last connection.
    pub(super) fn protocol(&self) -> Option<String> {
        self.last().protocol
    }

    /// How many connections it made.
    pub(super) fn connections(&self) -> usize {
        self.0.handshakes().len()
    }

    fn last(&self) -> Handshake {
        self.0.handshakes().pop().expect("a connection")
    }
}

impl Mount {
    fn at(path: PathBuf) -> Self {
        fs::create_dir(&path).expect("a directory");
        for name in ["tls.crt", "tls.key", "ca.crt"] {
            symlink(Path::new("..data").join(name), path.join(name)).expect("a link");
        }
        Self { path, generation: AtomicU32::new(0) }
    }

    pub(super) fn replace(&self, shows: &Identity, believes: &Authority) {
        self.replace_texts(shows.pem(), &shows.key_pem(), believes.pem());
    }

    /// All files at once, by moving one link.
    pub(super) fn replace_texts(&self, certificate: &str, key: &str, authorities: &str) {
        let generation = self.generation.fetch_add(1, Ordering::Relaxed);
        let name = format!("..generation-{generation}");
        let directory = self.path.join(&name);
        fs::create_dir(&directory).expect("a directory");
        for (file, text) in [("tls.crt", certificate), ("tls.key", key), ("ca.crt", authorities)] {
            fs::write(directory.join(file), text).expect("a file");
        }
        let next = self.path.join("..data_next");
        symlink(name, &next).expect("a link");
        fs::rename(next, self.path.join("..data")).expect("a file system");
    }
}

pub(super) fn chat() -> Call {
    Call::post("/v1/chat/completions").json(&json!({"model": "demo", "messages": []}))
}

/// Its quota is not what most tests are about.
pub(super) fn unlimited(recipe: ShippedConfig) -> ShippedConfig {
    recipe.replacing(r#""count": 600, "burst": 20"#, r#""count": 1000000"#)
}

/// The recipe's own, for certificates in this directory.
fn secrets_in(directory: &Path) -> PathBuf {
    let secrets = directory.join("secrets");
    fs::create_dir(&secrets).expect("a directory");
    let shipped = repository().join("envoy/recipes/mutual-tls/secrets");
    for file in fs::read_dir(shipped).expect("a directory") {
        let file = file.expect("an entry").path();
        let text = fs::read_to_string(&file).expect("text");
        let text = text.replace("/etc/envoy/certificates", &directory.display().to_string());
        fs::write(secrets.join(file.file_name().expect("a name")), text).expect("a file");
    }
    secrets
}
