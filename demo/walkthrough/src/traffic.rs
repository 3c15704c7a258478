//! Many calls at once.

use std::future::Future;

use futures_util::{StreamExt, stream};

/// Makes `calls` calls, never more than `at_once` at the same time. The results come in the order
/// in which the calls ended.
pub async fn send<T, F>(calls: u32, at_once: usize, call: impl FnMut(u32) -> F) -> Vec<T>
where
    F: Future<Output = T>,
{
    stream::iter((0..calls).map(call)).buffer_unordered(at_once).collect().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn makes_every_call_and_not_too_many_at_once() {
        let (now, most) = (Cell::new(0), Cell::new(0));
        let (now, most) = (&now, &most);
        let mut made = send(50, 4, |number| async move {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            tokio::task::yield_now().await;
            now.set(now.get() - 1);
            number
        })
        .await;
        made.sort_unstable();
        assert_eq!(made, (0..50).collect::<Vec<_>>());
        assert_eq!(most.get(), 4);
    }
}
