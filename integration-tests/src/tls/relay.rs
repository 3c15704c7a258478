use super::{Authority, Identity};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, CommonState, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Passes connections on, with TLS on one side of it and none on the other. Dropping it breaks
/// them off.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    known: Arc<Known>,
    acceptor: JoinHandle<()>,
}

/// What was agreed on at a connection's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The other side's certificate, as it came over the wire.
    pub certificate: Vec<u8>,
    /// The protocol inside, such as `h2`.
    pub protocol: Option<String>,
}

#[derive(Debug, Default)]
struct Known {
    handshakes: Mutex<Vec<Handshake>>,
    connections: Mutex<JoinSet<io::Result<()>>>,
}

/// On which side of the relay there is TLS.
#[derive(Clone)]
enum Side {
    Clients(TlsAcceptor),
    Servers(TlsConnector, ServerName<'static>),
}

impl Relay {
    /// TLS for a server that has none: it shows this identity, and wants a certificate of that
    /// authority.
    pub async fn before(server: SocketAddr, shows: &Identity, believes: &Authority) -> Self {
        let verifier = WebPkiClientVerifier::builder(believes.trusted().into()).build();
        let mut config = ServerConfig::builder()
            .with_client_cert_verifier(verifier.expect("an authority"))
            .with_single_cert(shows.chain(), shows.private_key())
            .expect("a key that fits");
        config.alpn_protocols = vec![b"h2".to_vec()];
        Self::start(server, Side::Clients(TlsAcceptor::from(Arc::new(config)))).await
    }

    /// TLS for clients that have none: it wants a certificate of this authority for that host,
    /// and shows an identity, if it has one.
    pub async fn to(
        gateway: SocketAddr,
        host: &'static str,
        shows: Option<&Identity>,
        believes: &Authority,
    ) -> Self {
        let config = ClientConfig::builder().with_root_certificates(believes.trusted());
        let mut config = match shows {
            Some(identity) => config
                .with_client_auth_cert(identity.chain(), identity.private_key())
                .expect("a key that fits"),
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let host = ServerName::try_from(host).expect("a host's name");
        Self::start(gateway, Side::Servers(TlsConnector::from(Arc::new(config)), host)).await
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handshakes so far, of the TLS side, in order.
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.known.handshakes.lock().expect("nobody panicked with it").clone()
    }

    /// Breaks its connections off, and takes new ones.
    pub fn hang_up(&self) {
        self.known.connections.lock().expect("nobody panicked with it").abort_all();
    }

    async fn start(target: SocketAddr, side: Side) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let known = Arc::new(Known::default());
        let acceptor = tokio::spawn(accept(listener, target, side, Arc::clone(&known)));
        Self { address, known, acceptor }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.acceptor.abort();
        self.hang_up();
    }
}

impl Handshake {
    fn of(connection: &CommonState) -> Self {
        let certificates = connection.peer_certificates().unwrap_or_default();
        let protocol = connection.alpn_protocol().map(String::from_utf8_lossy);
        Self {
            certificate: certificates.first().map(|it| it.to_vec()).unwrap_or_default(),
            protocol: protocol.map(Into::into),
        }
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, side: Side, known: Arc<Known>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (side, within) = (side.clone(), Arc::clone(&known));
        let connection = async move { pass_on(stream, target, side, &within).await };
        known.connections.lock().expect("nobody panicked with it").spawn(connection);
    }
}

/// A handshake that fails ends the connection: on the other side that is all there is to see.
async fn pass_on(near: TcpStream, target: SocketAddr, side: Side, known: &Known) -> io::Result<()> {
    near.set_nodelay(true)?;
    let note = |connection: &CommonState| {
        let handshake = Handshake::of(connection);
        known.handshakes.lock().expect("nobody panicked with it").push(handshake);
    };
    match side {
        Side::Clients(acceptor) => {
            let near = acceptor.accept(near).await?;
            note(near.get_ref().1);
            join(near, connect(target).await?).await
        }
        Side::Servers(connector, host) => {
            let far = connector.connect(host, connect(target).await?).await?;
            note(far.get_ref().1);
            join(near, far).await
        }
    }
}

async fn connect(target: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(target).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn join(
    mut near: impl AsyncRead + AsyncWrite + Unpin,
    mut far: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    copy_bidirectional(&mut near, &mut far).await.map(|_| ())
}
