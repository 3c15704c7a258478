//! Clients that come when they come, whether others were answered or not, and give up
//! in the end.

use crate::schedule::{Arrival, CLASSES};
use crate::variants::{CLASS_HEADER, DEADLINE};
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use integration_tests::{Answer, grpc_frame, whole};
use prost::Message;
use proto::prediction::PredictRequest;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Many clients, as in reality: Envoy closes a connection on which more than half of at
/// least 500 requests were given up.
const CONNECTIONS: usize = 512;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was answered before its client gave up.
    Answered,
    /// It was not let in; who says so and why.
    Refused(String),
    /// Its client gave up: the stream is reset.
    GaveUp,
    /// Something else.
    Failed(String),
}

/// A request that is over.
#[derive(Clone, Debug)]
pub(crate) struct Over {
    pub(crate) arrival: Arrival,
    pub(crate) outcome: Outcome,
    /// Since it should have been sent.
    pub(crate) took: Duration,
    /// How much later it was sent than it should have been.
    pub(crate) late: Duration,
}

/// Connections to an Envoy.
pub(crate) struct Clients {
    connections: Vec<SendRequest<Full<Bytes>>>,
    uri: Uri,
    message: Bytes,
}

impl Clients {
    pub(crate) async fn connect(gateway: SocketAddr) -> Self {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(gateway).await.expect("a connection");
            stream.set_nodelay(true).expect("a TCP socket");
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .handshake(TokioIo::new(stream))
                .await
                .expect("HTTP/2");
            tokio::spawn(connection);
            connections.push(sender);
        }
        let uri = format!("http://{gateway}/prediction.PredictionService/Predict");
        let features = PredictRequest { features: vec![0.9, 0.8, 0.1, 0.1], ..Default::default() };
        Self {
            connections,
            uri: uri.parse().expect("a URI"),
            message: grpc_frame(&features.encode_to_vec()),
        }
    }

    /// Waits until a request is to be sent, and sends it. What becomes of it is in the
    /// future that is returned.
    pub(crate) async fn send(
        &self,
        number: usize,
        arrival: Arrival,
        start: Instant,
    ) -> impl Future<Output = Over> + Send + use<> {
        let due = start + arrival.at;
        sleep_until(due).await;
        let late = due.elapsed();
        let mut connection = self.connections[number % self.connections.len()].clone();
        let request = self.request(arrival);
        async move {
            let answer = async {
                connection.ready().await?;
                whole(connection.send_request(request).await?).await
            };
            let outcome = match timeout_at(due + DEADLINE, answer).await {
                Err(_) => Outcome::GaveUp,
                Ok(Err(error)) => Outcome::Failed(error.to_string()),
                Ok(Ok(answer)) => outcome_of(&answer),
            };
            Over { arrival, outcome, took: due.elapsed(), late }
        }
    }

    fn request(&self, arrival: Arrival) -> Request<Full<Bytes>> {
        Request::post(self.uri.clone())
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header(CLASS_HEADER, CLASSES[arrival.class].name)
            .header("x-request-timeout-ms", DEADLINE.as_millis().to_string())
            .body(Full::new(self.message.clone()))
            .expect("a request")
    }
}

fn outcome_of(answer: &Answer) -> Outcome {
    match (answer.header_text("x-inference-rejected"), answer.grpc_status()) {
        (Some(why), _) => Outcome::Refused(why),
        (None, Some(0)) => Outcome::Answered,
        (None, status) => Outcome::Failed(format!("HTTP {}, gRPC {status:?}", answer.status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_without_a_fault_is_one() {
        let grpc = |status: &str| Answer::status(200).trailer("grpc-status", status);
        assert_eq!(outcome_of(&grpc("0")), Outcome::Answered);
        assert!(matches!(outcome_of(&grpc("14")), Outcome::Failed(_)));
        assert!(matches!(outcome_of(&Answer::status(503)), Outcome::Failed(_)));
        let refused = grpc("8").header("x-inference-rejected", "admission-control;deadline");
        assert_eq!(outcome_of(&refused), Outcome::Refused("admission-control;deadline".into()));
    }
}
