//! Which series there are, and how many there may be.

use crate::family::Group;
use crate::metrics::STARTED;
use crate::models::{Models, Target};
use crate::outcome::OTHER;
use core::cell::RefCell;
use filter_kit::{CellError, Cells, Series};
use hashbrown::HashMap;
use inference_api::dialect::Operation;
use std::rc::Rc;

/// The share of the room that models which nobody listed may take: what clients make up
/// must not displace what an operator wants to see.
const STRANGERS: usize = 4;

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
    /// None for those for which there is no room, and never will be.
    by_key: RefCell<HashMap<GroupKey, Option<Rc<Group>>>>,
    /// What is counted when there is no room for more.
    other: Rc<Group>,
    started: RefCell<HashMap<(usize, Operation), Series>>,
    /// Those of models that an operator listed, and those of all others.
    listed: Census,
    strangers: Census,
}

/// Which groups there are in any worker.
#[derive(Debug)]
struct Census {
    /// The cell in which all workers keep that.
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
        let strangers = most.div_ceil(STRANGERS);
        Self {
            by_key: RefCell::default(),
            other: Rc::new(Group::new([OTHER; 4].map(str::to_owned))),
            started: RefCell::default(),
            listed: Census {
                cell: format!("inference-metrics/{store}/listed"),
                most: most.saturating_sub(strangers),
            },
            strangers: Census {
                cell: format!("inference-metrics/{store}/strangers"),
                most: strangers,
            },
        }
    }

    /// The names of the cells in which all workers keep which groups there are.
    pub(crate) fn cells(&self) -> [&str; 2] {
        [&self.listed.cell, &self.strangers.cell]
    }

    /// Whether there is a group of its own for this, in any worker.
    pub(crate) fn has(&self, key: &GroupKey, class: &str, models: &Models, cells: Cells) -> bool {
        let known = self.by_key.try_borrow().map(|by_key| by_key.get(key).map(Option::is_some));
        known.ok().flatten().unwrap_or_else(|| {
            let [model, version] = models.labels(key.target);
            let labels = [model, version, class, key.operation.name()];
            self.census(key).has(&labels, cells)
        })
    }

    /// The group as which a request is counted.
    pub(crate) fn of(&self, key: GroupKey, class: &str, models: &Models, cells: Cells) -> Counted {
        let folded = || Counted::Folded(Rc::clone(&self.other));
        let Ok(mut by_key) = self.by_key.try_borrow_mut() else { return folded() };
        if let Some(group) = by_key.get(&key) {
            return group.as_ref().map_or_else(folded, |group| Counted::As(Rc::clone(group)));
        }
        let [model, version] = models.labels(key.target);
        let labels = [model, version, class, key.operation.name()];
        match self.census(&key).has_room(&labels, cells) {
            Ok(true) => {
                let group = Rc::new(Group::new(labels.map(str::to_owned)));
                by_key.insert(key, Some(Rc::clone(&group)));
                Counted::As(group)
            }
            Ok(false) => {
                by_key.insert(key, None);
                folded()
            }
            // The next one may have more luck.
            Err(_) => folded(),
        }
    }

    /// Requests that came in.
    pub(crate) fn started(&self, position: usize, class: &str, operation: Operation) -> Series {
        let new = || Series::new(&STARTED, &[class, operation.name()]);
        match self.started.try_borrow_mut() {
            Ok(mut started) => started.entry((position, operation)).or_insert_with(new).clone(),
            Err(_) => new(),
        }
    }

    const fn census(&self, key: &GroupKey) -> &Census {
        if key.target.is_listed() { &self.listed } else { &self.strangers }
    }
}

impl Census {
    /// Whether a group is one of those that there are in any worker.
    fn has(&self, labels: &[&str; 4], cells: Cells) -> bool {
        let name = hash(labels).to_le_bytes();
        let found = cells.update(&self.cell, |bytes| (None, bytes.as_chunks().0.contains(&name)));
        found.unwrap_or(false)
    }

    /// Whether a group is one of those that there are in any worker, or may become one.
    ///
    /// # Errors
    /// When that can't be told now.
    fn has_room(&self, labels: &[&str; 4], cells: Cells) -> Result<bool, CellError> {
        let name = hash(labels);
        cells.update(&self.cell, |bytes| enter(bytes, name, self.most))
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
