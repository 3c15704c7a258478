//! What happens when a value begins.

use super::failure::{Counted, Failure, name_of};
use super::node::{Beside, NodeId, Nodes};
use super::state::{Asker, Frame, Question, Run, State, Step, Weight};
use crate::rules::Rule;
use crate::violation::{Findings, Violation};
use inference_api::json::{Interest, Kind};

/// One event and what it touches.
pub(super) struct Checking<'a> {
    pub(super) nodes: &'a Nodes,
    pub(super) state: &'a mut State,
    pub(super) findings: &'a mut Findings,
}

/// So many schemas may be held against the open values at once, counting those
/// who asked for them. What would need more does not fit.
pub(super) const MOST_RUNS: usize = 16_384;

impl Checking<'_> {
    /// A value of this kind begins.
    pub(super) fn begin(&mut self, kind: Kind, step: Step) -> Interest {
        let around = self.state.top_runs();
        let askers = self.state.askers.len();
        for run in around {
            self.ask(run, step);
        }
        let frame = Frame {
            kind,
            step,
            runs: self.state.runs.len(),
            askers,
            seen: self.state.seen.len(),
            members: 0,
        };
        self.state.frames.push(frame);
        // Most values of most texts: nobody asks for them.
        if step != Step::Root && self.state.askers.len() == askers {
            return Interest::Skip;
        }
        self.answer(askers);
        let interest = self.interest(kind);
        if interest == Interest::Take && kind == Kind::Object {
            let end = self.state.seen.len().saturating_add(self.nodes.names.len());
            self.state.seen.resize(end, false);
        }
        interest
    }

    /// Writes down that a run does not allow the innermost value.
    pub(super) fn fail(&mut self, run: usize, failure: &Failure<'_>) {
        match self.state.runs.get_mut(run) {
            Some(Run { weight: Weight::Contributing, has_failed, .. }) => *has_failed = true,
            _ => self.refuse(failure),
        }
    }

    /// Writes down that the text does not fit, because of the innermost value.
    pub(super) fn refuse(&mut self, failure: &Failure<'_>) {
        if self.state.is_over {
            return;
        }
        let whole = match self.state.frames.last() {
            Some(Frame { step: Step::Name(_), .. }) => "a property name",
            Some(frame) => name_of(frame.kind),
            None => "a value",
        };
        let (nodes, state) = (self.nodes, &*self.state);
        self.findings.add(Rule::JsonSchema, || {
            let mut field = state.pointer(nodes);
            if let Failure::Missing(name) | Failure::MissingBeside(name, _) = failure {
                super::push_token(&mut field, name);
            }
            Violation::new(Rule::JsonSchema, field, failure.found(whole), failure.allowed())
        });
        self.state.give_up();
    }

    /// What a run of the frame around wants to know about the value that begins.
    fn ask(&mut self, run: usize, step: Step) {
        let Some(Run { node, has_failed: false, matches, .. }) = self.state.runs.get(run).copied()
        else {
            return;
        };
        let Some(node) = self.nodes.list.get(node) else { return };
        let held = match step {
            Step::Root => None,
            Step::Item(place) => node.array.node_of(place),
            Step::Member(name) => {
                name.and_then(|name| node.object.node_of(name)).or(node.object.others)
            }
            Step::Name(_) => node.object.names,
        };
        if let Some(node) = held.filter(|node| self.nodes.saying_something(*node).is_some()) {
            self.state.askers.push(Asker { run, node, question: Question::Holds });
        }
        if let (Step::Item(_), Some(contains)) = (step, &node.array.contains)
            && (matches < contains.count.least || contains.count.most != u64::MAX)
        {
            let question = Question::Counts;
            self.state.askers.push(Asker { run, node: contains.node, question });
        }
    }

    /// Makes the runs that were asked for, and those that they need beside them.
    fn answer(&mut self, askers: usize) {
        if self.state.frames.len() == 1 {
            // Nobody asks for the outermost value.
            self.run(self.nodes.root, Weight::Decisive);
        }
        let mut next = askers;
        while let Some(Asker { run, node, question }) = self.state.askers.get(next).copied() {
            let weight = match (question, self.state.runs.get(run)) {
                (Question::Holds, Some(run)) => run.weight,
                _ => Weight::Contributing,
            };
            self.run(node, weight);
            next = next.saturating_add(1);
        }
        // Those beside come behind the one that needs them: when it is a run's
        // turn, all who need it have been there.
        let mut next = self.state.top_runs().start;
        while let Some(run) = self.state.runs.get(next).copied() {
            self.begin_run(next, run);
            next = next.saturating_add(1);
        }
    }

    fn begin_run(&mut self, place: usize, run: Run) {
        let Some(kind) = self.state.frames.last().map(|frame| frame.kind) else { return };
        let Some(node) = self.nodes.list.get(run.node) else { return };
        if !node.types.may_be(kind) {
            return self.fail(place, &Failure::Type(node.types));
        }
        if let Some(scalars) = node.scalars.as_ref().filter(|scalars| !scalars.may_be(kind)) {
            return self.fail(place, &Failure::Scalar(scalars));
        }
        for beside in &node.beside {
            let weight = match beside {
                Beside::All(_) => run.weight,
                _ => Weight::Contributing,
            };
            for node in beside.nodes() {
                if self.nodes.saying_something(node).is_some() {
                    self.run(node, weight);
                }
            }
        }
    }

    /// Holds a schema against the innermost value, once.
    fn run(&mut self, node: NodeId, weight: Weight) {
        if self.state.is_over {
            return;
        }
        match self.state.run_of(node) {
            Ok(place) => {
                let run = self.state.runs.get_mut(place);
                if let Some(run) = run.filter(|_| weight == Weight::Decisive) {
                    run.weight = weight;
                }
            }
            Err(_) if self.is_full() => self.refuse(&Failure::TooManySchemas(MOST_RUNS)),
            Err(place) => {
                let run = Run { node, weight, has_failed: false, matches: 0 };
                self.state.runs.insert(place, run);
            }
        }
    }

    fn is_full(&self) -> bool {
        self.state.runs.len().saturating_add(self.state.askers.len()) >= MOST_RUNS
    }

    /// What the schemas need to know of the value that begins.
    fn interest(&self, kind: Kind) -> Interest {
        let runs = self.state.runs.get(self.state.top_runs()).unwrap_or_default();
        let runs = runs.iter().filter(|run| !run.has_failed);
        let mut nodes = runs.filter_map(|run| self.nodes.list.get(run.node));
        let is_taken = match kind {
            Kind::Object => nodes.any(|node| !node.object.says_nothing()),
            Kind::Array => nodes.any(|node| !node.array.says_nothing()),
            Kind::Number => nodes.any(|node| node.looks_into_numbers()),
            Kind::String => {
                let mut interest = Interest::Skip;
                for node in nodes {
                    if node.looks_at_text() {
                        return Interest::Take;
                    }
                    if node.characters.is_some() {
                        interest = Interest::Measure;
                    }
                }
                return interest;
            }
            Kind::Boolean(_) | Kind::Null => false,
        };
        if is_taken { Interest::Take } else { Interest::Skip }
    }

    /// A property's name was read.
    pub(super) fn name(&mut self) {
        let name = self.state.text.whole().and_then(|text| self.nodes.name(text));
        self.state.name = name;
        let Some(frame) = self.state.frames.last_mut() else { return };
        frame.members = frame.members.saturating_add(1);
        let place = name.map(|name| frame.seen.saturating_add(name));
        if let Some(seen) = place.and_then(|place| self.state.seen.get_mut(place)) {
            *seen = true;
        }
        self.too_many(Counted::Properties);
        let is_judged = |run: &Run| {
            let node = self.nodes.list.get(run.node).filter(|_| !run.has_failed);
            node.is_some_and(|node| node.object.names.is_some())
        };
        let runs = self.state.runs.get(self.state.top_runs()).unwrap_or_default();
        if runs.iter().any(is_judged) {
            self.begin(Kind::String, Step::Name(name));
            self.end();
        }
    }

    /// Another item begins in the innermost value, which is at this place.
    pub(super) fn item(&mut self) -> Step {
        let place = self.state.frames.last_mut().map(|frame| {
            let place = frame.members;
            frame.members = frame.members.saturating_add(1);
            place
        });
        self.too_many(Counted::Items);
        Step::Item(place.unwrap_or_default())
    }

    /// Refuses what is beyond a number that may not be exceeded.
    pub(super) fn too_many(&mut self, what: Counted) {
        let Some(members) = self.state.frames.last().map(|frame| frame.members) else { return };
        for place in self.state.top_runs() {
            let Some(run) = self.state.runs.get(place).filter(|run| !run.has_failed) else {
                continue;
            };
            let Some(node) = self.nodes.list.get(run.node) else { continue };
            let (found, bounds) = match what {
                Counted::Properties => (members, node.object.count),
                Counted::Items => (members, node.array.count),
                Counted::Matches => {
                    (run.matches, node.array.contains.as_ref().map(|contains| contains.count))
                }
                Counted::Characters => return,
            };
            if let Some(bounds) = bounds.filter(|bounds| found > bounds.most) {
                self.fail(place, &Failure::TooMany { what, bounds });
            }
        }
    }
}
