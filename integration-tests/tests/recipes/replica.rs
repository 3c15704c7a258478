//! A model server among others: it says which one it is, and whether it may be sent to.

use http::request::Parts;
use integration_tests::{Answer, Call, Client, Reply, ShippedConfig, Upstream};
use proto::grpc_health::{HealthCheckResponse, health_check_response::ServingStatus};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const HEALTH: &str = "/grpc.health.v1.Health/Check";

pub(super) struct Replica {
    pub(super) name: &'static str,
    server: Upstream,
    is_serving: Arc<AtomicBool>,
}

impl Replica {
    /// One that answers each request with its name, in such a way.
    pub(super) async fn scripted(
        name: &'static str,
        reply: impl Fn(&Parts, Answer) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let is_serving = Arc::new(AtomicBool::new(true));
        let health = Arc::clone(&is_serving);
        let server = Upstream::scripted(move |head: &Parts| match head.uri.path() {
            HEALTH => Reply::whole(health_of(health.load(Ordering::Relaxed))),
            _ => reply(head, Answer::json_value(&json!({"server": name}))),
        });
        Self { name, server: server.await, is_serving }
    }

    /// The recipe with this server at its place.
    pub(super) fn in_its_place(&self, recipe: ShippedConfig) -> ShippedConfig {
        recipe.with(self.name, 9000, self.server.address())
    }

    /// What it tells health checks from now on.
    pub(super) fn says_it_serves(&self, serves: bool) {
        self.is_serving.store(serves, Ordering::Relaxed);
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Forgets what it got.
    pub(super) fn forget(&self) {
        self.server.forget();
    }

    /// How many requests it got, beside health checks.
    pub(super) fn requests(&self) -> usize {
        self.server.received().iter().filter(|request| request.path != HEALTH).count()
    }
}

/// Which replica answers it, or the status with which it is refused that none does.
pub(super) async fn server_of(client: &mut Client, call: Call) -> String {
    let answer = client.send(call).await;
    match answer.status.as_u16() {
        200 => answer.json()["server"].as_str().expect("a name").to_owned(),
        status => status.to_string(),
    }
}

fn health_of(serves: bool) -> Answer {
    let status = if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
    Answer::grpc(&HealthCheckResponse { status: status.into() })
}
