//! `/v1/completions`, the older API without roles.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sampling::{Delivery, MOST_CHOICES, Parameters};
use super::stream::{self, Streamed, Wording};
use super::texts::Texts;
use super::{Envelope, Usage, error};
use crate::http::{JsonBody, json_response};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::text_model::Completion;
use crate::tokenizer;

/// OpenAI's own default.
const DEFAULT_MAX_TOKENS: u64 = 16;

const WORDING: Wording = Wording {
    opening: None,
    delta: |piece| json!({ "text": piece }),
    closing: || json!({ "text": "" }),
};

#[derive(Deserialize)]
struct CompletionRequest {
    model: String,
    prompt: Texts,
}

#[derive(Serialize)]
struct TextCompletion {
    #[serde(flatten)]
    envelope: Envelope,
    choices: Vec<Value>,
    usage: Usage,
}

pub(super) async fn handle(State(replica): State<Arc<Replica>>, body: JsonBody) -> Response {
    answer(&replica, &body).await.unwrap_or_else(|refusal| error::response(&refusal))
}

async fn answer(replica: &Replica, body: &JsonBody) -> Result<Response, Refusal> {
    let CompletionRequest { model, prompt } = body.parse()?;
    super::check_model(replica, &model)?;
    let prompts = prompt.read("prompt", MOST_CHOICES as usize)?;
    let plan = body.parse::<Parameters>()?.plan(DEFAULT_MAX_TOKENS)?;
    if prompts.len() as u64 * plan.choices > MOST_CHOICES {
        let problem = format!("prompts times n may be at most {MOST_CHOICES}");
        return Err(Refusal::malformed("prompt", problem));
    }
    let admitted = replica.admit(&body.headers).await?;
    admitted.take_its_time().await;
    let texts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    let completions = Replica::complete(&texts, &plan.sampling, plan.choices).await;

    let prompt_tokens = prompts.iter().map(|prompt| tokenizer::count(prompt)).sum();
    let generated = completions.iter().map(|completion| completion.pieces.len()).sum();
    let usage = Usage::new(prompt_tokens, generated);
    let envelope = Envelope::new(replica, "cmpl", "text_completion");
    match plan.delivery {
        Delivery::Streamed { include_usage } => Ok(stream::response(Streamed {
            envelope,
            completions,
            wording: WORDING,
            usage: include_usage.then_some(usage),
            per_token: replica.pace.per_token,
            admitted,
        })),
        Delivery::Whole => {
            replica.take_time_for_tokens(&completions).await;
            let choices = completions.iter().enumerate().map(choice).collect();
            Ok(json_response(StatusCode::OK, &TextCompletion { envelope, choices, usage }))
        }
    }
}

fn choice((index, completion): (usize, &Completion)) -> Value {
    json!({
        "index": index,
        "text": completion.text(),
        "logprobs": null,
        "finish_reason": completion.finish.as_str(),
    })
}
