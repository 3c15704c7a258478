//! What the tables of the APIs are made of.

use super::marks::Marks;
use crate::rules::Rule;
use inference_api::json::Kind;

/// What may stand at a place.
pub(super) struct Value {
    pub(super) kinds: Kinds,
    /// The rule that another kind breaks.
    pub(super) rule: Rule,
    pub(super) leaf: Leaf,
    /// What is counted with each one of these kinds. Of the numbers in an array,
    /// only the first counts: a row of token numbers is one input.
    pub(super) counted: Option<(Kinds, Counter)>,
    /// What an array is made of. Without it, nobody looks inside.
    pub(super) array: Option<&'static Array>,
    /// What an object is made of. Without it, nobody looks inside.
    pub(super) object: Option<&'static Object>,
}

/// What becomes of a string or number, and of arrays and objects whose inside is
/// not looked at.
#[derive(Clone, Copy)]
pub(super) enum Leaf {
    /// It passes.
    Passed,
    /// It counts as text of the prompt: a number as a token, what is neither
    /// string nor number as it is written.
    Text,
    /// It counts if its object has one of these marks.
    TextIf(Marks),
    /// The same, and it may not be an empty string.
    Input,
    /// One of a few words.
    Word(&'static Words),
    /// A number, be it written as a string.
    Number(&'static Parameter),
}

/// Of what there may be too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    Messages,
    Tools,
    Inputs,
    Images,
}

/// A role or a type.
pub(super) struct Words {
    pub(super) known: &'static [(&'static str, Marks)],
    pub(super) others: Others,
}

/// What becomes of words that are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    Pass,
    Break(Rule),
    /// The configuration may have other roles.
    BreakRole,
}

/// A number that a request may set.
pub(super) struct Parameter {
    pub(super) number: Number,
    pub(super) least: f64,
    pub(super) most: f64,
    /// What the configuration may say about it.
    pub(super) setting: Option<Setting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Integer,
    Real,
}

/// A parameter that the configuration knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Tokens,
    Answers,
    Temperature,
    TopP,
    PresencePenalty,
    FrequencyPenalty,
}

/// What an array is made of.
pub(super) struct Array {
    pub(super) element: &'static Value,
    pub(super) least: Least,
    /// How many there may be, if they are no numbers, and the rule that more of
    /// them break.
    pub(super) most: Option<(u64, Rule)>,
    pub(super) likeness: Likeness,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Least {
    None,
    One,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// Elements may be of different kinds.
    Any,
    /// All are of the same kind.
    Alike,
}

/// What an object is made of, as far as it matters.
pub(super) struct Object {
    pub(super) members: &'static [Member],
    pub(super) needs: &'static [Need],
    pub(super) clashes: &'static [Clash],
    /// What the object around it takes over of its marks.
    pub(super) lent: Marks,
}

pub(super) struct Member {
    pub(super) name: &'static str,
    /// That it is there.
    pub(super) mark: Marks,
    pub(super) null: Null,
    pub(super) value: &'static Value,
}

/// What `null` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Null {
    /// That a member is not there.
    Absent,
    /// What the API has by default.
    Default,
}

/// What an object must have.
pub(super) struct Need {
    /// If it has one of these marks; always, if there are none.
    pub(super) of: Marks,
    /// Then it needs one of these.
    pub(super) any: Marks,
    /// The member to be named.
    pub(super) member: &'static str,
    pub(super) rule: Rule,
}

/// What does not go together.
pub(super) struct Clash {
    pub(super) these: Marks,
    pub(super) with: Marks,
    /// The member to be named.
    pub(super) member: &'static str,
    pub(super) rule: Rule,
    pub(super) found: &'static str,
    pub(super) allowed: &'static str,
}

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(1 << 1);
    pub(super) const NUMBER: Self = Self(1 << 2);
    pub(super) const STRING: Self = Self(1 << 3);
    pub(super) const ARRAY: Self = Self(1 << 4);
    pub(super) const OBJECT: Self = Self(1 << 5);
    pub(super) const SCALAR: Self = Self::NULL.or(Self::BOOLEAN).or(Self::NUMBER).or(Self::STRING);
    pub(super) const ANY: Self = Self::SCALAR.or(Self::ARRAY).or(Self::OBJECT);

    pub(super) const fn or(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    pub(super) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Object => Self::OBJECT,
            Kind::Array => Self::ARRAY,
            Kind::String => Self::STRING,
            Kind::Number => Self::NUMBER,
            Kind::Boolean(_) => Self::BOOLEAN,
            Kind::Null => Self::NULL,
        }
    }

    pub(super) const fn has(self, kind: Kind) -> bool {
        self.0 & Self::of(kind).0 != 0
    }
}

impl Value {
    /// Any of these kinds; which one, or what is in it, doesn't matter.
    pub(super) const fn of(kinds: Kinds) -> Self {
        Self {
            kinds,
            rule: Rule::FieldValue,
            leaf: Leaf::Passed,
            counted: None,
            array: None,
            object: None,
        }
    }

    /// The rule that other kinds break.
    pub(super) const fn else_breaks(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }

    pub(super) const fn with(self, leaf: Leaf) -> Self {
        Self { leaf, ..self }
    }

    pub(super) const fn counted(self, kinds: Kinds, counter: Counter) -> Self {
        Self { counted: Some((kinds, counter)), ..self }
    }

    pub(super) const fn elements(self, array: &'static Array) -> Self {
        Self { array: Some(array), ..self }
    }

    pub(super) const fn members(self, object: &'static Object) -> Self {
        Self { object: Some(object), ..self }
    }
}

impl Array {
    pub(super) const fn of(element: &'static Value) -> Self {
        Self { element, least: Least::None, most: None, likeness: Likeness::Any }
    }

    pub(super) const fn not_empty(self) -> Self {
        Self { least: Least::One, ..self }
    }

    pub(super) const fn at_most(self, count: u64, rule: Rule) -> Self {
        Self { most: Some((count, rule)), ..self }
    }

    pub(super) const fn alike(self) -> Self {
        Self { likeness: Likeness::Alike, ..self }
    }
}

impl Object {
    pub(super) const fn of(members: &'static [Member], needs: &'static [Need]) -> Self {
        Self { members, needs, clashes: &[], lent: Marks::NONE }
    }

    /// The member of this name, if it matters.
    pub(super) fn member(&self, name: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

impl Member {
    /// A member of which it doesn't matter whether it is there.
    pub(super) const fn new(name: &'static str, value: &'static Value) -> Self {
        Self { name, mark: Marks::NONE, null: Null::Absent, value }
    }

    pub(super) const fn marked(name: &'static str, mark: Marks, value: &'static Value) -> Self {
        Self { name, mark, null: Null::Absent, value }
    }

    /// A member that is there as `null`, too.
    pub(super) const fn or_null(self) -> Self {
        Self { null: Null::Default, ..self }
    }
}

impl Parameter {
    pub(super) const fn integer(least: f64, most: f64) -> Self {
        Self { number: Number::Integer, least, most, setting: None }
    }

    pub(super) const fn real(least: f64, most: f64) -> Self {
        Self { number: Number::Real, least, most, setting: None }
    }

    pub(super) const fn set_by(self, setting: Setting) -> Self {
        Self { setting: Some(setting), ..self }
    }
}
