//! Inference metrics: what each model and version did, and what it cost.
//!
//! Decides nothing: no request and no answer is changed, held or refused.
//!
//! - `config`: what an operator writes; `models`, `callers`, `pricing`: what it means.
//! - `requesting`: what a request brings; `answering`: what its answer brings, and when.
//! - `observation`: one request and its answer, from which `outcome` and everything else
//!   follows; `telling`: what is stated of it.
//! - `metrics`: the table of everything that is measured; `family`, `groups`: its series,
//!   and how many there may be.

mod answering;
mod callers;
pub mod config;
mod family;
mod groups;
mod measuring;
pub mod metrics;
mod models;
mod observation;
pub mod outcome;
mod pricing;
mod requesting;
mod telling;

pub use config::Config;
pub use measuring::InferenceMetrics;
pub use observation::Observation;
pub use telling::FACTS;

#[cfg(test)]
mod tests;
