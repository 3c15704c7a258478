//! Callers whose answers tell which version served them.

use crate::prediction::predict;
use integration_tests::{Answer, Call, Client, Gateway, Traffic, eventually};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How many callers are known by a session, on each connection.
pub(super) const SESSIONS: usize = 20;

/// Load on several connections of each kind, and who got which version.
pub(super) struct Load {
    pub(super) traffic: Traffic,
    connections: Vec<Arc<Mutex<Vec<Served>>>>,
}

/// A call that was served.
#[derive(Clone)]
struct Served {
    /// None if the caller is nobody in particular.
    session: Option<String>,
    by_v2: bool,
}

impl Load {
    pub(super) async fn on(gateway: &Gateway) -> Self {
        let chat = Call::post("/v1/chat/completions")
            .json(&json!({"messages": [{"role": "user", "content": "hi"}], "model": "demo"}));
        let mut load = Self { traffic: Traffic::default(), connections: Vec::new() };
        for _ in 0..2 {
            load.add(gateway.http1().await, chat.clone());
            load.add(gateway.http2().await, chat.clone());
            load.add(gateway.http2().await, predict());
        }
        load
    }

    /// On this connection every other call has a session.
    fn add(&mut self, client: Client, call: Call) {
        let served = Arc::new(Mutex::new(Vec::new()));
        self.connections.push(Arc::clone(&served));
        let connection = self.connections.len();
        let mut number = 0;
        let next = move || {
            number += 1;
            match number % 2 {
                0 => call.clone(),
                _ => {
                    let session = format!("{connection}-{}", number / 2 % SESSIONS);
                    call.clone().header("x-session-id", session)
                }
            }
        };
        let check = move |call: &Call, answer: Answer| {
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(answer.grpc_status().is_none_or(|status| status == 0), "{answer:?}");
            let by_v2 = match answer.header_text("x-served-version").as_deref() {
                Some("v1") => false,
                Some("v2") => true,
                _ => panic!("nobody served it: {answer:?}"),
            };
            let session = call.header_text("x-session-id");
            served.lock().unwrap().push(Served { session, by_v2 });
        };
        self.traffic.add(client, next, check);
    }

    /// Waits until the calls of nobody in particular are divided like that on
    /// every connection, and then sees that they are.
    pub(super) async fn assert_share_becomes(&self, v2: f64) {
        eventually(&format!("a share of {v2}"), async || {
            let mut windows = self.connections.iter().map(|connection| {
                let served = connection.lock().unwrap();
                anonymous(&served[served.len().saturating_sub(200)..])
            });
            windows.all(|window| window.is_divided(100, v2)).then_some(())
        })
        .await;
        self.assert_share_is(v2).await;
    }

    pub(super) async fn assert_share_is(&self, v2: f64) {
        let before: Vec<usize> =
            self.connections.iter().map(|it| it.lock().unwrap().len()).collect();
        self.traffic.flow(400).await;
        let mut since = Tally::default();
        for (connection, before) in self.connections.iter().zip(before) {
            since.add(anonymous(&connection.lock().unwrap()[before..]));
        }
        assert!(since.is_divided(1_000, v2), "{since:?} instead of a share of {v2}");
    }

    /// For each session the versions that it got, in order.
    pub(super) fn sessions(&self) -> BTreeMap<String, Vec<bool>> {
        let mut sessions = BTreeMap::<String, Vec<bool>>::new();
        for connection in &self.connections {
            for served in connection.lock().unwrap().iter() {
                if let Some(session) = served.session.clone() {
                    sessions.entry(session).or_default().push(served.by_v2);
                }
            }
        }
        sessions
    }
}

/// How many calls went to which version.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    calls: u32,
    by_v2: u32,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.by_v2 += other.by_v2;
    }

    /// Whether there are enough of them, and they are divided like that, but for
    /// five standard deviations.
    fn is_divided(self, enough: u32, v2: f64) -> bool {
        let calls = f64::from(self.calls);
        let deviation = (calls * v2 * (1.0 - v2)).sqrt();
        self.calls >= enough && (f64::from(self.by_v2) - calls * v2).abs() <= 5.0 * deviation
    }
}

fn anonymous(served: &[Served]) -> Tally {
    let served = served.iter().filter(|served| served.session.is_none());
    served.fold(Tally::default(), |tally, served| Tally {
        calls: tally.calls + 1,
        by_v2: tally.by_v2 + u32::from(served.by_v2),
    })
}
