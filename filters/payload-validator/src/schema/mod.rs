//! JSON Schema, held against a JSON text while the text goes by.
//!
//! [`Schema::compile`] reads a schema once, when the filter is configured, and
//! refuses what it can't check in one pass without keeping the body. What is kept of
//! a text is then bounded by the size of the schema times the depth of the text.
//!
//! The dialect is draft 2020-12, validation and applicator vocabularies, with two
//! spellings of draft-07: `definitions`, and `items` as a list with
//! `additionalItems`. Keywords beside a `$ref` count. `format` and the
//! `content*` keywords are annotations, as the draft has it.
//!
//! Where the drafts leave room:
//! - **Numbers.** Whole numbers of 64 bits are exact, all others are the nearest
//!   64-bit float; the two are compared exactly. `2.0` is an integer. A divisor
//!   with a fraction divides decimals: 0.3 is a multiple of 0.1. `NaN`, where it is
//!   read as a number, is within no limit and of no `enum`. A number that a schema
//!   looks at has at most 1024 characters; a longer one does not fit.
//! - **Lengths** count Unicode characters, decoded.
//! - **Duplicate keys.** Each occurrence must fit, and each one counts as a
//!   property. Servers take the first or the last one: under `not`, `if` and
//!   `oneOf` it can matter which, so refuse duplicates where a schema has those.
//! - **Size.** A schema has at most 4096 subschemas. At most 16384 of them are held
//!   against the open values of a text at once, each one once for a value; a text
//!   for which that is not enough does not fit.
//! - **References** are `#` and JSON pointers behind it. Nothing is fetched.
//!
//! Not supported, because the body would have to be kept: `uniqueItems`, `enum`
//! and `const` with objects or arrays, `unevaluatedProperties` and
//! `unevaluatedItems`. Not supported, because it is rare: `$dynamicRef`,
//! `$anchor`, an `$id` below the top. Not supported, because it would make the
//! module 250 KB larger: `pattern` and `patternProperties`.

mod checking;
mod compile;
mod failure;
mod judging;
mod node;
mod number;
mod state;
mod validation;
mod whole;

use serde_json::Value;

pub use compile::SchemaProblem;
pub(crate) use validation::Validation;
pub use whole::violation_of;

use node::Nodes;

/// A schema, ready to be held against any number of texts.
#[derive(Debug)]
pub struct Schema {
    nodes: Nodes,
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// When it is no schema or can't be checked in one pass: everything that is
    /// wrong with it, with its place in the schema.
    pub fn compile(schema: &Value) -> Result<Self, Vec<SchemaProblem>> {
        compile::compile(schema).map(|nodes| Self { nodes })
    }
}

/// Adds a token to a JSON pointer (RFC 6901, section 4).
fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(character),
        }
    }
}

#[cfg(test)]
mod tests;
