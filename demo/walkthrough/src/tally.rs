//! How often each name was seen.

use std::collections::BTreeMap;
use std::fmt;

/// How often each name was seen. Written as `model-v1-a 30, model-v1-b 30`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: BTreeMap<String, u32>,
}

impl Tally {
    pub fn count(&mut self, name: &str) {
        self.add(name, 1);
    }

    pub fn add(&mut self, name: &str, count: u32) {
        *self.counts.entry(name.to_owned()).or_default() += count;
    }

    /// What was seen more often than it was before.
    pub fn since(&self, before: &Self) -> Self {
        let grown = self.counts.iter().map(|(name, count)| (name.clone(), count - before.of(name)));
        Self { counts: grown.filter(|(_, count)| *count > 0).collect() }
    }

    pub fn of(&self, name: &str) -> u32 {
        self.counts.get(name).copied().unwrap_or(0)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.counts.keys().map(String::as_str)
    }
}

impl<S: AsRef<str>> FromIterator<S> for Tally {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut tally = Self::default();
        for name in names {
            tally.count(name.as_ref());
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.counts.is_empty() {
            return out.write_str("nothing");
        }
        for (position, (name, count)) in self.counts.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(out, "{comma}{name} {count}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_name() {
        let tally: Tally = ["b", "a", "b"].into_iter().collect();
        assert_eq!((tally.of("a"), tally.of("b"), tally.of("c")), (1, 2, 0));
        assert_eq!(tally.to_string(), "a 1, b 2");
        assert_eq!(tally.names().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn only_what_came_since_is_there() {
        let before: Tally = ["a", "b"].into_iter().collect();
        let mut now = before.clone();
        now.add("b", 3);
        now.count("c");
        assert_eq!(now.since(&before).to_string(), "b 3, c 1");
    }

    #[test]
    fn says_so_when_nothing_was_seen() {
        assert_eq!(Tally::default().to_string(), "nothing");
    }
}
