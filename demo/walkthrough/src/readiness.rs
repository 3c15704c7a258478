//! Waits for the stack.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::time::sleep;

use crate::gateway::{Call, Gateway};
use crate::narrator::Narrator;
use crate::options::Options;

const BETWEEN_TRIES: Duration = Duration::from_millis(100);
const BETWEEN_NOTES: Duration = Duration::from_secs(5);

/// Returns when Envoy is ready and every replica has answered through it.
///
/// # Errors
/// When the time is up: what the last try ended with.
pub async fn wait(gateway: &Gateway, options: &Options, narrator: &Narrator) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut told = begun;
    let mut missing: BTreeSet<&str> = options.replicas.iter().map(String::as_str).collect();
    loop {
        let Err(error) = look(gateway, &mut missing).await else { return Ok(()) };
        if begun.elapsed() > options.deadline() {
            return Err(error).with_context(|| {
                format!("the stack did not get ready within {} s", options.wait_up_to)
            });
        }
        if told.elapsed() > BETWEEN_NOTES {
            told = Instant::now();
            narrator.go_on(&format!("not ready yet: {error:#}"));
        }
        sleep(BETWEEN_TRIES).await;
    }
}

/// One try: as many calls as there are replicas to hear of.
async fn look(gateway: &Gateway, missing: &mut BTreeSet<&str>) -> anyhow::Result<()> {
    gateway.admin_is_ready().await.context("Envoy")?;
    let connection = gateway.connection()?;
    for _ in 0..4 * missing.len() {
        let served = connection.predict(Call::new().of_version("v1")).await;
        let served = served.map_err(|status| describe("v1", gateway, &status))?;
        missing.remove(served.replica.as_str());
    }
    let served = connection.predict(Call::new().of_version("v2")).await;
    served.map_err(|status| describe("v2", gateway, &status))?;
    if !missing.is_empty() {
        bail!("no answer from {missing:?} yet");
    }
    Ok(())
}

fn describe(version: &str, gateway: &Gateway, status: &tonic::Status) -> anyhow::Error {
    anyhow::anyhow!(
        "version {version} through {}: {}",
        gateway.address(),
        crate::steps::sentence(status)
    )
}
