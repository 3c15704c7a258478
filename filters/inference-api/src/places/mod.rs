//! JSON texts of generative APIs, read by a table of the places that matter.
//!
//! A [`Place`] says what may stand there; a [`Walk`] goes through a text, passes
//! over everything that no place is for, and tells a [`Hears`] what it finds. It
//! adds up text on its way: a value has as much as its elements or its members
//! together, and of a key that stands twice the last value counts, as for
//! servers.
//!
//! Memory: 64 bytes of the key or number that is read, and under 100 bytes for
//! each open container and each member of it that its table has.

mod place;
mod scalar;
mod tally;
mod walk;

pub(crate) use place::{Fact, Leaf, Place};
pub(crate) use scalar::Scalar;
pub(crate) use tally::Tally;
pub(crate) use walk::{Hears, Value, Walk};
