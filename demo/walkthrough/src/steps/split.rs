//! Versions by weight: a share of all calls, and the same version for the same caller.

use anyhow::{Context, anyhow};

use super::{Stage, sentence};
use crate::band::Band;
use crate::gateway::{Call, Connection};
use crate::report::{Check, Observation};
use crate::tally::Tally;
use crate::traffic;

/// The weight of v2, of 1.
const SHARE: f64 = 0.1;
const CALLS: u32 = 2_000;
const AT_ONCE: usize = 16;

const SESSIONS: u32 = 200;
const CALLS_OF_A_SESSION: u32 = 50;

pub async fn observe(stage: &Stage<'_>) -> Vec<Observation> {
    vec![weights(stage).await, stickiness(stage).await]
}

async fn weights(stage: &Stage<'_>) -> Observation {
    let band = Band::of(CALLS, SHARE);
    let mut check = Check::new(
        format!("{CALLS} calls that name no version, weights 90 and 10"),
        format!("v2 answers {band} of them (4.5 standard deviations)"),
    );
    stage.narrator.go_on(&format!("{CALLS} calls, {AT_ONCE} at a time"));
    let tally = match call_often(stage).await {
        Ok(tally) => tally,
        Err(error) => return check.failed(&error),
    };
    let share = 100.0 * f64::from(tally.of("v2")) / f64::from(CALLS);
    check.require(band.contains(tally.of("v2")), || format!("v2's share is {share:.1} %"));
    check.require(tally.of("v1") + tally.of("v2") == CALLS, || "others answered, too");
    check.seen(format!("{tally}: {share:.1} %"))
}

async fn call_often(stage: &Stage<'_>) -> anyhow::Result<Tally> {
    let connection = stage.gateway.connection()?;
    let answers = traffic::send(CALLS, AT_ONCE, |_| version(&connection, Call::new())).await;
    answers.into_iter().collect::<anyhow::Result<Vec<String>>>().map(Tally::from_iter)
}

async fn stickiness(stage: &Stage<'_>) -> Observation {
    let band = Band::of(SESSIONS, SHARE);
    let mut check = Check::new(
        format!(
            "{SESSIONS} sessions by x-session-id; then {CALLS_OF_A_SESSION} calls by one who got \
             v1, and by one who got v2"
        ),
        format!("v2 gets {band} of the sessions; both callers stay where they were"),
    );
    stage.narrator.go_on(&format!("{SESSIONS} sessions"));
    let seen = async {
        let connection = stage.gateway.connection()?;
        let sessions = first_calls(&connection).await?;
        let spread: Tally = sessions.iter().map(|(_, version)| version).collect();
        check.require(band.contains(spread.of("v2")), || "the sessions are not spread so");
        let mut seen = vec![format!("{spread}")];
        for version in ["v1", "v2"] {
            let (session, _) = sessions
                .iter()
                .find(|(_, got)| got == version)
                .with_context(|| format!("no session got {version}"))?;
            let stayed = calls_of(&connection, session).await?;
            check.require(stayed.of(version) == CALLS_OF_A_SESSION, || {
                format!("{session} got {version} first, then {stayed}")
            });
            seen.push(format!("{session}: {stayed}"));
        }
        anyhow::Ok(seen.join("\n"))
    }
    .await;
    match seen {
        Ok(seen) => check.seen(seen),
        Err(error) => check.failed(&error),
    }
}

/// Each session and the version that it got.
async fn first_calls(connection: &Connection<'_>) -> anyhow::Result<Vec<(String, String)>> {
    traffic::send(SESSIONS, AT_ONCE, |number| async move {
        let session = format!("session-{number}");
        let version = version(connection, of_session(&session)).await?;
        Ok((session, version))
    })
    .await
    .into_iter()
    .collect()
}

async fn calls_of(connection: &Connection<'_>, session: &str) -> anyhow::Result<Tally> {
    traffic::send(CALLS_OF_A_SESSION, AT_ONCE, |_| version(connection, of_session(session)))
        .await
        .into_iter()
        .collect::<anyhow::Result<Vec<String>>>()
        .map(Tally::from_iter)
}

fn of_session(session: &str) -> Call {
    Call::new().with_header("x-session-id", session)
}

async fn version(connection: &Connection<'_>, call: Call) -> anyhow::Result<String> {
    let served = connection.predict(call).await.map_err(|status| anyhow!(sentence(&status)))?;
    Ok(served.version)
}
