//! OpenAI `embeddings`; what vLLM takes in place of `input`, and Cohere's `embed`,
//! which it serves too.

use super::chat::MESSAGES;
use super::completions::TOKEN_NUMBER;
use super::parameters::{DIMENSIONS, NAME};
use super::parts::CONTENT;
use crate::generative::marks::Marks;
use crate::generative::shape::{Array, Counter, Kinds, Leaf, Member, Need, Object, Value};
use crate::rules::Rule;

pub(super) static BODY: Object = Object::of(
    &[
        Member::marked("model", Marks::MODEL, &NAME),
        Member::marked("input", Marks::INPUT, &INPUT),
        Member::new("encoding_format", &NAME),
        Member::new("dimensions", &DIMENSIONS),
        Member::new("user", &NAME),
        Member::marked("messages", Marks::INPUT, &MESSAGES),
        Member::marked("texts", Marks::INPUT, &INPUT),
        Member::marked("inputs", Marks::INPUT, &MIXED_INPUTS),
        Member::marked("images", Marks::INPUT, &IMAGES),
    ],
    &[Need { of: Marks::NONE, any: Marks::INPUT, member: "input", rule: Rule::Required }],
);

/// A text, token numbers, or several of one sort.
static INPUT: Value = Value::of(Kinds::STRING.or(Kinds::ARRAY).or(Kinds::NULL))
    .with(Leaf::Input)
    .counted(Kinds::STRING, Counter::Inputs)
    .elements(&INPUTS);
static INPUTS: Array = Array::of(&ONE_INPUT).not_empty().at_most(2048, Rule::InputCount).alike();
static ONE_INPUT: Value = Value::of(Kinds::STRING.or(Kinds::NUMBER).or(Kinds::ARRAY))
    .with(Leaf::Input)
    .counted(Kinds::STRING.or(Kinds::NUMBER).or(Kinds::ARRAY), Counter::Inputs)
    .elements(&SOME_TOKEN_NUMBERS);

static SOME_TOKEN_NUMBERS: Array = Array::of(&TOKEN_NUMBER).not_empty();

static MIXED_INPUTS: Value = Value::of(Kinds::ARRAY.or(Kinds::NULL)).elements(&ALL_MIXED_INPUTS);
static ALL_MIXED_INPUTS: Array = Array::of(&MIXED_INPUT);
static MIXED_INPUT: Value = Value::of(Kinds::ANY)
    .with(Leaf::Text)
    .counted(Kinds::ANY, Counter::Inputs)
    .members(&MIXED_INPUT_MEMBERS);
static MIXED_INPUT_MEMBERS: Object = Object::of(&[Member::new("content", &CONTENT)], &[]);

static IMAGES: Value = Value::of(Kinds::ARRAY.or(Kinds::NULL)).elements(&ALL_IMAGES);
static ALL_IMAGES: Array = Array::of(&IMAGE);
static IMAGE: Value = Value::of(Kinds::ANY).counted(Kinds::ANY, Counter::Images);
