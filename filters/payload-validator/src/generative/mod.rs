//! Generative requests: what OpenAI's chat completions, completions, embeddings
//! and responses and Anthropic's messages must be by themselves, and the
//! ceilings that an operator sets.
//!
//! Each API is a table (`api/`) of the members that are looked at, what may stand
//! in each and what an object must have; [`Check`] holds a text against it as it
//! comes. Of a text it keeps a few numbers for each container that is open, and
//! at most 32 bytes of a key, a role or a number.
//!
//! What is judged how:
//! - Fields that the tables don't have pass, with whatever is in them.
//! - The ranges are OpenAI's. What vLLM reads beside JSON's own types passes where
//!   it can be judged: a number may be written as a string (`"0.7"`), and is
//!   held against the same range and ceiling.
//! - `null` stands for a field that is not there, except where one is required.
//! - Unknown types of parts and items pass, and so do unknown tools of responses
//!   and messages. OpenAI's and vLLM's chat completions know two sorts of tools
//!   and refuse all others; so they are refused here.
//! - Where a key stands twice, each value is checked and counted, so no server's
//!   choice among them gets past a ceiling.
//! - Members come in any order: what depends on several of them is decided at the
//!   end of their object.

mod api;
mod check;
mod config;
mod endings;
mod frame;
mod limits;
mod marks;
mod scalar;
mod shape;
mod tally;
#[cfg(test)]
mod tests;
mod wording;

pub use check::Check;
pub use config::{Config, Range};
pub use limits::Rules;
