use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn call<'a>(method: &'a str, path: &'a str) -> Call<'a> {
    try_call(method, path, None).unwrap()
}

fn try_call<'a>(
    method: &'a str,
    path: &'a str,
    content_type: Option<&'a str>,
) -> Result<Call<'a>, PathError> {
    let line = RequestLine {
        method: method.as_bytes(),
        path: path.as_bytes(),
        content_type: content_type.map(str::as_bytes),
    };
    classify(&line, &[])
}

fn grpc<'a>(path: &'a str) -> Call<'a> {
    try_call("POST", path, Some("application/grpc")).unwrap()
}

/// Dialect, operation, model and version (labels behind a colon) of each row.
fn expect(rows: &[(&str, Dialect, Operation, &str, &str)]) {
    for (line, dialect, operation, model, version) in rows {
        let (method, path) = line.split_once(' ').unwrap();
        let call = call(method, path);
        assert_eq!((call.dialect, call.operation), (*dialect, *operation), "{line}");
        assert_eq!(call.path_model.as_deref().unwrap_or_default(), *model, "{line}");
        let told = match &call.path_version {
            None => String::new(),
            Some(PathVersion::Version(version)) => version.to_string(),
            Some(PathVersion::Label(label)) => format!(":{label}"),
        };
        assert_eq!(told, *version, "{line}");
    }
}

#[test]
fn open_inference_paths_name_model_and_version() {
    use Operation::*;
    let oip = Dialect::OpenInferenceRest;
    expect(&[
        ("POST /v2/models/m/infer", oip, Infer, "m", ""),
        ("POST /v2/models/m/versions/3/infer?x=/y", oip, Infer, "m", "3"),
        ("POST /v2/models/m/versions/v10/infer", oip, Infer, "m", "v10"),
        ("POST /v2/models/m/generate", oip, Generate, "m", ""),
        ("POST /v2/models/m/versions/1/generate_stream", oip, GenerateStream, "m", "1"),
        ("POST /v2/models/m/infer_stream", oip, InferStream, "m", ""),
        ("GET /v2/models/m", oip, ModelMetadata, "m", ""),
        ("GET /v2/models/m/versions/1", oip, ModelMetadata, "m", "1"),
        ("GET /v2/models/m/config", oip, ModelMetadata, "m", ""),
        ("GET /v2/models/m/ready", oip, ModelReady, "m", ""),
        ("HEAD /v2/models/m/ready", oip, ModelReady, "m", ""),
        ("GET /v2/models/m/stats", oip, ModelStatus, "m", ""),
        ("GET /v2", oip, ServerMetadata, "", ""),
        ("GET /v2/models", oip, ListModels, "", ""),
        ("GET /v2/models/stats", oip, ModelStatus, "", ""),
        ("GET /v2/models/stats/stats", oip, ModelStatus, "stats", ""),
        ("GET /v2/health/live", oip, Health, "", ""),
        ("GET /v2/health/ready", oip, Health, "", ""),
        // A model may be called what an operation is called.
        ("POST /v2/models/infer/infer", oip, Infer, "infer", ""),
        ("GET /v2/models/versions", oip, ModelMetadata, "versions", ""),
        // Case counts, and so do slashes.
        ("POST /v2/models/m/INFER", oip, Other, "", ""),
        ("POST /v2/models/m/infer/", oip, Other, "", ""),
        ("POST /v2/models//infer", oip, Other, "", ""),
        ("POST /v2/models/m/versions//infer", oip, Other, "", ""),
        ("POST //v2/models/m/infer", Dialect::Http, Other, "", ""),
        ("POST /V2/models/m/infer", Dialect::Http, Other, "", ""),
        ("GET /v2/models/m/infer", oip, Other, "", ""),
    ]);
}

