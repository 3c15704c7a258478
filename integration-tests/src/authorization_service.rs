//! An authorization service for Envoy's external authorization filter.

use crate::upstream::Upstream;
use proto::authorization::attribute_context::HttpRequest;
use proto::authorization::authorization_server::{Authorization, AuthorizationServer as Service};
use proto::authorization::{CheckRequest, CheckResponse};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// An authorization service in this process, on a port of its own. Dropping it breaks its
/// connections off.
#[derive(Debug)]
pub struct AuthorizationServer {
    server: Upstream,
    office: Arc<Office>,
}

struct Office {
    decide: Box<dyn Fn(&HttpRequest) -> CheckResponse + Send + Sync>,
    received: Mutex<Vec<HttpRequest>>,
}

impl AuthorizationServer {
    /// A service that answers each question as `decide` says.
    pub async fn deciding(
        decide: impl Fn(&HttpRequest) -> CheckResponse + Send + Sync + 'static,
    ) -> Self {
        let office = Arc::new(Office { decide: Box::new(decide), received: Mutex::default() });
        let service = Service::from_arc(Arc::clone(&office));
        Self { server: Upstream::grpc(Routes::new(service)).await, office }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What it was asked about so far, in order.
    pub fn received(&self) -> Vec<HttpRequest> {
        self.office.received.lock().expect("no panic while it is held").clone()
    }
}

impl fmt::Debug for Office {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Office").field("received", &self.received).finish_non_exhaustive()
    }
}

#[tonic::async_trait]
impl Authorization for Office {
    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let request = request.into_inner().attributes.and_then(|it| it.request);
        let http = request.and_then(|it| it.http);
        let http = http.ok_or_else(|| Status::invalid_argument("no HTTP request"))?;
        let answer = (self.decide)(&http);
        self.received.lock().expect("no panic while it is held").push(http);
        Ok(Response::new(answer))
    }
}
