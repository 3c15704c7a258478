//! The HTTP part of the table, where a name stands in the path.
//!
//! Sources: Open Inference Protocol `inference_rest.md`; Triton's
//! `http_server.cc`; TensorFlow Serving's `http_rest_api_util.cc`; OpenAI's
//! OpenAPI file; vLLM's API server; TorchServe's inference API.

use super::path::Version;
use super::place::Layout;
use super::{Dialect, Operation, Route, fixed};

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
        // All models': to Triton no model is called so.
        ["v2", "models", "stats"] if method == Method::Get => {
            Some(Route::new(Dialect::OpenInferenceRest, Operation::ModelStatus))
        }
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
        ["v1", "responses", id, rest @ ..] if is_stored_response(method, id, rest) => {
            Some(Route::new(Dialect::OpenAi, Operation::StoredResponse))
        }
        _ => fixed::find(method, path),
    };
    route.unwrap_or_else(|| Route::new(fixed::dialect_of_unknown(&segments), Operation::Other))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// `GET` or `HEAD`
    Get,
    Post,
    Delete,
    Other,
}

impl Method {
    fn of(method: &[u8]) -> Self {
        match method {
            b"GET" | b"HEAD" => Self::Get,
            b"POST" => Self::Post,
            b"DELETE" => Self::Delete,
            _ => Self::Other,
        }
    }
}

/// `v2/models/{model}[/versions/{version}][/{operation}]`, case-sensitive.
/// Triton takes only digits as a version, the specification any text.
fn open_inference_model<'a>(method: Method, model: &'a str, rest: &[&'a str]) -> Option<Route<'a>> {
    let (version, rest) = match rest {
        ["versions", version, rest @ ..] if !version.is_empty() => {
            (Some(Version::Version(version)), rest)
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
    Some(route.of_model(Layout::OpenInference, model).of_version(version))
}

/// `v1/models/...`: TensorFlow Serving and KServe v1, and OpenAI's two.
fn models_v1<'a>(method: Method, path: &str, rest: &[&'a str]) -> Option<Route<'a>> {
    let (last, before) = rest.split_last().unwrap_or((&"", &[]));
    if let Some((target, operation)) = verb(last) {
        let (model, version) = match before {
            [] => (target, None),
            [model, kind] => (*model, Some(version(kind, target)?)),
            _ => return None,
        };
        return (method == Method::Post).then(|| serving(operation, model, version)).flatten();
    }
    if method != Method::Get {
        return None;
    }
    let is_exact = path.starts_with("v1/models");
    match rest {
        [] => {
            let dialect = if is_exact { Dialect::OpenAi } else { Dialect::TensorFlowServingRest };
            Some(Route::new(dialect, Operation::ListModels))
        }
        [model] => {
            let route = serving(Operation::ModelStatus, model, None)?;
            let dialect = if is_exact { Dialect::OpenAi } else { route.dialect };
            Some(Route { dialect, ..route })
        }
        [model, word] => {
            is_metadata(word).then(|| serving(Operation::ModelMetadata, model, None)).flatten()
        }
        [model, kind, name] => serving(Operation::ModelStatus, model, Some(version(kind, name)?)),
        [model, kind, name, word] if is_metadata(word) => {
            serving(Operation::ModelMetadata, model, Some(version(kind, name)?))
        }
        _ => None,
    }
}

fn serving<'a>(
    operation: Operation,
    model: &'a str,
    version: Option<Version<'a>>,
) -> Option<Route<'a>> {
    let route = Route::new(Dialect::TensorFlowServingRest, operation);
    let route = route.of_model(Layout::TensorFlowServing, model).of_version(version);
    (!model.is_empty()).then_some(route)
}

const fn is_metadata(word: &str) -> bool {
    word.eq_ignore_ascii_case("metadata")
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

/// `versions/{version}` or `labels/{label}`.
///
/// TensorFlow Serving takes only digits as a version. Another name is told as a
/// version all the same: a gateway may know versions by name, and writes what
/// the server takes.
fn version<'a>(kind: &str, name: &'a str) -> Option<Version<'a>> {
    if name.is_empty() || name.contains(':') {
        return None;
    }
    if kind.eq_ignore_ascii_case("versions") {
        return Some(Version::Version(name));
    }
    kind.eq_ignore_ascii_case("labels").then_some(Version::Label(name))
}

/// `predictions/{model}[/{version}]`, with any method, as TorchServe has it: slashes
/// at the end, and whatever follows the version, don't matter to it.
///
/// Source: TorchServe, `InferenceRequestHandler.java`.
fn torch_serve<'a>(path: &str, model: &'a str, rest: &[&'a str]) -> Option<Route<'a>> {
    let operation =
        if path.starts_with("predictions") { Operation::Predict } else { Operation::Explain };
    let version = match rest.first() {
        Some(version) if !version.is_empty() => Some(Version::Version(version)),
        _ => None,
    };
    let route = Route::new(Dialect::Http, operation);
    Some(route.of_model(Layout::TorchServe, model).of_version(version))
}

/// `v1/responses/{id}`, `/input_items` and `/cancel`: of a response that the
/// server kept.
fn is_stored_response(method: Method, id: &str, rest: &[&str]) -> bool {
    !id.is_empty()
        && matches!(
            (method, rest),
            (Method::Get | Method::Delete, [])
                | (Method::Get, ["input_items"])
                | (Method::Post, ["cancel"])
        )
}
