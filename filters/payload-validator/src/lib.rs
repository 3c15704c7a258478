//! The payload validator: whether a payload fits its model's contract.

pub mod generative;
mod json_check;
pub mod rules;
pub mod schema;
pub mod violation;
