//! What all workers know together, as pure steps from old state to new.
//!
//! The state is bytes in Envoy's shared data, a value for each cell, replaced by
//! compare-and-swap. A step may therefore be run again on fresher bytes, so it
//! has no other effect than its result. Bytes that can't be read count as no
//! state at all: they are older, newer or foreign, and never an error.
//!
//! - `table`: many keys in one cell.
//! - `quota`, `bucket`, `lows`: what a key may spend, reserved and settled.
//! - `room`, `adaptive`: how many requests of a key may be in flight.
//! - `load`: how loaded servers say that they are.
//! - `workers`: which of Envoy's workers are alive.
//! - `wire`: numbers to bytes and back.
//!
//! Time is nanoseconds since the Unix epoch, called `at`. The host has no
//! monotonic clock, so it may be set back: no step gains from that.

pub mod adaptive;
pub mod bucket;
pub mod load;
mod lows;
pub mod quota;
pub mod room;
pub mod table;
mod wire;
pub mod workers;
