//! A request that the gateway refuses, with a sentence for people where its API has it.

use anyhow::{Context, ensure};
use serde_json::Value;

use super::Stage;
use crate::gateway::{HttpAnswer, REJECTED};
use crate::report::{Check, Observation};

/// A request that is to be refused, and how.
pub struct Refusal {
    pub done: String,
    pub path: &'static str,
    pub body: Value,
    pub status: u16,
    /// The filter and its rule.
    pub rule: &'static str,
    /// Where this API has the sentence for people, as a JSON pointer.
    pub text_at: &'static str,
    /// What the sentence has to name.
    pub names: &'static [&'static str],
}

impl Refusal {
    pub async fn observe(&self, stage: &Stage<'_>) -> Observation {
        let check = Check::new(
            &self.done,
            format!(
                "{}, {REJECTED}: {}, the text at {} as in that API",
                self.status, self.rule, self.text_at
            ),
        );
        match stage.gateway.post(self.path, &self.body).await {
            Ok(answer) => self.judge(check, &answer),
            Err(error) => check.failed(&error),
        }
    }

    fn judge(&self, mut check: Check, answer: &HttpAnswer) -> Observation {
        let status = answer.status.as_u16();
        check.require(status == self.status, || "another status");
        let rule = answer.rejected.as_deref().unwrap_or("no such header");
        check.require(rule == self.rule, || "another rule");
        match self.text_of(answer) {
            Ok(text) => check.seen(format!("{status}: {text}\n{rule}")),
            Err(error) => {
                check.require(false, || format!("{error:#}"));
                check.seen(format!("{status}: {}\n{rule}", answer.text()))
            }
        }
    }

    fn text_of(&self, answer: &HttpAnswer) -> anyhow::Result<String> {
        let (body, place) = (answer.json()?, self.text_at);
        let text = body.pointer(place).and_then(Value::as_str);
        let text = text.with_context(|| format!("there is no text at {place}"))?;
        for name in self.names {
            ensure!(text.contains(name), "the text at {place} does not name {name}");
        }
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn observed(status: u16, rejected: Option<&str>, body: Value) -> bool {
        let refusal = Refusal {
            done: String::new(),
            path: "/",
            body: Value::Null,
            status: 422,
            rule: "payload-validator;tensor_shape",
            text_at: "/error",
            names: &["shape", "[1, 5]"],
        };
        let answer = HttpAnswer {
            status: http::StatusCode::from_u16(status).unwrap(),
            served_by: None,
            rejected: rejected.map(str::to_owned),
            retry_after: None,
            body: body.to_string().into(),
            body_took: Duration::ZERO,
        };
        refusal.judge(Check::new("", ""), &answer).is_as_expected()
    }

    #[test]
    fn status_rule_and_text_have_to_be_right() {
        let rule = Some("payload-validator;tensor_shape");
        let text = json!({ "error": "/inputs/0/shape: [1, 5]; allowed: [any, 4]" });
        assert!(observed(422, rule, text.clone()));
        assert!(!observed(400, rule, text.clone()));
        assert!(!observed(422, None, text.clone()));
        assert!(!observed(422, Some("model-router;no_model"), text));
        assert!(!observed(422, rule, json!({ "error": "wrong shape" })));
        assert!(!observed(422, rule, json!({ "message": "/inputs/0/shape: [1, 5]" })));
    }
}
