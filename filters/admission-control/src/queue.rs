//! Who waits for a place, in one worker.
//!
//! A request that found no place may wait a while for one. The queue is in the
//! worker's VM, where the paused request is, and not in shared data.
//!
//! - **Order:** the highest class first, and within a class first come, first
//!   served. A newcomer asks how many stand before it (`ahead_of`) and does not
//!   overtake them.
//! - **Bounded:** in a full queue a newcomer displaces the last to come of the
//!   lowest class, if its own is higher. Otherwise it is refused.
//! - **Gates:** what a request waits for is a gate, one limit of one key. In a
//!   round, one is tried after the other. One that does not get through blocks its
//!   gate for those behind it, who are of the same class or a lower one, and only
//!   for them: other gates go on.
//!
//! No step looks at all who wait: each takes time with the logarithm of the queue,
//! and a round begins with a look at the first of each gate.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::Bound::{Excluded, Unbounded};

/// What a request waits for: one limit of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gate {
    /// The key, hashed.
    pub key: [u8; 16],
    /// Which of the limits.
    pub limit: usize,
}

/// A request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The request. No two that wait have the same.
    pub ticket: u32,
    /// Its class: 0 is the highest.
    pub class: usize,
    /// When it would rather be refused, in nanoseconds since the epoch.
    pub deadline_ns: u64,
    /// When it began to wait.
    pub since_ns: u64,
    /// What for.
    pub gate: Gate,
}

/// What became of a request that wants to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits.
    Waits,
    /// It waits, in the place of another, that is to be refused.
    Displaces(Waiting),
    /// The queue is full of requests of its class and higher ones, or a request of
    /// the same ticket waits.
    Refused,
}

/// The requests that wait.
#[derive(Clone, Debug)]
pub struct Queue {
    most: usize,
    /// How many came, ever: who came first has the smaller number.
    came: u64,
    tickets: BTreeMap<u32, (Place, Gate)>,
    places: BTreeMap<Place, Waiting>,
    gates: BTreeMap<Gate, Line>,
    deadlines: BTreeSet<(u64, Place)>,
}

/// One try of each that may get through: see [`Queue::round`].
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// The next of each gate that is not blocked. Gates are left out once blocked.
    heads: BinaryHeap<Reverse<(Place, Gate)>>,
    /// Whom the caller has now.
    tried: Option<(Place, Gate)>,
}

/// The order of those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    class: usize,
    came: u64,
}

/// Those who wait at one gate.
#[derive(Clone, Debug, Default)]
struct Line {
    places: BTreeSet<Place>,
    classes: BTreeMap<usize, usize>,
}

