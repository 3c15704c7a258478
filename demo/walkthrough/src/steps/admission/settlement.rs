//! Tokens: reserved by what a request may cost, settled by what its answer says.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::report::{Check, Observation};
use crate::steps::Stage;

const PATH: &str = "/v1/chat/completions";
const RESERVED: &str = "inference_admission_tokens_reserved_total";
const USED: &str = "inference_admission_tokens_used_total";

/// An answer is settled when it has ended, which its client sees a little earlier.
const SETTLED_WITHIN: Duration = Duration::from_secs(5);

/// What two chats took.
struct Outcome {
    /// What the usage of the whole answer says.
    said: f64,
    /// Events of the streamed answer with a word in them.
    streamed: f64,
    /// Whether the client of the stream was sent a usage for which it had not asked.
    has_usage: bool,
    reserved: f64,
    used: f64,
}

pub async fn observe(stage: &Stage<'_>) -> Observation {
    let check = Check::new(
        "a chat answered whole, and one streamed to a client that does not ask for its usage",
        "more tokens are reserved than used; used are those of the usage, and one or more for each \
         event of the stream, which says no usage",
    );
    match chat(stage).await {
        Ok(outcome) => judge(check, &outcome),
        Err(error) => check.failed(&error),
    }
}

async fn chat(stage: &Stage<'_>) -> anyhow::Result<Outcome> {
    let before = [counted(stage, RESERVED).await?, counted(stage, USED).await?];
    let whole = stage.gateway.post(PATH, &request(false)).await?;
    ensure!(whole.status.is_success(), "{}: {}", whole.status, whole.text());
    let said = whole.json()?.pointer("/usage/total_tokens").and_then(Value::as_f64);
    let said = said.context("the whole answer has no usage")?;
    let stream = stage.gateway.post(PATH, &request(true)).await?;
    let events: Vec<Value> =
        stream.events().iter().filter_map(|event| serde_json::from_str(event).ok()).collect();
    let has_word = |event: &&Value| {
        let word = event.pointer("/choices/0/delta/content").and_then(Value::as_str);
        word.is_some_and(|word| !word.is_empty())
    };
    let streamed = f64::from(u32::try_from(events.iter().filter(has_word).count())?);
    let has_usage = events.iter().any(|event| event["usage"].is_object());
    let sent = Instant::now();
    let mut outcome = Outcome { said, streamed, has_usage, reserved: 0.0, used: 0.0 };
    while outcome.used < said + streamed && sent.elapsed() < SETTLED_WITHIN {
        tokio::time::sleep(Duration::from_millis(50)).await;
        outcome.reserved = counted(stage, RESERVED).await? - before[0];
        outcome.used = counted(stage, USED).await? - before[1];
    }
    Ok(outcome)
}

fn request(is_streamed: bool) -> Value {
    json!({
        "model": "demo",
        "messages": [{ "role": "user", "content": "Tell me about the rabbit." }],
        "stream": is_streamed,
    })
}

async fn counted(stage: &Stage<'_>, metric: &str) -> anyhow::Result<f64> {
    Ok(stage.gateway.metrics().await?.sum(metric, &[]).unwrap_or(0.0))
}

fn judge(mut check: Check, outcome: &Outcome) -> Observation {
    let Outcome { said, streamed, has_usage, reserved, used } = *outcome;
    check.require(streamed > 0.0, || "nothing was streamed");
    check.require(!has_usage, || "the stream says a usage for which nobody had asked");
    check.require(used >= said + streamed, || "not all that was used is settled");
    check.require(used < reserved, || "as much was used as was reserved");
    check.seen(format!(
        "{reserved} reserved, {used} used\nusage: {said}, and {streamed} events without one"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_is_settled_and_less_than_was_reserved() {
        let good =
            Outcome { said: 40.0, streamed: 30.0, has_usage: false, reserved: 2000.0, used: 80.0 };
        let judged = |outcome: &Outcome| judge(Check::new("", ""), outcome).is_as_expected();
        assert!(judged(&good));
        assert!(!judged(&Outcome { used: 69.0, ..good }));
        assert!(!judged(&Outcome { used: 2000.0, ..good }));
        assert!(!judged(&Outcome { streamed: 0.0, ..good }));
        assert!(!judged(&Outcome { has_usage: true, ..good }));
    }
}
