//! A schema as it is held against a text: one node for each subschema.

use core::ops::RangeInclusive;

use super::number::{Divisor, Number};
use inference_api::json::Kind;

/// Which node; a place in the schema's list of them.
///
/// Those that are held against the same value as another one, such as the
/// branches of its `anyOf`, stand behind it.
pub(super) type NodeId = usize;

/// Which property that the schema names; a place in the list of them.
pub(super) type NameId = usize;

/// What one subschema says of a value.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) types: Types,
    /// `enum` and `const`.
    pub(super) scalars: Option<Scalars>,
    /// `minimum` and its like.
    pub(super) numbers: Vec<NumberRule>,
    pub(super) characters: Option<Bounds>,
    pub(super) object: ObjectRules,
    pub(super) array: ArrayRules,
    /// Schemas for the same value.
    pub(super) beside: Vec<Beside>,
}

/// What is said of objects.
#[derive(Debug, Default)]
pub(super) struct ObjectRules {
    pub(super) count: Option<Bounds>,
    /// `properties`, in the order of the names' places.
    pub(super) named: Vec<(NameId, NodeId)>,
    /// `additionalProperties`
    pub(super) others: Option<NodeId>,
    /// `propertyNames`
    pub(super) names: Option<NodeId>,
    pub(super) required: Vec<NameId>,
    /// `dependentRequired`: if there is the one, there must be the other.
    pub(super) required_beside: Vec<(NameId, NameId)>,
    /// Whether any schema for the same value depends on a property.
    pub(super) has_dependent_schemas: bool,
}

/// What is said of arrays.
#[derive(Debug, Default)]
pub(super) struct ArrayRules {
    pub(super) count: Option<Bounds>,
    /// `prefixItems`
    pub(super) first: Vec<NodeId>,
    /// `items`: all others.
    pub(super) others: Option<NodeId>,
    pub(super) contains: Option<Contains>,
}

/// `contains`
#[derive(Debug)]
pub(super) struct Contains {
    pub(super) node: NodeId,
    /// `minContains` and `maxContains`
    pub(super) count: Bounds,
}

/// How schemas for the same value decide about it.
#[derive(Debug)]
pub(super) enum Beside {
    /// `allOf`, `$ref`
    All(NodeId),
    /// `anyOf`
    Any(Vec<NodeId>),
    /// `oneOf`
    One(Vec<NodeId>),
    /// `not`
    Not(NodeId),
    /// `if`, `then`, `else`
    If { condition: NodeId, then: Option<NodeId>, otherwise: Option<NodeId> },
    /// `dependentSchemas`
    Dependent { name: NameId, node: NodeId },
}

/// From so many to so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) least: u64,
    pub(super) most: u64,
}

/// One keyword for numbers.
#[derive(Clone, Debug)]
pub(super) enum NumberRule {
    Minimum(Limit),
    ExclusiveMinimum(Limit),
    Maximum(Limit),
    ExclusiveMaximum(Limit),
    MultipleOf { divisor: Divisor, written: String },
}

/// A bound and how the schema writes it.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) number: Number,
    pub(super) written: String,
}

/// The values that `enum` and `const` leave.
#[derive(Clone, Debug, Default)]
pub(super) struct Scalars {
    pub(super) has_null: bool,
    pub(super) booleans: Vec<bool>,
    pub(super) numbers: Vec<Number>,
    /// In order.
    pub(super) strings: Vec<String>,
    /// As the schema writes them.
    pub(super) written: Vec<String>,
}

/// A set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

/// Everything that was compiled.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) list: Vec<Node>,
    pub(super) root: NodeId,
    /// The properties that the schema names.
    pub(super) names: Vec<String>,
    /// Their places, in the order of the names.
    pub(super) names_in_order: Vec<NameId>,
    /// No name and no string to compare with has more bytes.
    pub(super) longest_text: usize,
}

impl Nodes {
    /// The node, unless it lets every value be.
    pub(super) fn saying_something(&self, id: NodeId) -> Option<&Node> {
        self.list.get(id).filter(|node| !node.says_nothing())
    }

    /// The property of this name, if the schema names it.
    pub(super) fn name(&self, name: &str) -> Option<NameId> {
        let order = &self.names_in_order;
        let name_at = |id: &NameId| self.names.get(*id).map(String::as_str);
        let place = order.binary_search_by(|id| name_at(id).cmp(&Some(name))).ok()?;
        order.get(place).copied()
    }
}

impl Node {
    fn says_nothing(&self) -> bool {
        self.types == Types::ANY
            && self.scalars.is_none()
            && self.numbers.is_empty()
            && self.characters.is_none()
            && self.object.says_nothing()
            && self.array.says_nothing()
            && self.beside.is_empty()
    }

    /// Whether the number itself has to be known.
    pub(super) fn looks_into_numbers(&self) -> bool {
        self.types.are_only_whole_numbers()
            || !self.numbers.is_empty()
            || self.scalars.as_ref().is_some_and(|scalars| !scalars.numbers.is_empty())
    }

