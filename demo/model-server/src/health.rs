//! `grpc.health.v1`: what this server tells those who balance load over it.

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::{HealthReporter, health_reporter};

use crate::occupancy::Occupancy;

/// The names that can be asked for; the empty one is the server as a whole.
const SERVICES: [&str; 3] = ["", "prediction.PredictionService", "inference.GRPCInferenceService"];

/// Sets what health checks answer.
#[derive(Clone)]
pub(crate) struct HealthBoard {
    reporter: HealthReporter,
}

impl HealthBoard {
    /// A board that shows SERVING, and the service that answers with it.
    pub(crate) async fn serving() -> (Self, HealthServer<impl Health>) {
        let (reporter, service) = health_reporter();
        let board = Self { reporter };
        board.show(ServingStatus::Serving).await;
        (board, service)
    }

    pub(crate) async fn show(&self, status: ServingStatus) {
        for service in SERVICES {
            self.reporter.set_service_status(service, status).await;
        }
    }

    /// Shows NOT_SERVING whenever the server is full or leaving, and SERVING otherwise. Never ends.
    pub(crate) async fn follow(self, occupancy: Occupancy) {
        let mut changes = occupancy.watch();
        let mut shown = ServingStatus::Serving;
        loop {
            let condition = *changes.borrow_and_update();
            let status = if condition.leaving || occupancy.is_full(condition) {
                ServingStatus::NotServing
            } else {
                ServingStatus::Serving
            };
            if status != shown {
                self.show(status).await;
                shown = status;
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}
