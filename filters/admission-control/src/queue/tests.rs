use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn gate(number: u8) -> Gate {
    Gate { key: [number; 16], limit: 0 }
}

fn waiting(ticket: u32, class: usize, at: u8) -> Waiting {
    Waiting { ticket, class, deadline_ns: 100, since_ns: 0, gate: gate(at) }
}

/// Those of ticket, class and gate, who came one after the other.
fn queue(all: &[(u32, usize, u8)]) -> Queue {
    let mut queue = Queue::new(all.len());
    for (ticket, class, at) in all {
        assert_eq!(queue.push(waiting(*ticket, *class, *at)), Pushed::Waits);
    }
    queue
}

/// The tickets of a round in which only some get through.
fn tried(queue: &Queue, through: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut round = queue.round();
    let mut tickets = Vec::new();
    while let Some(candidate) = round.next(queue) {
        tickets.push(candidate.ticket);
        if !through(candidate.ticket) {
            round.block();
        }
    }
    tickets
}

#[test]
fn the_highest_class_is_first_and_within_it_who_came_first() {
    let queue = queue(&[(5, 1, 1), (4, 0, 2), (3, 2, 1), (2, 0, 1), (1, 1, 2)]);
    assert_eq!(tried(&queue, |_| true), [4, 2, 5, 1, 3]);
}

#[test]
fn one_who_fails_blocks_those_behind_at_the_same_gate_only() {
    let queue = queue(&[(1, 1, 1), (2, 0, 1), (3, 1, 2), (4, 2, 1), (5, 2, 2)]);
    assert_eq!(tried(&queue, |ticket| ticket != 1), [2, 1, 3, 5]);
    assert_eq!(tried(&queue, |_| false), [2, 3]);
}

#[test]
fn limits_of_one_key_are_different_gates() {
    let mut queue = Queue::new(2);
    queue.push(waiting(1, 0, 1));
    queue.push(Waiting { gate: Gate { key: [1; 16], limit: 1 }, ..waiting(2, 0, 1) });
    assert_eq!(tried(&queue, |_| false), [1, 2]);
}

#[test]
fn a_full_queue_refuses_those_who_are_no_higher() {
    let mut queue = queue(&[(1, 1, 1), (2, 1, 1)]);
    assert_eq!(queue.push(waiting(3, 1, 1)), Pushed::Refused);
    assert_eq!(queue.push(waiting(3, 2, 1)), Pushed::Refused);
    assert_eq!(tried(&queue, |_| true), [1, 2]);
    assert_eq!(Queue::new(0).push(waiting(1, 0, 1)), Pushed::Refused);
}

#[test]
fn a_higher_class_displaces_the_last_of_the_lowest() {
    let mut queue = queue(&[(1, 2, 1), (2, 2, 1), (3, 1, 1)]);
    assert_eq!(queue.push(waiting(4, 0, 1)), Pushed::Displaces(waiting(2, 2, 1)));
    assert_eq!(tried(&queue, |_| true), [4, 3, 1]);
}

#[test]
fn a_client_that_leaves_frees_its_place() {
    let mut queue = queue(&[(1, 1, 1), (2, 1, 1)]);
    assert_eq!(queue.remove(1), Some(waiting(1, 1, 1)));
    assert_eq!(queue.remove(1), None);
    assert_eq!(queue.push(waiting(3, 1, 1)), Pushed::Waits);
    assert_eq!(tried(&queue, |_| true), [2, 3]);
}

#[test]
fn a_ticket_waits_once() {
    let mut queue = Queue::new(9);
    queue.push(waiting(1, 1, 1));
    assert_eq!(queue.push(waiting(1, 0, 1)), Pushed::Refused);
    assert_eq!(queue.len(), 1);
}

#[test]
fn those_over_their_deadline_are_told_earliest_first() {
    let mut queue = Queue::new(9);
    for (ticket, deadline_ns) in [(1, 50), (2, 10), (3, 30), (4, 31)] {
        queue.push(Waiting { deadline_ns, ..waiting(ticket, 0, 1) });
    }
    assert_eq!(queue.next_deadline(), Some(10));
    assert!(queue.expired(9).is_empty());
    assert_eq!(queue.expired(30), [2, 3]);
    queue.remove(2);
    assert_eq!(queue.expired(30), [3]);
}

#[test]
fn a_newcomer_knows_who_stands_before_it() {
    let mut queue = queue(&[(1, 0, 1), (2, 1, 1), (3, 1, 1), (4, 2, 1), (5, 0, 2)]);
    assert_eq!(queue.ahead_of(gate(1), 0), 1);
    assert_eq!(queue.ahead_of(gate(1), 1), 3);
    assert_eq!(queue.ahead_of(gate(1), 9), 4);
    assert_eq!(queue.ahead_of(gate(3), 9), 0);
    queue.remove(2);
    assert_eq!(queue.ahead_of(gate(1), 1), 2);
}

#[test]
fn whoever_leaves_during_a_round_is_not_tried() {
    let mut queue = queue(&[(1, 0, 1), (2, 0, 2), (3, 0, 2), (4, 0, 1)]);
    let mut round = queue.round();
    assert_eq!(round.next(&queue).map(|one| one.ticket), Some(1));
    queue.remove(1);
    queue.remove(2);
    assert_eq!(round.next(&queue).map(|one| one.ticket), Some(3));
    queue.remove(4);
    assert_eq!(round.next(&queue), None);
}

#[test]
fn who_goes_to_another_gate_keeps_its_place_in_the_order() {
    let mut queue = queue(&[(1, 1, 1), (2, 1, 2), (3, 1, 1), (4, 0, 2)]);
    assert!(queue.step_over(1, gate(2)));
    assert!(!queue.step_over(1, gate(2)), "it stands there");
    assert!(!queue.step_over(9, gate(2)), "nobody waits with this ticket");
    assert_eq!(queue.first_at(gate(1)).map(|first| first.ticket), Some(3));
    assert_eq!(queue.first_at(gate(2)).map(|first| first.ticket), Some(4));
    assert_eq!(queue.waiting(1).map(|one| one.gate), Some(gate(2)));
    assert_eq!(queue.ahead_of(gate(2), 1), 3);
    assert_eq!(queue.ahead_of(gate(1), 1), 1);
    assert_eq!(tried(&queue, |ticket| ticket != 1), [4, 1, 3]);
    queue.remove(1);
    assert_eq!(tried(&queue, |_| true), [4, 2, 3]);
    assert!(queue.step_over(3, gate(3)));
    assert_eq!(queue.first_at(gate(1)), None, "nobody is left there");
}
