//! The HTTP part of the table.
//!
//! Sources: Open Inference Protocol `inference_rest.md`; Triton's
//! `http_server.cc`; TensorFlow Serving's `http_rest_api_util.cc`; OpenAI's
//! OpenAPI file; vLLM's API server; TorchServe's inference API.

use super::path::Version;
use super::{BodyIdentity, Dialect, Operation, Route};

/// The row that fits; [`Operation::Other`] when none does, in the dialect that
/// the client most probably speaks.
pub(super) fn find<'a>(method: &[u8], path: &'a str) -> Route<'a> {
    let Some(path) = path.strip_prefix('/') else {
        return Route::new(Dialect::Http, Operation::Other);
    };
    // KServe serves OpenAI's API below this prefix.
    let path = path.strip_prefix("openai/").filter(|rest| rest.starts_with("v1/")).unwrap_or(path);
    let method = Method::of(method);
    let segments: Vec<&str> = path.split('/').collect();
    let route = match segments.as_slice() {
        ["v2", "models", model, rest @ ..] if !model.is_empty() => {
            open_inference_model(method, model, rest)
        }
        [v1, models, rest @ ..]
            if v1.eq_ignore_ascii_case("v1") && models.eq_ignore_ascii_case("models") =>
        {
            models_v1(method, path, rest)
        }
        ["predictions" | "explanations", model, rest @ ..] if !model.is_empty() => {
            torch_serve(path, model, rest)
        }
        _ => by_whole_path(method, path),
    };
    route.unwrap_or_else(|| Route::new(dialect_of_unknown(&segments), Operation::Other))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// `GET` or `HEAD`
    Get,
    Post,
    Other,
}

impl Method {
    fn of(method: &[u8]) -> Self {
        match method {
            b"GET" | b"HEAD" => Self::Get,
            b"POST" => Self::Post,
            _ => Self::Other,
        }
    }
}

/// `v2/models/{model}[/versions/{version}][/{operation}]`, case-sensitive.
/// Triton takes only digits as a version, the specification any text.
fn open_inference_model<'a>(method: Method, model: &'a str, rest: &[&'a str]) -> Option<Route<'a>> {
    let (version, rest) = match rest {
        ["versions", version, rest @ ..] if !version.is_empty() => {
            (Some(Version::Number(version)), rest)
        }
        _ => (None, rest),
    };
    let operation = match (method, rest) {
        (Method::Post, ["infer"]) => Operation::Infer,
        (Method::Post, ["infer_stream"]) => Operation::InferStream,
        (Method::Post, ["generate"]) => Operation::Generate,
        (Method::Post, ["generate_stream"]) => Operation::GenerateStream,
        (Method::Get, [] | ["config"]) => Operation::ModelMetadata,
        (Method::Get, ["ready"]) => Operation::ModelReady,
        (Method::Get, ["stats"]) => Operation::ModelStatus,
        (_, ["trace", "setting"]) => Operation::Admin,
        _ => return None,
    };
    let route = Route::new(Dialect::OpenInferenceRest, operation);
    Some(route.of_model(model).of_version(version))
}

/// `v1/models/...`: TensorFlow Serving and KServe v1, and OpenAI's two.
fn models_v1<'a>(method: Method, path: &str, rest: &[&'a str]) -> Option<Route<'a>> {
    let serving = Dialect::TensorFlowServingRest;
    let (last, before) = rest.split_last().unwrap_or((&"", &[]));
    if let Some((target, operation)) = verb(last) {
        let (model, version) = match before {
            [] => (target, None),
            [model, kind] => (*model, Some(version(kind, target)?)),
            _ => return None,
        };
        if method != Method::Post || model.is_empty() {
            return None;
        }
        return Some(Route::new(serving, operation).of_model(model).of_version(version));
    }
    if method != Method::Get {
        return None;
    }
    let (operation, rest) = if last.eq_ignore_ascii_case("metadata") && !before.is_empty() {
        (Operation::ModelMetadata, before)
    } else {
        (Operation::ModelStatus, rest)
    };
    let is_exact = path.starts_with("v1/models");
    match rest {
        [] if is_exact => Some(Route::new(Dialect::OpenAi, Operation::ListModels)),
        [] => Some(Route::new(serving, Operation::ListModels)),
        [""] => None,
        [model] if is_exact && operation == Operation::ModelStatus => {
            Some(Route::new(Dialect::OpenAi, operation).of_model(model))
        }
        [model] => Some(Route::new(serving, operation).of_model(model)),
        [model, kind, name] => {
            let version = version(kind, name)?;
            Some(Route::new(serving, operation).of_model(model).of_version(Some(version)))
        }
        _ => None,
    }
}

/// `model:predict` and the like. The last colon counts: KServe's model names
/// may contain others; TensorFlow Serving refuses such a path.
fn verb(segment: &str) -> Option<(&str, Operation)> {
    const VERBS: [(&str, Operation); 4] = [
        ("predict", Operation::Predict),
        ("classify", Operation::Classify),
        ("regress", Operation::Regress),
        ("explain", Operation::Explain),
    ];
    let (target, word) = segment.rsplit_once(':')?;
    let (_, operation) = VERBS.iter().find(|(verb, _)| verb.eq_ignore_ascii_case(word))?;
    Some((target, *operation))
}

fn version<'a>(kind: &str, name: &'a str) -> Option<Version<'a>> {
    if kind.eq_ignore_ascii_case("versions") {
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        return is_number.then_some(Version::Number(name));
    }
    let is_label = kind.eq_ignore_ascii_case("labels") && !name.is_empty() && !name.contains(':');
    is_label.then_some(Version::Label(name))
}

