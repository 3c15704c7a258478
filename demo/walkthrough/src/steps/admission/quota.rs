//! A tenant that sends more than it may: it is told when to come back, and nobody else notices.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::gateway::HttpAnswer;
use crate::report::{Check, Observation};
use crate::steps::Stage;

/// The tenant with a quota of its own in envoy/envoy.yaml: so many at once, and one more in each
/// second.
const TENANT: &str = "trial";
const BURST: usize = 10;
const OTHER: &str = "somebody-else";

/// How many requests it sends, and how many of them may be served if it takes a little to send them.
const REQUESTS: usize = 25;
const MOST_SERVED: usize = BURST + 5;

const PATH: &str = "/v2/models/demo/infer";
const RULE: &str = "admission-control;request_quota";

/// What came of it.
struct Outcome {
    answers: Vec<HttpAnswer>,
    /// What another tenant got in between.
    other: u16,
    /// What the tenant got when it came back at the time that it was told.
    afterwards: u16,
}

pub async fn observe(stage: &Stage<'_>) -> Observation {
    let check = Check::new(
        format!("{REQUESTS} requests of the tenant {TENANT}, which may send {BURST} at once"),
        format!(
            "those beyond are answered 429, {RULE}, with a retry-after; another tenant is served \
             meanwhile, and {TENANT} again after that time"
        ),
    );
    match send(stage).await {
        Ok(outcome) => judge(check, &outcome),
        Err(error) => check.failed(&error),
    }
}

async fn send(stage: &Stage<'_>) -> anyhow::Result<Outcome> {
    let post = async |tenant| stage.gateway.post_as(Some(tenant), PATH, &features()).await;
    let mut answers = Vec::new();
    for _ in 0..REQUESTS {
        answers.push(post(TENANT).await?);
    }
    let other = post(OTHER).await?.status.as_u16();
    let last = answers.last().context("no answers")?;
    ensure!(!last.status.is_success(), "the last request was served as well");
    let seconds = last.retry_after.context("the last refusal has no retry-after")?;
    ensure!(seconds < 10, "retry-after: {seconds}, while one comes back in each second");
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let afterwards = post(TENANT).await?.status.as_u16();
    Ok(Outcome { answers, other, afterwards })
}

fn features() -> Value {
    let features = json!({
        "name": "features", "datatype": "FP32", "shape": [1, 4], "data": [0.7, 0.8, 0.1, 0.3],
    });
    json!({ "inputs": [features] })
}

fn judge(mut check: Check, outcome: &Outcome) -> Observation {
    let (served, refused): (Vec<_>, Vec<_>) =
        outcome.answers.iter().partition(|answer| answer.status.is_success());
    check.require(served.len() <= MOST_SERVED, || "too many were served");
    check.require(!refused.is_empty(), || "none was refused");
    for answer in &refused {
        let is_right = answer.status.as_u16() == 429
            && answer.rejected.as_deref() == Some(RULE)
            && answer.retry_after.is_some();
        check.require(is_right, || format!("{}: {:?}", answer.status, answer.rejected));
    }
    check.require(outcome.other == 200, || format!("{OTHER} got {}", outcome.other));
    check.require(outcome.afterwards == 200, || format!("afterwards: {}", outcome.afterwards));
    let seconds = refused.last().and_then(|answer| answer.retry_after).unwrap_or_default();
    check.seen(format!(
        "{} served, {} times 429\nafter {seconds} s: {}\n{OTHER}: {}",
        served.len(),
        refused.len(),
        outcome.afterwards,
        outcome.other
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn answer(status: u16) -> HttpAnswer {
        let is_refused = status != 200;
        HttpAnswer {
            status: StatusCode::from_u16(status).unwrap(),
            served_by: None,
            rejected: is_refused.then(|| RULE.to_owned()),
            retry_after: is_refused.then_some(1),
            body: bytes::Bytes::new(),
            body_took: Duration::ZERO,
        }
    }

    fn outcome(statuses: &[u16]) -> Outcome {
        let answers = statuses.iter().map(|status| answer(*status)).collect();
        Outcome { answers, other: 200, afterwards: 200 }
    }

    fn judged(outcome: &Outcome) -> bool {
        judge(Check::new("", ""), outcome).is_as_expected()
    }

    #[test]
    fn those_beyond_the_quota_are_refused_and_nobody_else() {
        assert!(judged(&outcome(&[200, 200, 429, 429])));
        assert!(judged(&outcome(&[429])), "nothing was left from the start");
        assert!(!judged(&outcome(&[200, 200])));
        assert!(!judged(&outcome(&[200, 503])));
        assert!(!judged(&outcome(&[[200; MOST_SERVED + 1].as_slice(), &[429]].concat())));
        assert!(!judged(&Outcome { other: 429, ..outcome(&[200, 429]) }));
        assert!(!judged(&Outcome { afterwards: 429, ..outcome(&[200, 429]) }));
    }

    #[test]
    fn a_refusal_says_why_and_when_to_come_back() {
        for spoil in [
            |answer: &mut HttpAnswer| answer.rejected = None,
            |answer: &mut HttpAnswer| answer.retry_after = None,
        ] {
            let mut outcome = outcome(&[200, 429]);
            spoil(&mut outcome.answers[1]);
            assert!(!judged(&outcome));
        }
    }
}
