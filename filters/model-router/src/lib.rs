//! The model router: which model and which version a request means, and hence
//! which cluster answers it.
//!
//! - `config`: what an operator writes; `catalogue`, `tenants`, `conditions`: what
//!   it means.
//! - `identity`: what headers, query, path and body claim, settled into one answer.
//! - `choosing`, `split`, `callers`: which version a request gets, by name, by rule
//!   or by weight.
//! - `routing`: one request on its way to that decision; `outgoing`: what it takes
//!   along.
//! - `differentials`: bodies that servers may read differently than we do.
//! - `rejection`: why a request is refused, told in the client's own dialect.
//! - `answers`: questions about models that no server is asked.
//! - `metrics`: everything that is counted.

mod answers;
mod callers;
mod catalogue;
mod choosing;
mod conditions;
pub mod config;
mod cookies;
mod differentials;
mod identity;
pub mod metrics;
mod names;
mod outgoing;
mod rejection;
mod router;
mod routing;
mod split;
mod tenants;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use router::ModelRouter;
pub use routing::Routing;