/// `predictions/{model}[/{version}]`, with any method, as TorchServe has it.
fn torch_serve<'a>(path: &str, model: &'a str, rest: &[&'a str]) -> Option<Route<'a>> {
    let operation =
        if path.starts_with("predictions") { Operation::Predict } else { Operation::Explain };
    let version = match rest {
        [] => None,
        [version] if !version.is_empty() => Some(Version::Number(version)),
        _ => return None,
    };
    Some(Route::new(Dialect::Http, operation).of_model(model).of_version(version))
}

fn by_whole_path(method: Method, path: &str) -> Option<Route<'static>> {
    if is_admin(path) {
        let dialect = dialect_of_unknown(&path.split('/').collect::<Vec<_>>());
        return Some(Route::new(dialect, Operation::Admin));
    }
    let table = match method {
        Method::Get => GETS,
        Method::Post => POSTS,
        Method::Other => return None,
    };
    let (_, dialect, operation) = table.iter().find(|(known, ..)| *known == path)?;
    let body = match (method, operation) {
        (Method::Get, _) | (_, Operation::Transcription | Operation::Batch) => BodyIdentity::None,
        _ => BodyIdentity::JsonModel,
    };
    Some(Route::new(*dialect, *operation).with_body(body))
}

/// Closed unless an operator opens them, whatever the method is.
fn is_admin(path: &str) -> bool {
    const EXACT: &[&str] = &[
        "invocations",
        "metrics",
        "load",
        "server_info",
        "sleep",
        "wake_up",
        "is_sleeping",
        "reset_prefix_cache",
        "reset_mm_cache",
        "reset_encoder_cache",
        "collective_rpc",
        "start_profile",
        "stop_profile",
        "pause",
        "resume",
        "is_paused",
        "scale_elastic_ep",
        "is_scaling_elastic_ep",
        "init_weight_transfer_engine",
        "update_weights",
        "v1/load_lora_adapter",
        "v1/unload_lora_adapter",
        "v2/repository",
        "v2/logging",
        "v2/trace/setting",
        "models",
        "workflows",
    ];
    const BELOW: &[&str] = &[
        "v2/repository/",
        "v2/systemsharedmemory",
        "v2/cudasharedmemory",
        "metrics/",
        "monitoring/prometheus",
        "models/",
        "workflows/",
    ];
    EXACT.contains(&path) || BELOW.iter().any(|start| path.starts_with(start))
}

type Row = (&'static str, Dialect, Operation);

const GETS: &[Row] = &[
    ("v2", Dialect::OpenInferenceRest, Operation::ServerMetadata),
    ("v2/models", Dialect::OpenInferenceRest, Operation::ListModels),
    ("v2/health/live", Dialect::OpenInferenceRest, Operation::Health),
    ("v2/health/ready", Dialect::OpenInferenceRest, Operation::Health),
    ("health", Dialect::Http, Operation::Health),
    ("healthz", Dialect::Http, Operation::Health),
    ("livez", Dialect::Http, Operation::Health),
    ("readyz", Dialect::Http, Operation::Health),
    ("ping", Dialect::Http, Operation::Health),
    ("version", Dialect::Http, Operation::ServerMetadata),
];

const POSTS: &[Row] = &[
    ("v1/chat/completions", Dialect::OpenAi, Operation::ChatCompletions),
    ("v1/completions", Dialect::OpenAi, Operation::Completions),
    ("v1/embeddings", Dialect::OpenAi, Operation::Embeddings),
    ("v1/responses", Dialect::OpenAi, Operation::Responses),
    ("v1/responses/compact", Dialect::OpenAi, Operation::Responses),
    ("v1/responses/input_tokens", Dialect::OpenAi, Operation::CountTokens),
    ("v1/moderations", Dialect::OpenAi, Operation::Moderations),
    ("v1/audio/speech", Dialect::OpenAi, Operation::Speech),
    ("v1/audio/transcriptions", Dialect::OpenAi, Operation::Transcription),
    ("v1/audio/translations", Dialect::OpenAi, Operation::Transcription),
    ("v1/images/generations", Dialect::OpenAi, Operation::ImageGeneration),
    ("v1/chat/completions/batch", Dialect::OpenAi, Operation::Batch),
    ("v1/messages", Dialect::Anthropic, Operation::Messages),
    ("v1/messages/count_tokens", Dialect::Anthropic, Operation::CountTokens),
    ("v1/messages/batches", Dialect::Anthropic, Operation::Batch),
    ("rerank", Dialect::OpenAi, Operation::Rerank),
    ("v1/rerank", Dialect::OpenAi, Operation::Rerank),
    ("v2/rerank", Dialect::OpenAi, Operation::Rerank),
    ("score", Dialect::OpenAi, Operation::Score),
    ("v1/score", Dialect::OpenAi, Operation::Score),
    ("v2/embed", Dialect::OpenAi, Operation::Embeddings),
    ("classify", Dialect::OpenAi, Operation::Classify),
    ("pooling", Dialect::OpenAi, Operation::Pooling),
    ("tokenize", Dialect::OpenAi, Operation::Tokenize),
    ("detokenize", Dialect::OpenAi, Operation::Tokenize),
];

/// In whose words to refuse a path that nobody knows.
fn dialect_of_unknown(segments: &[&str]) -> Dialect {
    match segments {
        ["v2", ..] => Dialect::OpenInferenceRest,
        ["v1", "messages", ..] => Dialect::Anthropic,
        ["v1", "models", rest @ ..] if rest.iter().any(|segment| segment.contains(':')) => {
            Dialect::TensorFlowServingRest
        }
        ["v1", ..] => Dialect::OpenAi,
        [v1, ..] if v1.eq_ignore_ascii_case("v1") => Dialect::TensorFlowServingRest,
        _ => Dialect::Http,
    }
}