#[test]
fn tensorflow_serving_paths_are_matched_without_case() {
    use Operation::*;
    let tfs = Dialect::TensorFlowServingRest;
    expect(&[
        ("POST /v1/models/m:predict", tfs, Predict, "m", ""),
        ("POST /V1/MODELS/m:PREDICT", tfs, Predict, "m", ""),
        ("POST /v1/models/M:Classify?x", tfs, Classify, "M", ""),
        ("POST /v1/models/m:regress", tfs, Regress, "m", ""),
        ("POST /v1/models/m:explain", tfs, Explain, "m", ""),
        ("POST /v1/models/m/versions/7:predict", tfs, Predict, "m", "7"),
        ("POST /v1/models/m/Labels/stable:predict", tfs, Predict, "m", ":stable"),
        ("POST /v1/models/a:b:predict", tfs, Predict, "a:b", ""),
        ("GET /v1/models/m/versions/7", tfs, ModelStatus, "m", "7"),
        ("GET /v1/models/m/metadata", tfs, ModelMetadata, "m", ""),
        ("GET /v1/models/m/labels/stable/metadata", tfs, ModelMetadata, "m", ":stable"),
        ("GET /V1/models/m", tfs, ModelStatus, "m", ""),
        ("GET /V1/models", tfs, ListModels, "", ""),
        // No version to TensorFlow Serving, but one to the gateway.
        ("POST /v1/models/m/versions/v2:predict", tfs, Predict, "m", "v2"),
        ("GET /v1/models/m/versions/v2/metadata", tfs, ModelMetadata, "m", "v2"),
        ("GET /v1/models/m/labels/metadata", tfs, ModelStatus, "m", ":metadata"),
        ("POST /v1/models/m/versions/a:b:predict", tfs, Other, "", ""),
        ("POST /v1/models/m/versions/:predict", tfs, Other, "", ""),
        ("POST /v1/models/:predict", tfs, Other, "", ""),
        ("GET /v1/models/m:predict", tfs, Other, "", ""),
        ("POST /v1/models/a/b/c:predict", tfs, Other, "", ""),
    ]);
}

#[test]
fn what_two_apis_share_is_told_in_openai_terms() {
    use Operation::*;
    expect(&[
        ("GET /v1/models", Dialect::OpenAi, ListModels, "", ""),
        ("GET /v1/models/gpt", Dialect::OpenAi, ModelStatus, "gpt", ""),
        ("GET /v1/models/llama3:8b", Dialect::OpenAi, ModelStatus, "llama3:8b", ""),
        ("GET /v1/models/metadata", Dialect::OpenAi, ModelStatus, "metadata", ""),
        ("GET /v1/models/", Dialect::OpenAi, Other, "", ""),
        ("GET /v1/models//metadata", Dialect::OpenAi, Other, "", ""),
        ("GET /v1/models//versions/3", Dialect::OpenAi, Other, "", ""),
        ("DELETE /v1/models/gpt", Dialect::OpenAi, Other, "", ""),
    ]);
}

#[test]
fn responses_that_are_kept_are_no_inference() {
    use Operation::*;
    expect(&[
        ("GET /v1/responses/resp_1", Dialect::OpenAi, StoredResponse, "", ""),
        ("DELETE /v1/responses/resp_1", Dialect::OpenAi, StoredResponse, "", ""),
        ("GET /v1/responses/resp_1/input_items?limit=2", Dialect::OpenAi, StoredResponse, "", ""),
        ("POST /v1/responses/resp_1/cancel", Dialect::OpenAi, StoredResponse, "", ""),
        ("POST /v1/responses/compact", Dialect::OpenAi, Responses, "", ""),
        ("POST /v1/responses/input_tokens", Dialect::OpenAi, CountTokens, "", ""),
        ("POST /v1/responses/resp_1", Dialect::OpenAi, Other, "", ""),
        ("GET /v1/responses/", Dialect::OpenAi, Other, "", ""),
        ("POST /v1/responses//cancel", Dialect::OpenAi, Other, "", ""),
    ]);
    assert!(!call("GET", "/v1/responses/resp_1").is_inference());
}

