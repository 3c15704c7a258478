//! The payload validator: whether a payload fits its model's contract, before the
//! model server sees it.
//!
//! - `config`: what an operator writes; `contracts`, `access`, `tensors`: what it
//!   means.
//! - `rules`, `violation`: what can be wrong, and what was found.
//! - `headers`: what shows in a request's headers; `body`: what shows while its
//!   body goes by. `generative`, `schema`, `tensors` are the checks themselves.
//! - `planning`: what is read of a request; `checking`: its way to a verdict;
//!   `answering`: its answer; `telling`: what is counted of it.
//! - `rejection`: how the client is told.
//! - `metrics`: everything that is counted.

mod access;
mod answering;
mod body;
mod checking;
pub mod config;
mod contracts;
pub mod generative;
mod headers;
mod json_check;
pub mod metrics;
mod patch_check;
mod planning;
mod rejection;
pub mod rules;
pub mod schema;
mod telling;
mod tensors;
#[cfg(test)]
mod tests;
mod validator;
pub mod violation;

pub use checking::Checking;
pub use config::Config;
pub use validator::PayloadValidator;
