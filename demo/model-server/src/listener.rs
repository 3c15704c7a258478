//! Accepting connections, HTTP/1.1 and HTTP/2 without TLS alike, and ending them in order.

use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long to wait when the system has no socket to give (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves until `closing` turns true, then closes the port and ends when the last connection has:
/// HTTP/2 clients get GOAWAY and finish their streams, HTTP/1.1 ones the request under way.
/// Dropping the future cuts all connections off.
pub(crate) async fn serve(listener: TcpListener, router: Router, closing: watch::Receiver<bool>) {
    let server = auto::Builder::new(TokioExecutor::new());
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut closed = std::pin::pin!(is_true(closing));
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _peer)) => {
                    let service = TowerToHyperService::new(router.clone());
                    let connection = server.serve_connection(without_delay(stream), service);
                    let connection = graceful.watch(connection.into_owned());
                    // What goes wrong with a connection concerns its client alone.
                    connections.spawn(async { drop(connection.await) });
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            () = &mut closed => break,
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn is_true(mut flag: watch::Receiver<bool>) {
    // A dropped sender means that nobody is left to wait for: closing is right then, too.
    drop(flag.wait_for(|flag| *flag).await);
}

fn without_delay(stream: TcpStream) -> TokioIo<TcpStream> {
    // Without it small streamed chunks wait for the client's acknowledgements; not worth failing for.
    drop(stream.set_nodelay(true));
    TokioIo::new(stream)
}