#[test]
fn generative_calls_name_the_model_in_their_body() {
    use Operation::*;
    for (path, dialect, operation) in [
        ("/v1/chat/completions", Dialect::OpenAi, ChatCompletions),
        ("/v1/chat/completions?api-version=1", Dialect::OpenAi, ChatCompletions),
        ("/openai/v1/chat/completions", Dialect::OpenAi, ChatCompletions),
        ("/v1/completions", Dialect::OpenAi, Completions),
        ("/v1/embeddings", Dialect::OpenAi, Embeddings),
        ("/v1/responses", Dialect::OpenAi, Responses),
        ("/v1/moderations", Dialect::OpenAi, Moderations),
        ("/v1/messages", Dialect::Anthropic, Messages),
        ("/v1/messages/count_tokens", Dialect::Anthropic, CountTokens),
        ("/rerank", Dialect::OpenAi, Rerank),
        ("/v2/rerank", Dialect::OpenAi, Rerank),
        ("/v1/score", Dialect::OpenAi, Score),
        ("/classify", Dialect::OpenAi, Classify),
        ("/pooling", Dialect::OpenAi, Pooling),
        ("/tokenize", Dialect::OpenAi, Tokenize),
    ] {
        for content_type in
            [None, Some("application/json"), Some("text/plain"), Some("application/grpc")]
        {
            let call = try_call("POST", path, content_type).unwrap();
            assert_eq!((call.dialect, call.operation), (dialect, operation), "{path}");
            assert_eq!(call.body, BodyIdentity::JsonModel, "{path}");
            assert!(call.is_inference(), "{path}");
        }
        assert_eq!(call("GET", path).operation, Other, "GET {path}");
        assert_eq!(call("GET", path).body, BodyIdentity::None, "GET {path}");
    }
}

#[test]
fn calls_with_a_file_name_the_model_in_a_form() {
    use Operation::*;
    for (path, operation) in [
        ("/v1/audio/transcriptions", Transcription),
        ("/v1/audio/translations", Transcription),
        ("/v1/images/edits", ImageEdit),
        ("/v1/images/variations", ImageEdit),
    ] {
        // Whatever it says it is: what is no form is for its reader to refuse.
        for content_type in [None, Some("multipart/form-data; boundary=b"), Some("text/plain")] {
            let call = try_call("POST", path, content_type).unwrap();
            assert_eq!((call.dialect, call.operation), (Dialect::OpenAi, operation), "{path}");
            assert_eq!(call.body, BodyIdentity::FormModel, "{path}");
            assert!(call.is_inference(), "{path}");
        }
    }
}

#[test]
fn calls_whose_model_is_not_read_are_inference_all_the_same() {
    for path in ["/v1/chat/completions/batch", "/v1/messages/batches"] {
        let call = call("POST", path);
        assert!(call.is_inference() && call.body == BodyIdentity::None, "{path}");
    }
}

#[test]
fn torchserve_paths_name_the_model_with_any_method() {
    use Operation::*;
    let http = Dialect::Http;
    expect(&[
        ("POST /predictions/m", http, Predict, "m", ""),
        ("PUT /predictions/m/2.0", http, Predict, "m", "2.0"),
        ("GET /explanations/m", http, Explain, "m", ""),
        ("POST /predictions/", http, Other, "", ""),
        ("POST /predictions", http, Other, "", ""),
        // It drops slashes at the end, and does not look at what follows a version.
        ("POST /predictions/a/", http, Predict, "a", ""),
        ("POST /predictions/a/b/c", http, Predict, "a", "b"),
        ("GET /ping", http, Health, "", ""),
        ("POST /ping", http, Health, "", ""),
    ]);
}

#[test]
fn what_changes_or_exposes_the_server_is_admin_with_any_method() {
    for path in [
        "/invocations",
        "/metrics",
        "/v2/repository/index",
        "/v2/repository/models/m/load",
        "/v2/repository/r/models/m/unload",
        "/v2/systemsharedmemory/status",
        "/v2/systemsharedmemory/region/x/register",
        "/v2/cudasharedmemory/region/x/unregister",
        "/v2/models/m/trace/setting",
        "/v2/models/m/versions/1/trace/setting",
        "/v2/trace/setting",
        "/v2/logging",
        "/monitoring/prometheus/metrics",
        "/models",
        "/models/m/invoke",
        "/sleep",
        "/collective_rpc",
        "/v1/load_lora_adapter",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let call = call(method, path);
            assert_eq!(call.operation, Operation::Admin, "{method} {path}");
            assert!(!call.is_inference());
        }
    }
}

