//! A gateway with traffic of every kind and every outcome, and one in trouble, both
//! seen by one Prometheus.

use super::canary::{self, BEHAVIOUR};
use super::troubled;
use crate::shipped::{as_tenant, chat, gateway_for, infer, predict};
use http_body_util::BodyExt;
use integration_tests::{
    Answer, Call, Client, DEMO_SERVERS, Gateway, Prometheus, Traffic, Upstream, grpc_frame,
    in_time, whole,
};
use model_server::{RunningServer, Settings};
use prost::Message;
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::{InferTensorContents, ModelInferRequest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const V1_INFER: &str = "/v2/models/demo/versions/v1/infer";

/// The shipped configuration in front of three real servers of version v1 and a
/// canary that is not well; beside it a gateway in trouble.
pub(super) struct Scene {
    pub(super) prometheus: Prometheus,
    gateway: Gateway,
    troubled: Gateway,
    /// More requests of the class `batch` than there are places for.
    crowd: Traffic,
    _servers: BTreeMap<&'static str, RunningServer>,
    _canary: Upstream,
}

impl Scene {
    pub(super) async fn start() -> Self {
        let canary = canary::start().await;
        let mut servers = BTreeMap::new();
        for name in DEMO_SERVERS.into_iter().filter(|name| name.contains("v1")) {
            let settings =
                Settings { token_latency: Duration::from_millis(5), ..Settings::on_a_free_port() };
            servers.insert(name, model_server::start(settings).await.expect("a server"));
        }
        let address =
            |name: &str| servers.get(name).map_or(canary.address(), RunningServer::grpc_address);
        let gateway = gateway_for(address).await;
        let troubled = troubled::start(canary.address()).await;
        let targets = [&gateway, &troubled].map(|gateway| gateway.admin().address());
        let prometheus = Prometheus::scraping(&targets).await;
        let crowd = crowd(&gateway).await;
        Self { prometheus, gateway, troubled, crowd, _servers: servers, _canary: canary }
    }

    /// Sends some of everything, and waits until it shows.
    pub(super) async fn go_on(&self) {
        let mut client = self.gateway.http2().await;
        answered(&mut client).await;
        refused(&mut client).await;
        failed(&mut client).await;
        stream_of_messages(&mut client).await;
        self.a_client_that_leaves().await;
        troubled::go_on(&self.troubled).await;
        self.prometheus.catch_up().await;
    }

    /// Ends it. That filters have failed in the gateway in trouble is as it should be.
    pub(super) async fn end(self) {
        self.crowd.end().await;
        self.troubled.stop();
    }

    async fn a_client_that_leaves(&self) {
        let mut client = self.gateway.http2().await;
        let mut answer = client.begin(stream("demo@v1", 500)).await;
        // The first event brings nothing yet.
        for _ in 0..4 {
            in_time("an event", answer.body_mut().frame()).await.expect("an event").unwrap();
        }
        drop(answer);
        client.leave();
    }
}

async fn crowd(gateway: &Gateway) -> Traffic {
    let mut crowd = Traffic::default();
    // Eight have a place, four may wait.
    for _ in 0..10 {
        let call =
            infer(V1_INFER, &[4, 4]).header("x-priority", "batch").header("x-demo-delay-ms", "200");
        let check = |_: &Call, answer: Answer| assert_eq!(answer.status, 200, "{answer:?}");
        crowd.add(gateway.http2().await, move || call.clone(), check);
    }
    crowd
}

async fn answered(client: &mut Client) {
    let embeddings = json!({"model": "demo@v1", "input": ["one", "two"]});
    for call in [
        predict("demo@v1"),
        predict("demo@v2"),
        infer(V1_INFER, &[2, 4]),
        Call::post("/v1/models/demo/labels/v1:predict").json(&json!({"instances": [vec![0.5; 4]]})),
        Call::post("/v1/embeddings").json(&embeddings),
        completions("demo@v1", json!({"max_tokens": 8})),
        completions("demo@v2", json!({})),
        stream("demo@v1", 8),
        stream("demo@v2", 8).header(BEHAVIOUR, "stream"),
    ] {
        let answer = client.send(call.clone()).await;
        assert_eq!(answer.status, 200, "{call:?}: {answer:?}");
    }
}

async fn refused(client: &mut Client) {
    while client.send(as_tenant("trial")).await.status == 200 {}
    for (call, status) in [
        (completions("unicorn", json!({})), 404),
        (infer(V1_INFER, &[1, 3]), 422),
        (completions("demo@v1", json!({"temperature": 9})), 422),
    ] {
        assert_eq!(client.send(call).await.status, status);
    }
}

async fn failed(client: &mut Client) {
    for (behaviour, status) in [("fail", 500), ("reset", 503)] {
        let call = completions("demo@v2", json!({})).header(BEHAVIOUR, behaviour);
        assert_eq!(client.send(call).await.status, status);
    }
    let call = stream("demo@v2", 8).header(BEHAVIOUR, "end early");
    assert_eq!(client.send(call).await.status, 200);
    let call = stream("demo@v2", 8).header(BEHAVIOUR, "cut");
    let broken = whole(client.begin(call).await).await;
    assert!(broken.is_err(), "{broken:?}");
    for model in ["demo@v1", "demo@v2"] {
        let call = predict(model).header("x-demo-delay-ms", "5000").header(BEHAVIOUR, "hang");
        let answer = client.send(call.header("grpc-timeout", "50m")).await;
        assert_eq!(answer.grpc_status(), Some(4), "{answer:?}");
    }
}

/// A stream of two messages, the second one only when the first was answered.
async fn stream_of_messages(client: &mut Client) {
    let path = "/inference.GRPCInferenceService/ModelStreamInfer";
    let call = Call::post(path).header("content-type", "application/grpc");
    let (mut sender, answer) = client.open(call.header("x-model-version", "v2"));
    let message = grpc_frame(&tensor().encode_to_vec());
    sender.send_data(message.clone()).await.expect("an open stream");
    let mut answer = in_time("the answer", answer).await.expect("an answer");
    in_time("a message", answer.body_mut().frame()).await.expect("a message").unwrap();
    sender.send_data(message).await.expect("an open stream");
    in_time("a message", answer.body_mut().frame()).await.expect("a message").unwrap();
    drop(sender);
    in_time("the end", whole(answer)).await.expect("a whole answer");
}

fn tensor() -> ModelInferRequest {
    let contents = InferTensorContents { fp32_contents: vec![0.5; 4], ..Default::default() };
    let features = InferInputTensor {
        name: "features".into(),
        datatype: "FP32".into(),
        shape: vec![1, 4],
        contents: Some(contents),
        ..Default::default()
    };
    ModelInferRequest { model_name: "demo".into(), inputs: vec![features], ..Default::default() }
}

fn completions(model: &str, members: Value) -> Call {
    let mut members = members;
    members["model"] = model.into();
    Call::post("/v1/chat/completions").json(&chat(members))
}

fn stream(model: &str, max_tokens: u32) -> Call {
    completions(model, json!({"stream": true, "max_tokens": max_tokens}))
}
