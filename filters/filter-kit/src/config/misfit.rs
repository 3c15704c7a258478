use core::fmt;
use serde::de::{self, Expected, Unexpected};
use serde_json::{Number, Value};

/// Why a value can't be read as what it has to be.
///
/// It is made where that shows, and learns its path while it is handed up to
/// the whole: each holder says how it leads to the value.
#[derive(Debug)]
pub(super) struct Misfit<'v>(Box<Details<'v>>);

#[derive(Debug)]
struct Details<'v> {
    fact: Fact,
    /// From the value outwards.
    steps: Vec<Step<'v>>,
    culprit: Option<&'v Value>,
    is_surplus: bool,
}

#[derive(Debug)]
enum Fact {
    UnknownKey { key: String, known: Names },
    MissingKey(&'static str),
    UnknownVariant { variant: String, known: Names },
    WrongType { found: String, expected: String },
    WrongValue { found: String, expected: String },
    Other(String),
}

type Names = &'static [&'static str];

/// How an object or a list leads to a value in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'v> {
    Key(&'v str),
    Index(usize),
}

impl<'v> Misfit<'v> {
    /// Seen from an object or a list whose member is read. The innermost member
    /// is the culprit: without it, the rest can be read.
    #[cold]
    #[inline(never)]
    pub(super) fn in_member(self, step: Step<'v>, member: &'v Value) -> Self {
        let mut misfit = self.below(step);
        misfit.0.culprit.get_or_insert(member);
        misfit
    }

    /// Seen from an object whose key is read.
    pub(super) fn at_key(mut self, key: &'v str, value: &'v Value) -> Self {
        self.0.is_surplus = matches!(self.0.fact, Fact::UnknownKey { .. });
        self.in_member(Step::Key(key), value)
    }

    /// Seen from a value that is nothing without what the step leads to.
    #[cold]
    #[inline(never)]
    pub(super) fn below(mut self, step: Step<'v>) -> Self {
        self.0.steps.push(step);
        self
    }

    /// The value without which the rest can be read, if that is not the whole.
    pub(super) fn culprit(&self) -> Option<&'v Value> {
        self.0.culprit
    }

    /// Whether nothing is lost without the culprit.
    pub(super) fn is_surplus(&self) -> bool {
        self.0.is_surplus
    }

    /// Whether it says that a key is missing which was only left out.
    pub(super) fn is_consequence(&self, whole: &Value) -> bool {
        let Fact::MissingKey(key) = self.0.fact else { return false };
        let object = self.0.steps.iter().rev().try_fold(whole, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        });
        object.is_some_and(|object| object.get(key).is_some())
    }

    /// Where it is, such as `models[2].labels["v1.1"]`.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for step in self.0.steps.iter().rev() {
            match step {
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Key(key) if !is_plain(key) => path.push_str(&format!("[{key:?}]")),
                Step::Key(key) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
            }
        }
        path
    }

    #[cold]
    #[inline(never)]
    fn new(fact: Fact) -> Self {
        Self(Box::new(Details { fact, steps: Vec::new(), culprit: None, is_surplus: false }))
    }
}

impl fmt::Display for Misfit<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.fact {
            Fact::UnknownKey { key, known } => {
                write!(out, "unknown field `{key}`, {}", one_of(known, "fields"))
            }
            Fact::MissingKey(key) => write!(out, "missing field `{key}`"),
            Fact::UnknownVariant { variant, known } => {
                write!(out, "unknown variant `{variant}`, {}", one_of(known, "variants"))
            }
            Fact::WrongType { found, expected } => {
                write!(out, "invalid type: {found}, expected {expected}")
            }
            Fact::WrongValue { found, expected } => {
                write!(out, "invalid value: {found}, expected {expected}")
            }
            Fact::Other(text) => out.write_str(text),
        }
    }
}

impl core::error::Error for Misfit<'_> {}

impl de::Error for Misfit<'_> {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(Fact::Other(text.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Fact::WrongType { found: words(found), expected: expected.to_string() })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Fact::WrongValue { found: words(found), expected: expected.to_string() })
    }

    fn unknown_variant(variant: &str, known: Names) -> Self {
        Self::new(Fact::UnknownVariant { variant: variant.to_owned(), known })
    }

    fn unknown_field(key: &str, known: Names) -> Self {
        Self::new(Fact::UnknownKey { key: key.to_owned(), known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Fact::MissingKey(key))
    }
}

/// What was found, in serde's words. Its own `Display` would bring the standard
/// library's way of writing a double into the module, beside the one of serde_json.
#[cold]
#[inline(never)]
fn words(found: Unexpected<'_>) -> String {
    let words = match found {
        Unexpected::Unit => "null",
        Unexpected::Seq => "sequence",
        Unexpected::Map => "map",
        Unexpected::Other(words) => words,
        Unexpected::Bool(truth) => return format!("boolean `{truth}`"),
        Unexpected::Unsigned(number) => return format!("integer `{number}`"),
        Unexpected::Signed(number) => return format!("integer `{number}`"),
        Unexpected::Float(double) => match Number::from_f64(double) {
            Some(number) => return format!("floating point `{number}`"),
            None => "no number",
        },
        Unexpected::Str(text) => return format!("string {text:?}"),
        _ => "something else",
    };
    words.to_owned()
}

fn one_of(known: Names, noun: &str) -> String {
    match known {
        [] => format!("there are no {noun}"),
        [only] => format!("expected `{only}`"),
        [one, other] => format!("expected `{one}` or `{other}`"),
        [..] => format!("expected one of `{}`", known.join("`, `")),
    }
}

/// Whether a key can stand in a path as it is.
fn is_plain(key: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !key.is_empty() && key.bytes().all(is_plain)
}
