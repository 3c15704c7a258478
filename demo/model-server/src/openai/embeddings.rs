//! `/v1/embeddings`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::error;
use super::texts::Texts;
use crate::embedding::{DEFAULT_DIMENSIONS, MOST_DIMENSIONS, embed};
use crate::http::{JsonBody, json_response};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::tokenizer;

/// OpenAI's own bound.
const MOST_INPUTS: usize = 2048;

#[derive(Deserialize)]
struct EmbeddingsRequest {
    model: String,
    input: Texts,
    dimensions: Option<usize>,
    #[serde(default)]
    encoding_format: Encoding,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    Base64,
}

#[derive(Serialize)]
struct EmbeddingList<'r> {
    object: &'static str,
    data: Vec<Embedding>,
    model: &'r str,
    usage: EmbeddingUsage,
}

#[derive(Serialize)]
struct Embedding {
    object: &'static str,
    index: usize,
    embedding: Encoded,
}

/// A list of numbers, or the Base64 of their little-endian bytes.
#[derive(Serialize)]
#[serde(untagged)]
enum Encoded {
    Float(Vec<f32>),
    Base64(String),
}

/// Nothing is generated here.
#[derive(Serialize)]
struct EmbeddingUsage {
    prompt_tokens: usize,
    total_tokens: usize,
}

pub(super) async fn handle(State(replica): State<Arc<Replica>>, body: JsonBody) -> Response {
    answer(&replica, &body).await.unwrap_or_else(|refusal| error::response(&refusal))
}

async fn answer(replica: &Replica, body: &JsonBody) -> Result<Response, Refusal> {
    let request: EmbeddingsRequest = body.parse()?;
    super::check_model(replica, &request.model)?;
    let dimensions = request.dimensions.unwrap_or(DEFAULT_DIMENSIONS);
    if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
        let problem = format!("must be from 1 to {MOST_DIMENSIONS}, is {dimensions}");
        return Err(Refusal::malformed("dimensions", problem));
    }
    let texts = request.input.read("input", MOST_INPUTS)?;
    let admitted = replica.admit(&body.headers).await?;
    admitted.take_its_time().await;

    let mut data = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let vector = embed(text, dimensions).ok_or_else(|| {
            Refusal::malformed(format!("input[{index}]"), "must hold at least one word")
        })?;
        let embedding = request.encoding_format.encode(vector);
        data.push(Embedding { object: "embedding", index, embedding });
    }
    let tokens: usize = texts.iter().map(|text| tokenizer::count(text)).sum();
    let answer = EmbeddingList {
        object: "list",
        data,
        model: replica.identity.model(),
        usage: EmbeddingUsage { prompt_tokens: tokens, total_tokens: tokens },
    };
    Ok(json_response(StatusCode::OK, &answer))
}

impl Encoding {
    fn encode(self, vector: Vec<f32>) -> Encoded {
        match self {
            Self::Float => Encoded::Float(vector),
            Self::Base64 => {
                let bytes: Vec<u8> = vector.into_iter().flat_map(f32::to_le_bytes).collect();
                Encoded::Base64(BASE64_STANDARD.encode(bytes))
            }
        }
    }
}