    /// Whether a string's text has to be known, not only its length.
    pub(super) fn looks_at_text(&self) -> bool {
        self.scalars.as_ref().is_some_and(|scalars| !scalars.strings.is_empty())
    }
}

impl ObjectRules {
    /// Whether objects can be passed over.
    pub(super) fn says_nothing(&self) -> bool {
        self.count.is_none()
            && self.named.is_empty()
            && self.others.is_none()
            && self.names.is_none()
            && self.required.is_empty()
            && self.required_beside.is_empty()
            && !self.has_dependent_schemas
    }

    /// The schema of a property that `properties` names.
    pub(super) fn node_of(&self, name: NameId) -> Option<NodeId> {
        let place = self.named.binary_search_by_key(&name, |(named, _)| *named).ok()?;
        self.named.get(place).map(|(_, node)| *node)
    }
}

impl ArrayRules {
    /// Whether arrays can be passed over.
    pub(super) fn says_nothing(&self) -> bool {
        self.count.is_none()
            && self.first.is_empty()
            && self.others.is_none()
            && self.contains.is_none()
    }

    /// The schema of an item at this place, counted from zero.
    pub(super) fn node_of(&self, place: u64) -> Option<NodeId> {
        let first = usize::try_from(place).ok().and_then(|place| self.first.get(place));
        first.copied().or(self.others)
    }
}

impl Beside {
    /// All of its schemas.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> {
        let (list, one, two, three): (&[NodeId], _, _, _) = match self {
            Self::All(node) | Self::Not(node) | Self::Dependent { node, .. } => {
                (&[], Some(*node), None, None)
            }
            Self::Any(list) | Self::One(list) => (list, None, None, None),
            Self::If { condition, then, otherwise } => (&[], Some(*condition), *then, *otherwise),
        };
        list.iter().copied().chain(one).chain(two).chain(three)
    }
}

impl Bounds {
    /// Any number of them.
    pub(super) const ANY: Self = Self { least: 0, most: u64::MAX };

    pub(super) fn range(self) -> RangeInclusive<u64> {
        self.least..=self.most
    }
}

impl Scalars {
    /// Whether any of them is of this kind; for `true`, `false` and `null`,
    /// whether it is one of them.
    pub(super) fn may_be(&self, kind: Kind) -> bool {
        match kind {
            Kind::Null => self.has_null,
            Kind::Boolean(boolean) => self.booleans.contains(&boolean),
            Kind::Number => !self.numbers.is_empty(),
            Kind::String => !self.strings.is_empty(),
            Kind::Object | Kind::Array => false,
        }
    }

    pub(super) fn has_text(&self, text: &str) -> bool {
        self.strings.binary_search_by(|string| string.as_str().cmp(text)).is_ok()
    }

    pub(super) fn has_number(&self, number: Number) -> bool {
        self.numbers.iter().any(|one| one.compare(number).is_some_and(core::cmp::Ordering::is_eq))
    }
}

impl Default for Types {
    fn default() -> Self {
        Self::ANY
    }
}

impl Types {
    /// No value at all.
    pub(super) const NONE: Self = Self(0);
    /// Every value.
    pub(super) const ANY: Self = Self(0b111_1111);
    const OBJECT: Self = Self(0b1);
    const ARRAY: Self = Self(0b10);
    const STRING: Self = Self(0b100);
    const INTEGER: Self = Self(0b1000);
    const NUMBER: Self = Self(0b1_1000);
    const BOOLEAN: Self = Self(0b10_0000);
    const NULL: Self = Self(0b100_0000);

    /// The types and how a sentence names a value of them.
    const NAMED: [(&'static str, Self, &'static str); 7] = [
        ("object", Self::OBJECT, "an object"),
        ("array", Self::ARRAY, "an array"),
        ("string", Self::STRING, "a string"),
        ("number", Self::NUMBER, "a number"),
        ("integer", Self::INTEGER, "a whole number"),
        ("boolean", Self::BOOLEAN, "a boolean"),
        ("null", Self::NULL, "null"),
    ];

    /// The type that `type` gives this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, ..)| *known == name).map(|(_, types, _)| *types)
    }

    /// Those of both.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a value of this kind can be of one of the types.
    pub(super) fn may_be(self, kind: Kind) -> bool {
        self.has(match kind {
            Kind::Object => Self::OBJECT,
            Kind::Array => Self::ARRAY,
            Kind::String => Self::STRING,
            Kind::Number => Self::INTEGER,
            Kind::Boolean(_) => Self::BOOLEAN,
            Kind::Null => Self::NULL,
        })
    }

    /// Whether numbers must be whole ones.
    pub(super) const fn are_only_whole_numbers(self) -> bool {
        self.has(Self::INTEGER) && !self.has(Self::NUMBER)
    }

    /// How a sentence names values of these types.
    pub(super) fn words(self) -> impl Iterator<Item = &'static str> {
        let has_number = self.has(Self::NUMBER);
        Self::NAMED
            .iter()
            .filter(move |(_, types, _)| {
                self.has(*types) && !(has_number && *types == Self::INTEGER)
            })
            .map(|(.., words)| *words)
    }
}
