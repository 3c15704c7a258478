//! The gRPC part of the table. Paths are case-sensitive.

use super::{BodyIdentity, Dialect, GrpcMethod, Operation, Route, path};
use crate::protobuf::FieldPath;

/// `ModelInferRequest` and the other requests of that service: `model_name` or
/// `name` = 1, `model_version` or `version` = 2. TorchServe's
/// `PredictionsRequest` is alike.
///
/// Source: Open Inference Protocol, `open_inference_grpc.proto`.
const NAME_1_VERSION_2: BodyIdentity = BodyIdentity::Grpc {
    model: FieldPath::new(&[1]),
    version: Some(FieldPath::new(&[2])),
    label: None,
};

/// `ModelSpec model_spec = 1 { name = 1, oneof { Int64Value version = 2,
/// version_label = 4 } }`.
///
/// Source: TensorFlow Serving, `apis/model.proto`.
const MODEL_SPEC_1: BodyIdentity = BodyIdentity::Grpc {
    model: FieldPath::new(&[1, 1]),
    version: Some(FieldPath::new(&[1, 2, 1])),
    label: Some(FieldPath::new(&[1, 4])),
};

/// `MultiInferenceRequest`: the same inside `repeated InferenceTask tasks = 1`.
/// The server demands that all tasks name one model.
const TASKS_1: BodyIdentity = BodyIdentity::Grpc {
    model: FieldPath::new(&[1, 1, 1]),
    version: Some(FieldPath::new(&[1, 1, 2, 1])),
    label: Some(FieldPath::new(&[1, 1, 4])),
};

/// `PredictRequest { repeated float features = 1; string model_name = 2; }`
const MODEL_NAME_2: BodyIdentity =
    BodyIdentity::Grpc { model: FieldPath::new(&[2]), version: None, label: None };

/// Whether this is the path of `prediction.PredictionService/Predict`, with or without
/// a query string. Of other services that have [`Dialect::Grpc`], nobody knows the
/// messages.
pub(crate) fn is_prediction(path: &[u8]) -> bool {
    path::without_query(path).is_ok_and(|path| path == "/prediction.PredictionService/Predict")
}

/// A method from the configuration.
pub(super) fn find_own(path: &str, own: &[GrpcMethod]) -> Option<Route<'static>> {
    let path = path.strip_prefix('/')?;
    let method = own.iter().find(|own| own.path.strip_prefix('/').unwrap_or(&own.path) == path)?;
    let known = find_method(path).filter(|known| known.operation.is_inference());
    let route = known.unwrap_or(Route::new(Dialect::Grpc, Operation::Predict));
    Some(route.with_body(method.identity))
}

/// The row that fits; [`Operation::Other`] when none does.
pub(super) fn find(path: &str) -> Route<'static> {
    let known = path.strip_prefix('/').and_then(find_method);
    known.unwrap_or(Route::new(Dialect::Grpc, Operation::Other))
}

fn find_method(path: &str) -> Option<Route<'static>> {
    let (service, method) = path.split_once('/')?;
    match service {
        "inference.GRPCInferenceService" => Some(open_inference(method)),
        "tensorflow.serving.PredictionService" | "tensorflow.serving.SessionService" => {
            Some(tensorflow_serving(method))
        }
        "tensorflow.serving.ModelService" => Some(model_service(method)),
        "org.pytorch.serve.grpc.inference.InferenceAPIsService" => Some(torch_serve(method)),
        "prediction.PredictionService" => Some(prediction(method)),
        "grpc.health.v1.Health" => Some(Route::new(Dialect::Grpc, Operation::Health)),
        "grpc.reflection.v1.ServerReflection" | "grpc.reflection.v1alpha.ServerReflection" => {
            Some(Route::new(Dialect::Grpc, Operation::Reflection))
        }
        "org.pytorch.serve.grpc.management.ManagementAPIsService"
        | "grpc.channelz.v1.Channelz"
        | "tensorflow.ProfilerService" => Some(Route::new(Dialect::Grpc, Operation::Admin)),
        _ => None,
    }
}

fn open_inference(method: &str) -> Route<'static> {
    let (operation, body) = match method {
        "ModelInfer" => (Operation::Infer, NAME_1_VERSION_2),
        "ModelStreamInfer" => (Operation::InferStream, NAME_1_VERSION_2),
        "ModelReady" => (Operation::ModelReady, NAME_1_VERSION_2),
        "ModelMetadata" | "ModelConfig" => (Operation::ModelMetadata, NAME_1_VERSION_2),
        "ModelStatistics" => (Operation::ModelStatus, NAME_1_VERSION_2),
        "ServerLive" | "ServerReady" => (Operation::Health, BodyIdentity::None),
        "ServerMetadata" => (Operation::ServerMetadata, BodyIdentity::None),
        // Repository*, *SharedMemory*, TraceSetting, LogSettings, and whatever
        // is added to the service one day.
        _ => (Operation::Admin, BodyIdentity::None),
    };
    Route::new(Dialect::OpenInferenceGrpc, operation).with_body(body)
}

fn tensorflow_serving(method: &str) -> Route<'static> {
    let (operation, body) = match method {
        "Predict" | "PredictStreamed" | "SessionRun" => (Operation::Predict, MODEL_SPEC_1),
        "Classify" => (Operation::Classify, MODEL_SPEC_1),
        "Regress" => (Operation::Regress, MODEL_SPEC_1),
        "MultiInference" => (Operation::MultiInference, TASKS_1),
        "GetModelMetadata" => (Operation::ModelMetadata, MODEL_SPEC_1),
        _ => (Operation::Other, BodyIdentity::None),
    };
    Route::new(Dialect::TensorFlowServingGrpc, operation).with_body(body)
}

fn model_service(method: &str) -> Route<'static> {
    let dialect = Dialect::TensorFlowServingGrpc;
    match method {
        "GetModelStatus" => Route::new(dialect, Operation::ModelStatus).with_body(MODEL_SPEC_1),
        _ => Route::new(dialect, Operation::Admin),
    }
}

fn torch_serve(method: &str) -> Route<'static> {
    match method {
        "Ping" => Route::new(Dialect::Grpc, Operation::Health),
        "Predictions" | "StreamPredictions" | "StreamPredictions2" => {
            Route::new(Dialect::Grpc, Operation::Predict).with_body(NAME_1_VERSION_2)
        }
        _ => Route::new(Dialect::Grpc, Operation::Other),
    }
}

fn prediction(method: &str) -> Route<'static> {
    match method {
        "Predict" => Route::new(Dialect::Grpc, Operation::Predict).with_body(MODEL_NAME_2),
        "HealthCheck" => Route::new(Dialect::Grpc, Operation::Health),
        _ => Route::new(Dialect::Grpc, Operation::Other),
    }
}
