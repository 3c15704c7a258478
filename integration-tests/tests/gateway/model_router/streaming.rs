//! Calls whose two directions go on at the same time: neither waits for the
//! other one's end.

use super::{config, untouched::real_server};
use bytes::Bytes;
use http_body_util::BodyExt;
use integration_tests::{Answer, Call, Ending, Gateway, Reply, Upstream, grpc_frame, in_time};
use prost::Message;
use proto::inference::ModelInferRequest;
use serde_json::json;
use tokio::sync::mpsc;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

const STREAM: &str = "/inference.GRPCInferenceService/ModelStreamInfer";

/// Enough that something that is held would show.
const MESSAGES: u32 = 100;

/// A gateway, and a server for each version of `demo` that does that.
async fn stand(reply: Reply) -> (Gateway, [Upstream; 2]) {
    let other = reply.clone();
    let v1 = Upstream::scripted(move |_| reply.clone()).await;
    let v2 = Upstream::scripted(move |_| other.clone()).await;
    let gateway = Gateway::builder()
        .filter("model-router", &config(json!({})))
        .cluster("demo-v1", &[v1.address()])
        .cluster("demo-v2", &[v2.address()])
        .route_by_header("x-model-cluster")
        .start()
        .await;
    (gateway, [v1, v2])
}

fn infer(model: &str, id: u32) -> ModelInferRequest {
    let (model_name, model_version) = model.split_once('@').unwrap_or((model, ""));
    ModelInferRequest {
        model_name: model_name.into(),
        model_version: model_version.into(),
        id: id.to_string(),
        ..ModelInferRequest::default()
    }
}

/// A stream as a generated client opens it, to a server that sends everything
/// back.
async fn open(
    gateway: &Gateway,
    requests: mpsc::Receiver<ModelInferRequest>,
) -> Result<Streaming<ModelInferRequest>, Status> {
    let mut client = Grpc::new(gateway.grpc().await);
    client.ready().await.expect("a connection");
    let codec = ProstCodec::<ModelInferRequest, ModelInferRequest>::default();
    let requests = Request::new(ReceiverStream::new(requests));
    let stream = client.streaming(requests, PathAndQuery::from_static(STREAM), codec);
    in_time("the stream", stream).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn the_first_message_decides_and_a_hundred_go_both_ways() {
    let (gateway, [v1, v2]) = stand(Reply::EchoAtOnce).await;
    let (sender, requests) = mpsc::channel(1);
    sender.send(infer("demo@v2", 0)).await.unwrap();
    let mut replies = open(&gateway, requests).await.expect("a stream");
    for number in 0..MESSAGES {
        let reply = in_time("a reply", replies.message()).await.expect("no error");
        assert_eq!(reply, Some(infer("demo@v2", number)));
        assert_eq!(v2.last().ending, Ending::Open, "the client has not ended it");
        sender.send(infer("demo@v2", number + 1)).await.unwrap();
    }
    drop(sender);
    in_time("the last reply", replies.message()).await.expect("no error");
    assert_eq!(in_time("the end", replies.message()).await.expect("the status OK"), None);
    assert_eq!((v1.received().len(), v2.received().len()), (0, 1));
}

#[tokio::test]
async fn a_hundred_replies_come_while_the_request_is_open() {
    let answer = Answer::status(200).header("content-type", "application/grpc");
    let (reply, mut steps) = Reply::stepwise(answer);
    let (gateway, [_v1, v2]) = stand(reply).await;
    let mut client = gateway.http2().await;
    let call = Call::post(STREAM).header("content-type", "application/grpc");
    let (mut sender, answer) = client.open(call);
    let frame = |number| grpc_frame(&infer("demo@v2", number).encode_to_vec());
    sender.send_data(frame(0)).await.unwrap();
    let mut answer = in_time("the answer", answer).await.expect("an answer");
    for number in 0..MESSAGES {
        steps.send_data(frame(number)).await.expect("somebody who reads");
        let reply = in_time("a reply", answer.body_mut().frame()).await.unwrap().unwrap();
        assert_eq!(reply.data_ref(), Some(&frame(number)));
    }
    assert_eq!(v2.last().ending, Ending::Open);
}

#[tokio::test]
async fn a_first_message_in_pieces_is_sent_on_when_it_is_whole() {
    let (gateway, [_v1, v2]) = stand(Reply::EchoAtOnce).await;
    let mut client = gateway.http2().await;
    let call = Call::post(STREAM).header("content-type", "application/grpc");
    let (mut sender, answer) = client.open(call);
    let message = grpc_frame(&infer("demo@v2", 0).encode_to_vec());
    for at in 0..message.len() {
        sender.send_data(message.slice(at..=at)).await.unwrap();
    }
    let mut answer = in_time("the answer", answer).await.expect("an answer");
    let mut echoed = Vec::new();
    while echoed.len() < message.len() {
        let frame = in_time("the echo", answer.body_mut().frame()).await.unwrap().unwrap();
        echoed.extend_from_slice(&frame.into_data().unwrap_or_else(|_| Bytes::new()));
    }
    assert_eq!(echoed, message);
    assert_eq!(v2.last().ending, Ending::Open);
}

#[tokio::test]
async fn a_stream_is_refused_by_its_first_message() {
    let (gateway, servers) = stand(Reply::EchoAtOnce).await;
    let (sender, requests) = mpsc::channel(1);
    sender.send(infer("no-such", 0)).await.unwrap();
    let status = open(&gateway, requests).await.expect_err("a refusal");
    assert_eq!(status.code(), Code::NotFound);
    assert!(servers.iter().all(|server| server.received().is_empty()));
    drop(sender);
}

#[tokio::test]
async fn reflection_answers_before_it_has_heard_everything() {
    let (_server, gateway) = real_server().await;
    let mut client = ServerReflectionClient::new(gateway.grpc().await);
    let (questions, asked) = mpsc::channel(1);
    let ask = || ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    questions.send(ask()).await.unwrap();
    let stream = client.server_reflection_info(ReceiverStream::new(asked));
    let mut answers = in_time("the stream", stream).await.expect("a stream").into_inner();
    for _ in 0..3 {
        let answer = in_time("an answer", answers.message()).await.expect("no error");
        assert!(answer.is_some(), "the stream has ended");
        questions.send(ask()).await.unwrap();
    }
}

#[tokio::test]
async fn a_watched_health_comes_at_once() {
    let (_server, gateway) = real_server().await;
    let mut client = HealthClient::new(gateway.grpc().await);
    let watch = client.watch(HealthCheckRequest { service: String::new() });
    let mut healths = in_time("the stream", watch).await.expect("a stream").into_inner();
    let health = in_time("the health", healths.message()).await.expect("no error");
    assert!(health.is_some(), "the stream has ended");
}
