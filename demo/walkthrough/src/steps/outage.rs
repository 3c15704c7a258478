//! A replica is killed in mid-traffic: the traffic goes on without one failed call.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use futures_util::future::join_all;
use tokio::process::Command;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{sleep, timeout};
use tonic::Status;

use super::{Stage, sentence};
use crate::gateway::{Call, Connection, DELAY, ServedBy};
use crate::report::{Check, Observation};
use crate::tally::Tally;

const VERSION: &str = "v1";
/// How many callers there are, each with one call at a time.
const CALLERS: u32 = 6;
/// How long a call takes at least: so some are in flight on the victim when it is killed.
const SERVING_MS: u32 = 10;
/// How many calls the victim answers before it is killed, and again before the traffic ends.
const CALLS_OF_VICTIM: u32 = 20;
/// How many calls there are while the victim is gone.
const CALLS_WITHOUT_VICTIM: u32 = 600;
/// How long each part of the outage may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// Envoy's count of the calls that it tried once more.
const RETRIES: &str = "cluster.demo-v1.upstream_rq_retry";

/// How one call ended.
#[derive(Debug)]
struct Outcome {
    sent: Instant,
    result: Result<ServedBy, Status>,
}

/// The calls of all callers, as they end.
struct Traffic {
    outcomes: UnboundedReceiver<Outcome>,
    ended: Vec<Outcome>,
}

/// What was seen.
struct Outage {
    ended: Vec<Outcome>,
    killed: Instant,
    started: Instant,
    /// From the victim's start until it had answered again.
    time_to_return: Duration,
    retries: u64,
}

pub async fn observe(stage: &Stage<'_>) -> Observation {
    let victim = &stage.options.victim;
    let check = Check::new(
        format!(
            "{CALLERS} callers keep calling {VERSION}; {victim} is killed, and started again after \
             {CALLS_WITHOUT_VICTIM} more calls"
        ),
        format!("not one call fails; {victim} answers before and after, the others all the time"),
    );
    match watch(stage).await {
        Ok(outage) => judge(check, victim, &stage.options.replicas, &outage),
        Err(error) => check.failed(&error),
    }
}

/// Lets callers call while the show goes on, and no longer.
async fn watch(stage: &Stage<'_>) -> anyhow::Result<Outage> {
    let connection = stage.gateway.connection()?;
    let (reporter, outcomes) = mpsc::unbounded_channel();
    let callers = join_all((0..CALLERS).map(|_| keep_calling(&connection, &reporter)));
    let traffic = Traffic { outcomes, ended: Vec::new() };
    tokio::select! {
        outage = take_victim_out(stage, traffic) => outage,
        _ = callers => bail!("the callers gave up"),
    }
}

async fn take_victim_out(stage: &Stage<'_>, mut traffic: Traffic) -> anyhow::Result<Outage> {
    let options = &stage.options;
    let (Some(stop), Some(start)) = (&options.stop_replica, &options.start_replica) else {
        bail!("--stop-replica and --start-replica were not given");
    };
    let victim = options.victim.as_str();
    let by_victim = |outcome: &Outcome| outcome.replica() == Some(victim);
    let retries = stage.gateway.statistic(RETRIES).await?;

    stage.narrator.go_on(&format!("traffic to all replicas of {VERSION}"));
    traffic.follow(CALLS_OF_VICTIM, Instant::now(), by_victim).await?;

    stage.narrator.go_on(&format!("killing {victim}; the traffic goes on"));
    run(stop, victim).await?;
    let killed = Instant::now();
    traffic.follow(CALLS_WITHOUT_VICTIM, killed, |_| true).await?;

    stage.narrator.go_on(&format!("starting {victim} again; the traffic goes on"));
    let started = Instant::now();
    run(start, victim).await?;
    traffic.follow(CALLS_OF_VICTIM, started, by_victim).await?;

    Ok(Outage {
        ended: traffic.ended,
        killed,
        started,
        time_to_return: started.elapsed(),
        retries: stage.gateway.statistic(RETRIES).await?.saturating_sub(retries),
    })
}

impl Traffic {
    /// Follows the traffic until this many calls sent since then were such.
    async fn follow(
        &mut self,
        count: u32,
        since: Instant,
        such: impl Fn(&Outcome) -> bool,
    ) -> anyhow::Result<()> {
        let mut seen = 0;
        let enough = async {
            while seen < count {
                let outcome = self.outcomes.recv().await.context("the callers are gone")?;
                seen += u32::from(outcome.sent >= since && such(&outcome));
                self.ended.push(outcome);
            }
            anyhow::Ok(())
        };
        match timeout(DEADLINE, enough).await {
            Ok(ended) => ended,
            Err(_) => bail!(
                "after {} s: {} calls ended, {seen} of them as waited for{}",
                DEADLINE.as_secs(),
                self.ended.len(),
                self.first_failure()
            ),
        }
    }

    fn first_failure(&self) -> String {
        let failure = self.ended.iter().find_map(|outcome| outcome.result.as_ref().err());
        failure
            .map(|status| format!("; the first failure: {}", sentence(status)))
            .unwrap_or_default()
    }
}

