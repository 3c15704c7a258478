//! What happens when a value ends.

use super::checking::Checking;
use super::failure::{Counted, Failure};
use super::node::{
    ArrayRules, Beside, Bounds, Contains, Limit, NameId, Node, NodeId, NumberRule, ObjectRules,
    Scalars,
};
use super::number::Number;
use super::state::{Asker, Question, Step};
use core::cmp::Ordering;
use inference_api::json::Kind;

/// A number that a schema looks at has at most so many characters. Longer ones
/// are legal JSON, but they don't fit, whatever the schema says.
pub(super) const MOST_NUMBER_BYTES: usize = 1024;

type Judgement<'a> = Result<(), Failure<'a>>;

impl<'a> Checking<'a> {
    /// The innermost value ended.
    pub(super) fn end(&mut self) {
        let Some(frame) = self.state.frames.last().copied() else { return };
        if self.state.runs.len() == frame.runs {
            self.state.frames.pop();
            return;
        }
        let number = match (frame.kind, self.state.text.whole()) {
            (Kind::Number, None) => return self.refuse(&Failure::NumberLength(MOST_NUMBER_BYTES)),
            (Kind::Number, Some(text)) => Number::read(text),
            _ => None,
        };
        // From the last: those beside come before the one that needs them.
        for place in self.state.top_runs().rev() {
            let Some(run) = self.state.runs.get(place).copied() else { return };
            let Some(node) = self.nodes.list.get(run.node) else { return };
            if run.has_failed {
                continue;
            }
            let judged = match frame.kind {
                Kind::Object => self.object(&node.object),
                Kind::Array => self.array(&node.array, run.matches),
                Kind::String => self.string(node),
                Kind::Number => numeric(node, number),
                Kind::Boolean(_) | Kind::Null => Ok(()),
            };
            let mut beside = node.beside.iter();
            if let Err(failure) = judged.and_then(|()| beside.try_for_each(|one| self.beside(one)))
            {
                self.fail(place, &failure);
            }
        }
        self.tell_askers(frame.askers);
        self.state.frames.pop();
        self.state.runs.truncate(frame.runs);
        self.state.askers.truncate(frame.askers);
        self.state.seen.truncate(frame.seen);
        if matches!(frame.step, Step::Item(_)) {
            self.too_many(Counted::Matches);
        }
    }

