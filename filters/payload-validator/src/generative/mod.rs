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
//! - The ranges are those of OpenAI's API description, for Anthropic's messages
//!   too. vLLM takes more of some (`temperature`, `n`, `top_logprobs`,
//!   `logprobs`, `best_of`, `max_output_tokens`, `stop`): in front of it, the rule
//!   `field_range` may be set to report only.
//! - What vLLM reads beside JSON's own types passes where it can be judged: a
//!   number may be written as a string (`"0.7"`), and is held against the same
//!   range and ceiling; yes or no may be any scalar.
//! - `null` stands for a field that is not there. Only one that is required may
//!   not be `null`.
//! - Unknown types of parts, blocks and items pass, and so do unknown tools of
//!   responses and messages. OpenAI's and vLLM's chat completions know two sorts
//!   of tools and refuse all others; so they are refused here. Roles, and the
//!   words of `tool_choice`, are closed in every API.
//! - What a role, part, item or tool needs is told by the rules `role`, `content`
//!   and `tools`; what a body or message lacks by `required`.
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
