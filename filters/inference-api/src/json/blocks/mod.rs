//! Sixty-four bytes of a text at once.
//!
//! A block's bytes are looked at together, and what they are becomes the bits of
//! numbers ([`Block`]); the grammar is logic on those bits. So it takes the same
//! time whatever stands where, as long as it is what texts are made of; anything
//! else ends the part of a block that is good, and is left to the caller.

mod bits;
mod lanes;
mod numbers;
mod sequences;
mod text;

pub(super) use bits::{below_first, without_first};
pub(super) use lanes::{BLOCK_BYTES, Block, control, either, equal, unplain};
pub(super) use numbers::{Heard, Shape, skim_numbers};
pub(super) use text::{Good, good, surplus};
