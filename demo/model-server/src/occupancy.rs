//! How many requests are being answered, how many may be, and whether the server is leaving.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::watch;

use crate::refusal::Refusal;

/// Shared by all requests of one server.
#[derive(Clone)]
pub(crate) struct Occupancy {
    limit: Option<NonZeroUsize>,
    condition: Arc<watch::Sender<Condition>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) in_flight: usize,
    pub(crate) leaving: bool,
}

/// One request's place, until it is dropped.
pub(crate) struct Place(Arc<watch::Sender<Condition>>);

impl Occupancy {
    pub(crate) fn new(limit: Option<NonZeroUsize>) -> Self {
        Self { limit, condition: Arc::new(watch::Sender::new(Condition::default())) }
    }

    /// # Errors
    /// [`Refusal::Full`] if the limit is reached: nothing waits in line here.
    pub(crate) fn enter(&self) -> Result<Place, Refusal> {
        let mut refused = None;
        self.condition.send_modify(|condition| match self.limit {
            Some(limit) if condition.in_flight >= limit.get() => {
                refused = Some(Refusal::Full { limit: limit.get() });
            }
            _ => condition.in_flight += 1,
        });
        refused.map_or_else(|| Ok(Place(Arc::clone(&self.condition))), Err)
    }

    pub(crate) fn leave(&self) {
        self.condition.send_modify(|condition| condition.leaving = true);
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.condition.borrow().leaving
    }

    pub(crate) fn is_full(&self, condition: Condition) -> bool {
        self.limit.is_some_and(|limit| condition.in_flight >= limit.get())
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.send_modify(|condition| condition.in_flight -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_whoever_comes_beyond_the_limit_until_one_leaves() {
        let occupancy = Occupancy::new(NonZeroUsize::new(2));
        let first = occupancy.enter().expect("there is room");
        let _second = occupancy.enter().expect("there is room");
        assert_eq!(occupancy.enter().err(), Some(Refusal::Full { limit: 2 }));
        drop(first);
        assert!(occupancy.enter().is_ok());
    }

    #[test]
    fn without_a_limit_there_is_always_room() {
        let occupancy = Occupancy::new(None);
        let places: Vec<_> = (0..100).map(|_| occupancy.enter().expect("there is room")).collect();
        assert_eq!(occupancy.watch().borrow().in_flight, 100);
        drop(places);
        assert_eq!(occupancy.watch().borrow().in_flight, 0);
    }
}
