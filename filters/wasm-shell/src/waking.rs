//! Requests that wait, and how one of them is woken in another's callback.
//!
//! Envoy lets a callback of one stream act on another of the same VM: the
//! hostcalls behind `set_effective_context` are about that one. What they do, such
//! as letting a request go on, Envoy does when the callback is over, but before it
//! looks at what the callback gave. So one that is woken in the callback in which it
//! stops does not stop: that it goes on is what its callback gives.

use crate::host;
use crate::passage::Passage;
use core::cell::RefCell;
use filter_kit::{Filter, Ticket};
use hashbrown::HashMap;
use proxy_wasm::types::{Action, LogLevel};
use std::collections::VecDeque;
use std::rc::Rc;

/// How many are woken in one callback for each that waits, at the most: those that
/// wait on could wake each other for ever.
const MOST_TIMES: usize = 4;

/// One plugin configuration in one VM: its filter, and the requests that wait.
pub(crate) struct Plugin<F: Filter> {
    pub(crate) filter: Rc<F>,
    waiting: RefCell<HashMap<u32, Rc<RefCell<Passage<F>>>>>,
    called: RefCell<VecDeque<Ticket>>,
}

impl<F: Filter> Plugin<F> {
    pub(crate) fn new(filter: F) -> Self {
        let (waiting, called) = Default::default();
        Self { filter: Rc::new(filter), waiting, called }
    }

    /// These are to be woken as soon as nobody is shown anything.
    pub(crate) fn call(&self, tickets: &[Ticket]) {
        if let (false, Ok(mut called)) = (tickets.is_empty(), self.called.try_borrow_mut()) {
            called.extend(tickets);
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

    /// Wakes those that were called, and those that they call, in a callback of this
    /// context. What becomes of its own request, if that was one of them.
    pub(crate) fn wake(&self, caller: u32) -> Option<Action> {
        if self.called.try_borrow().is_ok_and(|called| called.is_empty()) {
            return None;
        }
        let waiting = self.waiting.try_borrow().map_or(0, |waiting| waiting.len());
        let mut left = waiting.saturating_mul(MOST_TIMES);
        let mut own = None;
        while let Some(Ticket(context)) = self.next_called() {
            let Some(action) = self.wake_one(context) else { continue };
            if context == caller {
                own = Some(action);
            } else if action == Action::Continue && host::resume_request().is_err() {
                host::log(LogLevel::Error, &format!("{}: a request did not go on", F::NAME));
            }
            left = left.saturating_sub(1);
            if left == 0 {
                self.forget_called();
            }
        }
        let _ = host::set_effective_context(caller);
        own
    }

    /// What becomes of its request, if it waited.
    fn wake_one(&self, context: u32) -> Option<Action> {
        let passage = self.dismiss(context)?;
        host::set_effective_context(context).ok()?;
        let mut woken = passage.try_borrow_mut().ok()?;
        let action = woken.woken();
        if woken.waits() {
            self.admit(context, &passage);
        }
        Some(action)
    }

    fn next_called(&self) -> Option<Ticket> {
        self.called.try_borrow_mut().ok()?.pop_front()
    }

    fn forget_called(&self) {
        if let Ok(mut called) = self.called.try_borrow_mut() {
            called.clear();
        }
    }
}
