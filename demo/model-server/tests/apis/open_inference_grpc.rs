use model_server::RunningServer;
use proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use proto::inference::model_infer_request::{InferInputTensor, InferRequestedOutputTensor};
use proto::inference::{
    InferTensorContents, ModelInferRequest, ModelInferResponse, ModelMetadataRequest,
    ModelReadyRequest, ServerLiveRequest, ServerMetadataRequest, ServerReadyRequest,
};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::caller::{channel, serve};

const ROWS: [f32; 8] = [0.9, 0.8, 0.1, 0.1, 0.1, 0.2, 0.9, 0.9];

async fn client(server: &RunningServer) -> GrpcInferenceServiceClient<Channel> {
    GrpcInferenceServiceClient::new(channel(server).await)
}

fn input(shape: &[i64]) -> InferInputTensor {
    InferInputTensor {
        name: "features".to_owned(),
        datatype: "FP32".to_owned(),
        shape: shape.to_vec(),
        ..Default::default()
    }
}

fn typed(shape: &[i64], numbers: &[f32]) -> ModelInferRequest {
    let contents = InferTensorContents { fp32_contents: numbers.to_vec(), ..Default::default() };
    ModelInferRequest {
        model_name: "demo".to_owned(),
        id: "42".to_owned(),
        inputs: vec![InferInputTensor { contents: Some(contents), ..input(shape) }],
        ..Default::default()
    }
}

fn raw(shape: &[i64], bytes: Vec<u8>) -> ModelInferRequest {
    ModelInferRequest {
        model_name: "demo".to_owned(),
        inputs: vec![input(shape)],
        raw_input_contents: vec![bytes],
        ..Default::default()
    }
}

async fn infer(request: ModelInferRequest) -> Result<ModelInferResponse, Status> {
    let server = serve().await;
    client(&server).await.model_infer(request).await.map(tonic::Response::into_inner)
}

