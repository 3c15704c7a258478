//! Requests that wait, and how one of them is woken in another's callback.
//!
//! Envoy lets a callback of one stream act on another of the same VM: the
//! hostcalls behind `set_effective_context` are about that one. What they do, such
//! as letting a request go on, Envoy does when the callback is over.

use crate::host;
use crate::passage::Passage;
use core::cell::RefCell;
use core::mem;
use filter_kit::{Filter, Ticket};
use hashbrown::HashMap;
use std::rc::Rc;

/// How often those are called who were called by those who were called.
const MOST_ROUNDS: u32 = 8;

/// One plugin configuration in one VM: its filter, and the requests that wait.
pub(crate) struct Plugin<F: Filter> {
    pub(crate) filter: Rc<F>,
    waiting: RefCell<HashMap<u32, Rc<RefCell<Passage<F>>>>>,
    called: RefCell<Vec<Ticket>>,
}

impl<F: Filter> Plugin<F> {
    pub(crate) fn new(filter: F) -> Self {
        let (waiting, called) = Default::default();
        Self { filter: Rc::new(filter), waiting, called }
    }

    /// These are to be woken as soon as nobody is shown anything.
    pub(crate) fn call(&self, tickets: &[Ticket]) {
        if let (false, Ok(mut called)) = (tickets.is_empty(), self.called.try_borrow_mut()) {
            called.extend_from_slice(tickets);
        }
    }

    /// It waits until it is woken.
    pub(crate) fn admit(&self, context: u32, passage: &Rc<RefCell<Passage<F>>>) {
        if let Ok(mut waiting) = self.waiting.try_borrow_mut() {
            waiting.insert(context, Rc::clone(passage));
        }
    }

    /// It waits no longer.
    pub(crate) fn dismiss(&self, context: u32) -> Option<Rc<RefCell<Passage<F>>>> {
        self.waiting.try_borrow_mut().ok()?.remove(&context)
    }

    /// Wakes those that were called, in a callback of this context.
    pub(crate) fn wake(&self, caller: u32) {
        let mut is_elsewhere = false;
        for _ in 0..MOST_ROUNDS {
            let called = self.called.try_borrow_mut().map(|mut called| mem::take(&mut *called));
            let Ok(called) = called else { break };
            if called.is_empty() {
                break;
            }
            for Ticket(context) in called {
                is_elsewhere |= self.wake_one(context);
            }
        }
        if is_elsewhere {
            let _ = host::set_effective_context(caller);
        }
    }

    fn wake_one(&self, context: u32) -> bool {
        let Some(passage) = self.dismiss(context) else { return false };
        if host::set_effective_context(context).is_err() {
            return false;
        }
        let waits = passage.try_borrow_mut().is_ok_and(|mut passage| {
            passage.woken();
            passage.waits()
        });
        if waits {
            self.admit(context, &passage);
        }
        true
    }
}
