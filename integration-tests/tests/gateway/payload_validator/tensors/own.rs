//! A gRPC method of our own, as its generated client calls it.

use super::super::requests::{PREDICT, ROW, predict, scores};
use super::super::{Call, Reply, Stand};
use super::{check_all, refused, stand};
use integration_tests::Answer;
use proto::prediction::prediction_service_client::PredictionServiceClient;
use proto::prediction::{PredictRequest, PredictResponse};
use serde_json::json;
use tonic::{Code, Request};

const INVALID: i32 = 3;

#[tokio::test]
async fn a_message_of_ones_own_is_held_against_the_contract() {
    let stand = stand().await;
    let mut client = stand.gateway.http2().await;
    let call = |message: &[u8]| Call::grpc_bytes(PREDICT, message).header("x-model-name", "scores");
    // A packed field may stand in several pieces, and unpacked.
    let pieces = [b"\x0a\x08\0\0\0\0\0\0\0\0".as_slice(), b"\x0d\0\0\0\0\x0d\0\0\0\0"].concat();
    let rows = vec![
        (predict(&ROW), None),
        (call(&pieces), None),
        (predict(&ROW[..3]), refused(INVALID, "tensor_shape", ["features", "3 elements", "[4]"])),
        (predict(&[0.5; 5]), refused(INVALID, "tensor_shape", ["features", "5 elements", "[4]"])),
        (
            predict(&[]),
            refused(INVALID, "tensor_missing", ["", "no tensor `features`", "`features`"]),
        ),
        (
            predict(&[f32::NEG_INFINITY; 4]),
            refused(
                INVALID,
                "tensor_finite",
                ["features", "a value that is infinite or not a number", "finite values"],
            ),
        ),
        (
            predict(&[10.5; 4]),
            refused(INVALID, "tensor_range", ["features", "a value above the maximum", "up to 10"]),
        ),
    ];
    check_all(&stand, &mut client, rows).await;
    let refusal = stand.refusal(&mut client, call(b"\x0a\x03abc")).await;
    assert_eq!((refusal.status, &*refusal.rule), (INVALID, "malformed"));
}

#[tokio::test]
async fn a_generated_client_is_served_or_told_why_not() {
    let answer = PredictResponse { predictions: vec![0.5], ..PredictResponse::default() };
    let config = json!({"contracts": [scores()]});
    let stand = Stand::answered(&config, move |_| Reply::whole(Answer::grpc(&answer))).await;
    let mut client = PredictionServiceClient::new(stand.gateway.grpc().await);
    let mut predict = async |features: &[f32]| {
        let request = PredictRequest { features: features.to_vec(), ..PredictRequest::default() };
        let mut request = Request::new(request);
        request.metadata_mut().insert("x-model-name", "scores".parse().unwrap());
        client.predict(request).await
    };
    let answer = predict(&ROW).await.expect("an answer").into_inner();
    assert_eq!(answer.predictions, [0.5]);
    let status = predict(&[1.0; 3]).await.expect_err("a refusal");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "features: 3 elements; allowed: [4]");
    assert!(!status.details().is_empty(), "no details");
    assert_eq!(stand.server.received().len(), 1);
}
