//! OpenAI's API, as far as a small text model can serve it.

mod chat;
mod completions;
mod embeddings;
mod error;
mod models;
mod sampling;
mod stream;
mod texts;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::{get, post};
use serde::Serialize;

use crate::refusal::Refusal;
use crate::replica::Replica;

pub(crate) use models::model_card;

/// `GET /v1/models/{model}` is not among them: TensorFlow Serving has the same path.
pub(crate) fn routes() -> Router<Arc<Replica>> {
    Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/chat/completions", post(chat::handle))
        .route("/v1/completions", post(completions::handle))
        .route("/v1/embeddings", post(embeddings::handle))
}

/// Tokens as the model's own tokenizer counts them.
#[derive(Debug, Clone, Copy, Serialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

impl Usage {
    fn new(prompt_tokens: usize, completion_tokens: usize) -> Self {
        let total_tokens = prompt_tokens + completion_tokens;
        Self { prompt_tokens, completion_tokens, total_tokens }
    }
}

/// What every answer and every chunk of it begins with.
#[derive(Debug, Clone, Serialize)]
struct Envelope {
    id: String,
    object: &'static str,
    created: u64,
    model: String,
    /// Names the version, which `model` does not.
    system_fingerprint: String,
}

impl Envelope {
    fn new(replica: &Replica, id_prefix: &str, object: &'static str) -> Self {
        Self {
            id: format!("{id_prefix}-{:016x}", fastrand::u64(..)),
            object,
            created: now(),
            model: replica.identity.model().to_owned(),
            system_fingerprint: replica.identity.qualified(),
        }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

fn check_model(replica: &Replica, asked: &str) -> Result<(), Refusal> {
    replica.identity.answers_to(asked)
}
