mod keywords;
mod limits;
mod messages;
mod problems;

use std::rc::Rc;

use super::{Schema, violation_of};
use crate::violation::Violation;
use inference_api::json::Options;
use serde_json::Value;

fn compiled(schema: &Value) -> Rc<Schema> {
    match Schema::compile(schema) {
        Ok(schema) => Rc::new(schema),
        Err(problems) => panic!("{schema}: {problems:?}"),
    }
}

/// What does not fit, if it is the same thing however the text is cut.
fn violation(schema: &Value, text: &str) -> Option<Violation> {
    let schema = compiled(schema);
    let read = |pieces: &[&[u8]]| violation_of(&schema, pieces, Options::default()).unwrap();
    let whole = read(&[text.as_bytes()]);
    for cut in 0..=text.len() {
        let (before, after) = text.as_bytes().split_at(cut);
        assert_eq!(read(&[before, after]), whole, "{text} cut at {cut}");
    }
    whole
}
