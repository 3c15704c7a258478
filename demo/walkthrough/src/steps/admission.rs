//! What is let in, and when.

mod quota;
mod room;
mod settlement;

use super::Stage;
use crate::report::Observation;

pub async fn observe(stage: &Stage<'_>) -> Vec<Observation> {
    vec![quota::observe(stage).await, settlement::observe(stage).await, room::observe(stage).await]
}
