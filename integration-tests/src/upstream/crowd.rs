use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Requests that stay in a model server until the test lets them go, and how many
/// were there at the same time.
#[derive(Clone, Debug)]
pub struct Crowd(Arc<Room>);

#[derive(Debug)]
struct Room {
    inside: AtomicUsize,
    most: AtomicUsize,
    exits: Semaphore,
}

/// A request's stay: it ends when this is dropped, however the request ends.
#[derive(Debug)]
pub(super) struct Stay(Crowd);

impl Default for Crowd {
    fn default() -> Self {
        let exits = Semaphore::new(0);
        Self(Arc::new(Room { inside: AtomicUsize::new(0), most: AtomicUsize::new(0), exits }))
    }
}

impl Crowd {
    /// How many are there now.
    pub fn inside(&self) -> usize {
        self.0.inside.load(Ordering::SeqCst)
    }

    /// How many were there at the same time, at the most.
    pub fn most(&self) -> usize {
        self.0.most.load(Ordering::SeqCst)
    }

    /// Lets so many go: those that are there, first come, first served, or those
    /// that come.
    pub fn let_go(&self, count: usize) {
        self.0.exits.add_permits(count);
    }

    pub(super) fn enter(&self) -> Stay {
        let inside = self.0.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(inside, Ordering::SeqCst);
        Stay(self.clone())
    }
}

impl Stay {
    /// Waits until it is let go.
    pub(super) async fn end(self) {
        self.0.0.exits.acquire().await.expect("never closed").forget();
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.0.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}
