//! What is held against a schema while it goes by, against a validator that has
//! all of it; cut anywhere.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::unwrap_in_result,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking"
)]

mod schemas;

use std::rc::Rc;

use inference_api::json::Options;
use payload_validator::schema::{Schema, violation_of};
use payload_validator::violation::Violation;
use proptest::prelude::*;
use schemas::{instance, schema};
use serde_json::Value;

fn compiled(schema: &Value) -> Rc<Schema> {
    match Schema::compile(schema) {
        Ok(schema) => Rc::new(schema),
        Err(problems) => panic!("{schema}: {problems:?}"),
    }
}

/// What does not fit, if it is the same thing however the text is cut.
fn violation(schema: &Rc<Schema>, text: &[u8]) -> Option<Violation> {
    let read = |pieces: &[&[u8]]| violation_of(schema, pieces, Options::default()).unwrap();
    let whole = read(&[text]);
    for cut in 0..=text.len() {
        let (before, after) = text.split_at(cut);
        assert_eq!(read(&[before, after]), whole, "{} cut at {cut}", text.escape_ascii());
    }
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(read(&bytes), whole, "{} in single bytes", text.escape_ascii());
    whole
}

/// The oracle divides whole numbers as floats, and large floats by their binary
/// value: 1e300 is a multiple of 1.5 then, which no decimal reading makes it.
fn would_be_rounded(schema: &Value, value: &Value) -> bool {
    let is_divided = schema.to_string().contains("multipleOf");
    let text = value.to_string();
    let large = ["9007199254740993", "18446744073709551615", "e+300"];
    is_divided && large.iter().any(|number| text.contains(number))
}

fn agrees(schema: &Value, value: &Value) -> Result<(), TestCaseError> {
    let oracle = jsonschema::draft202012::new(schema).expect("a schema");
    let found = violation(&compiled(schema), value.to_string().as_bytes());
    prop_assert_eq!(found.is_none(), oracle.is_valid(value), "{} {}: {:?}", schema, value, found);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_value_fits_if_it_fits_when_all_of_it_is_there(
        schema in schema(),
        values in proptest::collection::vec(instance(), 1..6),
    ) {
        for value in values.iter().filter(|value| !would_be_rounded(&schema, value)) {
            agrees(&schema, value)?;
        }
    }
}
