//! Shows what the gateway does, and checks it: sends real gRPC and HTTP traffic through a running
//! stack, prints one row for each thing that was to be seen, and ends with status 0 only if all of
//! it was.

mod band;
mod gateway;
mod latency;
mod narrator;
mod options;
mod readiness;
mod report;
mod steps;
mod tally;
mod traffic;

use std::process::ExitCode;

use clap::Parser;

use crate::gateway::Gateway;
use crate::narrator::Narrator;
use crate::options::Options;
use crate::report::Report;
use crate::steps::{Stage, Step};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let narrator = Narrator::default();
    match walk(options, &narrator).await {
        Ok(code) => code,
        Err(error) => {
            narrator.note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn walk(options: Options, narrator: &Narrator) -> anyhow::Result<ExitCode> {
    let gateway = Gateway::new(&options.gateway, &options.admin);
    readiness::wait(&gateway, &options, narrator).await?;
    if options.wait_only {
        return Ok(ExitCode::SUCCESS);
    }

    let json = options.json;
    let steps = options.steps();
    let stage = Stage::set(gateway, options, narrator).await?;
    let mut report = Report::default();
    for (position, step) in steps.iter().enumerate() {
        narrator.begin(&format!("{}/{} {}", position + 1, steps.len(), step.title()));
        let observations = step.observe(&stage).await;
        narrator.end(observations.iter().all(|observation| observation.is_as_expected()));
        report.add(*step, observations);
    }

    println!("{}", if json { report.as_json() } else { report.as_table() });
    Ok(if report.is_as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Step {
    /// What a person is told while the step goes on.
    const fn title(self) -> &'static str {
        match self {
            Self::Rotation => "rotation: many calls on one connection",
            Self::Steering => "steering: naming a version in every way there is",
            Self::Split => "split: callers who name no version, and those who come back",
            Self::Outage => "outage: a replica is killed in mid-traffic",
            Self::Features => "features: an input that the model can't take",
            Self::Contract => "contract: what the model's contract does not allow",
            Self::UnknownModel => "unknown model: asked for in four APIs",
            Self::Admission => "admission: a tenant's quota, tokens settled, room for a class",
            Self::Order => "order: who refuses first what every filter would refuse",
            Self::Flood => "flood: more slow calls at once than the cluster may have",
            Self::Metrics => "metrics: what the gateway counted meanwhile",
        }
    }
}
