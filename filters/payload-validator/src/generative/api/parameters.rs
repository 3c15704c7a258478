//! What the APIs have in common: parameters and plain values. Source of the
//! ranges: OpenAI's OpenAPI description, 2026.

use crate::generative::shape::{Array, Kinds, Leaf, Parameter, Setting, Value};
use crate::rules::Rule;

/// Anything, unread.
pub(super) static ANYTHING: Value = Value::of(Kinds::ANY);
/// A string.
pub(super) static NAME: Value = Value::of(Kinds::STRING.or(Kinds::NULL));
/// Yes or no. vLLM takes `1` and `"true"` for yes.
pub(super) static FLAG: Value = Value::of(Kinds::SCALAR);
pub(super) static OBJECT: Value = Value::of(Kinds::OBJECT.or(Kinds::NULL));
pub(super) static NAME_OR_OBJECT: Value =
    Value::of(Kinds::STRING.or(Kinds::OBJECT).or(Kinds::NULL));
/// Text that the model reads.
pub(super) static TEXT: Value = Value::of(Kinds::STRING.or(Kinds::NULL)).with(Leaf::Text);
/// Whatever the model reads, as it is written.
pub(super) static WRITTEN: Value = Value::of(Kinds::ANY).with(Leaf::Text);

pub(super) static TEMPERATURE: Value = number(&TEMPERATURES);
static TEMPERATURES: Parameter = Parameter::real(0.0, 2.0).set_by(Setting::Temperature);
pub(super) static TOP_P: Value = number(&PROBABILITIES);
static PROBABILITIES: Parameter = Parameter::real(0.0, 1.0).set_by(Setting::TopP);
pub(super) static PRESENCE_PENALTY: Value = number(&PRESENCE_PENALTIES);
static PRESENCE_PENALTIES: Parameter = Parameter::real(-2.0, 2.0).set_by(Setting::PresencePenalty);
pub(super) static FREQUENCY_PENALTY: Value = number(&FREQUENCY_PENALTIES);
static FREQUENCY_PENALTIES: Parameter =
    Parameter::real(-2.0, 2.0).set_by(Setting::FrequencyPenalty);

/// How many tokens an answer may have.
pub(super) static TOKENS: Value = number(&TOKEN_COUNTS);
static TOKEN_COUNTS: Parameter = Parameter::integer(0.0, f64::MAX).set_by(Setting::Tokens);
/// The same of responses, which have a minimum.
pub(super) static OUTPUT_TOKENS: Value = number(&OUTPUT_TOKEN_COUNTS);
static OUTPUT_TOKEN_COUNTS: Parameter = Parameter::integer(16.0, f64::MAX).set_by(Setting::Tokens);
pub(super) static ANSWERS: Value = number(&ANSWER_COUNTS);
static ANSWER_COUNTS: Parameter = Parameter::integer(1.0, 128.0).set_by(Setting::Answers);
pub(super) static BEST_OF: Value = number(&BEST_OF_COUNTS);
static BEST_OF_COUNTS: Parameter = Parameter::integer(0.0, 20.0).set_by(Setting::Answers);

pub(super) static TOP_LOGPROBS: Value = number(&LOGPROB_COUNTS);
static LOGPROB_COUNTS: Parameter = Parameter::integer(0.0, 20.0);
/// Of completions, where it is a number.
pub(super) static LOGPROBS: Value = number(&FEW_LOGPROB_COUNTS);
static FEW_LOGPROB_COUNTS: Parameter = Parameter::integer(0.0, 5.0);
pub(super) static DIMENSIONS: Value = number(&DIMENSION_COUNTS);
static DIMENSION_COUNTS: Parameter = Parameter::integer(1.0, f64::MAX);
pub(super) static INTEGER: Value = number(&INTEGERS);
static INTEGERS: Parameter = Parameter::integer(f64::MIN, f64::MAX);

/// One to four strings; vLLM's clients write an empty array for none.
pub(super) static STOP: Value =
    Value::of(Kinds::STRING.or(Kinds::ARRAY).or(Kinds::NULL)).elements(&STOPS);
static STOPS: Array = Array::of(&STRING).at_most(4, Rule::FieldRange);
/// Any number of strings.
pub(super) static STRINGS: Value = Value::of(Kinds::ARRAY.or(Kinds::NULL)).elements(&ALL_STRINGS);
static ALL_STRINGS: Array = Array::of(&STRING);
static STRING: Value = Value::of(Kinds::STRING);

/// A number, or what vLLM takes for one.
const fn number(parameter: &'static Parameter) -> Value {
    Value::of(Kinds::SCALAR).with(Leaf::Number(parameter))
}
