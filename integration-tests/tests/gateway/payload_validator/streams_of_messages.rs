//! Calls with several messages: each goes on when it was right, and the first bad
//! one ends the call.

use super::refusal::refused;
use super::requests::{ROW, STREAM, grpc, infer_request, iris, typed};
use super::{Answer, Gateway, Received, Reply, Stand, json};
use integration_tests::{Ending, grpc_frame, in_time};
use prost::Message;
use proto::inference::ModelInferRequest;
use tokio::sync::mpsc;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

/// A stream of tensors as a generated client opens it.
async fn open(
    gateway: &Gateway,
    requests: mpsc::Receiver<ModelInferRequest>,
) -> Result<Streaming<ModelInferRequest>, Status> {
    let mut client = Grpc::new(gateway.grpc().await);
    client.ready().await.expect("a connection");
    let codec = ProstCodec::<ModelInferRequest, ModelInferRequest>::default();
    let mut request = Request::new(ReceiverStream::new(requests));
    request.metadata_mut().insert("x-model-name", "iris".parse().unwrap());
    let stream = client.streaming(request, PathAndQuery::from_static(STREAM), codec);
    in_time("the stream", stream).await.map(tonic::Response::into_inner)
}

fn config() -> serde_json::Value {
    json!({"contracts": [iris()]})
}

fn good() -> ModelInferRequest {
    infer_request(vec![typed(&[1, 4], &ROW)])
}

fn bad() -> ModelInferRequest {
    infer_request(vec![typed(&[1, 4], &[f32::NAN; 4])])
}

#[tokio::test]
async fn each_message_of_a_stream_goes_on_when_it_was_right() {
    let stand = Stand::answered(&config(), |_| Reply::EchoAtOnce).await;
    let (sender, requests) = mpsc::channel(1);
    sender.send(good()).await.unwrap();
    let mut replies = open(&stand.gateway, requests).await.expect("a stream");
    for _ in 0..100 {
        let reply = in_time("a reply", replies.message()).await.expect("no error");
        assert_eq!(reply, Some(good()));
        assert_eq!(stand.server.last().ending, Ending::Open, "the client has not ended it");
        sender.send(good()).await.unwrap();
    }
    drop(sender);
    in_time("the last reply", replies.message()).await.expect("no error");
    assert_eq!(in_time("the end", replies.message()).await.expect("the status OK"), None);
    assert!(stand.server.last().is_complete());
}

#[tokio::test]
async fn a_stream_that_is_being_answered_breaks_off_at_a_bad_message() {
    let answer = Answer::status(200).header("content-type", "application/grpc");
    let (reply, mut steps) = Reply::stepwise(answer);
    let stand = Stand::answered(&config(), move |_| reply.clone()).await;
    let (sender, requests) = mpsc::channel(1);
    sender.send(good()).await.unwrap();
    let mut replies = open(&stand.gateway, requests).await.expect("a stream");
    let first = grpc_frame(&good().encode_to_vec());
    steps.send_data(first.clone()).await.expect("somebody who reads");
    assert_eq!(in_time("a reply", replies.message()).await.expect("no error"), Some(good()));
    stand.server.wait_for("the first message", |request| request.body == first).await;
    sender.send(bad()).await.unwrap();
    let status = in_time("the break", replies.message()).await.expect_err("no second reply");
    assert_ne!(status.code(), Code::Ok, "{status:?}");
    let broken = |request: &Received| request.ending == Ending::Broken;
    let seen = stand.server.wait_for("the break", broken).await;
    assert_eq!(seen.body, first, "the bad one went on");
    let entry = stand.gateway.access_log().wait_for("the stream", |_| true).await;
    assert_eq!(entry["details"], "payload-validator;tensor_finite");
    assert_eq!(entry["validation"], "refused:tensor_finite");
}

#[tokio::test]
async fn a_stream_that_is_not_answered_yet_is_refused_at_a_bad_message() {
    let stand = Stand::new(&config()).await;
    let (sender, requests) = mpsc::channel(2);
    sender.send(good()).await.unwrap();
    sender.send(bad()).await.unwrap();
    let status = open(&stand.gateway, requests).await.expect_err("a refusal");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(
        status.message(),
        "inputs[0].data: a value that is infinite or not a number; allowed: finite values"
    );
    assert!(!stand.has_a_whole_request());
    drop(sender);
}

#[tokio::test]
async fn a_stream_is_refused_by_its_first_message() {
    let stand = Stand::new(&config()).await;
    let mut client = stand.gateway.http2().await;
    let expected = refused(
        3,
        "tensor_finite",
        ["inputs[0].data", "a value that is infinite or not a number", "finite values"],
    );
    stand.check(&mut client, grpc(STREAM, "iris", &bad()), expected.as_ref()).await;
}
