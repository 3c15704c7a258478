//! One router for gRPC, one for everything else, and the two together on one port.

mod body;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use tonic::Status;
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};

pub(crate) use body::{JsonBody, LARGEST_BODY_BYTES, json_response};

use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::{
    SERVED_BY_HEADER, SERVED_VERSION_HEADER, open_inference, openai, prediction, tensorflow_serving,
};

/// gRPC only.
pub(crate) fn grpc_router(replica: &Arc<Replica>, health: HealthServer<impl Health>) -> Router {
    finish(grpc_services(replica, health), replica)
}

/// HTTP and JSON only.
pub(crate) fn rest_router(replica: &Arc<Replica>) -> Router {
    finish(rest_routes(replica), replica)
}

/// gRPC and HTTP on one port: their paths have nothing in common.
pub(crate) fn combined_router(replica: &Arc<Replica>, health: HealthServer<impl Health>) -> Router {
    finish(grpc_services(replica, health).merge(rest_routes(replica)), replica)
}

fn grpc_services(replica: &Arc<Replica>, health: HealthServer<impl Health>) -> Router {
    let (reflection, reflection_alpha) = reflection();
    Routes::new(prediction::service(replica))
        .add_service(open_inference::grpc_service(replica))
        .add_service(health)
        .add_service(reflection)
        .add_service(reflection_alpha)
        .into_axum_router()
        .reset_fallback()
}

fn rest_routes(replica: &Arc<Replica>) -> Router {
    Router::new()
        .merge(open_inference::rest_routes())
        .merge(openai::routes())
        .with_state(Arc::clone(replica))
}

/// What stands around every route: the answer for unknown paths, and who answered.
fn finish(router: Router, replica: &Arc<Replica>) -> Router {
    router
        .fallback_service(axum::routing::any(elsewhere).with_state(Arc::clone(replica)))
        .layer(map_response_with_state(ServedBy::from(replica.as_ref()), ServedBy::stamp))
}

/// Under `/v1/models` the paths know no case, which a router can't express; they are read here.
async fn elsewhere(State(replica): State<Arc<Replica>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if is_grpc(&request) {
        return Status::from(Refusal::UnknownPath { path }).into_http::<axum::body::Body>();
    }
    match tensorflow_serving::Path::read(&path) {
        Some(path) => tensorflow_serving::answer(&replica, &path, request).await,
        None => tensorflow_serving::error(&Refusal::UnknownPath { path }).into_response(),
    }
}

fn is_grpc(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_some_and(|value| value.starts_with(b"application/grpc"))
}

/// The two versions of server reflection that command-line clients ask for.
fn reflection() -> (
    tonic_reflection::server::v1::ServerReflectionServer<
        impl tonic_reflection::server::v1::ServerReflection,
    >,
    tonic_reflection::server::v1alpha::ServerReflectionServer<
        impl tonic_reflection::server::v1alpha::ServerReflection,
    >,
) {
    let services = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(
                tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
            )
            .with_service_name("prediction.PredictionService")
            .with_service_name("inference.GRPCInferenceService")
            .with_service_name("grpc.health.v1.Health")
            .with_service_name("grpc.reflection.v1.ServerReflection")
            .with_service_name("grpc.reflection.v1alpha.ServerReflection")
    };
    let built = "the descriptors were compiled with this crate";
    (services().build_v1().expect(built), services().build_v1alpha().expect(built))
}

/// Response headers that say which replica answered; gRPC clients see them as metadata.
#[derive(Clone)]
struct ServedBy {
    replica: HeaderValue,
    version: HeaderValue,
}

impl ServedBy {
    async fn stamp(State(served): State<Self>, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static(SERVED_BY_HEADER), served.replica);
        headers.insert(HeaderName::from_static(SERVED_VERSION_HEADER), served.version);
        response
    }
}

impl From<&Replica> for ServedBy {
    fn from(replica: &Replica) -> Self {
        let value = |text: &str| HeaderValue::from_str(text).expect("an identity fits in a header");
        Self {
            replica: value(replica.identity.replica()),
            version: value(replica.identity.version()),
        }
    }
}
