//! What is shown, in its order: one file for each step.

mod admission;
mod contract;
mod features;
mod flood;
mod metrics;
mod order;
mod outage;
mod refusal;
mod rotation;
mod split;
mod steering;
mod unknown_model;

use std::time::Instant;

use clap::ValueEnum;
use scrape::Metrics;
use serde::Serialize;
use tonic::Status;

use crate::gateway::{Gateway, Seen};
use crate::narrator::Narrator;
use crate::options::Options;
use crate::report::Observation;

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// One connection, many calls: they rotate over the replicas
    Rotation,
    /// A version named by header, message, path and JSON body
    Steering,
    /// Versions by weight, and callers who stick to theirs
    Split,
    /// A replica is killed, and not one call fails
    Outage,
    /// A wrong count of features is told apart from a failure
    Features,
    /// A tensor, a parameter and a call that the model's contract does not allow
    Contract,
    /// A model that isn't served, in four APIs
    UnknownModel,
    /// A tenant beyond its quota, tokens that are settled, and a class with little room
    Admission,
    /// A request that every filter would refuse, and what it takes from a quota
    Order,
    /// More calls than the circuit breaker lets in
    Flood,
    /// What the gateway counted of all that, held against what this client saw
    Metrics,
}

/// What every step needs.
#[derive(Debug)]
pub struct Stage<'n> {
    pub gateway: Gateway,
    pub options: Options,
    pub narrator: &'n Narrator,
    /// The gateway's metrics before the first step.
    pub counted_before: Metrics,
    /// What this client had seen by then.
    pub seen_before: Seen,
    /// When that was.
    pub began: Instant,
}

impl Step {
    pub const ALL: [Self; 11] = [
        Self::Rotation,
        Self::Steering,
        Self::Split,
        Self::Outage,
        Self::Features,
        Self::Contract,
        Self::UnknownModel,
        Self::Admission,
        Self::Order,
        Self::Flood,
        Self::Metrics,
    ];

    /// As the table names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rotation => "rotation",
            Self::Steering => "steering",
            Self::Split => "split",
            Self::Outage => "outage",
            Self::Features => "features",
            Self::Contract => "contract",
            Self::UnknownModel => "unknown model",
            Self::Admission => "admission",
            Self::Order => "order",
            Self::Flood => "flood",
            Self::Metrics => "metrics",
        }
    }

    /// As `--only` wants it.
    pub fn argument(self) -> String {
        self.name().replace(' ', "-")
    }

    /// Does it. What could not be done is an observation, too: one that is not as expected.
    pub async fn observe(self, stage: &Stage<'_>) -> Vec<Observation> {
        match self {
            Self::Rotation => vec![rotation::observe(stage).await],
            Self::Steering => steering::observe(stage).await,
            Self::Split => split::observe(stage).await,
            Self::Outage => vec![outage::observe(stage).await],
            Self::Features => vec![features::observe(stage).await],
            Self::Contract => contract::observe(stage).await,
            Self::UnknownModel => unknown_model::observe(stage).await,
            Self::Admission => admission::observe(stage).await,
            Self::Order => order::observe(stage).await,
            Self::Flood => vec![flood::observe(stage).await],
            Self::Metrics => metrics::observe(stage).await,
        }
    }
}

impl<'n> Stage<'n> {
    pub async fn set(
        gateway: Gateway,
        options: Options,
        narrator: &'n Narrator,
    ) -> anyhow::Result<Self> {
        let counted_before = metrics::settled(&gateway, &Metrics::default()).await?;
        let (seen_before, began) = (gateway.seen(), Instant::now());
        Ok(Self { gateway, options, narrator, counted_before, seen_before, began })
    }
}

/// A gRPC status in one line, such as `NOT_FOUND: no model "x"`.
pub fn sentence(status: &Status) -> String {
    // tonic's own text for a code is a sentence; people know the codes by their names.
    let code = match status.code() {
        tonic::Code::InvalidArgument => "INVALID_ARGUMENT".to_owned(),
        tonic::Code::NotFound => "NOT_FOUND".to_owned(),
        tonic::Code::Unavailable => "UNAVAILABLE".to_owned(),
        tonic::Code::DeadlineExceeded => "DEADLINE_EXCEEDED".to_owned(),
        tonic::Code::Unimplemented => "UNIMPLEMENTED".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{code}: {}", status.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_asked_for_by_the_name_in_the_table() {
        for step in Step::ALL {
            let value = step.to_possible_value().unwrap();
            assert_eq!(value.get_name(), step.argument());
            assert_eq!(serde_json::to_value(step).unwrap(), *step.argument());
        }
        assert_eq!(Step::ALL, Step::value_variants(), "in the order in which they are documented");
    }
}
