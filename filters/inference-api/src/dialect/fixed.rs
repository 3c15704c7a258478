//! The paths that are what they are: no name stands in them.

use super::rest::Method;
use super::{BodyIdentity, Dialect, Operation, Route};

/// The row that fits all of the path.
pub(super) fn find(method: Method, path: &str) -> Option<Route<'static>> {
    // Some servers drop slashes at the end.
    if is_admin(path.trim_end_matches('/')) {
        let dialect = dialect_of_unknown(&path.split('/').collect::<Vec<_>>());
        return Some(Route::new(dialect, Operation::Admin));
    }
    let tables: &[(&[Row], BodyIdentity)] = match method {
        Method::Get => &[(GETS, BodyIdentity::None)],
        Method::Post => &[
            (JSON_POSTS, BodyIdentity::JsonModel),
            (FORM_POSTS, BodyIdentity::FormModel),
            (UNREAD_POSTS, BodyIdentity::None),
        ],
        Method::Delete | Method::Other => return None,
    };
    tables.iter().find_map(|(rows, body)| {
        let (_, dialect, operation) = rows.iter().find(|(known, ..)| *known == path)?;
        Some(Route::new(*dialect, *operation).with_body(*body))
    })
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

/// Their bodies are JSON with a field `model`.
const JSON_POSTS: &[Row] = &[
    ("v1/chat/completions", Dialect::OpenAi, Operation::ChatCompletions),
    ("v1/completions", Dialect::OpenAi, Operation::Completions),
    ("v1/embeddings", Dialect::OpenAi, Operation::Embeddings),
    ("v1/responses", Dialect::OpenAi, Operation::Responses),
    ("v1/responses/compact", Dialect::OpenAi, Operation::Responses),
    ("v1/responses/input_tokens", Dialect::OpenAi, Operation::CountTokens),
    ("v1/moderations", Dialect::OpenAi, Operation::Moderations),
    ("v1/audio/speech", Dialect::OpenAi, Operation::Speech),
    ("v1/images/generations", Dialect::OpenAi, Operation::ImageGeneration),
    ("v1/messages", Dialect::Anthropic, Operation::Messages),
    ("v1/messages/count_tokens", Dialect::Anthropic, Operation::CountTokens),
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

/// Their bodies are forms with a field `model`.
const FORM_POSTS: &[Row] = &[
    ("v1/audio/transcriptions", Dialect::OpenAi, Operation::Transcription),
    ("v1/audio/translations", Dialect::OpenAi, Operation::Transcription),
    ("v1/images/edits", Dialect::OpenAi, Operation::ImageEdit),
    ("v1/images/variations", Dialect::OpenAi, Operation::ImageEdit),
];

/// Their bodies are not read for a model.
const UNREAD_POSTS: &[Row] = &[
    ("v1/chat/completions/batch", Dialect::OpenAi, Operation::Batch),
    ("v1/messages/batches", Dialect::Anthropic, Operation::Batch),
    ("ping", Dialect::Http, Operation::Health),
];

/// In whose words to refuse a path that nobody knows.
pub(super) fn dialect_of_unknown(segments: &[&str]) -> Dialect {
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
