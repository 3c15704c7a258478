//! The model router: which model and which version a request means, and hence
//! which cluster answers it.
//!
//! - `config`: what an operator writes; `catalogue`: what it means.
//! - `identity`: what headers, path and body claim, settled into one answer.
//! - `split`, `sticky`: which version a caller gets who named none.
//! - `routing`: one request on its way to that decision.
//! - `rejection`: why a request is refused, told in the client's own dialect.
//! - `metrics`: everything that is counted.

mod catalogue;
pub mod config;
mod identity;
pub mod metrics;
mod rejection;
mod router;
mod routing;
mod split;
mod sticky;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use router::ModelRouter;
pub use routing::Routing;
