//! The gateway over gRPC.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper_util::rt::TokioIo;
use proto::prediction::PredictRequest;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tower::service_fn;

use super::{CALL_DEADLINE, Gateway, REJECTED, ServedBy};

/// One client connection, opened by its first call. Counts how often it had to be opened.
#[derive(Clone, Debug)]
pub struct Connection<'g> {
    gateway: &'g Gateway,
    client: PredictionServiceClient<Channel>,
    opened: Arc<AtomicUsize>,
}

/// A call of `PredictionService.Predict`.
#[derive(Clone, Debug)]
pub struct Call {
    features: Vec<f32>,
    model_name: String,
    headers: Vec<(&'static str, String)>,
}

impl Call {
    /// Asks for the model `demo` in whichever version the gateway chooses.
    pub fn new() -> Self {
        Self::of_model("demo")
    }

    /// Asks for a model: `name` or `name@version`.
    pub fn of_model(model_name: &str) -> Self {
        Self {
            features: vec![0.7, 0.8, 0.1, 0.3],
            model_name: model_name.to_owned(),
            headers: Vec::new(),
        }
    }

    pub fn with_features(mut self, features: &[f32]) -> Self {
        self.features = features.to_vec();
        self
    }

    pub fn with_header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub fn of_version(self, version: &str) -> Self {
        self.with_header("x-model-version", version)
    }

    fn into_request(self) -> Result<Request<PredictRequest>, Status> {
        let message = PredictRequest { features: self.features, model_name: self.model_name };
        let mut request = Request::new(message);
        for (name, value) in self.headers {
            let value = value
                .parse()
                .map_err(|_| Status::internal(format!("`{value}` can't stand in a header")))?;
            request.metadata_mut().insert(name, value);
        }
        Ok(request)
    }
}

impl Gateway {
    /// A connection of its own.
    pub fn connection(&self) -> anyhow::Result<Connection<'_>> {
        let opened = Arc::new(AtomicUsize::new(0));
        let (counter, address) = (Arc::clone(&opened), self.address.clone());
        let connector = service_fn(move |_| {
            let (counter, address) = (Arc::clone(&counter), address.clone());
            async move {
                counter.fetch_add(1, Ordering::Relaxed);
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok::<_, std::io::Error>(TokioIo::new(stream))
            }
        });
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address))?;
        let channel = endpoint.connect_with_connector_lazy(connector);
        Ok(Connection { gateway: self, client: PredictionServiceClient::new(channel), opened })
    }
}

impl Connection<'_> {
    /// # Errors
    /// The gateway's or the server's status; DEADLINE_EXCEEDED if neither answers in time.
    pub async fn predict(&self, call: Call) -> Result<ServedBy, Status> {
        let mut client = self.client.clone();
        let request = call.into_request()?;
        self.gateway.with_seen(|seen| seen.sent += 1);
        let result = timeout(CALL_DEADLINE, client.predict(request))
            .await
            .map_err(|_| Status::deadline_exceeded(format!("no answer in {CALL_DEADLINE:?}")))?;
        self.gateway.with_seen(|seen| seen.ended += 1);
        if let Err(status) = &result
            && let Some(rejected) = metadata(status.metadata(), REJECTED)
        {
            self.gateway.with_seen(|seen| seen.refusals.count(rejected));
        }
        let response = result?;
        let served = served_by(response.metadata())
            .ok_or_else(|| Status::unknown("the answer does not say who served it"))?;
        self.gateway.with_seen(|seen| seen.answers.count(&served.version));
        Ok(served)
    }

    /// How many TCP connections it took so far.
    pub fn times_opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }
}

/// The value of a status' header, as the gateway or the server sent it.
pub fn metadata<'m>(map: &'m MetadataMap, name: &str) -> Option<&'m str> {
    map.get(name).and_then(|value| value.to_str().ok())
}

fn served_by(map: &MetadataMap) -> Option<ServedBy> {
    ServedBy::read(|name| metadata(map, name))
}
