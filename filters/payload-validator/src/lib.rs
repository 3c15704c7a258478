//! The payload validator: whether a payload fits its model's contract.

pub mod generative;
pub mod rules;
pub mod schema;
pub mod violation;
