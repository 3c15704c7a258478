//! The queue against a list that is searched from end to end.

#![cfg(not(target_arch = "wasm32"))]

use admission_control::queue::{Gate, Pushed, Queue, Waiting};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Push(Waiting),
    Remove {
        ticket: u32,
    },
    Expire {
        at: u64,
    },
    /// Of so many places at each gate, as many as there are get through.
    Round {
        places: [usize; 3],
    },
}

fn gates() -> impl Strategy<Value = Gate> {
    (0_u8..2, 0_usize..2).prop_map(|(key, limit)| Gate { key: [key; 16], limit })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let waiting = (0_u32..40, 0_usize..4, 0_u64..100, gates()).prop_map(
        |(ticket, class, deadline_ns, gate)| Waiting {
            ticket,
            class,
            deadline_ns,
            since_ns: 0,
            gate,
        },
    );
    let step = prop_oneof![
        6 => waiting.prop_map(Step::Push),
        2 => (0_u32..40).prop_map(|ticket| Step::Remove { ticket }),
        1 => (0_u64..100).prop_map(|at| Step::Expire { at }),
        1 => prop::array::uniform3(0_usize..4).prop_map(|places| Step::Round { places }),
    ];
    vec(step, 1..120)
}

/// Those who wait, in the order they came.
#[derive(Default)]
struct Model {
    waiting: Vec<Waiting>,
}

impl Model {
    fn push(&mut self, most: usize, waiting: Waiting) -> Pushed {
        if self.waiting.iter().any(|other| other.ticket == waiting.ticket) {
            return Pushed::Refused;
        }
        if self.waiting.len() < most {
            self.waiting.push(waiting);
            return Pushed::Waits;
        }
        // The last of those with the greatest class.
        let Some(last) = self.waiting.iter().max_by_key(|other| other.class).copied() else {
            return Pushed::Refused;
        };
        if last.class <= waiting.class {
            return Pushed::Refused;
        }
        self.remove(last.ticket);
        self.waiting.push(waiting);
        Pushed::Displaces(last)
    }

    fn remove(&mut self, ticket: u32) -> Option<Waiting> {
        let index = self.waiting.iter().position(|other| other.ticket == ticket)?;
        Some(self.waiting.remove(index))
    }

    fn in_order(&self) -> Vec<Waiting> {
        let mut order = self.waiting.clone();
        order.sort_by_key(|one| one.class);
        order
    }

    /// Who is tried and who gets through, when each gate has so many places.
    fn round(&self, mut places: impl FnMut(Gate) -> bool) -> (Vec<u32>, Vec<u32>) {
        let (mut tried, mut through, mut blocked) = (Vec::new(), Vec::new(), Vec::new());
        for one in self.in_order() {
            if blocked.contains(&one.gate) {
                continue;
            }
            tried.push(one.ticket);
            if places(one.gate) {
                through.push(one.ticket);
            } else {
                blocked.push(one.gate);
            }
        }
        (tried, through)
    }
}

/// Takes a place at a gate, if there is one.
fn taker(mut places: [usize; 3]) -> impl FnMut(Gate) -> bool {
    move |gate| {
        let number = usize::from(gate.key.first().is_some_and(|byte| *byte > 0)).max(gate.limit);
        let Some(left) = places.get_mut(number) else { return false };
        let has_place = *left > 0;
        *left = left.saturating_sub(1);
        has_place
    }
}

proptest! {
    #[test]
    fn the_queue_is_the_list_of_the_model(most in 0_usize..16, steps in steps()) {
        let (mut queue, mut model) = (Queue::new(most), Model::default());
        for step in steps {
            match step {
                Step::Push(waiting) => {
                    prop_assert_eq!(queue.push(waiting), model.push(most, waiting));
                }
                Step::Remove { ticket } => {
                    prop_assert_eq!(queue.remove(ticket), model.remove(ticket));
                }
                Step::Expire { at } => {
                    let mut expected = model.in_order();
                    expected.retain(|one| one.deadline_ns <= at);
                    expected.sort_by_key(|one| one.deadline_ns);
                    let expected: Vec<u32> = expected.iter().map(|one| one.ticket).collect();
                    prop_assert_eq!(queue.expired(at), expected);
                }
                Step::Round { places } => {
                    let (expected, through) = model.round(taker(places));
                    let (mut tried, mut take) = (Vec::new(), taker(places));
                    let mut round = queue.round();
                    while let Some(candidate) = round.next(&queue) {
                        tried.push(candidate.ticket);
                        if take(candidate.gate) {
                            queue.remove(candidate.ticket);
                        } else {
                            round.block();
                        }
                    }
                    prop_assert_eq!(tried, expected);
                    through.iter().for_each(|ticket| { model.remove(*ticket); });
                }
            }
            prop_assert_eq!(queue.len(), model.waiting.len());
            prop_assert!(queue.len() <= most);
            let next = model.waiting.iter().map(|one| one.deadline_ns).min();
            prop_assert_eq!(queue.next_deadline(), next);
            for (key, limit, class) in [(0, 0, 1), (0, 1, 0), (1, 0, 3), (1, 1, 2)] {
                let gate = Gate { key: [key; 16], limit };
                let is_ahead = |one: &&Waiting| one.gate == gate && one.class <= class;
                let ahead = model.waiting.iter().filter(is_ahead).count();
                prop_assert_eq!(queue.ahead_of(gate, class), ahead);
            }
        }
    }
}
