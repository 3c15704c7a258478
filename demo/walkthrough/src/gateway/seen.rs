//! What this client saw: against it the gateway's own numbers are held.

use serde_json::Value;

use super::HttpAnswer;
use crate::tally::Tally;

/// What was sent, and what came back.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub sent: u32,
    /// Of those, what this client saw the end of: a step that is over gives up what is under way.
    pub ended: u32,
    /// Answers of model servers, by version.
    pub answers: Tally,
    /// Refusals, by what `x-inference-rejected` says.
    pub refusals: Tally,
    /// Tokens that answers said, `input` and `output`.
    pub tokens: Tally,
}

impl Seen {
    /// What came since.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            sent: self.sent - before.sent,
            ended: self.ended - before.ended,
            answers: self.answers.since(&before.answers),
            refusals: self.refusals.since(&before.refusals),
            tokens: self.tokens.since(&before.tokens),
        }
    }

    /// Requests that were given up. Each may have been answered all the same.
    pub fn given_up(&self) -> u32 {
        self.sent - self.ended
    }

    pub(super) fn answer(&mut self, answer: &HttpAnswer) {
        self.ended += 1;
        if let Some(served) = &answer.served_by {
            self.answers.count(&served.version);
        }
        if let Some(rejected) = &answer.rejected {
            self.refusals.count(rejected);
        }
        let Some(usage) = answer.usage() else { return };
        for (name, key) in [("input", "prompt_tokens"), ("output", "completion_tokens")] {
            let tokens = usage.get(key).and_then(Value::as_u64).unwrap_or(0);
            self.tokens.add(name, u32::try_from(tokens).unwrap_or(u32::MAX));
        }
    }
}
