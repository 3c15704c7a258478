//! What changes while it goes on.

use std::time::Duration;

/// When what happens, since the beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phases {
    whole: Duration,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Usual,
    /// Many more requests than the servers can answer.
    Burst,
    /// The servers take longer.
    Slow,
}

impl Phases {
    pub(crate) const fn within(whole: Duration) -> Self {
        Self { whole }
    }

    pub(crate) const fn whole(&self) -> Duration {
        self.whole
    }

    pub(crate) fn at(&self, time: Duration) -> Phase {
        let share = time.as_secs_f64() / self.whole.as_secs_f64();
        let found = Phase::ALL.into_iter().find(|phase| {
            let (start, end) = phase.share();
            (start..end).contains(&share)
        });
        found.unwrap_or(Phase::Usual)
    }

    /// When a phase begins and ends, in seconds.
    pub(crate) fn seconds(&self, phase: Phase) -> (f64, f64) {
        let (start, end) = phase.share();
        let whole = self.whole.as_secs_f64();
        (start * whole, end * whole)
    }
}

impl Phase {
    /// Those that are not as usual.
    pub(crate) const ALL: [Self; 2] = [Self::Burst, Self::Slow];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Burst => "burst",
            Self::Slow => "slow servers",
        }
    }

    const fn share(self) -> (f64, f64) {
        match self {
            Self::Usual => (0.0, 0.0),
            Self::Burst => (0.33, 0.45),
            Self::Slow => (0.62, 0.82),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_has_its_time() {
        let phases = Phases::within(Duration::from_secs(100));
        let at = |second| phases.at(Duration::from_secs(second));
        assert_eq!(
            [0, 40, 50, 70, 99].map(at),
            [Phase::Usual, Phase::Burst, Phase::Usual, Phase::Slow, Phase::Usual,]
        );
    }
}
