//! When requests come, and of which class: drawn once, the same for everybody.

use std::time::Duration;

/// A class of requests.
#[derive(Debug)]
pub(crate) struct Class {
    /// What stands in the header, and in the filter's configuration.
    pub(crate) name: &'static str,
    /// Its part of all requests.
    pub(crate) percent: u8,
}

/// The most important first. All that is critical can be served up to ten times the
/// capacity, so that whoever is turned away among them should not have been.
pub(crate) const CLASSES: [Class; 3] = [
    Class { name: "critical", percent: 10 },
    Class { name: "standard", percent: 40 },
    Class { name: "batch", percent: 50 },
];

/// A request to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Since the beginning.
    pub(crate) at: Duration,
    /// Its position among [`CLASSES`].
    pub(crate) class: usize,
}

/// Requests of clients that know nothing of each other and wait for nobody, so many
/// per second on average: a Poisson process.
pub(crate) fn schedule(per_second: f64, length: Duration, seed: u64) -> Vec<Arrival> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut at = 0.0;
    let mut arrivals = Vec::new();
    loop {
        at -= (1.0 - chance.f64()).ln() / per_second;
        if at >= length.as_secs_f64() {
            return arrivals;
        }
        let class = class_of(chance.u8(0..100));
        arrivals.push(Arrival { at: Duration::from_secs_f64(at), class });
    }
}

/// The class in which a percentile of all requests lies.
fn class_of(percentile: u8) -> usize {
    let ends = CLASSES.iter().scan(0, |end, class| {
        *end += class.percent;
        Some(*end)
    });
    ends.take_while(|end| *end <= percentile).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn as_many_come_as_are_asked_for() {
        let count = schedule(200.0, MINUTE, 1).len();
        // 12,000; the standard deviation is the root of it.
        assert!((11_600..12_400).contains(&count), "{count}");
    }

    #[test]
    fn gaps_are_as_uneven_as_those_of_independent_clients() {
        let arrivals = schedule(100.0, MINUTE, 2);
        let mean = MINUTE.as_secs_f64() / arrivals.len() as f64;
        let gaps = arrivals.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64());
        // Of exponential gaps, 1 / e are longer than the mean.
        let share = gaps.filter(|gap| *gap > mean).count() as f64 / arrivals.len() as f64;
        assert!((share - 1.0_f64.exp().recip()).abs() < 0.02, "{share}");
    }

    #[test]
    fn each_class_has_its_part() {
        assert_eq!(CLASSES.iter().map(|class| u32::from(class.percent)).sum::<u32>(), 100);
        let mut counts = CLASSES.map(|_| 0_u8);
        (0..100).for_each(|percentile| counts[class_of(percentile)] += 1);
        assert_eq!(counts, CLASSES.map(|class| class.percent));
    }

    #[test]
    fn the_same_seed_gives_the_same_requests() {
        assert_eq!(schedule(50.0, MINUTE, 3), schedule(50.0, MINUTE, 3));
        assert_ne!(schedule(50.0, MINUTE, 3), schedule(50.0, MINUTE, 4));
    }
}
