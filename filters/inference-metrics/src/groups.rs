//! Which series there are, and how many there may be.

use crate::family::Group;
use crate::metrics::{REFUSED, STARTED};
use crate::models::{Models, Target};
use crate::outcome::OTHER;
use core::cell::RefCell;
use filter_kit::{Cells, Series};
use hashbrown::HashMap;
use inference_api::dialect::Operation;
use std::rc::Rc;

/// So many pairs of filter and rule are told apart: more than there are, so that nothing
/// that is added in front of this filter can fill Envoy's memory.
const MOST_REFUSALS: usize = 256;

/// As what a request is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GroupKey {
    pub(crate) target: Target,
    /// By position.
    pub(crate) class: usize,
    pub(crate) operation: Operation,
}

/// The series of this worker. Those of the same name in another worker are the same to
/// Envoy.
#[derive(Debug)]
pub(crate) struct Groups {
    by_key: RefCell<HashMap<GroupKey, Rc<Group>>>,
    /// What is counted when there is no room for more.
    other: Rc<Group>,
    started: RefCell<HashMap<(usize, Operation), Series>>,
    refused: RefCell<HashMap<(String, String), Series>>,
    /// The cell in which all workers keep which groups there are.
    cell: String,
    /// How many of them there may be.
    most: usize,
}

/// The group as which a request is counted.
#[derive(Debug)]
pub(crate) enum Counted {
    /// Its own.
    As(Rc<Group>),
    /// That of everything for which there is no room.
    Folded(Rc<Group>),
}

impl Groups {
    pub(crate) fn new(store: &str, max_series: u32) -> Self {
        let most = usize::try_from(max_series).unwrap_or(usize::MAX);
        // The one of what is folded is there in any case.
        let most = most.checked_div(Group::most_series().max(1)).unwrap_or(0).saturating_sub(1);
        Self {
            by_key: RefCell::default(),
            other: Rc::new(Group::new([OTHER; 4].map(str::to_owned))),
            started: RefCell::default(),
            refused: RefCell::default(),
            cell: format!("inference-metrics/{store}/groups"),
            most,
        }
    }

    /// The name of the cell in which all workers keep which groups there are.
    pub(crate) fn cell(&self) -> &str {
        &self.cell
    }

    /// The group as which a request is counted.
    pub(crate) fn of(&self, key: GroupKey, class: &str, models: &Models, cells: Cells) -> Counted {
        let Ok(mut by_key) = self.by_key.try_borrow_mut() else {
            return Counted::Folded(Rc::clone(&self.other));
        };
        if let Some(group) = by_key.get(&key) {
            return Counted::As(Rc::clone(group));
        }
        let [model, version] = models.labels(key.target);
        let labels = [model, version, class, key.operation.name()];
        if !self.has_room(&labels, cells) {
            return Counted::Folded(Rc::clone(&self.other));
        }
        let group = Rc::new(Group::new(labels.map(str::to_owned)));
        by_key.insert(key, Rc::clone(&group));
        Counted::As(group)
    }

    /// Requests that came in.
    pub(crate) fn started(&self, position: usize, class: &str, operation: Operation) -> Series {
        let new = || Series::new(&STARTED, &[class, operation.name()]);
        match self.started.try_borrow_mut() {
            Ok(mut started) => started.entry((position, operation)).or_insert_with(new).clone(),
            Err(_) => new(),
        }
    }

    /// Requests that a filter refused, by filter and rule.
    pub(crate) fn refused(&self, filter: &str, rule: &str) -> Series {
        let new = || Series::new(&REFUSED, &[filter, rule]);
        let Ok(mut refused) = self.refused.try_borrow_mut() else { return new() };
        let key = (filter.to_owned(), rule.to_owned());
        if refused.len() >= MOST_REFUSALS && !refused.contains_key(&key) {
            return Series::new(&REFUSED, &[OTHER, OTHER]);
        }
        refused.entry(key).or_insert_with(new).clone()
    }

    /// Whether a group is one of those that there are in any worker, or may become one.
    fn has_room(&self, labels: &[&str; 4], cells: Cells) -> bool {
        let name = hash(labels);
        let known = cells.update(&self.cell, |bytes| enter(bytes, name, self.most));
        known.unwrap_or(false)
    }
}

/// A step on the list of all groups: the hashes of their names, eight bytes each. Whether
/// this one is in it afterwards.
fn enter(list: &[u8], name: u64, most: usize) -> (Option<Vec<u8>>, bool) {
    let name = name.to_le_bytes();
    let (names, _) = list.as_chunks::<8>();
    if names.contains(&name) {
        return (None, true);
    }
    if names.len() >= most {
        return (None, false);
    }
    (Some([list, &name].concat()), true)
}

/// Names are chosen by the operator, so nobody makes them collide (FNV-1a).
fn hash(labels: &[&str; 4]) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let bytes = labels.iter().flat_map(|label| label.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, step)
}
