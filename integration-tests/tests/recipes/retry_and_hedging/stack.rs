//! The recipe, as the tests beside this one start it: two replicas that fail when they should.

use crate::prediction::{PREDICT, predict, predicted};
use http::request::Parts;
use integration_tests::{Answer, Call, Gateway, Reply, ShippedConfig, Upstream};
use proto::inference::{ModelInferRequest, ModelInferResponse};
use serde_json::json;
use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::TcpSocket;

const INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
const SERVING: &str = "/tensorflow.serving.PredictionService/Predict";

pub(super) struct Stack {
    pub(super) gateway: Gateway,
    replicas: Vec<Upstream>,
    _dead: Option<TcpSocket>,
}

impl Stack {
    /// Two replicas that answer as [`answer_to`] says. What is slow on a busy machine is not slow
    /// enough for another try.
    pub(super) async fn start() -> Self {
        Self::changed(answer_to, patient).await
    }

    /// The first request for each path fails like that, at whichever replica.
    pub(super) async fn failing_once(failure: impl Fn() -> Reply + Send + Sync + 'static) -> Self {
        Self::changed(first(failure, answer_to), patient).await
    }

    pub(super) async fn changed(
        script: impl Fn(&Parts) -> Reply + Send + Sync + 'static,
        change: impl FnOnce(ShippedConfig) -> ShippedConfig,
    ) -> Self {
        let script = Arc::new(script);
        let mut replicas = Vec::new();
        for _ in 0..2 {
            let script = Arc::clone(&script);
            replicas.push(Upstream::scripted(move |head| script(head)).await);
        }
        let addresses = [replicas[0].address(), replicas[1].address()];
        Self { gateway: change(recipe(addresses)).start().await, replicas, _dead: None }
    }

    /// One of the replicas is not there.
    pub(super) async fn with_a_dead_replica() -> Self {
        let replicas = vec![Upstream::scripted(answer_to).await];
        // Nobody else gets its port while it is held, and it does not listen.
        let dead = TcpSocket::new_v4().expect("a socket");
        dead.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        let address = dead.local_addr().expect("its address");
        let gateway = patient(recipe([address, replicas[0].address()])).start().await;
        Self { gateway, replicas, _dead: Some(dead) }
    }

    pub(super) async fn send(&self, call: Call) -> Answer {
        self.gateway.http2().await.send(call).await
    }

    /// How often each replica was asked for this path, the least first.
    pub(super) fn tries(&self, path: &str) -> Vec<usize> {
        let of = |replica: &Upstream| {
            replica.received().iter().filter(|request| request.path == path).count()
        };
        let mut tries: Vec<usize> = self.replicas.iter().map(of).collect();
        tries.sort_unstable();
        tries
    }

    pub(super) fn total_tries(&self) -> usize {
        self.replicas.iter().map(|replica| replica.received().len()).sum()
    }
}

/// The first one for each path is answered like that, the others otherwise.
pub(super) fn first(
    reply: impl Fn() -> Reply + Send + Sync + 'static,
    otherwise: impl Fn(&Parts) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Parts) -> Reply + Send + Sync + 'static {
    let seen = Mutex::new(HashSet::new());
    move |head| {
        let path = head.uri.path().to_owned();
        let is_first = seen.lock().expect("no panic while it is held").insert(path);
        if is_first { reply() } else { otherwise(head) }
    }
}

fn recipe([a, b]: [SocketAddr; 2]) -> ShippedConfig {
    ShippedConfig::recipe("retry-and-hedging")
        .replacing("timeout: 10s", "timeout: 60s")
        .with("model-v1-a", 9000, a)
        .with("model-v1-b", 9000, b)
}

fn patient(recipe: ShippedConfig) -> ShippedConfig {
    recipe.replacing("per_try_timeout: 0.5s", "per_try_timeout: 30s")
}

/// As its header `x-answer` says, or as a server does that is well.
pub(super) fn answer_to(head: &Parts) -> Reply {
    let wished = head.headers.get("x-answer").and_then(|value| value.to_str().ok());
    Reply::whole(match (wished, head.uri.path()) {
        (Some("reset"), _) => return Reply::Reset,
        (Some("unavailable"), _) => unavailable(),
        (Some(status), _) => Answer::status(status.parse().expect("a status")),
        (None, PREDICT) => predicted(),
        (None, INFER | SERVING) => Answer::grpc(&ModelInferResponse::default()),
        (None, _) => Answer::json_value(&json!({"outputs": []})),
    })
}

pub(super) fn unavailable() -> Answer {
    let answer = Answer::status(200).header("content-type", "application/grpc");
    answer.header("grpc-status", "14")
}

/// What the recipe lets be computed twice, in every form.
pub(super) fn every_computed() -> Vec<Call> {
    let tensors = json!({"inputs": []});
    let rows = json!({"instances": [[1.0]]});
    let request = ModelInferRequest { model_name: "demo".to_owned(), ..Default::default() };
    vec![
        embeddings(),
        infer(),
        predict(),
        Call::grpc(INFER, &request),
        // A request that names `demo` in its model_spec.
        Call::grpc_bytes(SERVING, b"\x0a\x06\x0a\x04demo"),
        Call::post("/v2/models/demo/versions/v1/infer").json(&tensors),
        Call::post("/v1/models/demo:predict").json(&rows),
    ]
}

pub(super) fn embeddings() -> Call {
    Call::post("/v1/embeddings").json(&json!({"model": "demo", "input": "Hi"}))
}

pub(super) fn infer() -> Call {
    Call::post("/v2/models/demo/infer").json(&json!({"inputs": []}))
}

pub(super) fn chat() -> Call {
    Call::post("/v1/chat/completions").json(&json!({"model": "demo", "messages": []}))
}

pub(super) fn stream() -> Call {
    let request = ModelInferRequest { model_name: "demo".to_owned(), ..Default::default() };
    Call::grpc("/inference.GRPCInferenceService/ModelStreamInfer", &request)
}
