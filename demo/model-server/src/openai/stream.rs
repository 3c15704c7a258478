//! Server-sent events: one JSON chunk per generated token, in OpenAI's order.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tokio_stream::StreamExt;

use super::{Envelope, Usage};
use crate::replica::Admitted;
use crate::text_model::Completion;

/// How an API words the choice in a chunk.
#[derive(Clone, Copy)]
pub(super) struct Wording {
    /// Before a choice's first token; a plain completion has nothing to say then.
    pub(super) opening: Option<fn() -> Value>,
    pub(super) delta: fn(&str) -> Value,
    pub(super) closing: fn() -> Value,
}

/// Everything that a streamed answer is made of.
pub(super) struct Streamed {
    pub(super) envelope: Envelope,
    pub(super) completions: Vec<Completion>,
    pub(super) wording: Wording,
    /// Told at the end to those who asked for it.
    pub(super) usage: Option<Usage>,
    pub(super) per_token: Duration,
    /// Kept until the stream has ended or the client has gone.
    pub(super) admitted: Admitted,
}

#[derive(Serialize)]
struct Chunk<'c> {
    #[serde(flatten)]
    envelope: &'c Envelope,
    choices: Vec<Value>,
    /// Absent unless asked for; then null in every chunk but the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<Usage>>,
}

enum Moment {
    Opening { choice: usize },
    Token { choice: usize, piece: &'static str },
    Closing { choice: usize, reason: &'static str },
    Usage(Usage),
    Done,
}

pub(super) fn response(streamed: Streamed) -> Response {
    let Streamed { envelope, completions, wording, usage, per_token, admitted } = streamed;
    let opens = wording.opening.is_some();
    let chunks = tokio_stream::iter(moments(completions, opens, usage)).then(move |moment| {
        let _place_is_kept = &admitted;
        let event = event(&envelope, wording, &moment, usage.is_some());
        let pause = if matches!(moment, Moment::Token { .. }) { per_token } else { Duration::ZERO };
        async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Ok::<_, std::convert::Infallible>(event)
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

/// The choices take turns, a token each, as a server that generates them together sends them.
fn moments(
    completions: Vec<Completion>,
    opens: bool,
    usage: Option<Usage>,
) -> impl Iterator<Item = Moment> {
    let choices = if opens { completions.len() } else { 0 };
    let openings = (0..choices).map(|choice| Moment::Opening { choice });
    let turns = completions.iter().map(|completion| completion.pieces.len() + 1).max().unwrap_or(0);
    let tokens = (0..turns).flat_map(move |turn| {
        let moments: Vec<Moment> = completions
            .iter()
            .enumerate()
            .filter_map(|(choice, completion)| match completion.pieces.get(turn) {
                Some(piece) => Some(Moment::Token { choice, piece }),
                None if turn == completion.pieces.len() => {
                    Some(Moment::Closing { choice, reason: completion.finish.as_str() })
                }
                None => None,
            })
            .collect();
        moments
    });
    openings.chain(tokens).chain(usage.map(Moment::Usage)).chain([Moment::Done])
}

fn event(envelope: &Envelope, wording: Wording, moment: &Moment, tells_usage: bool) -> Bytes {
    let nothing = || Value::Object(serde_json::Map::new());
    let (choice, content, reason) = match moment {
        Moment::Opening { choice } => {
            (*choice, wording.opening.map_or_else(nothing, |o| o()), None)
        }
        Moment::Token { choice, piece } => (*choice, (wording.delta)(piece), None),
        Moment::Closing { choice, reason } => (*choice, (wording.closing)(), Some(*reason)),
        Moment::Usage(usage) => {
            return data(&Chunk { envelope, choices: Vec::new(), usage: Some(Some(*usage)) });
        }
        Moment::Done => return Bytes::from_static(b"data: [DONE]\n\n"),
    };
    let mut choice_object = serde_json::json!({
        "index": choice,
        "logprobs": null,
        "finish_reason": reason,
    });
    if let (Value::Object(choice), Value::Object(content)) = (&mut choice_object, content) {
        choice.extend(content);
    }
    data(&Chunk { envelope, choices: vec![choice_object], usage: tells_usage.then_some(None) })
}

fn data(chunk: &Chunk<'_>) -> Bytes {
    let json = serde_json::to_string(chunk).expect("chunks have text keys");
    Bytes::from(format!("data: {json}\n\n"))
}