    fn object(&self, object: &'a ObjectRules) -> Judgement<'a> {
        self.at_least(Counted::Properties, object.count)?;
        let name_of = |name: NameId| self.nodes.names.get(name).map_or("*", String::as_str);
        if let Some(name) = object.required.iter().find(|name| !self.state.has_seen(**name)) {
            return Err(Failure::Missing(name_of(*name)));
        }
        let mut pairs = object.required_beside.iter();
        let is_broken = |(name, other): &&(NameId, NameId)| {
            self.state.has_seen(*name) && !self.state.has_seen(*other)
        };
        match pairs.find(is_broken) {
            Some((name, other)) => Err(Failure::MissingBeside(name_of(*other), name_of(*name))),
            None => Ok(()),
        }
    }

    fn array(&self, array: &'a ArrayRules, matches: u64) -> Judgement<'a> {
        self.at_least(Counted::Items, array.count)?;
        match &array.contains {
            Some(Contains { count, .. }) if matches < count.least => {
                Err(Failure::Count { what: Counted::Matches, found: matches, bounds: *count })
            }
            _ => Ok(()),
        }
    }

    fn at_least(&self, what: Counted, bounds: Option<Bounds>) -> Judgement<'a> {
        let found = self.state.frames.last().map_or(0, |frame| frame.members);
        match bounds.filter(|bounds| found < bounds.least) {
            Some(bounds) => Err(Failure::Count { what, found, bounds }),
            None => Ok(()),
        }
    }

    fn string(&self, node: &'a Node) -> Judgement<'a> {
        let text = &self.state.text;
        let found = text.characters;
        if let Some(bounds) = node.characters.filter(|bounds| !bounds.range().contains(&found)) {
            return Err(Failure::Count { what: Counted::Characters, found, bounds });
        }
        let is_one = |scalars: &Scalars| text.whole().is_some_and(|text| scalars.has_text(text));
        match node.scalars.as_ref().filter(|scalars| !is_one(scalars)) {
            Some(scalars) => Err(Failure::Scalar(scalars)),
            None => Ok(()),
        }
    }

    fn beside(&self, beside: &Beside) -> Judgement<'a> {
        let allowed = |nodes: &[NodeId]| nodes.iter().filter(|node| self.holds(**node)).count();
        match beside {
            Beside::All(node) if !self.holds(*node) => Err(Failure::NotAll),
            Beside::Any(nodes) if allowed(nodes) == 0 => Err(Failure::NoneOf(nodes.len())),
            Beside::One(nodes) => match allowed(nodes) {
                1 => Ok(()),
                found => Err(Failure::NotOneOf { found, schemas: nodes.len() }),
            },
            Beside::Not(node) if self.holds(*node) => Err(Failure::Not),
            Beside::If { condition, then, otherwise } => {
                let (keyword, branch) =
                    if self.holds(*condition) { ("then", then) } else { ("else", otherwise) };
                match branch.filter(|branch| !self.holds(*branch)) {
                    Some(_) => Err(Failure::Condition(keyword)),
                    None => Ok(()),
                }
            }
            Beside::Dependent { name, node }
                if self.state.has_seen(*name) && !self.holds(*node) =>
            {
                let name = self.nodes.names.get(*name);
                Err(Failure::Dependent(name.map_or("*", String::as_str)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a schema beside another one allows the innermost value.
    fn holds(&self, node: NodeId) -> bool {
        let run = self.state.run_of(node).ok().and_then(|run| self.state.runs.get(run));
        match run {
            Some(run) => !run.has_failed,
            // It was not made because it would say nothing.
            None => self.nodes.saying_something(node).is_none(),
        }
    }

    /// Tells those in the frame around what they wanted to know.
    fn tell_askers(&mut self, askers: usize) {
        let mut next = askers;
        while let Some(Asker { run, node, question }) = self.state.askers.get(next).copied() {
            let holds = self.holds(node);
            if let Some(run) = self.state.runs.get_mut(run) {
                match question {
                    Question::Holds => run.has_failed |= !holds,
                    Question::Counts if holds => run.matches = run.matches.saturating_add(1),
                    Question::Counts => {}
                }
            }
            next = next.saturating_add(1);
        }
    }
}

fn numeric(node: &Node, number: Option<Number>) -> Judgement<'_> {
    if !node.looks_into_numbers() {
        return Ok(());
    }
    let number = number.unwrap_or(Number::Float(f64::NAN));
    if node.types.are_only_whole_numbers() && !number.is_whole() {
        return Err(Failure::Type(node.types));
    }
    if let Some(scalars) = node.scalars.as_ref().filter(|scalars| !scalars.has_number(number)) {
        return Err(Failure::Scalar(scalars));
    }
    match node.numbers.iter().find(|rule| !rule.allows(number)) {
        Some(rule) => Err(Failure::Number(rule)),
        None => Ok(()),
    }
}

impl NumberRule {
    /// What is not a number is not within any limit.
    fn allows(&self, number: Number) -> bool {
        let compare = |limit: &Limit| number.compare(limit.number);
        match self {
            Self::Minimum(limit) => compare(limit).is_some_and(Ordering::is_ge),
            Self::ExclusiveMinimum(limit) => compare(limit).is_some_and(Ordering::is_gt),
            Self::Maximum(limit) => compare(limit).is_some_and(Ordering::is_le),
            Self::ExclusiveMaximum(limit) => compare(limit).is_some_and(Ordering::is_lt),
            Self::MultipleOf { divisor, .. } => number.is_multiple_of(*divisor),
        }
    }
}
