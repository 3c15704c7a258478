//! `prediction.PredictionService`, over gRPC.

use std::sync::Arc;
use std::time::Instant;

use proto::prediction::prediction_service_server::{PredictionService, PredictionServiceServer};
use proto::prediction::{HealthRequest, HealthResponse, PredictRequest, PredictResponse};
use tonic::{Request, Response, Status};

use crate::features::Features;
use crate::http::LARGEST_BODY_BYTES;
use crate::replica::Replica;

pub(crate) fn service(replica: &Arc<Replica>) -> PredictionServiceServer<impl PredictionService> {
    PredictionServiceServer::new(Predictor(Arc::clone(replica)))
        .max_decoding_message_size(LARGEST_BODY_BYTES)
}

struct Predictor(Arc<Replica>);

#[tonic::async_trait]
impl PredictionService for Predictor {
    async fn predict(
        &self,
        request: Request<PredictRequest>,
    ) -> Result<Response<PredictResponse>, Status> {
        let started = Instant::now();
        let Self(replica) = self;
        let (metadata, _, PredictRequest { features, model_name }) = request.into_parts();
        if !model_name.is_empty() {
            replica.identity.answers_to(&model_name)?;
        }
        let features = Features::read("features", &features)?;
        let admitted = replica.admit(metadata.as_ref()).await?;
        let predictions = replica.classify(&[features], &admitted).await;
        Ok(Response::new(PredictResponse {
            predictions,
            model_name: replica.identity.model().to_owned(),
            latency_ms: started.elapsed().as_secs_f32() * 1_000.0,
        }))
    }

    async fn health_check(
        &self,
        _: Request<HealthRequest>,
    ) -> Result<Response<HealthResponse>, Status> {
        let Self(replica) = self;
        Ok(Response::new(HealthResponse {
            healthy: replica.is_ready(),
            model_name: replica.identity.model().to_owned(),
        }))
    }
}