#[test]
fn names_in_the_path_are_percent_decoded() {
    let call = call("POST", "/v2/models/meta%2Fllama%203/versions/v%31/infer");
    assert_eq!(call.path_model.as_deref(), Some("meta/llama 3"));
    assert_eq!(call.path_version, Some(PathVersion::Version("v1".into())));
    assert!(call.has_escaped_path);
    assert!(!self::call("POST", "/v2/models/m/infer").has_escaped_path);
}

#[test]
fn names_that_do_not_decode_to_clean_text_are_an_error() {
    for (name, error) in [
        ("%zz", PathError::MalformedEscape),
        ("a%", PathError::MalformedEscape),
        ("%ff", PathError::NotUtf8),
        ("a%00", PathError::ControlCharacter),
        ("%0d%0a", PathError::ControlCharacter),
    ] {
        for path in [
            format!("/v2/models/{name}/infer"),
            format!("/v1/models/{name}:predict"),
            format!("/v2/models/m/versions/{name}/infer"),
        ] {
            assert_eq!(try_call("POST", &path, None), Err(error), "{path}");
        }
    }
    let line = RequestLine { method: b"POST", path: b"/v2/models/\xff/infer", content_type: None };
    assert_eq!(classify(&line, &[]), Err(PathError::NotUtf8));
}

#[test]
fn a_route_that_is_disguised_by_escapes_is_an_error() {
    for path in [
        "/v1/chat/%63ompletions",
        "/v1%2Fchat/completions",
        "/%76%31/models/m:predict",
        "/v1/models/m%3Apredict",
        "/v2/models/m/inf%65r",
        "/v2/models/m%2Finfer",
        "/v2/reposit%6Fry/index",
        "/metric%73",
    ] {
        for content_type in [None, Some("application/grpc")] {
            let call = try_call("POST", path, content_type);
            assert_eq!(call, Err(PathError::DisguisedRoute), "{path}");
        }
    }
    assert_eq!(call("POST", "/some/oth%65r").operation, Operation::Other);
}

#[test]
fn grpc_methods_say_where_their_message_names_the_model() {
    use Operation::*;
    let paths = |model: &str, version: &str, label: &str| BodyIdentity::Grpc {
        model: model.parse().unwrap(),
        version: version.parse().ok(),
        label: label.parse().ok(),
    };
    let oip = "/inference.GRPCInferenceService";
    let tfs = "/tensorflow.serving.PredictionService";
    let torch = "/org.pytorch.serve.grpc.inference.InferenceAPIsService";
    for (service, method, dialect, operation, body) in [
        (oip, "ModelInfer", Dialect::OpenInferenceGrpc, Infer, paths("1", "2", "")),
        (oip, "ModelStreamInfer", Dialect::OpenInferenceGrpc, InferStream, paths("1", "2", "")),
        (oip, "ModelReady", Dialect::OpenInferenceGrpc, ModelReady, paths("1", "2", "")),
        (oip, "ModelMetadata", Dialect::OpenInferenceGrpc, ModelMetadata, paths("1", "2", "")),
        (oip, "ServerLive", Dialect::OpenInferenceGrpc, Health, BodyIdentity::None),
        (oip, "ServerMetadata", Dialect::OpenInferenceGrpc, ServerMetadata, BodyIdentity::None),
        (oip, "RepositoryModelLoad", Dialect::OpenInferenceGrpc, Admin, BodyIdentity::None),
        (oip, "SystemSharedMemoryRegister", Dialect::OpenInferenceGrpc, Admin, BodyIdentity::None),
        (oip, "TraceSetting", Dialect::OpenInferenceGrpc, Admin, BodyIdentity::None),
        (oip, "modelinfer", Dialect::OpenInferenceGrpc, Admin, BodyIdentity::None),
        (tfs, "Predict", Dialect::TensorFlowServingGrpc, Predict, paths("1.1", "1.2.1", "1.4")),
        (tfs, "Classify", Dialect::TensorFlowServingGrpc, Classify, paths("1.1", "1.2.1", "1.4")),
        (
            tfs,
            "MultiInference",
            Dialect::TensorFlowServingGrpc,
            MultiInference,
            paths("1.1.1", "1.1.2.1", "1.1.4"),
        ),
        (
            tfs,
            "GetModelMetadata",
            Dialect::TensorFlowServingGrpc,
            ModelMetadata,
            paths("1.1", "1.2.1", "1.4"),
        ),
        (
            "/tensorflow.serving.ModelService",
            "GetModelStatus",
            Dialect::TensorFlowServingGrpc,
            ModelStatus,
            paths("1.1", "1.2.1", "1.4"),
        ),
        (
            "/tensorflow.serving.ModelService",
            "HandleReloadConfigRequest",
            Dialect::TensorFlowServingGrpc,
            Admin,
            BodyIdentity::None,
        ),
        (torch, "StreamPredictions", Dialect::Grpc, Predict, paths("1", "2", "")),
        (torch, "Ping", Dialect::Grpc, Health, BodyIdentity::None),
        ("/prediction.PredictionService", "Predict", Dialect::Grpc, Predict, paths("2", "", "")),
        ("/prediction.PredictionService", "HealthCheck", Dialect::Grpc, Health, BodyIdentity::None),
        ("/grpc.health.v1.Health", "Check", Dialect::Grpc, Health, BodyIdentity::None),
        ("/grpc.health.v1.Health", "Watch", Dialect::Grpc, Health, BodyIdentity::None),
        (
            "/grpc.reflection.v1alpha.ServerReflection",
            "ServerReflectionInfo",
            Dialect::Grpc,
            Reflection,
            BodyIdentity::None,
        ),
        ("/someone.Else", "Do", Dialect::Grpc, Other, BodyIdentity::None),
        ("", "odd", Dialect::Grpc, Other, BodyIdentity::None),
    ] {
        let path = format!("{service}/{method}");
        let call = grpc(&path);
        assert_eq!((call.dialect, call.operation), (dialect, operation), "{path}");
        assert_eq!(call.body, body, "{path}");
    }
}

