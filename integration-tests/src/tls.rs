//! TLS beside a test: certificates that it makes, and relays that speak TLS where its clients and
//! model servers don't.

mod authority;
mod relay;

pub use authority::{Authority, Identity};
pub use relay::{Handshake, Relay};
