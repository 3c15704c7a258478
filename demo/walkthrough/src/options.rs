//! What the caller can choose.

use clap::Parser;
use std::time::Duration;

use crate::steps::Step;

/// Sends real gRPC and HTTP traffic through a running gateway, prints what happened and what was
/// expected, and ends with status 0 only if all of it was observed.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Options {
    /// The gateway's address.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    pub gateway: String,

    /// The address of Envoy's admin interface.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9901")]
    pub admin: String,

    /// The names of the replicas that serve version v1.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "model-v1-a,model-v1-b,model-v1-c"
    )]
    pub replicas: Vec<String>,

    /// The replica of version v1 that is killed and brought back.
    #[arg(long, value_name = "NAME", default_value = "model-v1-b")]
    pub victim: String,

    /// Shell command that kills the victim, whose name it finds in $REPLICA. Returns when the
    /// replica is gone.
    #[arg(long, value_name = "COMMAND", requires = "start_replica")]
    pub stop_replica: Option<String>,

    /// Shell command that starts the victim again.
    #[arg(long, value_name = "COMMAND", requires = "stop_replica")]
    pub start_replica: Option<String>,

    /// Does only this step; may be given several times.
    #[arg(long, value_name = "STEP", value_enum)]
    pub only: Vec<Step>,

    /// Prints the result as JSON.
    #[arg(long)]
    pub json: bool,

    /// Waits until the gateway and every replica answer, and does nothing else.
    #[arg(long)]
    pub wait_only: bool,

    /// How many seconds to wait, at most, until the gateway and every replica answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub wait_up_to: u64,
}

impl Options {
    /// The steps to do, in their order.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Step::ALL.to_vec();
        if !self.only.is_empty() {
            steps.retain(|step| self.only.contains(step));
        }
        steps
    }

    pub const fn deadline(&self) -> Duration {
        Duration::from_secs(self.wait_up_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(arguments: &[&str]) -> Result<Options, clap::Error> {
        Options::try_parse_from(std::iter::once(&"walkthrough").chain(arguments))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn all_steps_are_done_unless_some_are_named() {
        assert_eq!(parse(&[]).unwrap().steps(), Step::ALL);
        let some = parse(&["--only", "flood", "--only", "unknown-model"]).unwrap();
        assert_eq!(some.steps(), [Step::UnknownModel, Step::Flood], "in their own order");
    }

    #[test]
    fn a_replica_that_can_be_stopped_must_be_startable() {
        assert!(parse(&["--stop-replica", "kill it"]).is_err());
        assert!(parse(&["--stop-replica", "kill it", "--start-replica", "run it"]).is_ok());
    }
}