impl Outcome {
    fn replica(&self) -> Option<&str> {
        self.result.as_ref().ok().map(|served| served.replica.as_str())
    }
}

impl Outage {
    /// Who answered the calls that were sent in this part of the outage.
    fn answers(&self, sent: impl Fn(Instant) -> bool) -> Tally {
        self.ended.iter().filter(|one| sent(one.sent)).filter_map(Outcome::replica).collect()
    }
}

async fn keep_calling(
    connection: &Connection<'_>,
    reporter: &UnboundedSender<Outcome>,
) -> Infallible {
    loop {
        let sent = Instant::now();
        let call = Call::new().of_version(VERSION).with_header(DELAY, SERVING_MS);
        let result = connection.predict(call).await;
        if result.is_err() {
            // A gateway that fails at once is not to be flooded as well.
            sleep(Duration::from_millis(u64::from(SERVING_MS))).await;
        }
        // Nobody listens any more once the step is over: then this loop is dropped, too.
        let _ = reporter.send(Outcome { sent, result });
    }
}

/// Runs a shell command about a replica.
async fn run(command: &str, replica: &str) -> anyhow::Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("REPLICA", replica).kill_on_drop(true);
    let output = timeout(DEADLINE, shell.output())
        .await
        .with_context(|| format!("`{command}` did not end"))?
        .with_context(|| format!("`{command}`"))?;
    ensure!(
        output.status.success(),
        "`{command}`: {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn judge(mut check: Check, victim: &str, replicas: &[String], outage: &Outage) -> Observation {
    let failures: Vec<&Status> =
        outage.ended.iter().filter_map(|one| one.result.as_ref().err()).collect();
    if let Some(first) = failures.first() {
        check.require(false, || format!("{} calls failed: {}", failures.len(), sentence(first)));
    }
    let before = outage.answers(|sent| sent < outage.killed);
    let without = outage.answers(|sent| sent >= outage.killed && sent < outage.started);
    let after = outage.answers(|sent| sent >= outage.started);
    check.require(before.of(victim) > 0, || format!("{victim} did not answer before"));
    check.require(without.of(victim) == 0, || format!("{victim} answered after it was killed"));
    for other in replicas.iter().filter(|name| *name != victim) {
        check.require(without.of(other) > 0, || format!("{other} did not answer meanwhile"));
    }
    check.require(after.of(victim) > 0, || format!("{victim} did not come back"));
    check.seen(format!(
        "{} calls, {} failed, {} retried by the gateway\nbefore: {before}\nwithout: {without}\n\
         again: {after}, back after {:.1} s",
        outage.ended.len(),
        failures.len(),
        outage.retries,
        outage.time_to_return.as_secs_f64()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// An outage of `b` that began a second after the first call, and ended a second later.
    fn judged(calls: &[(Duration, Result<&str, Status>)]) -> Observation {
        let begun = Instant::now();
        let ended = calls.iter().map(|(after, result)| Outcome {
            sent: begun + *after,
            result: result.clone().map(|replica| ServedBy {
                replica: replica.to_owned(),
                version: VERSION.to_owned(),
            }),
        });
        let outage = Outage {
            ended: ended.collect(),
            killed: begun + SECOND,
            started: begun + 2 * SECOND,
            time_to_return: SECOND,
            retries: 1,
        };
        judge(Check::new("", ""), "b", &["a", "b", "c"].map(str::to_owned), &outage)
    }

    fn clean() -> Vec<(Duration, Result<&'static str, Status>)> {
        let at = |sent: f64, replica| (SECOND.mul_f64(sent), Ok(replica));
        vec![at(0.0, "a"), at(0.5, "b"), at(1.0, "a"), at(1.5, "c"), at(2.0, "a"), at(2.5, "b")]
    }

    #[test]
    fn an_outage_that_nobody_notices_is_as_expected() {
        assert!(judged(&clean()).is_as_expected());
    }

    #[test]
    fn a_single_failed_call_is_not() {
        let mut calls = clean();
        calls.push((SECOND, Err(Status::unavailable("connection reset"))));
        assert!(!judged(&calls).is_as_expected());
    }

    #[test]
    fn a_victim_that_lives_on_is_not() {
        let mut calls = clean();
        calls.push((SECOND, Ok("b")));
        assert!(!judged(&calls).is_as_expected());
    }

    #[test]
    fn each_replica_must_do_its_part() {
        for missing in [1, 3, 5] {
            let mut calls = clean();
            let _ = calls.remove(missing);
            assert!(!judged(&calls).is_as_expected(), "without call {missing}");
        }
    }

    #[tokio::test]
    async fn a_command_that_fails_says_why() {
        let error = run("echo \"no $REPLICA\" >&2; exit 3", "b").await.unwrap_err().to_string();
        assert!(error.ends_with("exit status: 3: no b"), "{error}");
        run("test \"$REPLICA\" = b", "b").await.unwrap();
    }
}
