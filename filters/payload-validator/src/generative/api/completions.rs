//! OpenAI `completions`.

use super::parameters::*;
use crate::generative::marks::Marks;
use crate::generative::shape::{Array, Counter, Kinds, Leaf, Member, Need, Object, Value};
use crate::rules::Rule;

pub(super) static BODY: Object = Object::of(
    &[
        Member::marked("model", Marks::MODEL, &NAME),
        // `null` is what a text begins with.
        Member::marked("prompt", Marks::PROMPT, &PROMPT).or_null(),
        // vLLM: in place of a prompt, or beside it.
        Member::marked("prompt_embeds", Marks::PROMPT, &ANYTHING),
        Member::new("suffix", &TEXT),
        Member::marked("max_tokens", Marks::MAX_TOKENS, &TOKENS),
        Member::marked("max_tokens_to_sample", Marks::MAX_TOKENS, &TOKENS),
        Member::new("stream", &FLAG),
        Member::new("stream_options", &OBJECT),
        Member::new("n", &ANSWERS),
        Member::new("best_of", &BEST_OF),
        Member::new("temperature", &TEMPERATURE),
        Member::new("top_p", &TOP_P),
        Member::new("presence_penalty", &PRESENCE_PENALTY),
        Member::new("frequency_penalty", &FREQUENCY_PENALTY),
        Member::new("logit_bias", &OBJECT),
        Member::new("logprobs", &LOGPROBS),
        Member::new("echo", &FLAG),
        Member::new("stop", &STOP),
        Member::new("seed", &INTEGER),
        Member::new("user", &NAME),
    ],
    &[Need { of: Marks::NONE, any: Marks::PROMPT, member: "prompt", rule: Rule::Required }],
);

/// A text, token numbers, or several of one sort.
static PROMPT: Value = Value::of(Kinds::STRING.or(Kinds::ARRAY).or(Kinds::NULL))
    .with(Leaf::Text)
    .counted(Kinds::STRING, Counter::Inputs)
    .elements(&PROMPTS);
static PROMPTS: Array = Array::of(&ONE_PROMPT).alike();
static ONE_PROMPT: Value = Value::of(Kinds::STRING.or(Kinds::NUMBER).or(Kinds::ARRAY))
    .with(Leaf::Text)
    .counted(Kinds::STRING.or(Kinds::NUMBER).or(Kinds::ARRAY), Counter::Inputs)
    .elements(&TOKEN_NUMBERS);

static TOKEN_NUMBERS: Array = Array::of(&TOKEN_NUMBER);
/// Also of embeddings.
pub(super) static TOKEN_NUMBER: Value = Value::of(Kinds::NUMBER).with(Leaf::Text);
