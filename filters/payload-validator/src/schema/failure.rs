use inference_api::json::Kind;

use super::node::{Bounds, NumberRule, Scalars, Types};

/// Why a value does not fit, with what a sentence about it needs.
pub(super) enum Failure<'a> {
    /// It has none of these types.
    Type(Types),
    /// It is none of these.
    Scalar(&'a Scalars),
    /// A number that breaks this rule.
    Number(&'a NumberRule),
    /// There are so many, and it should be within the bounds.
    Count { what: Counted, found: u64, bounds: Bounds },
    /// There are more than the bounds allow, and their end was not waited for.
    TooMany { what: Counted, bounds: Bounds },
    /// This property is missing.
    Missing(&'a str),
    /// This property is missing, and there is that one.
    MissingBeside(&'a str, &'a str),
    /// One of the schemas that must all allow it doesn't.
    NotAll,
    /// None of so many schemas allows it.
    NoneOf(usize),
    /// So many of so many schemas allow it, and it should be one.
    NotOneOf { found: usize, schemas: usize },
    /// What is forbidden.
    Not,
    /// `if` allows it, `then` doesn't; or neither `if` nor `else` does.
    Condition(&'static str),
    /// The schema that comes with this property does not allow it.
    Dependent(&'a str),
    /// A number is too long to be read.
    NumberLength(usize),
    /// Too many schemas at once are held against it.
    TooManySchemas(usize),
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Characters,
    Items,
    Properties,
    /// Items that `contains` allows.
    Matches,
}

/// Lists in messages are no longer.
const MOST_WORDS: usize = 12;
const MOST_BYTES: usize = 200;

impl Failure<'_> {
    /// What was found, in words, where `whole` says what the value is.
    pub(super) fn found(&self, whole: &'static str) -> String {
        match self {
            Self::Count { what: Counted::Matches, found, .. } => {
                format!("{whole} with {found} such items")
            }
            Self::Count { what, found, .. } => format!("{whole} of {}", what.of(*found)),
            Self::TooMany { what: Counted::Matches, bounds } => {
                format!("{whole} with more than {} such items", bounds.most)
            }
            Self::TooMany { what, bounds } => {
                format!("{whole} of more than {}", what.of(bounds.most))
            }
            Self::Missing(_) | Self::MissingBeside(..) => "nothing".to_owned(),
            Self::NotOneOf { found, schemas } => {
                format!("{whole} that {found} of {schemas} schemas allow")
            }
            Self::NumberLength(most) => format!("{whole} of more than {most} characters"),
            _ => whole.to_owned(),
        }
    }

    /// What is allowed, from the schema.
    pub(super) fn allowed(&self) -> String {
        match self {
            Self::Type(types) if *types == Types::NONE => "nothing".to_owned(),
            Self::Type(types) => types.words().collect::<Vec<_>>().join(" or "),
            Self::Scalar(scalars) => list(&scalars.written),
            Self::Number(rule) => rule.allowed(),
            Self::Count { what, bounds, found } => {
                if *found < bounds.least {
                    format!("at least {}", what.of(bounds.least))
                } else {
                    format!("at most {}", what.of(bounds.most))
                }
            }
            Self::TooMany { what, bounds } => format!("at most {}", what.of(bounds.most)),
            Self::Missing(_) => "a value, since it is required".to_owned(),
            Self::MissingBeside(_, other) => format!("a value, since there is `{other}`"),
            Self::NotAll => "what all of the schemas (`allOf`, `$ref`) allow".to_owned(),
            Self::NoneOf(schemas) => format!("what one of {schemas} schemas (`anyOf`) allows"),
            Self::NotOneOf { schemas, .. } => {
                format!("what exactly one of {schemas} schemas (`oneOf`) allows")
            }
            Self::Not => "what the schema does not forbid (`not`)".to_owned(),
            Self::Condition(keyword) => format!("what the schema's `{keyword}` allows"),
            Self::Dependent(other) => {
                format!("what the schema allows beside `{other}` (`dependentSchemas`)")
            }
            Self::NumberLength(most) => format!("at most {most} characters in a number"),
            Self::TooManySchemas(most) => {
                format!("a value for which at most {most} schemas are looked at together")
            }
        }
    }
}

impl NumberRule {
    fn allowed(&self) -> String {
        match self {
            Self::Minimum(limit) => format!("at least {}", limit.written),
            Self::ExclusiveMinimum(limit) => format!("more than {}", limit.written),
            Self::Maximum(limit) => format!("at most {}", limit.written),
            Self::ExclusiveMaximum(limit) => format!("less than {}", limit.written),
            Self::MultipleOf { written, .. } => format!("a multiple of {written}"),
        }
    }
}

impl Counted {
    fn of(self, count: u64) -> String {
        let (one, many) = match self {
            Self::Characters => ("character", "characters"),
            Self::Items => ("item", "items"),
            Self::Properties => ("property", "properties"),
            Self::Matches => ("item that `contains` allows", "items that `contains` allows"),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

/// What a value of this kind is called.
pub(super) const fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Object => "an object",
        Kind::Array => "an array",
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::Boolean(_) => "a boolean",
        Kind::Null => "null",
    }
}

fn list(written: &[String]) -> String {
    let bytes = written.iter().fold(0_usize, |bytes, one| bytes.saturating_add(one.len()));
    match written {
        [] => "nothing".to_owned(),
        [_, _, ..] if written.len() > MOST_WORDS || bytes > MOST_BYTES => {
            format!("one of {} values", written.len())
        }
        [_] if bytes > MOST_BYTES => "the schema's one value".to_owned(),
        [one] => one.clone(),
        many => format!("one of {}", many.join(", ")),
    }
}
