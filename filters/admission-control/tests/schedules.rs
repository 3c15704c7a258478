//! Whatever happens in whatever order: no limit is passed, no place is lost, nobody
//! waits too long.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::panic,
    clippy::unwrap_in_result,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use admission_control::{Admission, AdmissionControl};
use filter_kit::Cells;
use filter_kit::trial::local_cells;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use simulation::{Ask, Stage, Worker, at, workers};

#[path = "../src/tests/simulation.rs"]
mod simulation;

const EACH: usize = 3;
const ALL: usize = 5;
/// What the lower class may fill of all, in percent: three of five.
const LOW_PERCENT: usize = 60;
const MAX_WAIT_MS: u64 = 50;
const POLL_MS: u64 = 10;
const LEASE_MS: u64 = 10_000;
const BURST: u64 = 200;
const WINDOW_MS: u64 = 5_000;

fn config() -> Value {
    json!({
        "limits": [
            {"name": "each", "per": ["model"], "in_flight": {"max": EACH}},
            {"name": "all", "in_flight": {"max": ALL}},
            {"name": "budget", "tokens": {"count": BURST, "window_ms": WINDOW_MS}},
            {"name": "rate", "requests": {"count": 1_000_000, "window_ms": 1000}},
        ],
        "classes": [{"name": "high"}, {"name": "low", "room_percent": LOW_PERCENT}],
        "class_rules": [{"class": "low", "header": {"name": "x-class", "value": "low"}}],
        "queue": {"max_requests": 3, "max_wait_ms": MAX_WAIT_MS, "poll_ms": POLL_MS},
        "cost": {"bytes_per_token": 1},
    })
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Send {
        worker: usize,
        model: usize,
        is_low: bool,
        prompt: usize,
        output: u64,
    },
    /// The server answers one of those that go on, which used a part of what it might.
    Answer {
        which: usize,
        part: u64,
    },
    Fail {
        which: usize,
    },
    /// A client leaves, whether its request waits or goes on.
    Leave {
        which: usize,
    },
    /// A worker's VM dies, with all of its requests, and another joins.
    Die {
        worker: usize,
    },
    /// A worker gets a new configuration; what is here is finished by the old one.
    Replace {
        worker: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let send = (0..4_usize, 0..2_usize, any::<bool>(), 1..20_usize, 1..20_u64).prop_map(
        |(worker, model, is_low, prompt, output)| Step::Send {
            worker,
            model,
            is_low,
            prompt,
            output,
        },
    );
    let step = prop_oneof![
        12 => send,
        6 => (0..16_usize, 0..=100_u64).prop_map(|(which, part)| Step::Answer { which, part }),
        1 => (0..16_usize).prop_map(|which| Step::Fail { which }),
        2 => (0..16_usize).prop_map(|which| Step::Leave { which }),
        1 => (0..4_usize).prop_map(|worker| Step::Die { worker }),
        1 => (0..4_usize).prop_map(|worker| Step::Replace { worker }),
    ];
    let pause = prop_oneof![4 => Just(0_u64), 4 => 1..20_u64, 1 => 20..200_u64, 1 => 900..3000_u64];
    vec((pause, step), 1..120)
}

/// What is known of a request beside the filter.
#[derive(Clone, Copy, Debug)]
struct Sent {
    ticket: u32,
    at_ms: u64,
    model: usize,
    reserved: u64,
}

struct Run {
    cells: Cells,
    now_ms: u64,
    next: u32,
    /// Those that get requests.
    current: Vec<Worker>,
    /// Those that only finish what they have.
    old: Vec<Worker>,
    sent: Vec<Sent>,
    /// When what was let in came, and what it used.
    used: Vec<(u64, u64)>,
}

impl Run {
    fn new(count: usize) -> Self {
        let cells = local_cells();
        let current = workers(count, &config(), cells);
        let (old, sent, used) = Default::default();
        Self { cells, now_ms: 0, next: 0, current, old, sent, used }
    }

    fn everybody(&mut self) -> impl Iterator<Item = &mut Worker> {
        self.current.iter_mut().chain(&mut self.old)
    }

    fn pass(&mut self, milliseconds: u64) {
        for _ in 0..milliseconds {
            self.now_ms += 1;
            if self.now_ms.is_multiple_of(POLL_MS) {
                let now = at(self.now_ms);
                self.everybody().for_each(|worker| worker.tick(now));
                self.check_waits();
            }
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Send { worker, model, is_low, prompt, output } => {
                let worker = worker % self.current.len();
                let stage = self.send(worker, model, is_low, (prompt, output));
                let refused_for_room = |reason: &str| {
                    reason.ends_with(";in_flight") || reason.ends_with(";queue_full")
                };
                if let (Stage::Refused(reply), false) = (stage, is_low)
                    && refused_for_room(&reply.reason)
                {
                    let low = self.send(worker, model, true, (prompt, output));
                    assert_ne!(low, Stage::Goes, "a lower class has room and a higher has not");
                }
            }
            Step::Answer { which, part } => {
                if let Some(sent) = self.pick(which, true) {
                    let total = sent.reserved * part / 100;
                    let usage = json!({"usage": {"prompt_tokens": total, "completion_tokens": 0}});
                    self.end(sent, |worker, now| {
                        let headers = [(":status", "200"), ("content-type", "application/json")];
                        worker.answer_headers(sent.ticket, now, &headers);
                        let body = usage.to_string().into_bytes();
                        worker.answer_body(sent.ticket, now, &body, true);
                    });
                    assert_eq!(self.used.last().map(|(_, used)| *used), Some(total));
                }
            }
            Step::Fail { which } => {
                if let Some(sent) = self.pick(which, true) {
                    self.end(sent, |worker, now| {
                        worker.answer_headers(sent.ticket, now, &[(":status", "503")]);
                    });
                }
            }
            Step::Leave { which } => {
                if let Some(sent) = self.pick(which, false) {
                    self.end(sent, |_, _| {});
                }
            }
            Step::Die { worker } => {
                let worker = worker % self.current.len();
                let fresh = Worker::new(&config(), self.cells);
                let dead = std::mem::replace(&mut self.current[worker], fresh);
                for (ticket, passage) in &dead.passages {
                    let position = self.sent.iter().position(|sent| sent.ticket == *ticket);
                    let sent = self.sent.swap_remove(position.unwrap());
                    if passage.stage == Stage::Goes {
                        self.used.push((sent.at_ms, sent.reserved));
                    }
                }
            }
            Step::Replace { worker } => {
                let worker = worker % self.current.len();
                let fresh = Worker::new(&config(), self.cells);
                let old = std::mem::replace(&mut self.current[worker], fresh);
                self.old.push(old);
            }
        }
        self.old.retain(|worker| !worker.passages.is_empty());
    }

    fn send(
        &mut self,
        worker: usize,
        model: usize,
        is_low: bool,
        (prompt, output): (usize, u64),
    ) -> Stage {
        let ticket = self.next;
        self.next += 1;
        let body = json!({
            "messages": [{"role": "user", "content": "x".repeat(prompt)}],
            "max_tokens": output,
        });
        let model_name = ["a", "b"][model];
        let mut ask = Ask::chat(&body).header("x-model-name", model_name);
        if is_low {
            ask = ask.header("x-class", "low");
        }
        let stage = self.current[worker].send(ticket, at(self.now_ms), &ask);
        if let Stage::Refused(_) = stage {
            self.current[worker].passages.remove(&ticket);
            return stage;
        }
        let reserved = u64::try_from(prompt).unwrap() + output;
        let at_ms = self.now_ms;
        self.sent.push(Sent { ticket, at_ms, model, reserved });
        if stage == Stage::Goes && is_low {
            let here = self.going().count();
            assert!(here <= ALL * LOW_PERCENT / 100, "{here} with one of the lower class");
        }
        stage
    }

    /// One of those that are here.
    fn pick(&self, which: usize, goes: bool) -> Option<Sent> {
        let all: Vec<Sent> = self
            .sent
            .iter()
            .filter(|sent| !goes || self.stage(sent.ticket) == Some(Stage::Goes))
            .copied()
            .collect();
        all.get(which.checked_rem(all.len())?).copied()
    }

    fn stage(&self, ticket: u32) -> Option<Stage> {
        let all = self.current.iter().chain(&self.old);
        all.filter_map(|worker| worker.passages.get(&ticket)).next().map(|one| one.stage.clone())
    }

    fn going(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(|sent| self.stage(sent.ticket) == Some(Stage::Goes))
    }

    fn end(&mut self, sent: Sent, ending: impl FnOnce(&mut Worker, filter_kit::Timestamp)) {
        let now = at(self.now_ms);
        self.sent.retain(|other| other.ticket != sent.ticket);
        let has_it = |worker: &&mut Worker| worker.passages.contains_key(&sent.ticket);
        let worker = self.everybody().find(has_it).unwrap();
        let went = worker.passages[&sent.ticket].stage == Stage::Goes;
        ending(worker, now);
        let passage = worker.finish(sent.ticket, now);
        if went {
            // What used none does not say so.
            let used = passage.facts.get("inference.tokens_used");
            let used: u64 = used.map_or(0, |used| used.parse().unwrap());
            self.used.push((sent.at_ms, used));
        }
    }

    /// What must hold after each step.
    fn check(&mut self) {
        // Those that were refused while they waited are over.
        for worker in self.current.iter_mut().chain(&mut self.old) {
            worker.passages.retain(|_, passage| !matches!(passage.stage, Stage::Refused(_)));
        }
        let here: Vec<u32> = self
            .current
            .iter()
            .chain(&self.old)
            .flat_map(|worker| worker.passages.keys().copied())
            .collect();
        self.sent.retain(|sent| here.contains(&sent.ticket));
        for model in 0..2 {
            let each = self.going().filter(|sent| sent.model == model).count();
            assert!(each <= EACH, "{each} of model {model}");
        }
        let all = self.going().count();
        assert!(all <= ALL, "{all} in all");
        self.check_waits();
    }

    fn check_waits(&self) {
        for sent in &self.sent {
            let waited = self.now_ms - sent.at_ms;
            let waits = self.stage(sent.ticket) == Some(Stage::Waits);
            assert!(!waits || waited < MAX_WAIT_MS + POLL_MS, "{sent:?} waited {waited} ms");
        }
    }

    /// All are gone, some of them without a word: every place is free again.
    fn check_the_end(mut self) {
        while let Some(sent) = self.pick(0, false) {
            self.end(sent, |_, _| {});
            self.check();
        }
        self.old.clear();
        for _ in 0..(LEASE_MS + 2000) / 500 {
            self.now_ms += 500;
            let now = at(self.now_ms);
            self.current.iter_mut().for_each(|worker| worker.tick(now));
        }
        for (number, model) in [0, 0, 0, 1, 1].into_iter().enumerate() {
            let worker = number % self.current.len();
            assert_eq!(self.send(worker, model, false, (1, 1)), Stage::Goes, "request {number}");
        }
        assert_ne!(self.send(0, 1, false, (1, 1)), Stage::Goes, "one more than there is room");
        let open: Vec<(u64, u64)> = self.going().map(|sent| (sent.at_ms, sent.reserved)).collect();
        self.used.extend(open);
        self.check_use();
    }

    /// Within any time no more is used than a burst and what comes back meanwhile.
    fn check_use(&mut self) {
        self.used.sort_unstable();
        for (first, (from, _)) in self.used.iter().enumerate() {
            let mut sum = 0;
            for (to, used) in self.used.iter().skip(first) {
                sum += used;
                let most = BURST + (to - from) * BURST / WINDOW_MS + 1;
                assert!(sum <= most, "{sum} tokens from {from} to {to} ms, {most} at most");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_schedule_passes_a_limit_or_loses_a_place(
        count in prop_oneof![Just(1_usize), Just(2), Just(4)],
        steps in steps(),
    ) {
        let mut run = Run::new(count);
        for (pause, step) in steps {
            run.pass(pause);
            run.take(step);
            run.check();
        }
        run.check_the_end();
    }
}
