//! The Open Inference Protocol over gRPC.

use super::super::requests::{
    INFER, ROW, STREAM, bare, floats, grpc, infer, infer_request, iris, raw, typed,
};
use super::super::{Call, Reply, Stand};
use super::{NAN, ROWS, check_all, refused, stand};
use integration_tests::Answer;
use proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use proto::inference::infer_parameter::ParameterChoice;
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::{
    InferParameter, InferTensorContents, ModelInferRequest, ModelInferResponse,
};
use serde_json::json;
use tonic::{Code, Request};

/// What every client of a tensor's own protocol gets.
const INVALID: i32 = 3;

#[tokio::test]
async fn typed_contents_within_the_contract_pass() {
    let stand = stand().await;
    let mut client = stand.gateway.http2().await;
    let requested = ModelInferRequest {
        parameters: [(
            "priority".to_owned(),
            InferParameter { parameter_choice: Some(ParameterChoice::Int64Param(1)) },
        )]
        .into(),
        ..infer_request(vec![typed(&[1, 4], &ROW)])
    };
    let calls = [
        infer(vec![typed(&[1, 4], &ROW)]),
        infer(vec![typed(&[2, 4], &ROWS)]),
        infer(vec![typed(&[0, 4], &[])]),
        grpc(INFER, "iris", &requested),
        grpc(STREAM, "iris", &requested),
    ];
    check_all(&stand, &mut client, calls.map(|call| (call, None)).into()).await;
}

#[tokio::test]
async fn typed_contents_that_break_a_rule_are_refused() {
    let stand = stand().await;
    let mut client = stand.gateway.http2().await;
    let named = |name: &str| InferInputTensor { name: name.into(), ..typed(&[1, 4], &ROW) };
    let doubles = InferInputTensor {
        datatype: "FP64".into(),
        contents: Some(InferTensorContents {
            fp64_contents: vec![0.5; 4],
            ..InferTensorContents::default()
        }),
        ..bare(&[1, 4])
    };
    let strings = InferInputTensor {
        contents: Some(InferTensorContents {
            bytes_contents: vec![b"x".to_vec(); 4],
            ..InferTensorContents::default()
        }),
        ..bare(&[1, 4])
    };
    let rows = vec![
        (
            infer(vec![]),
            refused(INVALID, "tensor_missing", ["inputs", "no tensor `features`", "`features`"]),
        ),
        (
            infer(vec![typed(&[1, 4], &ROW), named("color")]),
            refused(
                INVALID,
                "tensor_unknown",
                ["inputs[1]", "a tensor that the contract doesn't name", "`features`"],
            ),
        ),
        (
            infer(vec![typed(&[1, 4], &ROW), typed(&[1, 4], &ROW)]),
            refused(
                INVALID,
                "tensor_duplicate",
                ["inputs[1]", "a tensor that is there already", "each tensor once"],
            ),
        ),
        (
            infer(vec![doubles]),
            refused(INVALID, "tensor_datatype", ["inputs[0].datatype", "FP64", "FP32"]),
        ),
        (
            infer(vec![strings]),
            refused(
                INVALID,
                "tensor_protocol",
                [
                    "inputs[0].data",
                    "data in the field of another datatype",
                    "the field of the tensor's own datatype",
                ],
            ),
        ),
        (
            infer(vec![typed(&[2, 2], &ROW)]),
            refused(INVALID, "tensor_shape", ["inputs[0].shape", "[2, 2]", "[any, 4]"]),
        ),
        (
            infer(vec![typed(&[4, 4], &[1.0; 16])]),
            refused(INVALID, "tensor_batch", ["inputs[0].shape", "a batch of 4", "at most 3"]),
        ),
        (
            infer(vec![typed(&[2, 4], &ROW)]),
            refused(
                INVALID,
                "tensor_protocol",
                ["inputs[0].data", "4 elements", "8, as its shape says"],
            ),
        ),
        (
            infer(vec![typed(&[-1, 4], &ROW)]),
            refused(
                INVALID,
                "tensor_protocol",
                ["inputs[0].shape", "a negative dimension", "0 and more"],
            ),
        ),
        (
            infer(vec![typed(&[1, 4], &NAN)]),
            refused(
                INVALID,
                "tensor_finite",
                ["inputs[0].data", "a value that is infinite or not a number", "finite values"],
            ),
        ),
        (
            infer(vec![typed(&[1, 4], &[0.0, 0.0, 0.0, 10.5])]),
            refused(
                INVALID,
                "tensor_range",
                ["inputs[0].data", "a value above the maximum", "0 to 10"],
            ),
        ),
    ];
    check_all(&stand, &mut client, rows).await;
}

