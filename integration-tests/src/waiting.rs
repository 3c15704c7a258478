//! Waiting for what must come, and not longer than it may take.

use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long anything in a test may take. Far more than it does, even on a busy
/// machine, and far less than a person waits for a hang.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How often a condition is looked at that doesn't announce itself.
const GLANCE: Duration = Duration::from_millis(5);

/// Looks again and again until `probe` finds something, and gives that.
///
/// # Panics
/// With `what`, when it found nothing within [`DEADLINE`].
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        sleep(GLANCE).await;
    }
}

/// What the future gives.
///
/// # Panics
/// With `what`, when it gave nothing within [`DEADLINE`].
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {DEADLINE:?}"),
    }
}
