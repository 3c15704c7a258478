//! A load reporting service: what Envoy tells of the load that it brings.

use crate::upstream::Upstream;
use crate::waiting::eventually;
use proto::load_stats::load_reporting_service_server::{
    LoadReportingService, LoadReportingServiceServer,
};
use proto::load_stats::{ClusterStats, LoadStatsRequest, LoadStatsResponse, UpstreamLocalityStats};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

/// How often it wants to hear.
const INTERVAL: Duration = Duration::from_millis(100);

/// A load reporting service in this process, on a port of its own. Dropping it
/// breaks Envoy's connections off.
#[derive(Debug)]
pub struct LoadReportServer {
    server: Upstream,
    reports: Reports,
}

#[derive(Clone, Debug, Default)]
struct Reports(Arc<Mutex<Vec<ClusterStats>>>);

impl LoadReportServer {
    /// A service that wants to hear of every cluster, ten times in a second.
    pub async fn start() -> Self {
        let reports = Reports::default();
        let service = LoadReportingServiceServer::new(reports.clone());
        Self { server: Upstream::grpc(Routes::new(service)).await, reports }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Waits until so many requests of a cluster were reported to have ended, well
    /// or not, and gives all reports of it until then.
    ///
    /// # Panics
    /// When they aren't in time.
    pub async fn wait_for(&self, cluster: &str, requests: u64) -> Vec<UpstreamLocalityStats> {
        eventually(&format!("{requests} requests in the load reports"), async || {
            let reports = self.reports_of(cluster);
            let ended = |it: &UpstreamLocalityStats| {
                it.total_successful_requests.saturating_add(it.total_error_requests)
            };
            (reports.iter().map(ended).sum::<u64>() >= requests).then_some(reports)
        })
        .await
    }

    fn reports_of(&self, cluster: &str) -> Vec<UpstreamLocalityStats> {
        let reports = self.reports.0.lock().expect("no panic while it is held");
        let of_cluster = reports.iter().filter(|report| report.cluster_name == cluster);
        of_cluster.flat_map(|report| report.upstream_locality_stats.clone()).collect()
    }
}

#[tonic::async_trait]
impl LoadReportingService for Reports {
    type StreamLoadStatsStream =
        Pin<Box<dyn Stream<Item = Result<LoadStatsResponse, Status>> + Send>>;

    async fn stream_load_stats(
        &self,
        requests: Request<Streaming<LoadStatsRequest>>,
    ) -> Result<Response<Self::StreamLoadStatsStream>, Status> {
        let wish = LoadStatsResponse {
            send_all_clusters: true,
            load_reporting_interval: INTERVAL.try_into().ok(),
            ..LoadStatsResponse::default()
        };
        let reports = self.clone();
        // It is told once what to report. Then the stream is read to its end.
        let heard = requests.into_inner().filter_map(move |request| match request {
            Ok(request) => {
                reports.0.lock().expect("no panic while it is held").extend(request.cluster_stats);
                None
            }
            Err(status) => Some(Err(status)),
        });
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(wish)).chain(heard))))
    }
}