#[tokio::test]
async fn raw_contents_are_held_against_the_contract() {
    let stand = stand().await;
    let mut client = stand.gateway.http2().await;
    let data = "inputs[0].data";
    let rows = vec![
        (raw(vec![bare(&[1, 4])], &[&ROW]), None),
        (raw(vec![bare(&[2, 4])], &[&ROWS]), None),
        (
            raw(vec![bare(&[1, 4])], &[&ROW[..3]]),
            refused(
                INVALID,
                "tensor_protocol",
                [data, "12 bytes", "16, as its datatype and shape say"],
            ),
        ),
        (
            raw(vec![typed(&[1, 4], &ROW)], &[&ROW]),
            refused(
                INVALID,
                "tensor_protocol",
                ["inputs", "typed contents beside raw ones", "one of the two in a message"],
            ),
        ),
        (
            raw(vec![bare(&[1, 4])], &[&ROW, &ROW]),
            refused(
                INVALID,
                "tensor_protocol",
                [
                    "inputs",
                    "1 raw contents too many",
                    "one for each tensor that is not in shared memory",
                ],
            ),
        ),
        (
            raw(vec![bare(&[1, 4])], &[&NAN]),
            refused(
                INVALID,
                "tensor_finite",
                [data, "a value that is infinite or not a number", "finite values"],
            ),
        ),
        (
            raw(vec![bare(&[1, 4])], &[&[-0.5, 0.0, 0.0, 0.0]]),
            refused(INVALID, "tensor_range", [data, "a value below the minimum", "0 to 10"]),
        ),
    ];
    check_all(&stand, &mut client, rows).await;
}

#[tokio::test]
async fn a_frame_that_is_none_is_refused() {
    let stand = stand().await;
    let mut client = stand.gateway.http2().await;
    let call = |body: Vec<u8>| {
        Call::post(INFER)
            .header("content-type", "application/grpc")
            .header("x-model-name", "iris")
            .body(body)
    };
    let whole = infer(vec![typed(&[1, 4], &ROW)]).body_bytes().to_vec();
    for (body, found) in
        [(Vec::new(), "no message"), ([whole.clone(), whole.clone()].concat(), "a second message")]
    {
        let expected = refused(INVALID, "malformed", ["", found, "one message"]);
        stand.check(&mut client, call(body), expected.as_ref()).await;
    }
    for body in [
        whole[..whole.len() - 1].to_vec(),
        vec![2, 0, 0, 0, 0],
        [&[0, 0, 0, 0, 2][..], b"\x0a\xff"].concat(),
        floats(&ROW),
    ] {
        let refusal = stand.refusal(&mut client, call(body)).await;
        assert_eq!((refusal.status, &*refusal.rule), (INVALID, "malformed"));
    }
}

#[tokio::test]
async fn a_generated_client_understands_the_refusal() {
    let answer = || Answer::grpc(&ModelInferResponse { id: "7".into(), ..Default::default() });
    let config = json!({"contracts": [iris()]});
    let stand = Stand::answered(&config, move |_| Reply::whole(answer())).await;
    let mut client = GrpcInferenceServiceClient::new(stand.gateway.grpc().await);
    let mut infer = async |values: &[f32]| {
        let mut request = Request::new(infer_request(vec![typed(&[1, 4], values)]));
        request.metadata_mut().insert("x-model-name", "iris".parse().unwrap());
        client.model_infer(request).await
    };
    assert_eq!(infer(&ROW).await.expect("an answer").into_inner().id, "7");
    let status = infer(&NAN).await.expect_err("a refusal");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        status.message(),
        "inputs[0].data: a value that is infinite or not a number; allowed: finite values"
    );
    assert_eq!(
        status.metadata().get("x-inference-rejected").unwrap(),
        "payload-validator;tensor_finite"
    );
    assert_eq!(stand.server.received().len(), 1);
}
