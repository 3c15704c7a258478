//! `/v1/chat/completions`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sampling::{Delivery, Parameters};
use super::stream::{self, Streamed, Wording};
use super::{Envelope, Usage, error};
use crate::http::{JsonBody, json_response};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::text_model::Completion;
use crate::tokenizer;

const DEFAULT_MAX_TOKENS: u64 = 128;

const WORDING: Wording = Wording {
    opening: Some(|| json!({ "delta": { "role": "assistant", "content": "" } })),
    delta: |piece| json!({ "delta": { "content": piece } }),
    closing: || json!({ "delta": {} }),
};

#[derive(Deserialize)]
struct ChatRequest {
    model: String,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    role: Role,
    content: Option<Content>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Role {
    Developer,
    System,
    User,
    Assistant,
    Tool,
    Function,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a text or a list of content parts")]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    r#type: String,
    text: Option<String>,
}

#[derive(Serialize)]
struct ChatCompletion {
    #[serde(flatten)]
    envelope: Envelope,
    choices: Vec<Value>,
    usage: Usage,
}

pub(super) async fn handle(State(replica): State<Arc<Replica>>, body: JsonBody) -> Response {
    answer(&replica, &body).await.unwrap_or_else(|refusal| error::response(&refusal))
}

async fn answer(replica: &Replica, body: &JsonBody) -> Result<Response, Refusal> {
    let ChatRequest { model, messages } = body.parse()?;
    super::check_model(replica, &model)?;
    let texts = read_messages(&messages)?;
    let plan = body.parse::<Parameters>()?.plan(DEFAULT_MAX_TOKENS)?;
    if plan.sampling.max_tokens == 0 {
        return Err(Refusal::malformed("max_completion_tokens", "must be at least 1"));
    }
    let admitted = replica.admit(&body.headers).await?;
    let prompt = texts.last().map_or("", String::as_str);
    admitted.take_its_time().await;
    let mut completions = Replica::complete(&[prompt], &plan.sampling, plan.choices).await;
    completions.iter_mut().for_each(begin_without_space);

    let prompt_tokens = texts.iter().map(|text| tokenizer::count(text)).sum();
    let generated = completions.iter().map(|completion| completion.pieces.len()).sum();
    let usage = Usage::new(prompt_tokens, generated);
    match plan.delivery {
        Delivery::Streamed { include_usage } => Ok(stream::response(Streamed {
            envelope: Envelope::new(replica, "chatcmpl", "chat.completion.chunk"),
            completions,
            wording: WORDING,
            usage: include_usage.then_some(usage),
            per_token: replica.pace.per_token,
            admitted,
        })),
        Delivery::Whole => {
            replica.take_time_for_tokens(&completions).await;
            let envelope = Envelope::new(replica, "chatcmpl", "chat.completion");
            let choices = completions.iter().enumerate().map(choice).collect();
            Ok(json_response(StatusCode::OK, &ChatCompletion { envelope, choices, usage }))
        }
    }
}

fn choice((index, completion): (usize, &Completion)) -> Value {
    json!({
        "index": index,
        "message": { "role": "assistant", "content": completion.text(), "refusal": null },
        "logprobs": null,
        "finish_reason": completion.finish.as_str(),
    })
}

/// An answer is a text of its own, not the rest of a sentence.
fn begin_without_space(completion: &mut Completion) {
    if let Some(first) = completion.pieces.first_mut() {
        *first = first.trim_start();
    }
}

/// The text of each message.
fn read_messages(messages: &[Message]) -> Result<Vec<String>, Refusal> {
    if messages.is_empty() {
        return Err(Refusal::malformed("messages", "must hold at least one message"));
    }
    let read = |(index, message): (usize, &Message)| {
        let place = format!("messages[{index}].content");
        match &message.content {
            Some(Content::Text(text)) => Ok(text.clone()),
            Some(Content::Parts(parts)) => read_parts(&place, parts),
            // Absent where an assistant only called tools.
            None if message.role == Role::Assistant => Ok(String::new()),
            None => Err(Refusal::malformed(place, "is missing")),
        }
    };
    messages.iter().enumerate().map(read).collect()
}

fn read_parts(place: &str, parts: &[Part]) -> Result<String, Refusal> {
    if parts.is_empty() {
        return Err(Refusal::malformed(place, "must hold at least one part"));
    }
    let mut texts = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let place = || format!("{place}[{index}]");
        match (part.r#type.as_str(), &part.text) {
            ("text", Some(text)) => texts.push(text.as_str()),
            ("text", None) => return Err(Refusal::malformed(place() + ".text", "is missing")),
            _ => return Err(Refusal::malformed(place(), "this model reads text only")),
        }
    }
    Ok(texts.join("\n"))
}
