//! How long calls took.

use std::fmt;
use std::time::Duration;

/// The shortest, the median and the longest of some durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    pub shortest: Duration,
    pub median: Duration,
    pub longest: Duration,
}

impl Latencies {
    /// None if there are no durations.
    pub fn of(durations: impl IntoIterator<Item = Duration>) -> Option<Self> {
        let mut sorted: Vec<Duration> = durations.into_iter().collect();
        sorted.sort_unstable();
        Some(Self {
            shortest: *sorted.first()?,
            median: *sorted.get(sorted.len() / 2)?,
            longest: *sorted.last()?,
        })
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ms (median)", self.median.as_millis())?;
        write!(out, ", {} to {} ms", self.shortest.as_millis(), self.longest.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_before_it_picks() {
        let latencies = Latencies::of([9, 1, 5].map(Duration::from_millis)).unwrap();
        assert_eq!(latencies.to_string(), "5 ms (median), 1 to 9 ms");
        assert_eq!(Latencies::of([]), None);
    }
}
