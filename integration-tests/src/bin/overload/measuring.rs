//! One load on one variant.

use crate::clients::{Clients, Over};
use crate::schedule::{CLASSES, schedule};
use crate::tally::Tally;
use crate::variants::{SERVICE, Variant, capacity, server};
use hdrhistogram::Histogram;
use integration_tests::ProcessorTime;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Until queues are as long as they get, and limits are found.
const WARM_UP: Duration = Duration::from_secs(5);
/// Each load has requests of its own, the same for all variants.
const SEED: u64 = 7;

/// One load on one variant, measured.
pub(crate) struct Point {
    pub(crate) variant: Variant,
    /// In multiples of the capacity.
    pub(crate) load: f64,
    pub(crate) seconds: f64,
    /// In the order of [`CLASSES`].
    pub(crate) classes: [Tally; CLASSES.len()],
    /// Processor time per time.
    pub(crate) envoy_cores: f64,
    /// Of clients and server.
    pub(crate) other_cores: f64,
    /// By how much requests were sent too late: the 99th percentile.
    pub(crate) late: Duration,
}

impl Point {
    /// Answers in time, per second.
    pub(crate) fn goodput(&self) -> f64 {
        f64::from(self.sum(|tally| tally.answered)) / self.seconds
    }

    /// What was offered, or all that the server can answer.
    pub(crate) fn possible(&self) -> f64 {
        let offered = f64::from(self.sum(|tally| tally.sent)) / self.seconds;
        offered.min(capacity())
    }

    /// A part of all requests.
    pub(crate) fn share(&self, of: impl Fn(&Tally) -> u32) -> f64 {
        f64::from(self.sum(of)) / f64::from(self.sum(|tally| tally.sent).max(1))
    }

    fn sum(&self, of: impl Fn(&Tally) -> u32) -> u32 {
        self.classes.iter().map(of).sum()
    }
}

/// Puts the load on a fresh Envoy with a fresh server.
pub(crate) async fn measure(variant: Variant, load: f64, length: Duration, workers: u32) -> Point {
    let server = server().await;
    // An adaptive limit is measured again once while we look.
    let gateway = variant.gateway(server.grpc_address(), workers, length);
    let gateway = gateway.start().await;
    let clients = Clients::connect(gateway.address()).await;
    let arrivals = schedule(load * capacity(), WARM_UP + length, SEED + load.to_bits());

    let start = Instant::now() + SERVICE;
    let envoy = tokio::spawn(cores(gateway.process_id(), start + WARM_UP, length));
    let own = tokio::spawn(cores(std::process::id(), start + WARM_UP, length));
    let mut calls = JoinSet::new();
    for (number, arrival) in arrivals.into_iter().enumerate() {
        calls.spawn(clients.send(number, arrival, start).await);
    }
    let mut classes = CLASSES.map(|_| Tally::default());
    let mut late = Histogram::<u64>::new(3).expect("valid precision");
    for over in calls.join_all().await.iter().filter(|over| over.arrival.at >= WARM_UP) {
        let Over { arrival, late: by, .. } = over;
        classes[arrival.class].add(over);
        late.saturating_record(u64::try_from(by.as_micros()).unwrap_or(u64::MAX));
    }
    let point = Point {
        variant,
        load,
        seconds: length.as_secs_f64(),
        classes,
        envoy_cores: envoy.await.expect("Envoy runs"),
        other_cores: own.await.expect("this process runs"),
        late: Duration::from_micros(late.value_at_percentile(99.0)),
    };
    drop(gateway);
    server.kill().await;
    point
}

/// Processor time per time of a process, from a moment on.
async fn cores(process: u32, from: Instant, length: Duration) -> f64 {
    sleep_until(from).await;
    let before = ProcessorTime::of(process);
    sleep_until(from + length).await;
    before.spent().as_secs_f64() / from.elapsed().as_secs_f64()
}
