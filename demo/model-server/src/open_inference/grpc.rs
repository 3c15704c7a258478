//! `inference.GRPCInferenceService`.

use std::collections::HashMap;
use std::sync::Arc;

use proto::inference::grpc_inference_service_server::{
    GrpcInferenceService, GrpcInferenceServiceServer,
};
use proto::inference::model_infer_request::InferInputTensor;
use proto::inference::model_infer_response::InferOutputTensor;
use proto::inference::model_metadata_response::TensorMetadata;
use proto::inference::{
    InferTensorContents, ModelInferRequest, ModelInferResponse, ModelMetadataRequest,
    ModelMetadataResponse, ModelReadyRequest, ModelReadyResponse, ServerLiveRequest,
    ServerLiveResponse, ServerMetadataRequest, ServerMetadataResponse, ServerReadyRequest,
    ServerReadyResponse,
};
use tonic::{Request, Response, Status};

use super::{DATATYPE, INPUT, INPUT_SHAPE, OUTPUT, OUTPUT_SHAPE, PLATFORM, SERVER_NAME};
use crate::features::Features;
use crate::http::LARGEST_BODY_BYTES;
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::replica::Replica;

pub(crate) fn service(
    replica: &Arc<Replica>,
) -> GrpcInferenceServiceServer<impl GrpcInferenceService> {
    GrpcInferenceServiceServer::new(OpenInference(Arc::clone(replica)))
        .max_decoding_message_size(LARGEST_BODY_BYTES)
}

struct OpenInference(Arc<Replica>);

#[tonic::async_trait]
impl GrpcInferenceService for OpenInference {
    async fn server_live(
        &self,
        _: Request<ServerLiveRequest>,
    ) -> Result<Response<ServerLiveResponse>, Status> {
        Ok(Response::new(ServerLiveResponse { live: true }))
    }

    async fn server_ready(
        &self,
        _: Request<ServerReadyRequest>,
    ) -> Result<Response<ServerReadyResponse>, Status> {
        Ok(Response::new(ServerReadyResponse { ready: self.0.is_ready() }))
    }

    async fn model_ready(
        &self,
        request: Request<ModelReadyRequest>,
    ) -> Result<Response<ModelReadyResponse>, Status> {
        let ModelReadyRequest { name, version } = request.into_inner();
        check_model(&self.0.identity, &name, &version)?;
        Ok(Response::new(ModelReadyResponse { ready: self.0.is_ready() }))
    }

    async fn server_metadata(
        &self,
        _: Request<ServerMetadataRequest>,
    ) -> Result<Response<ServerMetadataResponse>, Status> {
        Ok(Response::new(ServerMetadataResponse {
            name: SERVER_NAME.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extensions: Vec::new(),
        }))
    }

    async fn model_metadata(
        &self,
        request: Request<ModelMetadataRequest>,
    ) -> Result<Response<ModelMetadataResponse>, Status> {
        let ModelMetadataRequest { name, version } = request.into_inner();
        let identity = &self.0.identity;
        check_model(identity, &name, &version)?;
        Ok(Response::new(ModelMetadataResponse {
            name: identity.model().to_owned(),
            versions: vec![identity.version().to_owned()],
            platform: PLATFORM.to_owned(),
            inputs: vec![tensor_metadata(INPUT, &INPUT_SHAPE)],
            outputs: vec![tensor_metadata(OUTPUT, &OUTPUT_SHAPE)],
            properties: HashMap::new(),
        }))
    }

    async fn model_infer(
        &self,
        request: Request<ModelInferRequest>,
    ) -> Result<Response<ModelInferResponse>, Status> {
        let Self(replica) = self;
        let (metadata, _, request) = request.into_parts();
        check_model(&replica.identity, &request.model_name, &request.model_version)?;
        let rows = read_rows(&request)?;
        let admitted = replica.admit(metadata.as_ref()).await?;
        let probabilities = replica.classify(&rows, &admitted).await;
        Ok(Response::new(respond(&replica.identity, request, probabilities)))
    }
}

fn check_model(identity: &Identity, name: &str, version: &str) -> Result<(), Refusal> {
    identity.answers_to(name)?;
    if version.is_empty() { Ok(()) } else { identity.is_version(version) }
}

fn read_rows(request: &ModelInferRequest) -> Result<Vec<Features>, Refusal> {
    let input = super::single_input(&request.inputs)?;
    super::check_input(&input.name, &input.datatype, &input.shape)?;
    super::check_requested_outputs(request.outputs.iter().map(|output| output.name.as_str()))?;
    match request.raw_input_contents.as_slice() {
        [] => {
            let numbers = typed_numbers(input)?;
            super::check_count("inputs[0].contents.fp32_contents", &input.shape, numbers.len())?;
            Features::read_rows("inputs[0].contents.fp32_contents", numbers)
        }
        [raw] => {
            if input.contents.is_some() {
                let problem = "must be absent when raw_input_contents is used";
                return Err(Refusal::malformed("inputs[0].contents", problem));
            }
            let numbers = raw_numbers(raw)?;
            super::check_count("raw_input_contents[0]", &input.shape, numbers.len())?;
            Features::read_rows("raw_input_contents[0]", &numbers)
        }
        several => {
            let problem = format!("must have one entry per input, has {}", several.len());
            Err(Refusal::malformed("raw_input_contents", problem))
        }
    }
}

/// The FP32 elements; none at all if the tensor has no contents, as for the shape [0, 4].
fn typed_numbers(input: &InferInputTensor) -> Result<&[f32], Refusal> {
    let Some(contents) = &input.contents else { return Ok(&[]) };
    let only_fp32 = InferTensorContents { fp32_contents: Vec::new(), ..contents.clone() }
        == InferTensorContents::default();
    if !only_fp32 {
        let problem = format!("{DATATYPE} elements belong in fp32_contents alone");
        return Err(Refusal::malformed("inputs[0].contents", problem));
    }
    Ok(&contents.fp32_contents)
}

/// Raw elements are little-endian, without padding.
fn raw_numbers(raw: &[u8]) -> Result<Vec<f32>, Refusal> {
    let (elements, rest) = raw.as_chunks::<4>();
    if !rest.is_empty() {
        let problem = format!("{} bytes are no whole number of {DATATYPE} elements", raw.len());
        return Err(Refusal::malformed("raw_input_contents[0]", problem));
    }
    Ok(elements.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

/// Who asked in raw contents is answered in raw contents.
fn respond(
    identity: &Identity,
    request: ModelInferRequest,
    probabilities: Vec<f32>,
) -> ModelInferResponse {
    let rows = i64::try_from(probabilities.len()).expect("a batch is small");
    let (contents, raw_output_contents) = if request.raw_input_contents.is_empty() {
        let contents = InferTensorContents { fp32_contents: probabilities, ..Default::default() };
        (Some(contents), Vec::new())
    } else {
        let raw = probabilities.into_iter().flat_map(f32::to_le_bytes).collect();
        (None, vec![raw])
    };
    ModelInferResponse {
        model_name: identity.model().to_owned(),
        model_version: identity.version().to_owned(),
        id: request.id,
        parameters: HashMap::new(),
        outputs: vec![InferOutputTensor {
            name: OUTPUT.to_owned(),
            datatype: DATATYPE.to_owned(),
            shape: vec![rows],
            parameters: HashMap::new(),
            contents,
        }],
        raw_output_contents,
    }
}

fn tensor_metadata(name: &str, shape: &[i64]) -> TensorMetadata {
    TensorMetadata { name: name.to_owned(), datatype: DATATYPE.to_owned(), shape: shape.to_vec() }
}
