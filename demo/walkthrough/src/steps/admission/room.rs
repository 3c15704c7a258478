//! More calls of a lower class than it has room for: some wait, the surplus is refused, and others
//! don't notice.

use std::time::{Duration, Instant};

use anyhow::anyhow;
use tonic::{Code, Status};

use crate::gateway::{Call, Connection, DELAY, PRIORITY, REJECTED, ServedBy, metadata};
use crate::latency::Latencies;
use crate::report::{Check, Observation};
use crate::steps::{Stage, sentence};
use crate::traffic;

/// The room of the class `batch` in envoy/envoy.yaml, for one version.
const ROOM: usize = 8;
const VERSION: &str = "v1";
const SERVING: Duration = Duration::from_millis(500);

/// Far more than have room, or may wait in all workers together.
const CALLS: u32 = 80;
/// So that all of Envoy's workers have some of them.
const CONNECTIONS: u32 = 8;

const RULES: [&str; 2] = ["admission-control;queue_full", "admission-control;queue_timeout"];

struct Outcome {
    calls: Vec<Timed>,
    /// A call of the other class, sent while those were served.
    other: Timed,
}

/// How a call ended, and when.
struct Timed {
    result: Result<ServedBy, Status>,
    took: Duration,
}

pub async fn observe(stage: &Stage<'_>) -> Observation {
    let check = Check::new(
        format!(
            "{CALLS} calls of {VERSION} at once with {PRIORITY}: batch, each of which takes {} ms; \
             {ROOM} have room",
            SERVING.as_millis()
        ),
        format!(
            "at least {ROOM} are served, some after a wait; others are refused at once, UNAVAILABLE, \
             {}; a call without that header is served meanwhile",
            RULES[0]
        ),
    );
    match crowd(stage).await {
        Ok(outcome) => judge(check, &outcome),
        Err(error) => check.failed(&error),
    }
}

async fn crowd(stage: &Stage<'_>) -> anyhow::Result<Outcome> {
    let mut connections = Vec::new();
    for _ in 0..=CONNECTIONS {
        let connection = stage.gateway.connection()?;
        let opened = connection.predict(Call::new().of_version(VERSION)).await;
        opened.map_err(|status| anyhow!(sentence(&status)))?;
        connections.push(connection);
    }
    let slow = || Call::new().of_version(VERSION).with_header(DELAY, SERVING.as_millis());
    let batch = traffic::send(CALLS, CALLS as usize, |number| {
        let connection = &connections[number as usize % CONNECTIONS as usize];
        timed(connection, slow().with_header(PRIORITY, "batch"))
    });
    let other = async {
        tokio::time::sleep(SERVING / 4).await;
        timed(&connections[CONNECTIONS as usize], Call::new().of_version(VERSION)).await
    };
    let (calls, other) = tokio::join!(batch, other);
    Ok(Outcome { calls, other })
}

async fn timed(connection: &Connection<'_>, call: Call) -> Timed {
    let sent = Instant::now();
    let result = connection.predict(call).await;
    Timed { result, took: sent.elapsed() }
}

fn judge(mut check: Check, outcome: &Outcome) -> Observation {
    let (served, refused): (Vec<_>, Vec<_>) =
        outcome.calls.iter().partition(|call| call.result.is_ok());
    check.require(served.len() >= ROOM, || "too few were served");
    check.require(!refused.is_empty(), || "none was refused");
    let wrong = refused.iter().filter_map(|call| call.result.as_ref().err());
    for status in wrong.filter(|status| !is_right(status)).take(1) {
        check.require(false, || format!("refused otherwise: {}", sentence(status)));
    }
    let took = |calls: &[&Timed]| Latencies::of(calls.iter().map(|call| call.took));
    let (serving, refusing) = (took(&served), took(&refused));
    if let Some(refusing) = &refusing {
        check.require(refusing.shortest < SERVING / 2, || "none was refused at once");
    }
    if let Some(serving) = &serving {
        check.require(serving.longest >= SERVING * 2, || "none was served after a wait");
    }
    match &outcome.other.result {
        Ok(_) => {
            let is_quick = outcome.other.took < SERVING;
            check.require(is_quick, || "the other one had to wait as well");
        }
        Err(status) => check.require(false, || format!("the other: {}", sentence(status))),
    }
    let line = |count: usize, what: &str, took: Option<Latencies>| {
        format!("{count} {what}{}", took.map(|took| format!(": {took}")).unwrap_or_default())
    };
    check.seen(format!(
        "{}\n{}\nthe other: {} ms",
        line(served.len(), "served", serving),
        line(refused.len(), "refused", refusing),
        outcome.other.took.as_millis()
    ))
}

fn is_right(status: &Status) -> bool {
    let rule = metadata(status.metadata(), REJECTED);
    status.code() == Code::Unavailable && rule.is_some_and(|rule| RULES.contains(&rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(milliseconds: u64) -> Timed {
        let server = ServedBy { replica: "a".to_owned(), version: "v1".to_owned() };
        Timed { result: Ok(server), took: Duration::from_millis(milliseconds) }
    }

    fn refused(rule: &'static str, milliseconds: u64) -> Timed {
        let mut status = Status::unavailable("full");
        status.metadata_mut().insert(REJECTED, rule.parse().unwrap());
        Timed { result: Err(status), took: Duration::from_millis(milliseconds) }
    }

    fn outcome() -> Outcome {
        let mut calls: Vec<Timed> = (0..ROOM).map(|_| served(505)).collect();
        calls.extend([served(1010), refused(RULES[0], 3), refused(RULES[1], 2000)]);
        Outcome { calls, other: served(5) }
    }

    fn judged(outcome: &Outcome) -> bool {
        judge(Check::new("", ""), outcome).is_as_expected()
    }

    #[test]
    fn some_are_served_some_wait_and_some_are_refused_at_once() {
        assert!(judged(&outcome()));
        for remove in [ROOM, ROOM + 1] {
            let mut outcome = outcome();
            outcome.calls.remove(remove);
            assert!(!judged(&outcome), "{remove}");
        }
    }

    #[test]
    fn another_filters_refusal_is_not_expected() {
        let mut outcome = outcome();
        outcome.calls.push(refused("overflow", 3));
        assert!(!judged(&outcome));
    }

    #[test]
    fn who_is_of_another_class_does_not_wait() {
        assert!(!judged(&Outcome { other: served(900), ..outcome() }));
        assert!(!judged(&Outcome { other: refused(RULES[0], 3), ..outcome() }));
    }
}
