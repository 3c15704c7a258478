use core::ops::Range;

use super::node::{NameId, NodeId, Nodes};
use inference_api::json::Kind;

/// What is known in the middle of a text.
///
/// Each open value has a frame, and in it at most one run for each schema, whoever
/// asks for it: so all that is kept is bounded by the size of the schema times
/// the depth of the text.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The values that are open, from the outermost on.
    pub(super) frames: Vec<Frame>,
    /// Those of each frame, one behind the other; within a frame in the order of
    /// the nodes.
    pub(super) runs: Vec<Run>,
    /// Who asked for them from the frame around, one frame's behind the other's.
    pub(super) askers: Vec<Asker>,
    /// For each object that is looked into, whether each property that the schema
    /// names was there.
    pub(super) seen: Vec<bool>,
    /// The string, key or number that is read.
    pub(super) text: Text,
    /// The last key, if the schema names it.
    pub(super) name: Option<NameId>,
    /// It was found that the text does not fit, or nobody wants to know.
    pub(super) is_over: bool,
}

/// An open value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) step: Step,
    /// Where its runs begin.
    pub(super) runs: usize,
    /// Where those who asked for them begin.
    pub(super) askers: usize,
    /// Where the names begin that were seen in it.
    pub(super) seen: usize,
    /// How many properties or items have begun.
    pub(super) members: u64,
}

/// The way from a value to one inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Root,
    Item(u64),
    /// A property, by its name if the schema names it.
    Member(Option<NameId>),
    /// A property's name itself.
    Name(Option<NameId>),
}

/// A schema that is held against a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) node: NodeId,
    pub(super) weight: Weight,
    pub(super) has_failed: bool,
    /// So many items were found that `contains` allows.
    pub(super) matches: u64,
}

/// What follows when a schema does not allow a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// The text does not fit.
    Decisive,
    /// Another schema decides what that means.
    Contributing,
}

/// A run in the frame around that wants to know about a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) run: usize,
    pub(super) node: NodeId,
    pub(super) question: Question,
}

/// What a run wants to know about a value inside its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Whether it fails, which makes the run fail.
    Holds,
    /// Whether to count it.
    Counts,
}

/// Text of which at most so many bytes are kept.
#[derive(Debug, Default)]
pub(super) struct Text {
    kept: String,
    is_too_long: bool,
    /// How many characters there were.
    pub(super) characters: u64,
}

impl State {
    /// The places of the runs of the innermost value.
    pub(super) fn top_runs(&self) -> Range<usize> {
        self.frames.last().map_or(0, |frame| frame.runs)..self.runs.len()
    }

    /// The run of a node on the innermost value, or where it would be.
    pub(super) fn run_of(&self, node: NodeId) -> Result<usize, usize> {
        let start = self.top_runs().start;
        let runs = self.runs.get(start..).unwrap_or_default();
        match runs.binary_search_by_key(&node, |run| run.node) {
            Ok(place) => Ok(start.saturating_add(place)),
            Err(place) => Err(start.saturating_add(place)),
        }
    }

    /// Whether a property was there in the innermost value.
    pub(super) fn has_seen(&self, name: NameId) -> bool {
        let place = self.frames.last().map(|frame| frame.seen.saturating_add(name));
        place.and_then(|place| self.seen.get(place)).copied().unwrap_or_default()
    }

    /// Where the innermost value stands, as a JSON pointer.
    pub(super) fn pointer(&self, nodes: &Nodes) -> String {
        let mut pointer = String::new();
        for frame in &self.frames {
            match frame.step {
                Step::Root => {}
                Step::Item(place) => super::push_token(&mut pointer, &place.to_string()),
                Step::Member(name) | Step::Name(name) => {
                    let name = name.and_then(|name| nodes.names.get(name));
                    super::push_token(&mut pointer, name.map_or("*", String::as_str));
                }
            }
        }
        pointer
    }

    /// Forgets everything: nothing more is looked at.
    pub(super) fn give_up(&mut self) {
        *self = Self { is_over: true, ..Self::default() };
    }
}

impl Text {
    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.is_too_long = false;
        self.characters = 0;
    }

    /// More of it.
    pub(super) fn push(&mut self, fragment: &str, most_bytes: usize) {
        let characters = u64::try_from(fragment.chars().count()).unwrap_or(u64::MAX);
        self.characters = self.characters.saturating_add(characters);
        self.is_too_long |= self.kept.len().saturating_add(fragment.len()) > most_bytes;
        if !self.is_too_long {
            self.kept.push_str(fragment);
        }
    }

    /// All of it, unless it is too long.
    pub(super) fn whole(&self) -> Option<&str> {
        (!self.is_too_long).then_some(self.kept.as_str())
    }
}
