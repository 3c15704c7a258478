//! Many keys in one cell.
//!
//! A cell has a fixed number of entries of its own. When all are taken, an idle
//! one makes way: one of which nothing is lost. When none is idle, the key shares
//! the overflow entry with all others that found no entry: so a flood of new keys
//! is limited as one, and takes nothing from those that are known.
//!
//! Format: a version byte, then for each entry its key, the length of its state as
//! a little-endian `u16`, and the state. Anything else reads as an empty table.
//! A step copies the cell once.

use super::wire::Reader;

/// A key, hashed.
pub type Key = [u8; 16];

/// The key of the entry that is shared.
pub const OVERFLOW: Key = [0; 16];

const VERSION: u8 = 1;

/// Bytes of an entry beside its state.
const ENTRY: usize = 18;

/// Which entry a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Its own.
    Own,
    /// The overflow entry.
    Shared,
}

/// Which entry is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The key.
    pub key: Key,
    /// Where an earlier step put the key, for one that undoes or settles that.
    /// None for a step that stands for itself: it may have any entry.
    pub placement: Option<Placement>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated<T> {
    /// The cell's new bytes, or None if there is nothing to write.
    pub bytes: Option<Vec<u8>>,
    /// What the step said.
    pub outcome: T,
    /// Which entry it was.
    pub placement: Placement,
}

/// Takes a step on one entry of a cell.
///
/// `step` is given the entry's state, or None for a new one, and returns what it
/// shall be, or None to leave it as it is. A step that settles in its own entry
/// and finds it gone gets a new one. If there is no entry to be had, it is given
/// None and what it returns is not kept: the entry was idle when it made way, so
/// there was nothing left to settle. A state of more than 65535 bytes is not kept.
pub fn update<T>(
    bytes: &[u8],
    target: Target,
    capacity: usize,
    is_idle: impl Fn(&[u8]) -> bool,
    step: impl FnOnce(Option<&[u8]>) -> (Option<Vec<u8>>, T),
) -> Updated<T> {
    let table = Table::read(bytes);
    let slot = table.slot(target, capacity, is_idle);
    let placement = match (target.placement, slot) {
        (Some(placement), _) => placement,
        (None, Slot::Own { .. }) => Placement::Own,
        (None, Slot::Shared | Slot::None) => Placement::Shared,
    };
    let (key, evicted) = match slot {
        Slot::Own { evicted } => (target.key, evicted),
        Slot::Shared => (OVERFLOW, None),
        Slot::None => return Updated { bytes: None, outcome: step(None).1, placement },
    };
    let (state, outcome) = step(table.state(key));
    let bytes = state.and_then(|state| table.with(key, &state, evicted));
    Updated { bytes, outcome, placement }
}

/// The state of an entry, to look at only.
pub fn peek(bytes: &[u8], key: Key) -> Option<&[u8]> {
    Table::read(bytes).state(key)
}

/// The entries of a cell.
#[derive(Default)]
struct Table<'a> {
    entries: Vec<(Key, &'a [u8])>,
}

/// What a step has to work on.
#[derive(Clone, Copy)]
enum Slot {
    Own { evicted: Option<Key> },
    Shared,
    None,
}

impl<'a> Table<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        Self::parse(bytes).unwrap_or_default()
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return None;
        }
        let mut entries = Vec::new();
        while !reader.is_done() {
            let key = reader.array()?;
            let length = reader.u16()?;
            entries.push((key, reader.bytes(usize::from(length))?));
        }
        Some(Self { entries })
    }

    fn state(&self, key: Key) -> Option<&'a [u8]> {
        self.entries.iter().find(|(other, _)| *other == key).map(|(_, state)| *state)
    }

    fn slot(&self, target: Target, capacity: usize, is_idle: impl Fn(&[u8]) -> bool) -> Slot {
        if target.placement == Some(Placement::Shared) || target.key == OVERFLOW {
            return Slot::Shared;
        }
        if self.state(target.key).is_some() {
            return Slot::Own { evicted: None };
        }
        let own = || self.entries.iter().filter(|(key, _)| *key != OVERFLOW);
        if own().count() < capacity {
            return Slot::Own { evicted: None };
        }
        if let Some((key, _)) = own().find(|(_, state)| is_idle(state)) {
            return Slot::Own { evicted: Some(*key) };
        }
        if target.placement.is_some() { Slot::None } else { Slot::Shared }
    }

    /// The cell with another state of a key, and without the one evicted.
    fn with(&self, key: Key, state: &[u8], evicted: Option<Key>) -> Option<Vec<u8>> {
        u16::try_from(state.len()).ok()?;
        let states: usize =
            self.entries.iter().fold(0, |sum, (_, state)| sum.saturating_add(state.len()));
        let entries = self.entries.len().saturating_add(1).saturating_mul(ENTRY);
        let size = states.saturating_add(entries).saturating_add(state.len()).saturating_add(1);
        let mut bytes = Vec::with_capacity(size);
        bytes.push(VERSION);
        let mut is_written = false;
        for (other, old) in self.entries.iter().filter(|(other, _)| Some(*other) != evicted) {
            if *other != key {
                write(&mut bytes, *other, old);
            } else if !is_written {
                write(&mut bytes, key, state);
                is_written = true;
            }
        }
        if !is_written {
            write(&mut bytes, key, state);
        }
        Some(bytes)
    }
}

fn write(bytes: &mut Vec<u8>, key: Key, state: &[u8]) {
    // Longer states were turned away.
    let length = u16::try_from(state.len()).unwrap_or(0);
    bytes.extend_from_slice(&key);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(state);
}

#[cfg(test)]
mod tests;