async fn refusal(request: ModelInferRequest) -> String {
    let status = infer(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    status.message().to_owned()
}

#[tokio::test]
async fn answers_one_probability_per_row() {
    let answer = infer(typed(&[2, 4], &ROWS)).await.expect("an answer");
    let output = &answer.outputs[0];
    assert_eq!((output.name.as_str(), output.datatype.as_str()), ("probability", "FP32"));
    assert_eq!(output.shape, [2]);
    let probabilities = &output.contents.as_ref().expect("typed contents").fp32_contents;
    assert!(probabilities[0] > 0.9 && probabilities[1] < 0.1, "{probabilities:?}");
}

#[tokio::test]
async fn names_itself_and_repeats_the_requests_id() {
    let answer = infer(typed(&[2, 4], &ROWS)).await.expect("an answer");
    assert_eq!(
        (answer.model_name.as_str(), answer.model_version.as_str(), answer.id.as_str()),
        ("demo", "v1", "42")
    );
}

#[tokio::test]
async fn raw_contents_are_answered_in_raw_contents_with_the_same_numbers() {
    let from_typed = infer(typed(&[2, 4], &ROWS)).await.expect("an answer");
    let bytes = ROWS.iter().flat_map(|number| number.to_le_bytes()).collect();
    let from_raw = infer(raw(&[2, 4], bytes)).await.expect("an answer");

    let numbers = from_typed.outputs[0].contents.clone().expect("typed contents").fp32_contents;
    let expected: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
    assert_eq!(from_raw.raw_output_contents, [expected]);
    assert_eq!(from_raw.outputs[0].contents, None);
}

#[tokio::test]
async fn no_rows_are_answered_with_no_probabilities() {
    let answer = infer(typed(&[0, 4], &[])).await.expect("an answer");
    assert_eq!(answer.outputs[0].shape, [0]);
}

#[tokio::test]
async fn a_version_may_be_asked_for_by_name_or_number() {
    for version in ["v1", "1"] {
        let request =
            ModelInferRequest { model_version: version.to_owned(), ..typed(&[2, 4], &ROWS) };
        infer(request).await.expect("an answer");
    }
}

#[tokio::test]
async fn another_model_or_version_is_not_found() {
    for (name, version) in [("other", ""), ("", ""), ("demo", "v2")] {
        let request = ModelInferRequest {
            model_name: name.to_owned(),
            model_version: version.to_owned(),
            ..typed(&[2, 4], &ROWS)
        };
        let status = infer(request).await.expect_err("refused");
        assert_eq!(status.code(), Code::NotFound, "{name}/{version}");
    }
}

#[tokio::test]
async fn refuses_a_shape_that_does_not_match_its_data() {
    let problem = refusal(typed(&[1, 4], &ROWS)).await;
    assert_eq!(
        problem,
        "inputs[0].contents.fp32_contents: shape [1, 4] holds 4 elements, there are 8"
    );
}

#[tokio::test]
async fn refuses_raw_bytes_that_fill_no_element() {
    assert_eq!(
        refusal(raw(&[1, 4], vec![0; 15])).await,
        "raw_input_contents[0]: 15 bytes are no whole number of FP32 elements"
    );
}

#[tokio::test]
async fn refuses_another_shape_datatype_or_name() {
    let mut request = typed(&[4], &ROWS[..4]);
    assert_eq!(refusal(request.clone()).await, "inputs[0].shape: must be [N, 4], is [4]");
    request.inputs[0].shape = vec![1, 4];
    request.inputs[0].datatype = "FP64".to_owned();
    assert_eq!(refusal(request.clone()).await, "inputs[0].datatype: must be FP32, is `FP64`");
    request.inputs[0].name = "x".to_owned();
    assert_eq!(refusal(request).await, "inputs[0].name: must be `features`, is `x`");
}

#[tokio::test]
async fn refuses_typed_and_raw_contents_together() {
    let mut request = typed(&[1, 4], &ROWS[..4]);
    request.raw_input_contents = vec![vec![0; 16]];
    assert_eq!(
        refusal(request).await,
        "inputs[0].contents: must be absent when raw_input_contents is used"
    );
}

#[tokio::test]
async fn refuses_elements_in_the_field_of_another_datatype() {
    let mut request = typed(&[1, 4], &ROWS[..4]);
    request.inputs[0].contents.as_mut().expect("set above").int_contents = vec![1];
    assert!(refusal(request).await.contains("belong in fp32_contents alone"));
}

#[tokio::test]
async fn refuses_any_other_count_of_inputs() {
    let none = ModelInferRequest { model_name: "demo".to_owned(), ..Default::default() };
    assert_eq!(refusal(none).await, "inputs: must be one tensor, `features`; there are 0");
}

#[tokio::test]
async fn refuses_an_output_that_the_model_does_not_have() {
    let mut request = typed(&[1, 4], &ROWS[..4]);
    let output =
        |name: &str| InferRequestedOutputTensor { name: name.to_owned(), ..Default::default() };
    request.outputs = vec![output("probability"), output("logits")];
    assert!(refusal(request).await.starts_with("outputs[1].name: "));
}

#[tokio::test]
async fn metadata_tells_what_the_model_takes_and_gives() {
    let server = serve().await;
    let request = ModelMetadataRequest { name: "demo".to_owned(), version: String::new() };
    let metadata = client(&server).await.model_metadata(request).await.expect("known").into_inner();
    assert_eq!(metadata.versions, ["v1"]);
    assert_eq!(metadata.inputs[0].name, "features");
    assert_eq!(metadata.inputs[0].shape, [-1, 4]);
    assert_eq!(metadata.outputs[0].name, "probability");
    assert_eq!(metadata.outputs[0].shape, [-1]);
}

#[tokio::test]
async fn metadata_and_readiness_of_another_model_are_not_found() {
    let server = serve().await;
    let mut client = client(&server).await;
    let metadata = ModelMetadataRequest { name: "other".to_owned(), version: String::new() };
    let ready = ModelReadyRequest { name: "demo".to_owned(), version: "v9".to_owned() };
    let metadata = client.model_metadata(metadata).await.expect_err("unknown");
    let ready = client.model_ready(ready).await.expect_err("unknown");
    assert_eq!((metadata.code(), ready.code()), (Code::NotFound, Code::NotFound));
}

#[tokio::test]
async fn is_live_and_ready() {
    let server = serve().await;
    let mut client = client(&server).await;
    let ready = ModelReadyRequest { name: "demo".to_owned(), version: "v1".to_owned() };
    assert!(client.server_live(ServerLiveRequest {}).await.expect("live").into_inner().live);
    assert!(client.server_ready(ServerReadyRequest {}).await.expect("ready").into_inner().ready);
    assert!(client.model_ready(ready).await.expect("ready").into_inner().ready);
    let metadata = client.server_metadata(ServerMetadataRequest {}).await.expect("known");
    assert_eq!(metadata.into_inner().name, "model-server");
}