impl Queue {
    /// A queue of at most so many.
    pub const fn new(most: usize) -> Self {
        Self {
            most,
            came: 0,
            tickets: BTreeMap::new(),
            places: BTreeMap::new(),
            gates: BTreeMap::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Lets a request wait behind all others of its class.
    pub fn push(&mut self, waiting: Waiting) -> Pushed {
        if self.tickets.contains_key(&waiting.ticket) {
            return Pushed::Refused;
        }
        let mut pushed = Pushed::Waits;
        if self.places.len() >= self.most {
            let last = self.places.last_key_value().map(|(_, last)| *last);
            let Some(last) = last.filter(|last| last.class > waiting.class) else {
                return Pushed::Refused;
            };
            self.remove(last.ticket);
            pushed = Pushed::Displaces(last);
        }
        self.insert(waiting);
        pushed
    }

    /// A request that waits.
    pub fn waiting(&self, ticket: u32) -> Option<Waiting> {
        let (place, _) = self.tickets.get(&ticket)?;
        self.places.get(place).copied()
    }

    /// Takes a request out: it got through, was refused, or its client left.
    pub fn remove(&mut self, ticket: u32) -> Option<Waiting> {
        let (place, gate) = self.tickets.remove(&ticket)?;
        let waiting = self.places.remove(&place)?;
        self.deadlines.remove(&(waiting.deadline_ns, place));
        if let Some(line) = self.gates.get_mut(&gate) {
            line.remove(place);
            if line.places.is_empty() {
                self.gates.remove(&gate);
            }
        }
        Some(waiting)
    }

    /// The first of those who wait at a gate.
    pub fn first_at(&self, gate: Gate) -> Option<Waiting> {
        let place = self.gates.get(&gate)?.places.first()?;
        self.places.get(place).copied()
    }

    /// Lets a request wait at another gate, before those there who came later. Whether
    /// it did not stand there already.
    pub fn step_over(&mut self, ticket: u32, gate: Gate) -> bool {
        let Some((place, old)) = self.tickets.get(&ticket).copied() else { return false };
        if old == gate {
            return false;
        }
        if let Some(line) = self.gates.get_mut(&old) {
            line.remove(place);
            if line.places.is_empty() {
                self.gates.remove(&old);
            }
        }
        self.gates.entry(gate).or_default().insert(place);
        self.tickets.insert(ticket, (place, gate));
        if let Some(waiting) = self.places.get_mut(&place) {
            waiting.gate = gate;
        }
        true
    }

    /// Those whose deadline is over, the earliest first. They stay until removed.
    pub fn expired(&self, at: u64) -> Vec<u32> {
        let over = self.deadlines.iter().take_while(|(deadline, _)| *deadline <= at);
        over.filter_map(|(_, place)| self.places.get(place)).map(|one| one.ticket).collect()
    }

    /// The earliest deadline.
    pub fn next_deadline(&self) -> Option<u64> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// How many of the same class or a higher one wait at a gate.
    pub fn ahead_of(&self, gate: Gate, class: usize) -> usize {
        let classes = self.gates.get(&gate).map(|line| line.classes.range(..=class));
        classes.into_iter().flatten().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Begins to try those who wait. Who comes to a gate later is tried in this
    /// round if somebody waits there now.
    ///
    /// ```
    /// use admission_control::queue::{Gate, Pushed, Queue, Waiting};
    ///
    /// let gate = Gate { key: [1; 16], limit: 0 };
    /// let waiting = Waiting { ticket: 7, class: 0, deadline_ns: 9, since_ns: 1, gate };
    /// let mut queue = Queue::new(10);
    /// assert_eq!(queue.push(waiting), Pushed::Waits);
    ///
    /// let mut places = 1;
    /// let mut round = queue.round();
    /// while let Some(candidate) = round.next(&queue) {
    ///     if places == 0 {
    ///         round.block();
    ///         continue;
    ///     }
    ///     places -= 1;
    ///     queue.remove(candidate.ticket);
    /// }
    /// assert!(queue.is_empty());
    /// ```
    pub fn round(&self) -> Round {
        let heads = self
            .gates
            .iter()
            .filter_map(|(gate, line)| line.places.first().map(|place| Reverse((*place, *gate))));
        Round { heads: heads.collect(), tried: None }
    }

    fn insert(&mut self, waiting: Waiting) {
        let place = Place { class: waiting.class, came: self.came };
        self.came = self.came.saturating_add(1);
        self.tickets.insert(waiting.ticket, (place, waiting.gate));
        self.deadlines.insert((waiting.deadline_ns, place));
        self.gates.entry(waiting.gate).or_default().insert(place);
        self.places.insert(place, waiting);
    }

    /// The first at a gate who stands behind a place.
    fn behind(&self, place: Place, gate: Gate) -> Option<Place> {
        let line = self.gates.get(&gate)?;
        line.places.range((Excluded(place), Unbounded)).next().copied()
    }
}

impl Round {
    /// The next to try. Who was tried before may have been removed meanwhile, or
    /// have stayed; others may have come and gone.
    pub fn next(&mut self, queue: &Queue) -> Option<Waiting> {
        if let Some((place, gate)) = self.tried.take() {
            self.go_on(queue, place, gate);
        }
        while let Some(Reverse((place, gate))) = self.heads.pop() {
            if let Some(waiting) = queue.places.get(&place) {
                self.tried = Some((place, gate));
                return Some(*waiting);
            }
            self.go_on(queue, place, gate);
        }
        None
    }

    /// Who was tried did not get through: neither will those behind at that gate.
    pub fn block(&mut self) {
        self.tried = None;
    }

    fn go_on(&mut self, queue: &Queue, place: Place, gate: Gate) {
        if let Some(next) = queue.behind(place, gate) {
            self.heads.push(Reverse((next, gate)));
        }
    }
}

impl Line {
    fn insert(&mut self, place: Place) {
        self.places.insert(place);
        let count = self.classes.entry(place.class).or_default();
        *count = count.saturating_add(1);
    }

    fn remove(&mut self, place: Place) {
        self.places.remove(&place);
        if let Some(count) = self.classes.get_mut(&place.class) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.classes.remove(&place.class);
            }
        }
    }
}

#[cfg(test)]
mod tests;
