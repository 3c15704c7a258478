//! Clients that keep an Envoy busy.

use crate::cases::Case;
use http::Version;
use integration_tests::{Call, Client, Gateway};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many connections there are. On each, one request follows the other.
const CONNECTIONS: u32 = 4;

/// Some clients and what they send.
pub(crate) struct Load {
    clients: Vec<Client>,
    call: Call,
}

impl Load {
    pub(crate) async fn prepare(case: &Case, gateway: &Gateway) -> Self {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(match case.version {
                Version::HTTP_2 => gateway.http2().await,
                _ => gateway.http1().await,
            });
        }
        Self { clients, call: case.call() }
    }

    /// Sends so many requests, and tells how long each took.
    pub(crate) async fn round(&mut self, requests: u32) -> Vec<Duration> {
        let mut callers = JoinSet::new();
        for client in self.clients.drain(..) {
            callers.spawn(call_again_and_again(client, self.call.clone(), requests / CONNECTIONS));
        }
        let mut latencies = Vec::new();
        for (client, taken) in callers.join_all().await {
            self.clients.push(client);
            latencies.extend(taken);
        }
        latencies
    }
}

async fn call_again_and_again(
    mut client: Client,
    call: Call,
    requests: u32,
) -> (Client, Vec<Duration>) {
    let mut latencies = Vec::new();
    for _ in 0..requests {
        let start = Instant::now();
        let answer = client.send(call.clone()).await;
        latencies.push(start.elapsed());
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.grpc_status().is_none_or(|status| status == 0), "{answer:?}");
    }
    (client, latencies)
}
