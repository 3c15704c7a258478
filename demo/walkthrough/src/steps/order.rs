//! Who decides first: the router, the validator, admission control. What one of them refuses, those
//! behind it never see, so it takes nothing from a quota.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::Stage;
use crate::gateway::HttpAnswer;
use crate::report::{Check, Observation};

/// The tenant with a quota of its own in envoy/envoy.yaml, of which one request comes back in each
/// second.
const TENANT: &str = "trial";
const SERVED: &str = "/v2/models/demo/infer";
const NOT_SERVED: &str = "/v2/models/unicorn/infer";

/// Who is to refuse a request of a tenant beyond its quota: for an unknown model with a wrong tensor,
/// for a known one with a wrong tensor, for a known one with a right tensor.
const RULES: [&str; 3] = [
    "model-router;unknown_model",
    "payload-validator;tensor_shape",
    "admission-control;request_quota",
];

/// More than the quota holds, and more than comes back meanwhile.
const MOST_REQUESTS: usize = 100;

/// How many that can't be served are sent when the quota has room for one.
const WRONG_REQUESTS: usize = 10;

struct Outcome {
    /// Who refused, in the order of [`RULES`].
    refused_by: Vec<String>,
    /// Who refused what was wrong while there was room.
    wrong_refused_by: Vec<String>,
    /// What the next request got, which was right.
    afterwards: u16,
}

pub async fn observe(stage: &Stage<'_>) -> Vec<Observation> {
    let check = Check::new(
        format!(
            "the tenant {TENANT}, beyond its quota: another model and a wrong tensor; the right \
                 model; the right tensor. Then, with room for one, {WRONG_REQUESTS} wrong ones and a right one"
        ),
        format!(
            "refused by {}; the wrong ones took nothing: the right one is served",
            RULES.join(", ")
        ),
    );
    vec![match send(stage).await {
        Ok(outcome) => judge(check, &outcome),
        Err(error) => check.failed(&error),
    }]
}

async fn send(stage: &Stage<'_>) -> anyhow::Result<Outcome> {
    spend(stage).await?;
    let mut refused_by = Vec::new();
    for (path, columns) in [(NOT_SERVED, 5), (SERVED, 5)] {
        refused_by.push(who_refused(&post(stage, path, columns).await?));
    }
    let refusal = spend(stage).await?;
    refused_by.push(who_refused(&refusal));

    let seconds = refusal.retry_after.context("the refusal has no retry-after")?;
    ensure!(seconds < 10, "retry-after: {seconds}, while one comes back in each second");
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let mut wrong_refused_by = Vec::new();
    for _ in 0..WRONG_REQUESTS {
        wrong_refused_by.push(who_refused(&post(stage, SERVED, 5).await?));
    }
    let afterwards = post(stage, SERVED, 4).await?.status.as_u16();
    Ok(Outcome { refused_by, wrong_refused_by, afterwards })
}

/// Sends right requests until one is refused.
async fn spend(stage: &Stage<'_>) -> anyhow::Result<HttpAnswer> {
    for _ in 0..MOST_REQUESTS {
        let answer = post(stage, SERVED, 4).await?;
        if !answer.status.is_success() {
            return Ok(answer);
        }
    }
    anyhow::bail!("{MOST_REQUESTS} requests were served, whatever the quota")
}

/// The model has four columns.
async fn post(stage: &Stage<'_>, path: &str, columns: usize) -> anyhow::Result<HttpAnswer> {
    stage.gateway.post_as(Some(TENANT), path, &features(columns)).await
}

fn features(columns: usize) -> Value {
    let features = json!({
        "name": "features", "datatype": "FP32", "shape": [1, columns], "data": vec![0.5; columns],
    });
    json!({ "inputs": [features] })
}

fn who_refused(answer: &HttpAnswer) -> String {
    answer.rejected.clone().unwrap_or_else(|| format!("nobody: {}", answer.status))
}

fn judge(mut check: Check, outcome: &Outcome) -> Observation {
    check.require(outcome.refused_by == RULES, || "another filter decided first");
    let validator = RULES[1];
    check.require(outcome.wrong_refused_by.iter().all(|who| who == validator), || {
        format!("of the wrong ones, some were refused by {:?}", outcome.wrong_refused_by)
    });
    check.require(outcome.afterwards == 200, || "the right one was not served");
    check.seen(format!(
        "{}\nthen the right one: {}",
        outcome.refused_by.join("\n"),
        outcome.afterwards
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(refused_by: [&str; 3], wrong_refused_by: &str, afterwards: u16) -> bool {
        let outcome = Outcome {
            refused_by: refused_by.map(str::to_owned).to_vec(),
            wrong_refused_by: vec![wrong_refused_by.to_owned()],
            afterwards,
        };
        judge(Check::new("", ""), &outcome).is_as_expected()
    }

    #[test]
    fn the_first_filter_that_has_a_reason_refuses() {
        let [router, validator, admission] = RULES;
        assert!(judged(RULES, validator, 200));
        assert!(!judged([validator, validator, admission], validator, 200));
        assert!(!judged([router, admission, admission], validator, 200));
    }

    #[test]
    fn what_is_refused_takes_nothing_from_the_quota() {
        let [_, validator, admission] = RULES;
        assert!(!judged(RULES, validator, 429));
        assert!(!judged(RULES, admission, 200));
    }
}
