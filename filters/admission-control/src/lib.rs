//! Admission control: whether a request is let in now, decided before the GPU pays.
//!
//! - `config`: what an operator writes; `callers`, `limits`, `loads`: what it means.
//! - `ledger`: what all workers know together, as pure steps: quotas, places, loads,
//!   who is alive. `accounts`, `membership`: these steps on shared cells.
//! - `queue`: who waits for a place, in one worker.
//! - `arriving`: what is known of a request; `cost`, `costing`: what it is taken to cost;
//!   `deciding`: whether it is let in; `holding`: what it holds then; `admission`: its way through; `answering`: what
//!   its answer says.
//! - `refusal`, `told`: how a client is told.
//! - `telling`, `metrics`: everything that is counted and stated.

mod accounts;
mod admission;
mod answering;
mod arriving;
mod callers;
pub mod config;
mod control;
mod cost;
mod costing;
mod deciding;
mod holding;
pub mod ledger;
mod limits;
mod loads;
mod membership;
pub mod metrics;
pub mod queue;
pub mod refusal;
mod taking_out;
mod telling;
mod told;

pub use admission::Admission;
pub use config::Config;
pub use control::AdmissionControl;

#[cfg(test)]
mod tests;
