//! More calls at once than the circuit breaker lets in: the surplus fails fast, the rest is served.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tonic::{Code, Status};

use super::{Stage, sentence};
use crate::gateway::{Call, Connection, DELAY, ServedBy};
use crate::latency::Latencies;
use crate::report::{Check, Observation};
use crate::traffic;

/// What floods: calls of one version, that take this long when they are served.
const CLUSTER: &str = "demo-v1";
const VERSION: &str = "v1";
const SERVING: Duration = Duration::from_millis(1_000);

/// How many times more calls than the circuit breaker lets in.
const SURPLUS: u32 = 3;
/// A circuit breaker that lets more in can't be shown: this client would be flooded as well.
const LARGEST_LIMIT: u32 = 200;
/// A client waits by itself when a connection has too many calls: so there are several.
const CONNECTIONS: u32 = 8;

/// How one call of the flood ended.
struct Outcome {
    result: Result<ServedBy, Status>,
    took: Duration,
}

pub async fn observe(stage: &Stage<'_>) -> Observation {
    let done =
        format!("calls of {VERSION} at once, each of which takes {} ms", SERVING.as_millis());
    let limit = match limit(stage).await {
        Ok(limit) => limit,
        Err(error) => return Check::new(format!("many {done}"), "").failed(&error),
    };
    let calls = SURPLUS * limit;
    let check = Check::new(
        format!("{calls} {done}; the circuit breaker lets {limit} in"),
        format!(
            "at least {limit} are served; the others fail with UNAVAILABLE before any is served; \
             nothing hangs; then calls succeed again"
        ),
    );
    stage.narrator.go_on(&format!("{calls} slow calls at once"));
    match flood(stage, calls).await {
        Ok((outcomes, afterwards)) => judge(check, limit, &outcomes, afterwards),
        Err(error) => check.failed(&error),
    }
}

/// How many requests the circuit breaker lets in.
async fn limit(stage: &Stage<'_>) -> anyhow::Result<u32> {
    let limit = stage.gateway.most_requests(CLUSTER).await?;
    ensure!(
        limit <= LARGEST_LIMIT,
        "{CLUSTER} may have {limit} requests at once, a flood can be shown up to {LARGEST_LIMIT}"
    );
    Ok(limit)
}

/// How each call ended, and one more call after all of them.
async fn flood(
    stage: &Stage<'_>,
    calls: u32,
) -> anyhow::Result<(Vec<Outcome>, Result<ServedBy, Status>)> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let connection = stage.gateway.connection()?;
        // Opened beforehand, so that the flood comes all at once.
        let opened = connection.predict(Call::new().of_version(VERSION)).await;
        opened.map_err(|status| anyhow::anyhow!(sentence(&status))).context("before the flood")?;
        connections.push(connection);
    }
    let outcomes = traffic::send(calls, calls as usize, |number| {
        slow_call(&connections[number as usize % connections.len()])
    })
    .await;
    let afterwards = connections[0].predict(Call::new().of_version(VERSION)).await;
    Ok((outcomes, afterwards))
}

async fn slow_call(connection: &Connection<'_>) -> Outcome {
    let sent = Instant::now();
    let call = Call::new().of_version(VERSION).with_header(DELAY, SERVING.as_millis());
    let result = connection.predict(call).await;
    Outcome { result, took: sent.elapsed() }
}

fn judge(
    mut check: Check,
    limit: u32,
    outcomes: &[Outcome],
    afterwards: Result<ServedBy, Status>,
) -> Observation {
    let count = |code: Option<Code>| outcomes.iter().filter(|one| one.code() == code).count();
    let (served, refused) = (count(None), count(Some(Code::Unavailable)));
    check.require(served >= limit as usize, || format!("only {served} were served"));
    check.require(refused > 0, || "none failed");
    for other in outcomes.iter().filter_map(Outcome::unexpected).take(1) {
        let others = outcomes.len() - served - refused;
        check.require(false, || format!("{others} ended otherwise: {}", sentence(other)));
    }
    let took = |code: Option<Code>| {
        let those = outcomes.iter().filter(move |one| one.code() == code);
        Latencies::of(those.map(|one| one.took))
    };
    let (serving, refusing) = (took(None), took(Some(Code::Unavailable)));
    if let (Some(serving), Some(refusing)) = (serving, refusing) {
        check.require(refusing.longest < serving.shortest, || "a failure took as long as serving");
    }
    if let Err(status) = afterwards {
        check.require(false, || format!("afterwards: {}", sentence(&status)));
    }
    let line = |count: usize, what: &str, took: Option<Latencies>| {
        format!("{count} {what}{}", took.map(|took| format!(": {took}")).unwrap_or_default())
    };
    check.seen(format!(
        "{}\n{}",
        line(served, "served", serving),
        line(refused, "UNAVAILABLE", refusing)
    ))
}

impl Outcome {
    fn code(&self) -> Option<Code> {
        self.result.as_ref().err().map(Status::code)
    }

    fn unexpected(&self) -> Option<&Status> {
        self.result.as_ref().err().filter(|status| status.code() != Code::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(milliseconds: u64) -> Outcome {
        Outcome { result: Ok(server()), took: Duration::from_millis(milliseconds) }
    }

    fn failed(code: Code, milliseconds: u64) -> Outcome {
        let result = Err(Status::new(code, "overflow"));
        Outcome { result, took: Duration::from_millis(milliseconds) }
    }

    fn server() -> ServedBy {
        ServedBy { replica: "a".to_owned(), version: "v1".to_owned() }
    }

    fn judged(outcomes: &[Outcome]) -> Observation {
        judge(Check::new("", ""), 2, outcomes, Ok(server()))
    }

    #[test]
    fn some_fail_fast_and_the_rest_is_served() {
        let outcomes = [served(500), served(510), failed(Code::Unavailable, 3)];
        assert!(judged(&outcomes).is_as_expected());
    }

    #[test]
    fn a_flood_that_is_served_in_full_is_not_expected() {
        assert!(!judged(&[served(500), served(510), served(520)]).is_as_expected());
    }

    #[test]
    fn a_breaker_that_opens_too_early_is_not_expected() {
        assert!(!judged(&[served(500), failed(Code::Unavailable, 3)]).is_as_expected());
    }

    #[test]
    fn slow_failures_and_other_failures_are_not_expected() {
        let slow = [served(500), served(510), failed(Code::Unavailable, 505)];
        assert!(!judged(&slow).is_as_expected());
        let hung = [
            served(500),
            served(510),
            failed(Code::Unavailable, 3),
            failed(Code::DeadlineExceeded, 20_000),
        ];
        assert!(!judged(&hung).is_as_expected());
    }

    #[test]
    fn a_gateway_that_does_not_recover_is_not_expected() {
        let outcomes = [served(500), served(510), failed(Code::Unavailable, 3)];
        let still = Err(Status::unavailable("overflow"));
        assert!(!judge(Check::new("", ""), 2, &outcomes, still).is_as_expected());
    }
}
