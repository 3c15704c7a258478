//! Calls that go on while something else happens.

use crate::answer::Answer;
use crate::call::Call;
use crate::client::Client;
use crate::waiting::{eventually, in_time};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::task::JoinHandle;

/// Some connections, and on each one call after the other until it is told to
/// end. A call that fails, or whose answer isn't as it should be, fails the
/// test.
#[derive(Debug, Default)]
pub struct Traffic {
    connections: Vec<Connection>,
    ending: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Connection {
    caller: JoinHandle<()>,
    served: Arc<AtomicUsize>,
}

impl Traffic {
    /// Adds a connection: `next` gives each call and `check` gets its answer.
    pub fn add(
        &mut self,
        mut client: Client,
        mut next: impl FnMut() -> Call + Send + 'static,
        mut check: impl FnMut(&Call, Answer) + Send + 'static,
    ) {
        let served = Arc::new(AtomicUsize::new(0));
        let (ending, count) = (Arc::clone(&self.ending), Arc::clone(&served));
        let caller = tokio::spawn(async move {
            while !ending.load(Ordering::Relaxed) {
                let call = next();
                let answer = client.send(call.clone()).await;
                check(&call, answer);
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        self.connections.push(Connection { caller, served });
    }

    /// Waits until so many more calls were served on each connection.
    ///
    /// # Panics
    /// When a call has failed, or when they are not served in time.
    pub async fn flow(&self, calls: usize) {
        let count = |it: &Connection| it.served.load(Ordering::Relaxed);
        let before: Vec<usize> = self.connections.iter().map(count).collect();
        eventually("traffic", async || {
            self.assert_alive();
            let mut pairs = self.connections.iter().map(count).zip(&before);
            pairs.all(|(now, before)| now >= before + calls).then_some(())
        })
        .await;
    }

    /// Ends it.
    ///
    /// # Panics
    /// When a call has failed.
    pub async fn end(self) {
        self.ending.store(true, Ordering::Relaxed);
        for connection in self.connections {
            in_time("the last call", connection.caller).await.expect("no call fails");
        }
    }

    /// A caller ends before it is told to only when a call has failed; what it
    /// said about that stands in the test's output.
    fn assert_alive(&self) {
        let failed = self.connections.iter().any(|connection| connection.caller.is_finished());
        assert!(!failed, "a call has failed");
    }
}
