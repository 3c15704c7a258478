//! A simulated model server behind an adaptive limit, in simulated time.
//!
//! The server has slots, serves each request in a time with noise, and queues what
//! it has no slot for. Requests come at random at a steady rate; those above the
//! limit are refused. The state goes through its bytes at each step, as in Envoy.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use admission_control::ledger::adaptive::{Adaptive, Sample, Settings};
use admission_control::ledger::room::Room;
use fastrand::Rng;

pub(crate) const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_800_000_000 * SECOND;
const ME: u32 = 1;

/// A server and the load on it.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Requests served at once.
    pub(crate) slots: usize,
    /// The mean time of service at a second of the simulation.
    pub(crate) service_ns: fn(second: u64) -> u64,
    /// The mean time between two requests.
    pub(crate) every_ns: u64,
    pub(crate) seconds: u64,
    pub(crate) settings: Settings,
}

/// What was seen within one tenth of a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Tenths of a second since the start.
    pub(crate) tenth: u64,
    pub(crate) limit: u32,
    pub(crate) probing: bool,
    /// Mean time from entry to answer of those answered, if any were.
    pub(crate) latency_ns: Option<u64>,
    pub(crate) answered: u64,
    pub(crate) refused: u64,
}

struct Server {
    load: Load,
    random: Rng,
    /// When each request is answered, and when it was let in.
    busy: BinaryHeap<Reverse<(u64, u64)>>,
    /// When each request was let in.
    waiting: VecDeque<u64>,
    room: Vec<u8>,
}

pub(crate) fn run(load: Load, seed: u64) -> Vec<Moment> {
    let mut room = Room::default();
    room.adaptive = Some(Adaptive::new(&load.settings, START));
    let mut server = Server {
        load,
        random: Rng::with_seed(seed),
        busy: BinaryHeap::new(),
        waiting: VecDeque::new(),
        room: room.to_bytes(),
    };
    let mut moments = Vec::new();
    let (mut latencies, mut refused) = (Vec::new(), 0);
    let mut arrival = START;
    for tenth in 0..load.seconds * 10 {
        let end = START + (tenth + 1) * SECOND / 10;
        loop {
            let answer = server.busy.peek().map_or(u64::MAX, |Reverse((at, _))| *at);
            if arrival.min(answer) >= end {
                break;
            }
            if answer <= arrival {
                latencies.push(server.answer());
            } else {
                refused += u64::from(!server.arrive(arrival));
                arrival += server.gap();
            }
        }
        let (limit, probing) = server.limit(end);
        let answered = latencies.len() as u64;
        let latency_ns = latencies.iter().sum::<u64>().checked_div(answered);
        moments.push(Moment { tenth, limit, probing, latency_ns, answered, refused });
        latencies.clear();
        refused = 0;
    }
    moments
}

impl Server {
    fn arrive(&mut self, at: u64) -> bool {
        let limit = self.limit(at).0;
        let mut room = Room::from_bytes(&self.room).expect("its own bytes");
        if room.enter(&|_| true, ME, limit).is_err() {
            return false;
        }
        self.room = room.to_bytes();
        if self.busy.len() < self.load.slots {
            self.serve(at, at);
        } else {
            self.waiting.push_back(at);
        }
        true
    }

    /// The next answer, and what it took from entry.
    fn answer(&mut self) -> u64 {
        let Reverse((at, started)) = self.busy.pop().expect("somebody is served");
        let took = at - started;
        let mut room = Room::from_bytes(&self.room).expect("its own bytes");
        let in_flight = room.leave(&|_| true, ME).count;
        let rtt_us = u32::try_from(took / 1_000).expect("a short simulation");
        room.served(rtt_us);
        if let Some(adaptive) = &mut room.adaptive {
            adaptive.record(&self.load.settings, Sample { started, rtt_us, in_flight }, at);
        }
        self.room = room.to_bytes();
        if let Some(started) = self.waiting.pop_front() {
            self.serve(at, started);
        }
        took
    }

    fn serve(&mut self, at: u64, started: u64) {
        let mean = (self.load.service_ns)((at - START) / SECOND);
        let took = mean * self.random.u64(70..=130) / 100;
        self.busy.push(Reverse((at + took, started)));
    }

    /// The time to the next arrival: exponential, as of a Poisson process.
    fn gap(&mut self) -> u64 {
        (-(1.0 - self.random.f64()).ln() * self.load.every_ns as f64) as u64
    }

    fn limit(&self, at: u64) -> (u32, bool) {
        let room = Room::from_bytes(&self.room).expect("its own bytes");
        let adaptive = room.adaptive.expect("it has one");
        let settings = &self.load.settings;
        (adaptive.limit(settings, at), adaptive.is_probing(settings, at))
    }
}