#[test]
fn a_grpc_path_without_grpc_is_nothing_we_know() {
    let path = "/inference.GRPCInferenceService/ModelInfer";
    for content_type in [None, Some("application/json"), Some("application/grpc-web+proto")] {
        let call = try_call("POST", path, content_type).unwrap();
        assert_eq!((call.dialect, call.operation), (Dialect::Http, Operation::Other));
    }
    let get = try_call("GET", path, Some("application/grpc")).unwrap();
    assert_eq!(get.dialect, Dialect::Http);
}

#[test]
fn methods_of_ones_own_go_before_the_table() {
    let identity =
        BodyIdentity::Grpc { model: FieldPath::new(&[7, 1]), version: None, label: None };
    let classify_with = |path: &str, own: &str| {
        let own = [GrpcMethod { path: own.to_owned(), identity }];
        let content_type = Some(&b"application/grpc"[..]);
        let line = RequestLine { method: b"POST", path: path.as_bytes(), content_type };
        let call = classify(&line, &own).unwrap();
        (call.dialect, call.operation, call.body == identity)
    };
    for own in ["fraud.Detector/Detect", "/fraud.Detector/Detect"] {
        let told = classify_with("/fraud.Detector/Detect", own);
        assert_eq!(told, (Dialect::Grpc, Operation::Predict, true));
    }
    let told = classify_with("/fraud.Detector/Other", "fraud.Detector/Detect");
    assert_eq!(told, (Dialect::Grpc, Operation::Other, false));
    let infer = "/inference.GRPCInferenceService/ModelInfer";
    let told = classify_with(infer, infer);
    assert_eq!(told, (Dialect::OpenInferenceGrpc, Operation::Infer, true));
}

#[test]
fn the_content_type_says_what_the_body_is() {
    for (content_type, content) in [
        (None, DeclaredContent::Absent),
        (Some("application/json"), DeclaredContent::Json),
        (Some("Application/JSON; charset=utf-8"), DeclaredContent::Json),
        (Some("application/vnd.x+json"), DeclaredContent::Json),
        (Some("application/grpc+proto"), DeclaredContent::Grpc),
        (Some("multipart/form-data; boundary=x"), DeclaredContent::Multipart),
        (Some("text/json"), DeclaredContent::Other),
        (Some("application/grpc-web"), DeclaredContent::Other),
        (Some(""), DeclaredContent::Other),
    ] {
        assert_eq!(try_call("POST", "/v1/x", content_type).unwrap().content, content);
    }
}
