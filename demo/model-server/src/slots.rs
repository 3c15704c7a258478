//! How many inferences are worked on at a time. Those beyond wait in line, as in front of a GPU.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots of one server; without a number, there is one for everybody.
pub(crate) struct Slots(Option<Arc<Semaphore>>);

/// A slot that is taken, until it is dropped and the work in it is done.
pub(crate) struct Slot(Option<Arc<OwnedSemaphorePermit>>);

impl Slots {
    pub(crate) fn new(count: Option<NonZeroUsize>) -> Self {
        let permits = |count: NonZeroUsize| count.get().min(Semaphore::MAX_PERMITS);
        Self(count.map(|count| Arc::new(Semaphore::new(permits(count)))))
    }

    /// A slot, when it is this one's turn: first come, first served, in a line of any length. Who
    /// drops the future leaves the line.
    pub(crate) async fn wait_for_one(&self) -> Slot {
        let Some(semaphore) = &self.0 else { return Slot(None) };
        let permit = Arc::clone(semaphore).acquire_owned().await;
        Slot(Some(Arc::new(permit.expect("slots are never closed"))))
    }
}

impl Slot {
    /// Takes so long. In a slot, what has begun is finished, whether its client is still there or
    /// not: nobody takes one input out of a batch that a GPU is working on.
    pub(crate) async fn work(&self, duration: Duration) {
        if duration.is_zero() {
            return;
        }
        let Some(permit) = self.0.clone() else { return tokio::time::sleep(duration).await };
        let work = tokio::spawn(async move {
            tokio::time::sleep(duration).await;
            drop(permit);
        });
        drop(work.await);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn one_slot() -> Slots {
        Slots::new(NonZeroUsize::new(1))
    }

    /// Looks at a future once.
    macro_rules! poll {
        ($future:expr) => {
            $future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        };
    }

    #[tokio::test]
    async fn without_a_number_nobody_waits() {
        let slots = Slots::new(None);
        let _taken = [slots.wait_for_one().await, slots.wait_for_one().await];
    }

    #[tokio::test]
    async fn who_came_first_is_next() {
        let slots = one_slot();
        let taken = slots.wait_for_one().await;
        let (mut first, mut second) = (pin!(slots.wait_for_one()), pin!(slots.wait_for_one()));
        assert!(poll!(first).is_pending());
        assert!(poll!(second).is_pending());
        drop(taken);
        assert!(poll!(second).is_pending());
        assert!(poll!(first).is_ready());
    }

    #[tokio::test]
    async fn who_leaves_the_line_is_not_waited_for() {
        let slots = one_slot();
        let taken = slots.wait_for_one().await;
        let mut second = pin!(slots.wait_for_one());
        {
            let mut first = pin!(slots.wait_for_one());
            assert!(poll!(first).is_pending());
            assert!(poll!(second).is_pending());
        }
        drop(taken);
        assert!(poll!(second).is_ready());
    }

    #[tokio::test]
    async fn what_has_begun_keeps_its_slot_when_its_client_leaves() {
        let slots = one_slot();
        {
            let slot = slots.wait_for_one().await;
            let mut work = pin!(slot.work(LONG));
            assert!(poll!(work).is_pending());
        }
        let mut next = pin!(slots.wait_for_one());
        assert!(matches!(poll!(next), Poll::Pending));
    }

    #[tokio::test]
    async fn work_that_is_done_frees_its_slot() {
        let slots = one_slot();
        slots.wait_for_one().await.work(Duration::from_millis(1)).await;
        let mut next = pin!(slots.wait_for_one());
        assert!(poll!(next).is_ready());
    }
}
